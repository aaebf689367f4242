/* The C library's <sys/ioctl.h>; after a header of Windows Sockets, its requests for sockets have the numbers of Windows again. */
#pragma GCC system_header
#include_next <sys/ioctl.h>
#ifdef SYNSENT_WINDOWS_HOST_H
#include "../synsent/ioctl_numbers.h"
#endif
