/* <sys/uio.h> of SOCKETS(POSIX): reading and writing with several buffers. */
#ifndef SYNSENT_BS2000_SYS_UIO_H
#define SYNSENT_BS2000_SYS_UIO_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "../synsent_bs2000.h"

#define readv synsent_host_readv
#define writev synsent_host_writev

#include_next <sys/uio.h>

#undef readv
#undef writev

SYNSENT_BS2000_BEGIN

ssize_t readv(int s, const struct iovec *iov, int iovcnt) SYNSENT_BS2000_LABEL(readv);
ssize_t writev(int s, const struct iovec *iov, int iovcnt) SYNSENT_BS2000_LABEL(writev);

SYNSENT_BS2000_END

#endif
