/*
 * <winsock.h>: Windows Sockets 1.1. The functions are those of the specification of January 1993; the family of WSAAsyncGetXByY is not
 * there yet. Where <winsock2.h> was included before, this header says nothing, as on Windows.
 */
#ifndef _WINSOCKAPI_
#define _WINSOCKAPI_
#define SYNSENT_WINSOCK1_DECLARED

#ifndef _INC_WINDOWS
#include "windows.h"
#endif
#include "synsent/sockets.h"
#include "synsent/texts.h"

#define AF_MAX 22
#define SOMAXCONN 5

/* The specification spells WSAEDESTADDRREQ in this way too. */
#define WSAEDESTADDREQ WSAEDESTADDRREQ

/* Options of IP, whose numbers are others than those of Winsock 2. */
#define IP_OPTIONS 1
#define IP_MULTICAST_IF 2
#define IP_MULTICAST_TTL 3
#define IP_MULTICAST_LOOP 4
#define IP_ADD_MEMBERSHIP 5
#define IP_DROP_MEMBERSHIP 6
#define IP_TTL 7
#define IP_TOS 8
#define IP_DONTFRAGMENT 9
#define IP_DEFAULT_MULTICAST_TTL 1
#define IP_DEFAULT_MULTICAST_LOOP 1
#define IP_MAX_MEMBERSHIPS 20

struct ip_mreq {
    struct in_addr imr_multiaddr;
    struct in_addr imr_interface;
};

/* Names that a header of the C library has taken before. In C++, select is another overload, since its sets are other types. */
#if defined SYNSENT_HOST_SELECT && !defined __cplusplus
#define select synsent_winsock1_select
#endif
#ifdef SYNSENT_HOST_SOCKET
#define accept synsent_winsock1_accept
#define bind synsent_winsock1_bind
#define connect synsent_winsock1_connect
#define getpeername synsent_winsock1_getpeername
#define getsockname synsent_winsock1_getsockname
#define getsockopt synsent_winsock1_getsockopt
#define listen synsent_winsock1_listen
#define recv synsent_winsock1_recv
#define recvfrom synsent_winsock1_recvfrom
#define send synsent_winsock1_send
#define sendto synsent_winsock1_sendto
#define setsockopt synsent_winsock1_setsockopt
#define shutdown synsent_winsock1_shutdown
#define socket synsent_winsock1_socket
#endif
#ifdef SYNSENT_HOST_NETDB
#define gethostbyaddr synsent_winsock1_gethostbyaddr
#define gethostbyname synsent_winsock1_gethostbyname
#define getprotobyname synsent_winsock1_getprotobyname
#define getprotobynumber synsent_winsock1_getprotobynumber
#define getservbyname synsent_winsock1_getservbyname
#define getservbyport synsent_winsock1_getservbyport
#endif
#ifdef SYNSENT_HOST_UNISTD
#define gethostname synsent_winsock1_gethostname
#endif

SYNSENT_BEGIN

SOCKET PASCAL FAR accept(SOCKET s, struct sockaddr FAR *addr, int FAR *addrlen) SYNSENT_LABEL(winsock1, accept);
int PASCAL FAR bind(SOCKET s, const struct sockaddr FAR *name, int namelen) SYNSENT_LABEL(winsock1, bind);
int PASCAL FAR closesocket(SOCKET s) SYNSENT_LABEL(winsock1, closesocket);
int PASCAL FAR connect(SOCKET s, const struct sockaddr FAR *name, int namelen) SYNSENT_LABEL(winsock1, connect);
int PASCAL FAR ioctlsocket(SOCKET s, long cmd, u_long FAR *argp) SYNSENT_LABEL(winsock1, ioctlsocket);
int PASCAL FAR getpeername(SOCKET s, struct sockaddr FAR *name, int FAR *namelen) SYNSENT_LABEL(winsock1, getpeername);
int PASCAL FAR getsockname(SOCKET s, struct sockaddr FAR *name, int FAR *namelen) SYNSENT_LABEL(winsock1, getsockname);
int PASCAL FAR getsockopt(SOCKET s, int level, int optname, char FAR *optval, int FAR *optlen) SYNSENT_LABEL(winsock1, getsockopt);
int PASCAL FAR listen(SOCKET s, int backlog) SYNSENT_LABEL(winsock1, listen);
int PASCAL FAR recv(SOCKET s, char FAR *buf, int len, int flags) SYNSENT_LABEL(winsock1, recv);
int PASCAL FAR recvfrom(SOCKET s, char FAR *buf, int len, int flags, struct sockaddr FAR *from, int FAR *fromlen)
    SYNSENT_LABEL(winsock1, recvfrom);
int PASCAL FAR send(SOCKET s, const char FAR *buf, int len, int flags) SYNSENT_LABEL(winsock1, send);
int PASCAL FAR sendto(SOCKET s, const char FAR *buf, int len, int flags, const struct sockaddr FAR *to, int tolen)
    SYNSENT_LABEL(winsock1, sendto);
int PASCAL FAR setsockopt(SOCKET s, int level, int optname, const char FAR *optval, int optlen) SYNSENT_LABEL(winsock1, setsockopt);
int PASCAL FAR shutdown(SOCKET s, int how) SYNSENT_LABEL(winsock1, shutdown);
SOCKET PASCAL FAR socket(int af, int type, int protocol) SYNSENT_LABEL(winsock1, socket);
int PASCAL FAR __WSAFDIsSet(SOCKET s, fd_set FAR *set) SYNSENT_LABEL(winsock1, __WSAFDIsSet);

/* Names. */
struct hostent FAR *PASCAL FAR gethostbyaddr(const char FAR *addr, int len, int type) SYNSENT_LABEL(winsock1, gethostbyaddr);
struct hostent FAR *PASCAL FAR gethostbyname(const char FAR *name) SYNSENT_LABEL(winsock1, gethostbyname);
int PASCAL FAR gethostname(char FAR *name, int namelen) SYNSENT_LABEL(winsock1, gethostname);
struct servent FAR *PASCAL FAR getservbyport(int port, const char FAR *proto) SYNSENT_LABEL(winsock1, getservbyport);
struct servent FAR *PASCAL FAR getservbyname(const char FAR *name, const char FAR *proto) SYNSENT_LABEL(winsock1, getservbyname);
struct protoent FAR *PASCAL FAR getprotobynumber(int number) SYNSENT_LABEL(winsock1, getprotobynumber);
struct protoent FAR *PASCAL FAR getprotobyname(const char FAR *name) SYNSENT_LABEL(winsock1, getprotobyname);

/* The library itself, blocking calls, and messages about sockets. */
int PASCAL FAR WSAStartup(WORD wVersionRequired, LPWSADATA lpWSAData) SYNSENT_LABEL(winsock1, WSAStartup);
int PASCAL FAR WSACleanup(void) SYNSENT_LABEL(winsock1, WSACleanup);
void PASCAL FAR WSASetLastError(int iError) SYNSENT_LABEL(winsock1, WSASetLastError);
int PASCAL FAR WSAGetLastError(void) SYNSENT_LABEL(winsock1, WSAGetLastError);
BOOL PASCAL FAR WSAIsBlocking(void) SYNSENT_LABEL(winsock1, WSAIsBlocking);
int PASCAL FAR WSAUnhookBlockingHook(void) SYNSENT_LABEL(winsock1, WSAUnhookBlockingHook);
FARPROC PASCAL FAR WSASetBlockingHook(FARPROC lpBlockFunc) SYNSENT_LABEL(winsock1, WSASetBlockingHook);
int PASCAL FAR WSACancelBlockingCall(void) SYNSENT_LABEL(winsock1, WSACancelBlockingCall);
int PASCAL FAR WSAAsyncSelect(SOCKET s, HWND hWnd, u_int wMsg, long lEvent) SYNSENT_LABEL(winsock1, WSAAsyncSelect);

SYNSENT_END

#if defined SYNSENT_HOST_SELECT && defined __cplusplus && !defined select
extern "C++" {
#else
SYNSENT_BEGIN
#endif
int PASCAL FAR select(int nfds, fd_set FAR *readfds, fd_set FAR *writefds, fd_set FAR *exceptfds, const struct timeval FAR *timeout)
    SYNSENT_LABEL(winsock1, select);
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

#endif
