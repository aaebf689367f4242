/* <unistd.h> of SOCKETS(POSIX): what all descriptors have, files and sockets. A file is the host's. */
#ifndef SYNSENT_BS2000_UNISTD_H
#define SYNSENT_BS2000_UNISTD_H

#if defined(__GNUC__)
#pragma GCC system_header
#endif

#include "synsent_bs2000.h"

#define close synsent_host_close
#define dup synsent_host_dup
#define dup2 synsent_host_dup2
#define gethostname synsent_host_gethostname
#define read synsent_host_read
#define write synsent_host_write

#include_next <unistd.h>

#undef close
#undef dup
#undef dup2
#undef gethostname
#undef read
#undef write

SYNSENT_BS2000_BEGIN

int close(int s) SYNSENT_BS2000_LABEL(close);
int dup(int s) SYNSENT_BS2000_LABEL(dup);
int dup2(int s, int wanted) SYNSENT_BS2000_LABEL(dup2);
int gethostname(char *name, size_t namelen) SYNSENT_BS2000_LABEL(gethostname);
ssize_t read(int s, void *buf, size_t nbyte) SYNSENT_BS2000_LABEL(read);
ssize_t write(int s, const void *buf, size_t nbyte) SYNSENT_BS2000_LABEL(write);

SYNSENT_BS2000_END

#endif
