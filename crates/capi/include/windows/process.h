/* Threads as the C library of Windows starts them. */
#ifndef _INC_PROCESS
#define _INC_PROCESS

#include "synsent/label.h"
#include "basetsd.h"

SYNSENT_BEGIN

UINT_PTR _beginthread(void (*start)(void *), unsigned stack_size, void *argument) SYNSENT_LABEL(windows, _beginthread);
UINT_PTR _beginthreadex(void *security, unsigned stack_size, unsigned (*start)(void *), void *argument, unsigned flags,
                        unsigned *id) SYNSENT_LABEL(windows, _beginthreadex);
void _endthread(void) SYNSENT_LABEL(windows, _endthread);
void _endthreadex(unsigned code) SYNSENT_LABEL(windows, _endthreadex);

SYNSENT_END

#define _getpid() ((int)GetCurrentProcessId())

#endif
