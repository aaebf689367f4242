/* The C library's <unistd.h>; after a header of Windows Sockets, without its gethostname and its socklen_t. */
#pragma GCC system_header
#if defined SYNSENT_WINDOWS_HOST_H && !defined _UNISTD_H
#pragma push_macro("gethostname")
#pragma push_macro("socklen_t")
#undef gethostname
#undef socklen_t
#define gethostname synsent_host_gethostname
#include_next <unistd.h>
#undef gethostname
#pragma pop_macro("socklen_t")
#pragma pop_macro("gethostname")
#else
#include_next <unistd.h>
#endif
