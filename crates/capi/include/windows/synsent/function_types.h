/*
 * Types of pointers to the functions of Winsock 2, for programs that define INCL_WINSOCK_API_TYPEDEFS: LPFN_CONNECT points to what
 * connect is.
 */
#ifndef SYNSENT_WINDOWS_FUNCTION_TYPES_H
#define SYNSENT_WINDOWS_FUNCTION_TYPES_H

typedef SOCKET(WSAAPI *LPFN_ACCEPT)(SOCKET s, struct sockaddr *addr, int *addrlen);
typedef int(WSAAPI *LPFN_BIND)(SOCKET s, const struct sockaddr *name, int namelen);
typedef int(WSAAPI *LPFN_CLOSESOCKET)(SOCKET s);
typedef int(WSAAPI *LPFN_CONNECT)(SOCKET s, const struct sockaddr *name, int namelen);
typedef int(WSAAPI *LPFN_IOCTLSOCKET)(SOCKET s, long cmd, u_long *argp);
typedef int(WSAAPI *LPFN_GETPEERNAME)(SOCKET s, struct sockaddr *name, int *namelen);
typedef int(WSAAPI *LPFN_GETSOCKNAME)(SOCKET s, struct sockaddr *name, int *namelen);
typedef int(WSAAPI *LPFN_GETSOCKOPT)(SOCKET s, int level, int optname, char *optval, int *optlen);
typedef int(WSAAPI *LPFN_LISTEN)(SOCKET s, int backlog);
typedef int(WSAAPI *LPFN_RECV)(SOCKET s, char *buf, int len, int flags);
typedef int(WSAAPI *LPFN_RECVFROM)(SOCKET s, char *buf, int len, int flags, struct sockaddr *from, int *fromlen);
typedef int(WSAAPI *LPFN_SEND)(SOCKET s, const char *buf, int len, int flags);
typedef int(WSAAPI *LPFN_SENDTO)(SOCKET s, const char *buf, int len, int flags, const struct sockaddr *to, int tolen);
typedef int(WSAAPI *LPFN_SETSOCKOPT)(SOCKET s, int level, int optname, const char *optval, int optlen);
typedef int(WSAAPI *LPFN_SHUTDOWN)(SOCKET s, int how);
typedef SOCKET(WSAAPI *LPFN_SOCKET)(int af, int type, int protocol);
typedef struct hostent *(WSAAPI *LPFN_GETHOSTBYADDR)(const char *addr, int len, int type);
typedef struct hostent *(WSAAPI *LPFN_GETHOSTBYNAME)(const char *name);
typedef int(WSAAPI *LPFN_GETHOSTNAME)(char *name, int namelen);
typedef struct servent *(WSAAPI *LPFN_GETSERVBYPORT)(int port, const char *proto);
typedef struct servent *(WSAAPI *LPFN_GETSERVBYNAME)(const char *name, const char *proto);
typedef struct protoent *(WSAAPI *LPFN_GETPROTOBYNUMBER)(int number);
typedef struct protoent *(WSAAPI *LPFN_GETPROTOBYNAME)(const char *name);
typedef int(WSAAPI *LPFN_WSASTARTUP)(WORD wVersionRequired, LPWSADATA lpWSAData);
typedef int(WSAAPI *LPFN_WSACLEANUP)(void);
typedef void(WSAAPI *LPFN_WSASETLASTERROR)(int iError);
typedef int(WSAAPI *LPFN_WSAGETLASTERROR)(void);
typedef BOOL(WSAAPI *LPFN_WSAISBLOCKING)(void);
typedef int(WSAAPI *LPFN_WSAUNHOOKBLOCKINGHOOK)(void);
typedef FARPROC(WSAAPI *LPFN_WSASETBLOCKINGHOOK)(FARPROC lpBlockFunc);
typedef int(WSAAPI *LPFN_WSACANCELBLOCKINGCALL)(void);
typedef int(WSAAPI *LPFN_WSAASYNCSELECT)(SOCKET s, HWND hWnd, u_int wMsg, long lEvent);
typedef SOCKET(WSAAPI *LPFN_WSASOCKETA)(int af, int type, int protocol, LPWSAPROTOCOL_INFOA lpProtocolInfo, GROUP g, DWORD dwFlags);
typedef SOCKET(WSAAPI *LPFN_WSASOCKETW)(int af, int type, int protocol, LPWSAPROTOCOL_INFOW lpProtocolInfo, GROUP g, DWORD dwFlags);
typedef SOCKET(WSAAPI *LPFN_WSAACCEPT)(SOCKET s, struct sockaddr *addr, LPINT addrlen, LPCONDITIONPROC lpfnCondition, DWORD_PTR
    dwCallbackData);
typedef int(WSAAPI *LPFN_WSACONNECT)(SOCKET s, const struct sockaddr *name, int namelen, LPWSABUF lpCallerData, LPWSABUF
    lpCalleeData, LPQOS lpSQOS, LPQOS lpGQOS);
typedef int(WSAAPI *LPFN_WSADUPLICATESOCKETA)(SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOA lpProtocolInfo);
typedef int(WSAAPI *LPFN_WSADUPLICATESOCKETW)(SOCKET s, DWORD dwProcessId, LPWSAPROTOCOL_INFOW lpProtocolInfo);
typedef int(WSAAPI *LPFN_WSAENUMPROTOCOLSA)(LPINT lpiProtocols, LPWSAPROTOCOL_INFOA lpProtocolBuffer, LPDWORD lpdwBufferLength);
typedef int(WSAAPI *LPFN_WSAENUMPROTOCOLSW)(LPINT lpiProtocols, LPWSAPROTOCOL_INFOW lpProtocolBuffer, LPDWORD lpdwBufferLength);
typedef int(WSAAPI *LPFN_WSAIOCTL)(SOCKET s, DWORD dwIoControlCode, LPVOID lpvInBuffer, DWORD cbInBuffer, LPVOID lpvOutBuffer,
    DWORD cbOutBuffer, LPDWORD lpcbBytesReturned, LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE
    lpCompletionRoutine);
typedef int(WSAAPI *LPFN_WSAPOLL)(LPWSAPOLLFD fdArray, ULONG fds, INT timeout);
typedef int(WSAAPI *LPFN_WSASEND)(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
    LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
typedef int(WSAAPI *LPFN_WSASENDTO)(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesSent, DWORD dwFlags,
    const struct sockaddr *lpTo, int iTolen, LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
typedef int(WSAAPI *LPFN_WSASENDDISCONNECT)(SOCKET s, LPWSABUF lpOutboundDisconnectData);
typedef int(WSAAPI *LPFN_WSARECV)(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD
    lpFlags, LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE lpCompletionRoutine);
typedef int(WSAAPI *LPFN_WSARECVFROM)(SOCKET s, LPWSABUF lpBuffers, DWORD dwBufferCount, LPDWORD lpNumberOfBytesRecvd, LPDWORD
    lpFlags, struct sockaddr *lpFrom, LPINT lpFromlen, LPWSAOVERLAPPED lpOverlapped, LPWSAOVERLAPPED_COMPLETION_ROUTINE
    lpCompletionRoutine);
typedef int(WSAAPI *LPFN_WSARECVDISCONNECT)(SOCKET s, LPWSABUF lpInboundDisconnectData);
typedef WSAEVENT(WSAAPI *LPFN_WSACREATEEVENT)(void);
typedef BOOL(WSAAPI *LPFN_WSACLOSEEVENT)(WSAEVENT hEvent);
typedef BOOL(WSAAPI *LPFN_WSASETEVENT)(WSAEVENT hEvent);
typedef BOOL(WSAAPI *LPFN_WSARESETEVENT)(WSAEVENT hEvent);
typedef DWORD(WSAAPI *LPFN_WSAWAITFORMULTIPLEEVENTS)(DWORD cEvents, const WSAEVENT *lphEvents, BOOL fWaitAll, DWORD dwTimeout,
    BOOL fAlertable);
typedef int(WSAAPI *LPFN_WSAEVENTSELECT)(SOCKET s, WSAEVENT hEventObject, long lNetworkEvents);
typedef int(WSAAPI *LPFN_WSAENUMNETWORKEVENTS)(SOCKET s, WSAEVENT hEventObject, LPWSANETWORKEVENTS lpNetworkEvents);
typedef BOOL(WSAAPI *LPFN_WSAGETOVERLAPPEDRESULT)(SOCKET s, LPWSAOVERLAPPED lpOverlapped, LPDWORD lpcbTransfer, BOOL fWait,
    LPDWORD lpdwFlags);
typedef int(WSAAPI *LPFN_WSAHTONL)(SOCKET s, u_long hostlong, u_long *lpnetlong);
typedef int(WSAAPI *LPFN_WSAHTONS)(SOCKET s, u_short hostshort, u_short *lpnetshort);
typedef int(WSAAPI *LPFN_WSANTOHL)(SOCKET s, u_long netlong, u_long *lphostlong);
typedef int(WSAAPI *LPFN_WSANTOHS)(SOCKET s, u_short netshort, u_short *lphostshort);
typedef INT(WSAAPI *LPFN_WSAADDRESSTOSTRINGA)(LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOA lpProtocolInfo,
    LPSTR lpszAddressString, LPDWORD lpdwAddressStringLength);
typedef INT(WSAAPI *LPFN_WSAADDRESSTOSTRINGW)(LPSOCKADDR lpsaAddress, DWORD dwAddressLength, LPWSAPROTOCOL_INFOW lpProtocolInfo,
    LPWSTR lpszAddressString, LPDWORD lpdwAddressStringLength);
typedef INT(WSAAPI *LPFN_WSASTRINGTOADDRESSA)(LPSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOA lpProtocolInfo,
    LPSOCKADDR lpAddress, LPINT lpAddressLength);
typedef INT(WSAAPI *LPFN_WSASTRINGTOADDRESSW)(LPWSTR AddressString, INT AddressFamily, LPWSAPROTOCOL_INFOW lpProtocolInfo,
    LPSOCKADDR lpAddress, LPINT lpAddressLength);
typedef int(WSAAPI *LPFN_SELECT)(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, const struct timeval *timeout);
typedef u_long(WSAAPI *LPFN_HTONL)(u_long hostlong);
typedef u_short(WSAAPI *LPFN_HTONS)(u_short hostshort);
typedef u_long(WSAAPI *LPFN_NTOHL)(u_long netlong);
typedef u_short(WSAAPI *LPFN_NTOHS)(u_short netshort);
typedef u_long(WSAAPI *LPFN_INET_ADDR)(const char *cp);
typedef char *(WSAAPI *LPFN_INET_NTOA)(struct in_addr in);

#ifdef UNICODE
#define LPFN_WSASOCKET LPFN_WSASOCKETW
#define LPFN_WSADUPLICATESOCKET LPFN_WSADUPLICATESOCKETW
#define LPFN_WSAENUMPROTOCOLS LPFN_WSAENUMPROTOCOLSW
#define LPFN_WSAADDRESSTOSTRING LPFN_WSAADDRESSTOSTRINGW
#define LPFN_WSASTRINGTOADDRESS LPFN_WSASTRINGTOADDRESSW
#else
#define LPFN_WSASOCKET LPFN_WSASOCKETA
#define LPFN_WSADUPLICATESOCKET LPFN_WSADUPLICATESOCKETA
#define LPFN_WSAENUMPROTOCOLS LPFN_WSAENUMPROTOCOLSA
#define LPFN_WSAADDRESSTOSTRING LPFN_WSAADDRESSTOSTRINGA
#define LPFN_WSASTRINGTOADDRESS LPFN_WSASTRINGTOADDRESSA
#endif

#endif
