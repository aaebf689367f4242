/*
 * TargetTCP's <sockets.h>: its socket calls, on the network that SYNSENT_NET names.
 *
 * Addresses, options, flags and error numbers are those of the host, whose headers are included here. A handle is no file
 * descriptor, so an fd_set is a list of handles. Each function is declared with the label of its symbol in the library, so
 * that no name of the program is changed; only where a header of the host has declared a function already, its name becomes a
 * macro.
 *
 * TargetTCP is initialized by target_tcp_init(), and every call before it fails with ENETDOWN. A program whose sources do not
 * contain the initialization, because its board does it, is compiled with -DSYNSENT_TARGETTCP_AT_START: then it is done
 * before main().
 */
#ifndef SYNSENT_TARGETTCP_SOCKETS_H
#define SYNSENT_TARGETTCP_SOCKETS_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#if defined(SYNSENT_BS2000_H) || defined(SYNSENT_WINDOWS_HOST_H)
#error "a source file includes the headers of one system"
#endif

/* The size of the program's own sets counts; that of the host does not. Its text names a macro that is not defined here. */
#if defined(FD_SETSIZE)
#pragma push_macro("__FD_SETSIZE")
#undef __FD_SETSIZE
#if FD_SETSIZE > 0
#define SYNSENT_TARGETTCP_OWN_FD_SETSIZE
#endif
#pragma pop_macro("__FD_SETSIZE")
#endif
#pragma push_macro("FD_SETSIZE")
#undef FD_SETSIZE

#if defined(_SYS_SELECT_H)
#define SYNSENT_TARGETTCP_SELECT_IS_TAKEN
#endif
#if defined(_SYS_SOCKET_H)
#define SYNSENT_TARGETTCP_NAMES_ARE_TAKEN
#endif
#if defined(_NETDB_H)
#define SYNSENT_TARGETTCP_HOSTS_ARE_TAKEN
#endif

#define accept synsent_host_accept
#define bind synsent_host_bind
#define connect synsent_host_connect
#define gethostbyaddr synsent_host_gethostbyaddr
#define gethostbyname synsent_host_gethostbyname
#define getprotobyname synsent_host_getprotobyname
#define getprotobynumber synsent_host_getprotobynumber
#define getservbyname synsent_host_getservbyname
#define getservbyport synsent_host_getservbyport
#define getpeername synsent_host_getpeername
#define getsockname synsent_host_getsockname
#define getsockopt synsent_host_getsockopt
#define listen synsent_host_listen
#define recv synsent_host_recv
#define recvfrom synsent_host_recvfrom
#define select synsent_host_select
#define send synsent_host_send
#define sendto synsent_host_sendto
#define setsockopt synsent_host_setsockopt
#define shutdown synsent_host_shutdown
#define socket synsent_host_socket

#include <sys/types.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/ioctl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#undef accept
#undef bind
#undef connect
#undef gethostbyaddr
#undef gethostbyname
#undef getprotobyname
#undef getprotobynumber
#undef getservbyname
#undef getservbyport
#undef getpeername
#undef getsockname
#undef getsockopt
#undef listen
#undef recv
#undef recvfrom
#undef select
#undef send
#undef sendto
#undef setsockopt
#undef shutdown
#undef socket

/* What the host has declared before with other arguments keeps its declaration and loses its name. */
#if defined(SYNSENT_TARGETTCP_NAMES_ARE_TAKEN)
#define accept synsent_targettcp_accept
#define bind synsent_targettcp_bind
#define connect synsent_targettcp_connect
#define getpeername synsent_targettcp_getpeername
#define getsockname synsent_targettcp_getsockname
#define getsockopt synsent_targettcp_getsockopt
#define listen synsent_targettcp_listen
#define recv synsent_targettcp_recv
#define recvfrom synsent_targettcp_recvfrom
#define send synsent_targettcp_send
#define sendto synsent_targettcp_sendto
#define setsockopt synsent_targettcp_setsockopt
#define shutdown synsent_targettcp_shutdown
#define socket synsent_targettcp_socket
#define SYNSENT_TARGETTCP_NAME(name)
#else
#define SYNSENT_TARGETTCP_NAME(name) SYNSENT_TARGETTCP_LABEL(name)
#endif
#if defined(SYNSENT_TARGETTCP_SELECT_IS_TAKEN)
#define select synsent_targettcp_select
#define SYNSENT_TARGETTCP_SELECT_NAME
#else
#define SYNSENT_TARGETTCP_SELECT_NAME SYNSENT_TARGETTCP_LABEL(select)
#endif
#if defined(SYNSENT_TARGETTCP_HOSTS_ARE_TAKEN)
#define gethostbyaddr synsent_targettcp_gethostbyaddr
#define gethostbyname synsent_targettcp_gethostbyname
#define getprotobyname synsent_targettcp_getprotobyname
#define getprotobynumber synsent_targettcp_getprotobynumber
#define getservbyname synsent_targettcp_getservbyname
#define getservbyport synsent_targettcp_getservbyport
#define SYNSENT_TARGETTCP_HOST_NAME(name)
#else
#define SYNSENT_TARGETTCP_HOST_NAME(name) SYNSENT_TARGETTCP_LABEL(name)
#endif
#define SYNSENT_TARGETTCP_LABEL(name) __asm__("synsent_targettcp_" #name)

/* Sets of handles. */
#if defined(SYNSENT_TARGETTCP_OWN_FD_SETSIZE)
#pragma pop_macro("FD_SETSIZE")
#else
#pragma pop_macro("FD_SETSIZE")
#undef FD_SETSIZE
#define FD_SETSIZE 1024
#endif

typedef struct synsent_targettcp_fd_set {
  unsigned int fd_count;
  int fd_array[FD_SETSIZE];
} synsent_targettcp_fd_set;

#define fd_set synsent_targettcp_fd_set
#undef FD_CLR
#undef FD_ISSET
#undef FD_SET
#undef FD_ZERO
#define FD_CLR(handle, set) synsent_targettcp_fd_clr((handle), (set))
#define FD_ISSET(handle, set) synsent_targettcp_fd_isset((handle), (set))
#define FD_SET(handle, set) synsent_targettcp_fd_add((handle), (set))
#define FD_ZERO(set) ((void)((set)->fd_count = 0))

#if defined(__cplusplus)
extern "C" {
#endif

/* A full set takes no more. */
static __inline__ __attribute__((__unused__)) int synsent_targettcp_fd_isset(int handle,
                                                                             const synsent_targettcp_fd_set *set)
{
  unsigned int at;
  for (at = 0; at < set->fd_count; at++)
    if (set->fd_array[at] == handle)
      return 1;
  return 0;
}

static __inline__ __attribute__((__unused__)) void synsent_targettcp_fd_add(int handle, synsent_targettcp_fd_set *set)
{
  if (set->fd_count < (unsigned int)(FD_SETSIZE) && !synsent_targettcp_fd_isset(handle, set))
    set->fd_array[set->fd_count++] = handle;
}

static __inline__ __attribute__((__unused__)) void synsent_targettcp_fd_clr(int handle, synsent_targettcp_fd_set *set)
{
  unsigned int at;
  for (at = 0; at < set->fd_count; at++)
    if (set->fd_array[at] == handle)
    {
      set->fd_array[at] = set->fd_array[--set->fd_count];
      return;
    }
}

/* The initialization, and whether it is done before main(). */
int target_tcp_init(void) SYNSENT_TARGETTCP_LABEL(target_tcp_init);

#if defined(SYNSENT_TARGETTCP_AT_START)
static __attribute__((__constructor__, __unused__)) void synsent_targettcp_at_start(void)
{
  target_tcp_init();
}
#endif

/* The calls. */
int accept(int socket, void *addr, socklen_t *addrlen) SYNSENT_TARGETTCP_NAME(accept);
int bind(int socket, const void *addr, socklen_t addrlen) SYNSENT_TARGETTCP_NAME(bind);
int closesocket(int socket) SYNSENT_TARGETTCP_LABEL(closesocket);
int connect(int socket, const void *addr, socklen_t addrlen) SYNSENT_TARGETTCP_NAME(connect);
int getpeername(int socket, void *addr, socklen_t *addrlen) SYNSENT_TARGETTCP_NAME(getpeername);
int getsockname(int socket, void *addr, socklen_t *addrlen) SYNSENT_TARGETTCP_NAME(getsockname);
int getsockopt(int socket, int level, int option, void *value, socklen_t *length) SYNSENT_TARGETTCP_NAME(getsockopt);
int ioctlsocket(int socket, unsigned int request, void *argument) SYNSENT_TARGETTCP_LABEL(ioctlsocket);
int listen(int socket, int backlog) SYNSENT_TARGETTCP_NAME(listen);
int recv(int socket, void *buf, size_t len, int flags) SYNSENT_TARGETTCP_NAME(recv);
int recvfrom(int socket, void *buf, size_t len, int flags, void *from, socklen_t *fromlen)
    SYNSENT_TARGETTCP_NAME(recvfrom);
int select(int nfds, synsent_targettcp_fd_set *readfds, synsent_targettcp_fd_set *writefds,
           synsent_targettcp_fd_set *exceptfds, const struct timeval *timeout) SYNSENT_TARGETTCP_SELECT_NAME;
int send(int socket, const void *buf, size_t len, int flags) SYNSENT_TARGETTCP_NAME(send);
int sendto(int socket, const void *buf, size_t len, int flags, const void *to, socklen_t tolen)
    SYNSENT_TARGETTCP_NAME(sendto);
int setsockopt(int socket, int level, int option, const void *value, socklen_t length)
    SYNSENT_TARGETTCP_NAME(setsockopt);
int shutdown(int socket, int how) SYNSENT_TARGETTCP_NAME(shutdown);
int socket(int family, int type, int protocol) SYNSENT_TARGETTCP_NAME(socket);

/* Names of hosts, services and protocols; h_errno tells what became of a host's. */
struct hostent *gethostbyaddr(const void *addr, socklen_t len, int type) SYNSENT_TARGETTCP_HOST_NAME(gethostbyaddr);
struct hostent *gethostbyname(const char *name) SYNSENT_TARGETTCP_HOST_NAME(gethostbyname);
struct servent *getservbyname(const char *name, const char *proto) SYNSENT_TARGETTCP_HOST_NAME(getservbyname);
struct servent *getservbyport(int port, const char *proto) SYNSENT_TARGETTCP_HOST_NAME(getservbyport);
struct protoent *getprotobyname(const char *name) SYNSENT_TARGETTCP_HOST_NAME(getprotobyname);
struct protoent *getprotobynumber(int number) SYNSENT_TARGETTCP_HOST_NAME(getprotobynumber);

/* The words and what errno means: TargetTCP's for the errors of its calls, the host's for all others. */
extern void perror(const char *words) SYNSENT_TARGETTCP_LABEL(perror);

#if defined(__cplusplus)
}
#endif

#endif
