/* <sys/socket.h> of SOCKETS(POSIX): the calls of sockets. */
#ifndef SYNSENT_BS2000_SYS_SOCKET_H
#define SYNSENT_BS2000_SYS_SOCKET_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "../synsent_bs2000.h"

#define accept synsent_host_accept
#define bind synsent_host_bind
#define connect synsent_host_connect
#define getpeername synsent_host_getpeername
#define getsockname synsent_host_getsockname
#define getsockopt synsent_host_getsockopt
#define listen synsent_host_listen
#define recv synsent_host_recv
#define recvfrom synsent_host_recvfrom
#define recvmsg synsent_host_recvmsg
#define send synsent_host_send
#define sendmsg synsent_host_sendmsg
#define sendto synsent_host_sendto
#define setsockopt synsent_host_setsockopt
#define shutdown synsent_host_shutdown
#define socket synsent_host_socket

#include_next <sys/socket.h>

#undef accept
#undef bind
#undef connect
#undef getpeername
#undef getsockname
#undef getsockopt
#undef listen
#undef recv
#undef recvfrom
#undef recvmsg
#undef send
#undef sendmsg
#undef sendto
#undef setsockopt
#undef shutdown
#undef socket

/* The room for a name or a value is an int to older sources and a socklen_t to newer ones; both have the same octets. */
#if defined(__cplusplus)
typedef void *synsent_bs2000_length;
#else
typedef union {
  socklen_t *as_socklen;
  int *as_int;
} synsent_bs2000_length __attribute__((__transparent_union__));
#endif

SYNSENT_BS2000_BEGIN

int accept(int s, __SOCKADDR_ARG addr, synsent_bs2000_length addrlen) SYNSENT_BS2000_LABEL(accept);
int bind(int s, __CONST_SOCKADDR_ARG name, socklen_t namelen) SYNSENT_BS2000_LABEL(bind);
int connect(int s, __CONST_SOCKADDR_ARG name, socklen_t namelen) SYNSENT_BS2000_LABEL(connect);
int getpeername(int s, __SOCKADDR_ARG name, synsent_bs2000_length namelen) SYNSENT_BS2000_LABEL(getpeername);
int getsockname(int s, __SOCKADDR_ARG name, synsent_bs2000_length namelen) SYNSENT_BS2000_LABEL(getsockname);
int getsockopt(int s, int level, int optname, void *optval, synsent_bs2000_length optlen)
    SYNSENT_BS2000_LABEL(getsockopt);
int listen(int s, int backlog) SYNSENT_BS2000_LABEL(listen);
ssize_t recv(int s, void *buf, size_t len, int flags) SYNSENT_BS2000_LABEL(recv);
ssize_t recvfrom(int s, void *buf, size_t len, int flags, __SOCKADDR_ARG from, synsent_bs2000_length fromlen)
    SYNSENT_BS2000_LABEL(recvfrom);
ssize_t recvmsg(int s, struct msghdr *msg, int flags) SYNSENT_BS2000_LABEL(recvmsg);
ssize_t send(int s, const void *msg, size_t len, int flags) SYNSENT_BS2000_LABEL(send);
ssize_t sendmsg(int s, const struct msghdr *msg, int flags) SYNSENT_BS2000_LABEL(sendmsg);
ssize_t sendto(int s, const void *msg, size_t len, int flags, __CONST_SOCKADDR_ARG to, socklen_t tolen)
    SYNSENT_BS2000_LABEL(sendto);
int setsockopt(int s, int level, int optname, const void *optval, socklen_t optlen) SYNSENT_BS2000_LABEL(setsockopt);
int shutdown(int s, int how) SYNSENT_BS2000_LABEL(shutdown);
int socket(int domain, int type, int protocol) SYNSENT_BS2000_LABEL(socket);

SYNSENT_BS2000_END

#endif
