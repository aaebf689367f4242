/* <sys/ioctl.h> of SOCKETS(POSIX): requests to a socket or a file. */
#ifndef SYNSENT_BS2000_SYS_IOCTL_H
#define SYNSENT_BS2000_SYS_IOCTL_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "../synsent_bs2000.h"

#define ioctl synsent_host_ioctl

#include_next <sys/ioctl.h>

#undef ioctl

SYNSENT_BS2000_BEGIN

int ioctl(int s, unsigned long request, ...) SYNSENT_BS2000_LABEL(ioctl);

SYNSENT_BS2000_END

#endif
