/*
 * Takes the C library's headers in first, so that both may stand in one source in any order.
 *
 * The C library's <sys/socket.h> and its neighbours declare functions with the names of Windows Sockets and other prototypes. Here they
 * are included before anything of Windows is declared, with those names changed while that lasts; when the program includes them later,
 * their own guards keep them silent. Where the program was faster, a name is taken already: SYNSENT_HOST_SOCKET and its like say so, and
 * the header of Windows then gives its own function another name by a macro.
 *
 * Types and constants whose layout or value differs are always those of Windows from here on: the tags become ours by macros, and the
 * constants go (host_out.h). Headers that the C library needs for other things (<unistd.h>, <sys/time.h>, <sys/resource.h>,
 * <sys/ioctl.h>) are not taken in; small ones of the same names in this folder see to them when the program includes them.
 */
#ifndef SYNSENT_WINDOWS_HOST_H
#define SYNSENT_WINDOWS_HOST_H

#ifdef _SYS_SELECT_H
#define SYNSENT_HOST_SELECT
#endif
#ifdef _SYS_SOCKET_H
#define SYNSENT_HOST_SOCKET
#endif
#ifdef _NETINET_IN_H
#define SYNSENT_HOST_IN
#endif
#ifdef _ARPA_INET_H
#define SYNSENT_HOST_INET
#endif
#ifdef _NETDB_H
#define SYNSENT_HOST_NETDB
#endif
#ifdef _UNISTD_H
#define SYNSENT_HOST_UNISTD
#endif

#include <stddef.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <wchar.h>

#define select synsent_host_select
#define accept synsent_host_accept
#define bind synsent_host_bind
#define connect synsent_host_connect
#define getpeername synsent_host_getpeername
#define getsockname synsent_host_getsockname
#define getsockopt synsent_host_getsockopt
#define listen synsent_host_listen
#define recv synsent_host_recv
#define recvfrom synsent_host_recvfrom
#define send synsent_host_send
#define sendto synsent_host_sendto
#define setsockopt synsent_host_setsockopt
#define shutdown synsent_host_shutdown
#define socket synsent_host_socket
/* With optimization the C library has macros for these four. */
#undef htonl
#undef htons
#undef ntohl
#undef ntohs
#define htonl synsent_host_htonl
#define htons synsent_host_htons
#define ntohl synsent_host_ntohl
#define ntohs synsent_host_ntohs
#define inet_addr synsent_host_inet_addr
#define inet_ntoa synsent_host_inet_ntoa
#define inet_ntop synsent_host_inet_ntop
#define inet_pton synsent_host_inet_pton
#define gethostbyaddr synsent_host_gethostbyaddr
#define gethostbyname synsent_host_gethostbyname
#define getprotobyname synsent_host_getprotobyname
#define getprotobynumber synsent_host_getprotobynumber
#define getservbyname synsent_host_getservbyname
#define getservbyport synsent_host_getservbyport
#define getaddrinfo synsent_host_getaddrinfo
#define freeaddrinfo synsent_host_freeaddrinfo
#define getnameinfo synsent_host_getnameinfo
#define gai_strerror synsent_host_gai_strerror

#include <sys/types.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <net/if.h>
#include <poll.h>

#undef select
#undef accept
#undef bind
#undef connect
#undef getpeername
#undef getsockname
#undef getsockopt
#undef listen
#undef recv
#undef recvfrom
#undef send
#undef sendto
#undef setsockopt
#undef shutdown
#undef socket
#undef htonl
#undef htons
#undef ntohl
#undef ntohs
#undef inet_addr
#undef inet_ntoa
#undef inet_ntop
#undef inet_pton
#undef gethostbyaddr
#undef gethostbyname
#undef getprotobyname
#undef getprotobynumber
#undef getservbyname
#undef getservbyport
#undef getaddrinfo
#undef freeaddrinfo
#undef getnameinfo
#undef gai_strerror

/*
 * FD_SETSIZE is the program's to choose. The C library's own value must not pass for a choice, and it has the name of a macro that can be
 * asked for; a value that was given before the C library's headers was kept by <sys/select.h> in this folder.
 */
#ifndef FD_SETSIZE
#define FD_SETSIZE 0
#endif
#pragma push_macro("__FD_SETSIZE")
#undef __FD_SETSIZE
#define __FD_SETSIZE 0
#if FD_SETSIZE == 0
#undef FD_SETSIZE
#ifdef SYNSENT_FD_SETSIZE_GIVEN
#pragma pop_macro("FD_SETSIZE")
#else
#define FD_SETSIZE 64
#endif
#endif
#pragma pop_macro("__FD_SETSIZE")

#undef FD_CLR
#undef FD_ISSET
#undef FD_SET
#undef FD_ZERO

/* Tags and types whose layout is that of Windows. */
#define fd_set synsent_windows_fd_set
#define timeval synsent_windows_timeval
#define u_long synsent_windows_u_long
#define socklen_t synsent_windows_socklen_t
#define linger synsent_windows_linger
#define sockaddr synsent_windows_sockaddr
#define sockaddr_in synsent_windows_sockaddr_in
#define sockaddr_in6 synsent_windows_sockaddr_in6
#define sockaddr_storage synsent_windows_sockaddr_storage
#define in_addr synsent_windows_in_addr
#define in6_addr synsent_windows_in6_addr
#define in_pktinfo synsent_windows_in_pktinfo
#define in6_pktinfo synsent_windows_in6_pktinfo
#define ip_mreq synsent_windows_ip_mreq
#define ip_mreq_source synsent_windows_ip_mreq_source
#define ip_msfilter synsent_windows_ip_msfilter
#define ipv6_mreq synsent_windows_ipv6_mreq
#define group_req synsent_windows_group_req
#define group_source_req synsent_windows_group_source_req
#define group_filter synsent_windows_group_filter
#define hostent synsent_windows_hostent
#define netent synsent_windows_netent
#define protoent synsent_windows_protoent
#define servent synsent_windows_servent
#define addrinfo synsent_windows_addrinfo
#define pollfd synsent_windows_pollfd
#define cmsghdr synsent_windows_cmsghdr
#define in6addr_any synsent_windows_in6addr_any
#define in6addr_loopback synsent_windows_in6addr_loopback

#include "host_out.h"

#ifdef _SYS_TIME_H
#include "time_of_day.h"
#endif

#endif
