/* The C library's <sys/time.h>; after a header of Windows Sockets, with the time value that the C library means. */
#pragma GCC system_header
#if defined SYNSENT_WINDOWS_HOST_H && !defined _SYS_TIME_H
#pragma push_macro("timeval")
#pragma push_macro("fd_set")
#undef timeval
#undef fd_set
#include_next <sys/time.h>
#pragma pop_macro("fd_set")
#pragma pop_macro("timeval")
#include "../synsent/time_of_day.h"
#else
#include_next <sys/time.h>
#endif
