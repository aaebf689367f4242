/* <fcntl.h> of SOCKETS(POSIX): the flags of a descriptor. */
#ifndef SYNSENT_BS2000_FCNTL_H
#define SYNSENT_BS2000_FCNTL_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "synsent_bs2000.h"

#define fcntl synsent_host_fcntl

#include_next <fcntl.h>

#undef fcntl

SYNSENT_BS2000_BEGIN

int fcntl(int s, int command, ...) SYNSENT_BS2000_LABEL(fcntl);

SYNSENT_BS2000_END

#endif
