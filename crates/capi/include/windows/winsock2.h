/*
 * <winsock2.h>: Windows Sockets 2. The functions are those of Winsock 2.2, except joining leaves of a multipoint session, quality of
 * service by name, and services in name spaces. Overlapped calls are declared, and say that they cannot be done where they cannot.
 *
 * It may come before or after the C library's headers. After <winsock.h>, which <windows.h> may have brought, it takes over.
 */
#ifndef _WINSOCK2API_
#define _WINSOCK2API_
#ifndef _WINSOCKAPI_
#define _WINSOCKAPI_
#endif

#ifndef _INC_WINDOWS
#include "windows.h"
#endif
#include "synsent/sockets.h"
#include "synsent/texts.h"
#include "ws2def.h"
#include "qos.h"

#ifndef INCL_WINSOCK_API_TYPEDEFS
#define INCL_WINSOCK_API_TYPEDEFS 0
#endif
#ifndef INCL_WINSOCK_API_PROTOTYPES
#define INCL_WINSOCK_API_PROTOTYPES 1
#endif
#define WINSOCK_VERSION MAKEWORD(2, 2)

#undef SOMAXCONN
#define SOMAXCONN 0x7fffffff
#define SOMAXCONN_HINT(backlog) (-(backlog))

/* Options and flags that 1.1 has not. */
#define SO_EXCLUSIVEADDRUSE ((int)(~SO_REUSEADDR))
#define SO_GROUP_ID 0x2001
#define SO_GROUP_PRIORITY 0x2002
#define SO_MAX_MSG_SIZE 0x2003
#define SO_PROTOCOL_INFOA 0x2004
#define SO_PROTOCOL_INFOW 0x2005
#define PVD_CONFIG 0x3001
#define SO_CONDITIONAL_ACCEPT 0x3002
#define SO_PAUSE_ACCEPT 0x3003
#define SO_COMPARTMENT_ID 0x3004
#define SO_RANDOMIZE_PORT 0x3005
#define SO_PORT_SCALABILITY 0x3006
#define SO_REUSE_UNICASTPORT 0x3007
#define MSG_WAITALL 0x8
#define MSG_PUSH_IMMEDIATE 0x20
#define MSG_INTERRUPT 0x10
#define SD_RECEIVE 0x00
#define SD_SEND 0x01
#define SD_BOTH 0x02

#define WSA_FLAG_OVERLAPPED 0x01
#define WSA_FLAG_MULTIPOINT_C_ROOT 0x02
#define WSA_FLAG_MULTIPOINT_C_LEAF 0x04
#define WSA_FLAG_MULTIPOINT_D_ROOT 0x08
#define WSA_FLAG_MULTIPOINT_D_LEAF 0x10
#define WSA_FLAG_ACCESS_SYSTEM_SECURITY 0x40
#define WSA_FLAG_NO_HANDLE_INHERIT 0x80
#define WSA_FLAG_REGISTERED_IO 0x100
#define JL_SENDER_ONLY 0x01
#define JL_RECEIVER_ONLY 0x02
#define JL_BOTH 0x04

/* What an accept with a condition is told, and groups. */
#define CF_ACCEPT 0x0000
#define CF_REJECT 0x0001
#define CF_DEFER 0x0002
typedef unsigned int GROUP;
#define SG_UNCONSTRAINED_GROUP 0x01
#define SG_CONSTRAINED_GROUP 0x02

/* Events of a socket; each has the number of its bit. */
#define FD_READ_BIT 0
#define FD_WRITE_BIT 1
#define FD_OOB_BIT 2
#define FD_ACCEPT_BIT 3
#define FD_CONNECT_BIT 4
#define FD_CLOSE_BIT 5
#define FD_QOS_BIT 6
#define FD_QOS (1 << FD_QOS_BIT)
#define FD_GROUP_QOS_BIT 7
#define FD_GROUP_QOS (1 << FD_GROUP_QOS_BIT)
#define FD_ROUTING_INTERFACE_CHANGE_BIT 8
#define FD_ROUTING_INTERFACE_CHANGE (1 << FD_ROUTING_INTERFACE_CHANGE_BIT)
#define FD_ADDRESS_LIST_CHANGE_BIT 9
#define FD_ADDRESS_LIST_CHANGE (1 << FD_ADDRESS_LIST_CHANGE_BIT)
#define FD_MAX_EVENTS 10
#define FD_ALL_EVENTS ((1 << FD_MAX_EVENTS) - 1)

typedef HANDLE WSAEVENT, *LPWSAEVENT;
typedef OVERLAPPED WSAOVERLAPPED, *LPWSAOVERLAPPED;
#define WSA_IO_PENDING ERROR_IO_PENDING
#define WSA_IO_INCOMPLETE ERROR_IO_INCOMPLETE
#define WSA_INVALID_HANDLE ERROR_INVALID_HANDLE
#define WSA_INVALID_PARAMETER ERROR_INVALID_PARAMETER
#define WSA_NOT_ENOUGH_MEMORY ERROR_NOT_ENOUGH_MEMORY
#define WSA_OPERATION_ABORTED ERROR_OPERATION_ABORTED
#define WSA_INVALID_EVENT ((WSAEVENT)NULL)
#define WSA_MAXIMUM_WAIT_EVENTS MAXIMUM_WAIT_OBJECTS
#define WSA_WAIT_FAILED WAIT_FAILED
#define WSA_WAIT_EVENT_0 WAIT_OBJECT_0
#define WSA_WAIT_IO_COMPLETION WAIT_IO_COMPLETION
#define WSA_WAIT_TIMEOUT WAIT_TIMEOUT
#define WSA_INFINITE INFINITE

typedef struct _WSANETWORKEVENTS {
    LONG lNetworkEvents;
    int iErrorCode[FD_MAX_EVENTS];
} WSANETWORKEVENTS, *LPWSANETWORKEVENTS;

typedef struct _QualityOfService {
    FLOWSPEC SendingFlowspec;
    FLOWSPEC ReceivingFlowspec;
    WSABUF ProviderSpecific;
} QOS, *LPQOS;

/* What a protocol can do. */
#define MAX_PROTOCOL_CHAIN 7
#define BASE_PROTOCOL 1
#define LAYERED_PROTOCOL 0
#define WSAPROTOCOL_LEN 255

typedef struct _WSAPROTOCOLCHAIN {
    int ChainLen;
    DWORD ChainEntries[MAX_PROTOCOL_CHAIN];
} WSAPROTOCOLCHAIN, *LPWSAPROTOCOLCHAIN;

typedef struct _WSAPROTOCOL_INFOA {
    DWORD dwServiceFlags1;
    DWORD dwServiceFlags2;
    DWORD dwServiceFlags3;
    DWORD dwServiceFlags4;
    DWORD dwProviderFlags;
    GUID ProviderId;
    DWORD dwCatalogEntryId;
    WSAPROTOCOLCHAIN ProtocolChain;
    int iVersion;
    int iAddressFamily;
    int iMaxSockAddr;
    int iMinSockAddr;
    int iSocketType;
    int iProtocol;
    int iProtocolMaxOffset;
    int iNetworkByteOrder;
    int iSecurityScheme;
    DWORD dwMessageSize;
    DWORD dwProviderReserved;
    CHAR szProtocol[WSAPROTOCOL_LEN + 1];
} WSAPROTOCOL_INFOA, *LPWSAPROTOCOL_INFOA;

typedef struct _WSAPROTOCOL_INFOW {
    DWORD dwServiceFlags1;
    DWORD dwServiceFlags2;
    DWORD dwServiceFlags3;
    DWORD dwServiceFlags4;
    DWORD dwProviderFlags;
    GUID ProviderId;
    DWORD dwCatalogEntryId;
    WSAPROTOCOLCHAIN ProtocolChain;
    int iVersion;
    int iAddressFamily;
    int iMaxSockAddr;
    int iMinSockAddr;
    int iSocketType;
    int iProtocol;
    int iProtocolMaxOffset;
    int iNetworkByteOrder;
    int iSecurityScheme;
    DWORD dwMessageSize;
    DWORD dwProviderReserved;
    WCHAR szProtocol[WSAPROTOCOL_LEN + 1];
} WSAPROTOCOL_INFOW, *LPWSAPROTOCOL_INFOW;

#define PFL_MULTIPLE_PROTO_ENTRIES 0x00000001
#define PFL_RECOMMENDED_PROTO_ENTRY 0x00000002
#define PFL_HIDDEN 0x00000004
#define PFL_MATCHES_PROTOCOL_ZERO 0x00000008
#define PFL_NETWORKDIRECT_PROVIDER 0x00000010
#define XP1_CONNECTIONLESS 0x00000001
#define XP1_GUARANTEED_DELIVERY 0x00000002
#define XP1_GUARANTEED_ORDER 0x00000004
#define XP1_MESSAGE_ORIENTED 0x00000008
#define XP1_PSEUDO_STREAM 0x00000010
#define XP1_GRACEFUL_CLOSE 0x00000020
#define XP1_EXPEDITED_DATA 0x00000040
#define XP1_CONNECT_DATA 0x00000080
#define XP1_DISCONNECT_DATA 0x00000100
#define XP1_SUPPORT_BROADCAST 0x00000200
#define XP1_SUPPORT_MULTIPOINT 0x00000400
#define XP1_MULTIPOINT_CONTROL_PLANE 0x00000800
#define XP1_MULTIPOINT_DATA_PLANE 0x00001000
#define XP1_QOS_SUPPORTED 0x00002000
#define XP1_INTERRUPT 0x00004000
#define XP1_UNI_SEND 0x00008000
#define XP1_UNI_RECV 0x00010000
#define XP1_IFS_HANDLES 0x00020000
#define XP1_PARTIAL_MESSAGE 0x00040000
#define XP1_SAN_SUPPORT_SDP 0x00080000
#define BIGENDIAN 0x0000
#define LITTLEENDIAN 0x0001
#define SECURITY_PROTOCOL_NONE 0x0000
#define FROM_PROTOCOL_INFO (-1)

/* Requests of WSAIoctl. */
#define SIO_ASSOCIATE_HANDLE _WSAIOW(IOC_WS2, 1)
#define SIO_ENABLE_CIRCULAR_QUEUEING _WSAIO(IOC_WS2, 2)
#define SIO_FIND_ROUTE _WSAIOR(IOC_WS2, 3)
#define SIO_FLUSH _WSAIO(IOC_WS2, 4)
#define SIO_GET_BROADCAST_ADDRESS _WSAIOR(IOC_WS2, 5)
#define SIO_GET_EXTENSION_FUNCTION_POINTER _WSAIORW(IOC_WS2, 6)
#define SIO_GET_QOS _WSAIORW(IOC_WS2, 7)
#define SIO_GET_GROUP_QOS _WSAIORW(IOC_WS2, 8)
#define SIO_MULTIPOINT_LOOPBACK _WSAIOW(IOC_WS2, 9)
#define SIO_MULTICAST_SCOPE _WSAIOW(IOC_WS2, 10)
#define SIO_SET_QOS _WSAIOW(IOC_WS2, 11)
#define SIO_SET_GROUP_QOS _WSAIOW(IOC_WS2, 12)
#define SIO_TRANSLATE_HANDLE _WSAIORW(IOC_WS2, 13)
#define SIO_ROUTING_INTERFACE_QUERY _WSAIORW(IOC_WS2, 20)
#define SIO_ROUTING_INTERFACE_CHANGE _WSAIOW(IOC_WS2, 21)
#define SIO_ADDRESS_LIST_QUERY _WSAIOR(IOC_WS2, 22)
#define SIO_ADDRESS_LIST_CHANGE _WSAIO(IOC_WS2, 23)
#define SIO_QUERY_TARGET_PNP_HANDLE _WSAIOR(IOC_WS2, 24)
#define SIO_ADDRESS_LIST_SORT _WSAIORW(IOC_WS2, 25)
#define SIO_NSP_NOTIFY_CHANGE _WSAIOW(IOC_WS2, 25)
#define TH_NETDEV 0x00000001
#define TH_TAPI 0x00000002

/* What WSAPoll looks for and tells. */
#define POLLRDNORM 0x0100
#define POLLRDBAND 0x0200
#define POLLIN (POLLRDNORM | POLLRDBAND)
#define POLLPRI 0x0400
#define POLLWRNORM 0x0010
#define POLLOUT POLLWRNORM
#define POLLWRBAND 0x0020
#define POLLERR 0x0001
#define POLLHUP 0x0002
#define POLLNVAL 0x0004

typedef struct pollfd {
    SOCKET fd;
    SHORT events;
    SHORT revents;
} WSAPOLLFD, *PWSAPOLLFD, *LPWSAPOLLFD;

typedef int(CALLBACK *LPCONDITIONPROC)(LPWSABUF lpCallerId, LPWSABUF lpCallerData, LPQOS lpSQOS, LPQOS lpGQOS, LPWSABUF lpCalleeId,
                                       LPWSABUF lpCalleeData, GROUP *g, DWORD_PTR dwCallbackData);
typedef void(CALLBACK *LPWSAOVERLAPPED_COMPLETION_ROUTINE)(DWORD dwError, DWORD cbTransferred, LPWSAOVERLAPPED lpOverlapped,
                                                           DWORD dwFlags);

/* Names that a header of the C library has taken before. In C++, select is another overload, since its sets are other types. */
#ifdef SYNSENT_WINSOCK1_DECLARED
/* <winsock.h> was there before; from here on the functions are those of Winsock 2. */
#undef select
#define select synsent_winsock2_select
#undef accept
#define accept synsent_winsock2_accept
#undef bind
#define bind synsent_winsock2_bind
#undef connect
#define connect synsent_winsock2_connect
#undef getpeername
#define getpeername synsent_winsock2_getpeername
#undef getsockname
#define getsockname synsent_winsock2_getsockname
#undef getsockopt
#define getsockopt synsent_winsock2_getsockopt
#undef listen
#define listen synsent_winsock2_listen
#undef recv
#define recv synsent_winsock2_recv
#undef recvfrom
#define recvfrom synsent_winsock2_recvfrom
#undef send
#define send synsent_winsock2_send
#undef sendto
#define sendto synsent_winsock2_sendto
#undef setsockopt
#define setsockopt synsent_winsock2_setsockopt
#undef shutdown
#define shutdown synsent_winsock2_shutdown
#undef socket
#define socket synsent_winsock2_socket
#undef gethostbyaddr
#define gethostbyaddr synsent_winsock2_gethostbyaddr
#undef gethostbyname
#define gethostbyname synsent_winsock2_gethostbyname
#undef getprotobyname
#define getprotobyname synsent_winsock2_getprotobyname
#undef getprotobynumber
#define getprotobynumber synsent_winsock2_getprotobynumber
#undef getservbyname
#define getservbyname synsent_winsock2_getservbyname
#undef getservbyport
#define getservbyport synsent_winsock2_getservbyport
#undef gethostname
#define gethostname synsent_winsock2_gethostname
#undef closesocket
#define closesocket synsent_winsock2_closesocket
#undef ioctlsocket
#define ioctlsocket synsent_winsock2_ioctlsocket
#undef WSAStartup
#define WSAStartup synsent_winsock2_WSAStartup
#undef WSACleanup
#define WSACleanup synsent_winsock2_WSACleanup
#undef WSASetLastError
#define WSASetLastError synsent_winsock2_WSASetLastError
#undef WSAGetLastError
#define WSAGetLastError synsent_winsock2_WSAGetLastError
#undef WSAIsBlocking
#define WSAIsBlocking synsent_winsock2_WSAIsBlocking
#undef WSAUnhookBlockingHook
#define WSAUnhookBlockingHook synsent_winsock2_WSAUnhookBlockingHook
#undef WSASetBlockingHook
#define WSASetBlockingHook synsent_winsock2_WSASetBlockingHook
#undef WSACancelBlockingCall
#define WSACancelBlockingCall synsent_winsock2_WSACancelBlockingCall
#undef WSAAsyncSelect
#define WSAAsyncSelect synsent_winsock2_WSAAsyncSelect
#undef __WSAFDIsSet
#define __WSAFDIsSet synsent_winsock2___WSAFDIsSet
#else
#if defined SYNSENT_HOST_SELECT && !defined __cplusplus
#define select synsent_winsock2_select
#endif
#ifdef SYNSENT_HOST_SOCKET
#define accept synsent_winsock2_accept
#define bind synsent_winsock2_bind
#define connect synsent_winsock2_connect
#define getpeername synsent_winsock2_getpeername
#define getsockname synsent_winsock2_getsockname
#define getsockopt synsent_winsock2_getsockopt
#define listen synsent_winsock2_listen
#define recv synsent_winsock2_recv
#define recvfrom synsent_winsock2_recvfrom
#define send synsent_winsock2_send
#define sendto synsent_winsock2_sendto
#define setsockopt synsent_winsock2_setsockopt
#define shutdown synsent_winsock2_shutdown
#define socket synsent_winsock2_socket
#endif
#ifdef SYNSENT_HOST_NETDB
#define gethostbyaddr synsent_winsock2_gethostbyaddr
#define gethostbyname synsent_winsock2_gethostbyname
#define getprotobyname synsent_winsock2_getprotobyname
#define getprotobynumber synsent_winsock2_getprotobynumber
#define getservbyname synsent_winsock2_getservbyname
#define getservbyport synsent_winsock2_getservbyport
#endif
#ifdef SYNSENT_HOST_UNISTD
#define gethostname synsent_winsock2_gethostname
#endif
#endif

SYNSENT_BEGIN

SOCKET WSAAPI accept(SOCKET s, struct sockaddr FAR *addr, int FAR *addrlen) SYNSENT_LABEL(winsock2, accept);
int WSAAPI bind(SOCKET s, const struct sockaddr FAR *name, int namelen) SYNSENT_LABEL(winsock2, bind);
int WSAAPI closesocket(SOCKET s) SYNSENT_LABEL(winsock2, closesocket);
int WSAAPI connect(SOCKET s, const struct sockaddr FAR *name, int namelen) SYNSENT_LABEL(winsock2, connect);
int WSAAPI ioctlsocket(SOCKET s, long cmd, u_long FAR *argp) SYNSENT_LABEL(winsock2, ioctlsocket);
int WSAAPI getpeername(SOCKET s, struct sockaddr FAR *name, int FAR *namelen) SYNSENT_LABEL(winsock2, getpeername);
int WSAAPI getsockname(SOCKET s, struct sockaddr FAR *name, int FAR *namelen) SYNSENT_LABEL(winsock2, getsockname);
int WSAAPI getsockopt(SOCKET s, int level, int optname, char FAR *optval, int FAR *optlen) SYNSENT_LABEL(winsock2, getsockopt);
int WSAAPI listen(SOCKET s, int backlog) SYNSENT_LABEL(winsock2, listen);
int WSAAPI recv(SOCKET s, char FAR *buf, int len, int flags) SYNSENT_LABEL(winsock2, recv);
int WSAAPI recvfrom(SOCKET s, char FAR *buf, int len, int flags, struct sockaddr FAR *from, int FAR *fromlen)
    SYNSENT_LABEL(winsock2, recvfrom);
int WSAAPI send(SOCKET s, const char FAR *buf, int len, int flags) SYNSENT_LABEL(winsock2, send);
int WSAAPI sendto(SOCKET s, const char FAR *buf, int len, int flags, const struct sockaddr FAR *to, int tolen)
    SYNSENT_LABEL(winsock2, sendto);
int WSAAPI setsockopt(SOCKET s, int level, int optname, const char FAR *optval, int optlen) SYNSENT_LABEL(winsock2, setsockopt);
int WSAAPI shutdown(SOCKET s, int how) SYNSENT_LABEL(winsock2, shutdown);
SOCKET WSAAPI socket(int af, int type, int protocol) SYNSENT_LABEL(winsock2, socket);
int WSAAPI __WSAFDIsSet(SOCKET s, fd_set FAR *set) SYNSENT_LABEL(winsock2, __WSAFDIsSet);

/* Names. */
struct hostent FAR *WSAAPI gethostbyaddr(const char FAR *addr, int len, int type) SYNSENT_LABEL(winsock2, gethostbyaddr);
struct hostent FAR *WSAAPI gethostbyname(const char FAR *name) SYNSENT_LABEL(winsock2, gethostbyname);
int WSAAPI gethostname(char FAR *name, int namelen) SYNSENT_LABEL(winsock2, gethostname);
struct servent FAR *WSAAPI getservbyport(int port, const char FAR *proto) SYNSENT_LABEL(winsock2, getservbyport);
struct servent FAR *WSAAPI getservbyname(const char FAR *name, const char FAR *proto) SYNSENT_LABEL(winsock2, getservbyname);
struct protoent FAR *WSAAPI getprotobynumber(int number) SYNSENT_LABEL(winsock2, getprotobynumber);
struct protoent FAR *WSAAPI getprotobyname(const char FAR *name) SYNSENT_LABEL(winsock2, getprotobyname);

/* The library itself, blocking calls, and messages about sockets. */
int WSAAPI WSAStartup(WORD wVersionRequired, LPWSADATA lpWSAData) SYNSENT_LABEL(winsock2, WSAStartup);
int WSAAPI WSACleanup(void) SYNSENT_LABEL(winsock2, WSACleanup);
void WSAAPI WSASetLastError(int iError) SYNSENT_LABEL(winsock2, WSASetLastError);
int WSAAPI WSAGetLastError(void) SYNSENT_LABEL(winsock2, WSAGetLastError);
BOOL WSAAPI WSAIsBlocking(void) SYNSENT_LABEL(winsock2, WSAIsBlocking);
int WSAAPI WSAUnhookBlockingHook(void) SYNSENT_LABEL(winsock2, WSAUnhookBlockingHook);
FARPROC WSAAPI WSASetBlockingHook(FARPROC lpBlockFunc) SYNSENT_LABEL(winsock2, WSASetBlockingHook);
int WSAAPI WSACancelBlockingCall(void) SYNSENT_LABEL(winsock2, WSACancelBlockingCall);
int WSAAPI WSAAsyncSelect(SOCKET s, HWND hWnd, u_int wMsg, long lEvent) SYNSENT_LABEL(winsock2, WSAAsyncSelect);

/* Sockets of Winsock 2. */
SOCKET WSAAPI WSASocketA(int af, int type, int protocol, LPWSAPROTOCOL_INFOA lpProtocolInfo, GROUP g, DWORD dwFlags)
    SYNSENT_LABEL(winsock2, WSASocketA);
SOCKET WSAAPI WSASocketW(int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags)
    SYNSENT_LABEL(winsock2, WSASocketW);
SOCKET WSAAPI WSAAccept(SOCKET s, struct sockaddr *addr, LPINT addrlen, LPCONDITIONPROC lpfnCondition, DWORD_PTR dwCallbackData)
    SYNSENT_LABEL(winsock2, WSAAccept);
int WSAAPI WSAConnect(SOCKET s, const struct sockaddr *name, int namelen, LPWSABUF lpCallerData, LPWSABUF lpCalleeData, LPQOS lpSQOS,
                      LPQOS lpGQOS) SYNSENT_LABEL(winsock2, WSAConnect);
int WSAAPI WSADuplicateSocketA(SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOA lpProtocolInfo)
    SYNSENT_LABEL(winsock2, WSADuplicateSocketA);
int WSAAPI WSADuplicateSocketW(SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOW lpProtocolInfo)
    SYNSENT_LABEL(winsock2, WSADuplicateSocketW);
int WSAAPI WSAEnumProtocolsA(LPINT lpiProtocols, LPWSAPROTOCOL_INFOA lpProtocolBuffer, LPDWORD lpdwBufferLength)
    SYNSENT_LABEL(winsock2, WSAEnumProtocolsA);
int WSAAPI WSAEnumProtocolsW(LPINT lpiProtocols, LPWSAPROTOCOL_INFOW lpProtocolBuffer, LPDWORD lpdwBufferLength)
    SYNSENT_LABEL(winsock2, WSAEnumProtocolsW);
int WSAAPI WSAIoctl(SOCKET s, DWORD dwIoControlCode, LPVOID lpvInBuffer, DWORD cbInBuffer, LPVOID lpvOutBuffer, DWORD cbOutBuffer,
                    LPDWORD lpcbBytesReturned, LPWSAOVERLAPPED lpOverlapped,
                    LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine) SYNSENT_LABEL(winsock2, WSAIoctl);
int WSAAPI WSAPoll(LPWSAPOLLFD fdArray, ULONG fds, INT timeout) SYNSENT_LABEL(winsock2, WSAPoll);

/* Data in several buffers. */
int WSAAPI WSASend(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
                   LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
    SYNSENT_LABEL(winsock2, WSASend);
int WSAAPI WSASendTo(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
                     const struct sockaddr *lpTo, int iTolen, LPWSAOVERLAPPED lpOverlapped,
                     LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine) SYNSENT_LABEL(winsock2, WSASendTo);
int WSAAPI WSASendDisconnect(SOCKET s, LPWSABUF lpOutboundDisconnectData) SYNSENT_LABEL(winsock2, WSASendDisconnect);
int WSAAPI WSARecv(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD lpFlags,
                   LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine)
    SYNSENT_LABEL(winsock2, WSARecv);
int WSAAPI WSARecvFrom(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD lpFlags,
                       struct sockaddr *lpFrom, LPINT lpFromlen, LPWSAOVERLAPPED lpOverlapped,
                       LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine) SYNSENT_LABEL(winsock2, WSARecvFrom);
int WSAAPI WSARecvDisconnect(SOCKET s, LPWSABUF lpInboundDisconnectData) SYNSENT_LABEL(winsock2, WSARecvDisconnect);

/* Events. */
WSAEVENT WSAAPI WSACreateEvent(void) SYNSENT_LABEL(winsock2, WSACreateEvent);
BOOL WSAAPI WSACloseEvent(WSAEVENT hEvent) SYNSENT_LABEL(winsock2, WSACloseEvent);
BOOL WSAAPI WSASetEvent(WSAEVENT hEvent) SYNSENT_LABEL(winsock2, WSASetEvent);
BOOL WSAAPI WSAResetEvent(WSAEVENT hEvent) SYNSENT_LABEL(winsock2, WSAResetEvent);
DWORD WSAAPI WSAWaitForMultipleEvents(DWORD cEvents, const WSAEVENT *lphEvents, BOOL fWaitAll, DWORD dwTimeout, BOOL fAlertable)
    SYNSENT_LABEL(winsock2, WSAWaitForMultipleEvents);
int WSAAPI WSAEventSelect(SOCKET s, WSAEVENT hEventObject, long lNetworkEvents) SYNSENT_LABEL(winsock2, WSAEventSelect);
int WSAAPI WSAEnumNetworkEvents(SOCKET s, WSAEVENT hEventObject, LPWSANETWORKEVENTS lpNetworkEvents)
    SYNSENT_LABEL(winsock2, WSAEnumNetworkEvents);
BOOL WSAAPI WSAGetOverlappedResult(SOCKET s, LPWSAOVERLAPPED lpOverlapped, LPDWORD lpcbTransfer, BOOL fWait, LPDWORD lpdwFlags)
    SYNSENT_LABEL(winsock2, WSAGetOverlappedResult);

/* Order of octets, by the protocol of a socket, and addresses as texts. */
int WSAAPI WSAHtonl(SOCKET s, u_long hostlong, u_long *lpnetlong) SYNSENT_LABEL(winsock2, WSAHtonl);
int WSAAPI WSAHtons(SOCKET s, u_short hostshort, u_short *lpnetshort) SYNSENT_LABEL(winsock2, WSAHtons);
int WSAAPI WSANtohl(SOCKET s, u_long netlong, u_long *lphostlong) SYNSENT_LABEL(winsock2, WSANtohl);
int WSAAPI WSANtohs(SOCKET s, u_short netshort, u_short *lphostshort) SYNSENT_LABEL(winsock2, WSANtohs);
INT WSAAPI WSAAddressToStringA(LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOA lpProtocolInfo,
                               LPSTR lpszAddressString, LPDWORD lpdwAddressStringLength) SYNSENT_LABEL(winsock2, WSAAddressToStringA);
INT WSAAPI WSAAddressToStringW(LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOW lpProtocolInfo,
                               LPWSTR lpszAddressString, LPDWORD lpdwAddressStringLength) SYNSENT_LABEL(winsock2, WSAAddressToStringW);
INT WSAAPI WSAStringToAddressA(LPSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOA lpProtocolInfo, LPSOCKADDR lpAddress,
                               LPINT lpAddressLength) SYNSENT_LABEL(winsock2, WSAStringToAddressA);
INT WSAAPI WSAStringToAddressW(LPWSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOW lpProtocolInfo, LPSOCKADDR lpAddress,
                               LPINT lpAddressLength) SYNSENT_LABEL(winsock2, WSAStringToAddressW);
SYNSENT_END

#if defined SYNSENT_HOST_SELECT && defined __cplusplus && !defined select
extern "C++" {
#else
SYNSENT_BEGIN
#endif
int WSAAPI select(int nfds, fd_set FAR *readfds, fd_set FAR *writefds, fd_set FAR *exceptfds, const struct timeval FAR *timeout)
    SYNSENT_LABEL(winsock2, select);
#if defined SYNSENT_HOST_SELECT && defined __cplusplus && !defined select
}
#else
SYNSENT_END
#endif

#ifdef __cplusplus
/* Sources give an unsigned long where the argument is of 32 bits; in C that passes with a warning, in C++ it needs this. */
extern "C++" {
SYNSENT_INLINE int ioctlsocket(SOCKET s, long cmd, unsigned long *argp)
{
    u_long narrow = static_cast<u_long>(*argp);
    int result = ioctlsocket(s, cmd, &narrow);

    *argp = narrow;
    return result;
}
}
#endif

#ifdef UNICODE
typedef WSAPROTOCOL_INFOW WSAPROTOCOL_INFO, *LPWSAPROTOCOL_INFO;
#define SO_PROTOCOL_INFO SO_PROTOCOL_INFOW
#define WSASocket WSASocketW
#define WSADuplicateSocket WSADuplicateSocketW
#define WSAEnumProtocols WSAEnumProtocolsW
#define WSAAddressToString WSAAddressToStringW
#define WSAStringToAddress WSAStringToAddressW
#else
typedef WSAPROTOCOL_INFOA WSAPROTOCOL_INFO, *LPWSAPROTOCOL_INFO;
#define SO_PROTOCOL_INFO SO_PROTOCOL_INFOA
#define WSASocket WSASocketA
#define WSADuplicateSocket WSADuplicateSocketA
#define WSAEnumProtocols WSAEnumProtocolsA
#define WSAAddressToString WSAAddressToStringA
#define WSAStringToAddress WSAStringToAddressA
#endif

#if INCL_WINSOCK_API_TYPEDEFS
#include "synsent/function_types.h"
#endif

#endif
