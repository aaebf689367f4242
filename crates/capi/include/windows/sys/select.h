/* The C library's <sys/select.h>, but a value for FD_SETSIZE that the program gave before is kept for Windows Sockets. */
#pragma GCC system_header
#if defined FD_SETSIZE && !defined _SYS_SELECT_H
#define SYNSENT_FD_SETSIZE_GIVEN
#pragma push_macro("FD_SETSIZE")
#undef FD_SETSIZE
#endif
#include_next <sys/select.h>
