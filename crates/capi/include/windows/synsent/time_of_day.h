/*
 * gettimeofday for the time value of Windows, whose members have 32 bits: the C library's would write beyond it. It is no function of
 * Windows, but compilers for Windows have it in <sys/time.h>, and sources that include that beside Windows Sockets use it.
 */
#ifndef SYNSENT_WINDOWS_TIME_OF_DAY_H
#define SYNSENT_WINDOWS_TIME_OF_DAY_H

#include "label.h"

struct synsent_windows_timeval;
struct synsent_host_timeval {
    time_t tv_sec;
    long tv_usec;
};

SYNSENT_BEGIN

int synsent_host_gettimeofday(struct synsent_host_timeval *now, void *zone) __asm__("gettimeofday");

/* The members of the time value are two numbers of 32 bits, and this header may come before their declaration. */
SYNSENT_INLINE int synsent_windows_gettimeofday(struct synsent_windows_timeval *now, void *zone)
{
    struct synsent_host_timeval host_now;
    int told[2];
    int result = synsent_host_gettimeofday(&host_now, zone);

    told[0] = (int)host_now.tv_sec;
    told[1] = (int)host_now.tv_usec;
    if (now != NULL)
        memcpy((void *)now, told, sizeof told);
    return result;
}

SYNSENT_END

#define gettimeofday(now, zone) synsent_windows_gettimeofday((now), (zone))

#endif
