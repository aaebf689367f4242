/*
 * <netdb.h> of SOCKETS(POSIX): names of hosts, services and protocols, as the network that SYNSENT_NET names knows them. What
 * getaddrinfo and getipnodebyname give out is given back with freeaddrinfo and freehostent.
 */
#ifndef SYNSENT_BS2000_NETDB_H
#define SYNSENT_BS2000_NETDB_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "synsent_bs2000.h"

#define freeaddrinfo synsent_host_freeaddrinfo
#define gai_strerror synsent_host_gai_strerror
#define getaddrinfo synsent_host_getaddrinfo
#define gethostbyaddr synsent_host_gethostbyaddr
#define gethostbyname synsent_host_gethostbyname
#define getnameinfo synsent_host_getnameinfo
#define getprotobyname synsent_host_getprotobyname
#define getprotobynumber synsent_host_getprotobynumber
#define getservbyname synsent_host_getservbyname
#define getservbyport synsent_host_getservbyport

#include_next <netdb.h>

#undef freeaddrinfo
#undef gai_strerror
#undef getaddrinfo
#undef gethostbyaddr
#undef gethostbyname
#undef getnameinfo
#undef getprotobyname
#undef getprotobynumber
#undef getservbyname
#undef getservbyport

#include <sys/socket.h>

/* What strict modes of the host's header leave out. */
#if !defined(HOST_NOT_FOUND)
#define HOST_NOT_FOUND 1
#define TRY_AGAIN 2
#define NO_RECOVERY 3
#define NO_DATA 4
#endif
#if !defined(NO_ADDRESS)
#define NO_ADDRESS NO_DATA
#endif
#if !defined(AI_DEFAULT)
#define AI_DEFAULT (AI_V4MAPPED | AI_ADDRCONFIG)
#endif

SYNSENT_BS2000_BEGIN

struct addrinfo;

struct hostent *gethostbyaddr(const void *addr, socklen_t len, int type) SYNSENT_BS2000_LABEL(gethostbyaddr);
struct hostent *gethostbyname(const char *name) SYNSENT_BS2000_LABEL(gethostbyname);
struct servent *getservbyname(const char *name, const char *proto) SYNSENT_BS2000_LABEL(getservbyname);
struct servent *getservbyport(int port, const char *proto) SYNSENT_BS2000_LABEL(getservbyport);
struct protoent *getprotobyname(const char *name) SYNSENT_BS2000_LABEL(getprotobyname);
struct protoent *getprotobynumber(int number) SYNSENT_BS2000_LABEL(getprotobynumber);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result)
    SYNSENT_BS2000_LABEL(getaddrinfo);
void freeaddrinfo(struct addrinfo *list) SYNSENT_BS2000_LABEL(freeaddrinfo);
const char *gai_strerror(int code) SYNSENT_BS2000_LABEL(gai_strerror);
int getnameinfo(const struct sockaddr *name, socklen_t namelen, char *host, socklen_t hostlen, char *service,
                socklen_t servicelen, int flags) SYNSENT_BS2000_LABEL(getnameinfo);

struct hostent *getipnodebyname(const char *name, int family, int flags, int *error)
    SYNSENT_BS2000_LABEL(getipnodebyname);
struct hostent *getipnodebyaddr(const void *addr, size_t len, int family, int *error)
    SYNSENT_BS2000_LABEL(getipnodebyaddr);
void freehostent(struct hostent *host) SYNSENT_BS2000_LABEL(freehostent);

SYNSENT_BS2000_END

#endif
