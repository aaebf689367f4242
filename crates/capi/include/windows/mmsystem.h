/*
 * Of multimedia only its clock, by which programs with timeouts go. It counts the time of the program's network, as GetTickCount does,
 * and is as fine as can be without being asked.
 */
#ifndef _INC_MMSYSTEM
#define _INC_MMSYSTEM

#include "winbase.h"

typedef UINT MMRESULT;

#define TIMERR_NOERROR 0

SYNSENT_INLINE DWORD timeGetTime(void)
{
    return GetTickCount();
}

SYNSENT_INLINE MMRESULT timeBeginPeriod(UINT milliseconds)
{
    (void)milliseconds;
    return TIMERR_NOERROR;
}

SYNSENT_INLINE MMRESULT timeEndPeriod(UINT milliseconds)
{
    (void)milliseconds;
    return TIMERR_NOERROR;
}

#endif
