/* <sys/poll.h> of SOCKETS(POSIX): waiting for sockets and files, each with what is asked of it. */
#ifndef SYNSENT_BS2000_SYS_POLL_H
#define SYNSENT_BS2000_SYS_POLL_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "../synsent_bs2000.h"

#define poll synsent_host_poll

#include_next <sys/poll.h>

#undef poll

SYNSENT_BS2000_BEGIN

int poll(struct pollfd *fds, nfds_t nfds, int timeout) SYNSENT_BS2000_LABEL(poll);

SYNSENT_BS2000_END

#endif
