/* <ws2tcpip.h>: names and addresses of both versions of the Internet Protocol. */
#ifndef _WS2TCPIP_H_
#define _WS2TCPIP_H_

#include "winsock2.h"
#include "ws2ipdef.h"

/* getaddrinfo says the numbers of Windows Sockets. */
#define EAI_AGAIN WSATRY_AGAIN
#define EAI_BADFLAGS WSAEINVAL
#define EAI_FAIL WSANO_RECOVERY
#define EAI_FAMILY WSAEAFNOSUPPORT
#define EAI_MEMORY WSA_NOT_ENOUGH_MEMORY
#define EAI_NONAME WSAHOST_NOT_FOUND
#define EAI_NODATA WSANO_DATA
#define EAI_SERVICE WSATYPE_NOT_FOUND
#define EAI_SOCKTYPE WSAESOCKTNOSUPPORT

#define NI_MAXHOST 1025
#define NI_MAXSERV 32
#define GAI_STRERROR_BUFFER_SIZE 1024

/* Requests of WSAIoctl about interfaces. */
#define SIO_GET_INTERFACE_LIST _IOR('t', 127, ULONG)
#define SIO_GET_INTERFACE_LIST_EX _IOR('t', 126, ULONG)
#define SIO_SET_MULTICAST_FILTER _IOW('t', 125, ULONG)
#define SIO_GET_MULTICAST_FILTER _IOW('t', 124 | IOC_IN, ULONG)

/* Options of UDP. */
#define UDP_NOCHECKSUM 1
#define UDP_CHECKSUM_COVERAGE 20

#ifdef SYNSENT_HOST_INET
#define inet_ntop synsent_windows_inet_ntop
#define inet_pton synsent_windows_inet_pton
#endif
#ifdef SYNSENT_HOST_NETDB
#define getaddrinfo synsent_winsock2_getaddrinfo
#define freeaddrinfo synsent_winsock2_freeaddrinfo
#define getnameinfo synsent_winsock2_getnameinfo
#endif

SYNSENT_BEGIN

INT WSAAPI getaddrinfo(PCSTR pNodeName, PCSTR pServiceName, const ADDRINFOA *pHints, PADDRINFOA *ppResult)
    SYNSENT_LABEL(winsock2, getaddrinfo);
VOID WSAAPI freeaddrinfo(PADDRINFOA pAddrInfo) SYNSENT_LABEL(winsock2, freeaddrinfo);
INT WSAAPI getnameinfo(const SOCKADDR *pSockaddr, socklen_t SockaddrLength, PCHAR pNodeBuffer, DWORD NodeBufferSize,
                       PCHAR pServiceBuffer, DWORD ServiceBufferSize, INT Flags) SYNSENT_LABEL(winsock2, getnameinfo);
INT WSAAPI GetAddrInfoW(PCWSTR pNodeName, PCWSTR pServiceName, const ADDRINFOW *pHints, PADDRINFOW *ppResult)
    SYNSENT_LABEL(winsock2, GetAddrInfoW);
VOID WSAAPI FreeAddrInfoW(PADDRINFOW pAddrInfo) SYNSENT_LABEL(winsock2, FreeAddrInfoW);
INT WSAAPI GetNameInfoW(const SOCKADDR *pSockaddr, socklen_t SockaddrLength, PWCHAR pNodeBuffer, DWORD NodeBufferSize,
                        PWCHAR pServiceBuffer, DWORD ServiceBufferSize, INT Flags) SYNSENT_LABEL(winsock2, GetNameInfoW);
char *WSAAPI gai_strerrorA(int ecode) SYNSENT_LABEL(winsock2, gai_strerrorA);
WCHAR *WSAAPI gai_strerrorW(int ecode) SYNSENT_LABEL(winsock2, gai_strerrorW);

PCSTR WSAAPI inet_ntop(INT Family, const VOID *pAddr, PSTR pStringBuf, size_t StringBufSize) SYNSENT_LABEL(windows, inet_ntop);
INT WSAAPI inet_pton(INT Family, PCSTR pszAddrString, PVOID pAddrBuf) SYNSENT_LABEL(windows, inet_pton);
PCWSTR WSAAPI InetNtopW(INT Family, const VOID *pAddr, PWSTR pStringBuf, size_t StringBufSize) SYNSENT_LABEL(windows, InetNtopW);
INT WSAAPI InetPtonW(INT Family, PCWSTR pszAddrString, PVOID pAddrBuf) SYNSENT_LABEL(windows, InetPtonW);

SYNSENT_END

#define GetAddrInfoA getaddrinfo
#define FreeAddrInfoA freeaddrinfo
#define GetNameInfoA getnameinfo
#define InetNtopA inet_ntop
#define InetPtonA inet_pton

#ifdef UNICODE
#define GetAddrInfo GetAddrInfoW
#define FreeAddrInfo FreeAddrInfoW
#define GetNameInfo GetNameInfoW
#define InetNtop InetNtopW
#define InetPton InetPtonW
#define gai_strerror gai_strerrorW
#else
#define GetAddrInfo GetAddrInfoA
#define FreeAddrInfo FreeAddrInfoA
#define GetNameInfo GetNameInfoA
#define InetNtop InetNtopA
#define InetPton InetPtonA
#define gai_strerror gai_strerrorA
#endif

#if INCL_WINSOCK_API_TYPEDEFS
typedef INT(WSAAPI *LPFN_GETADDRINFO)(PCSTR, PCSTR, const ADDRINFOA *, PADDRINFOA *);
typedef INT(WSAAPI *LPFN_GETADDRINFOW)(PCWSTR, PCWSTR, const ADDRINFOW *, PADDRINFOW *);
typedef VOID(WSAAPI *LPFN_FREEADDRINFO)(PADDRINFOA);
typedef VOID(WSAAPI *LPFN_FREEADDRINFOW)(PADDRINFOW);
typedef INT(WSAAPI *LPFN_GETNAMEINFO)(const SOCKADDR *, socklen_t, PCHAR, DWORD, PCHAR, DWORD, INT);
typedef INT(WSAAPI *LPFN_GETNAMEINFOW)(const SOCKADDR *, socklen_t, PWCHAR, DWORD, PWCHAR, DWORD, INT);
#endif

#endif
