/*
 * Files by their numbers, as the C library of Windows has them: the numbers of this system's files. A SOCKET is none of them.
 */
#ifndef _INC_IO
#define _INC_IO

#include "synsent/label.h"
#include <stdio.h>
#include <unistd.h>

SYNSENT_INLINE int _read(int file, void *buffer, unsigned count)
{
    return (int)read(file, buffer, count);
}

SYNSENT_INLINE int _write(int file, const void *buffer, unsigned count)
{
    return (int)write(file, buffer, count);
}

SYNSENT_INLINE int _close(int file)
{
    return close(file);
}

SYNSENT_INLINE int _isatty(int file)
{
    return isatty(file);
}

SYNSENT_INLINE int _access(const char *path, int mode)
{
    return access(path, mode);
}

SYNSENT_INLINE int _unlink(const char *path)
{
    return unlink(path);
}

#ifndef _fileno
#define _fileno fileno
#endif

#endif
