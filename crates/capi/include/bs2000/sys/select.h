/* <sys/select.h> of SOCKETS(POSIX): waiting for sockets and files in three sets. */
#ifndef SYNSENT_BS2000_SYS_SELECT_H
#define SYNSENT_BS2000_SYS_SELECT_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "../synsent_bs2000.h"

#define select synsent_host_select

#include_next <sys/select.h>

#undef select

SYNSENT_BS2000_BEGIN

int select(int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds, struct timeval *timeout)
    SYNSENT_BS2000_LABEL(select);

SYNSENT_BS2000_END

#endif
