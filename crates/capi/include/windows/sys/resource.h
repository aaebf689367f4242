/* The C library's <sys/resource.h>; after a header of Windows Sockets, with the time value that the C library means. */
#pragma GCC system_header
#if defined SYNSENT_WINDOWS_HOST_H && !defined _SYS_RESOURCE_H
#pragma push_macro("timeval")
#pragma push_macro("fd_set")
#undef timeval
#undef fd_set
#include_next <sys/resource.h>
#pragma pop_macro("fd_set")
#pragma pop_macro("timeval")
#else
#include_next <sys/resource.h>
#endif
