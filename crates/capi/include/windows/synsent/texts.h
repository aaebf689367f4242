/*
 * The order of octets and the texts of addresses: no socket is concerned, so both versions of Windows Sockets share them.
 */
#ifndef SYNSENT_WINDOWS_TEXTS_H
#define SYNSENT_WINDOWS_TEXTS_H

#include "sockets.h"

#ifdef SYNSENT_HOST_IN
#define htonl synsent_windows_htonl
#define htons synsent_windows_htons
#define ntohl synsent_windows_ntohl
#define ntohs synsent_windows_ntohs
#endif
#ifdef SYNSENT_HOST_INET
#define inet_addr synsent_windows_inet_addr
#define inet_ntoa synsent_windows_inet_ntoa
#endif

SYNSENT_BEGIN

u_long WSAAPI htonl(u_long hostlong) SYNSENT_LABEL(windows, htonl);
u_short WSAAPI htons(u_short hostshort) SYNSENT_LABEL(windows, htons);
u_long WSAAPI ntohl(u_long netlong) SYNSENT_LABEL(windows, ntohl);
u_short WSAAPI ntohs(u_short netshort) SYNSENT_LABEL(windows, ntohs);
u_long WSAAPI inet_addr(const char FAR *cp) SYNSENT_LABEL(windows, inet_addr);
char FAR *WSAAPI inet_ntoa(struct in_addr in) SYNSENT_LABEL(windows, inet_ntoa);

SYNSENT_END

#endif
