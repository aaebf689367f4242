/*
 * The kernel's functions: threads, waiting, time, memory, texts. All behave as documented for a process without files of its own: handles
 * are those of threads, events, mutexes and semaphores.
 *
 * The Interlocked functions are the compiler's own; they work on LONG, which has 32 bits.
 */
#ifndef _WINBASE_
#define _WINBASE_

#include <stdio.h>
#include "windef.h"
#include "winerror.h"

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define INFINITE 0xFFFFFFFFu
#define WAIT_OBJECT_0 (STATUS_WAIT_0 + 0)
#define WAIT_ABANDONED (STATUS_ABANDONED_WAIT_0 + 0)
#define WAIT_ABANDONED_0 (STATUS_ABANDONED_WAIT_0 + 0)
#define WAIT_IO_COMPLETION STATUS_USER_APC
#define WAIT_TIMEOUT 258
#define WAIT_FAILED 0xFFFFFFFFu
#define CREATE_SUSPENDED 0x00000004
#define STACK_SIZE_PARAM_IS_A_RESERVATION 0x00010000
#define MAX_COMPUTERNAME_LENGTH 15

#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x00000100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x00000200
#define FORMAT_MESSAGE_FROM_STRING 0x00000400
#define FORMAT_MESSAGE_FROM_HMODULE 0x00000800
#define FORMAT_MESSAGE_FROM_SYSTEM 0x00001000
#define FORMAT_MESSAGE_ARGUMENT_ARRAY 0x00002000
#define FORMAT_MESSAGE_MAX_WIDTH_MASK 0x000000FF

#define CTRL_C_EVENT 0
#define CTRL_BREAK_EVENT 1
#define CTRL_CLOSE_EVENT 2
#define CTRL_LOGOFF_EVENT 5
#define CTRL_SHUTDOWN_EVENT 6

typedef struct _SECURITY_ATTRIBUTES {
    DWORD nLength;
    LPVOID lpSecurityDescriptor;
    BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;

typedef struct _OVERLAPPED {
    ULONG_PTR Internal;
    ULONG_PTR InternalHigh;
    __extension__ union {
        __extension__ struct {
            DWORD Offset;
            DWORD OffsetHigh;
        };
        PVOID Pointer;
    };
    HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;

typedef struct _SYSTEMTIME {
    WORD wYear;
    WORD wMonth;
    WORD wDayOfWeek;
    WORD wDay;
    WORD wHour;
    WORD wMinute;
    WORD wSecond;
    WORD wMilliseconds;
} SYSTEMTIME, *PSYSTEMTIME, *LPSYSTEMTIME;

typedef RTL_CRITICAL_SECTION CRITICAL_SECTION, *PCRITICAL_SECTION, *LPCRITICAL_SECTION;
typedef DWORD(WINAPI *PTHREAD_START_ROUTINE)(LPVOID argument);
typedef PTHREAD_START_ROUTINE LPTHREAD_START_ROUTINE;
typedef BOOL(WINAPI *PHANDLER_ROUTINE)(DWORD event);

SYNSENT_BEGIN

DWORD WINAPI GetLastError(void) SYNSENT_LABEL(windows, GetLastError);
VOID WINAPI SetLastError(DWORD error) SYNSENT_LABEL(windows, SetLastError);
DWORD WINAPI FormatMessageA(DWORD flags, LPCVOID source, DWORD message, DWORD language, LPSTR buffer, DWORD size,
                            va_list *arguments) SYNSENT_LABEL(windows, FormatMessageA);
DWORD WINAPI FormatMessageW(DWORD flags, LPCVOID source, DWORD message, DWORD language, LPWSTR buffer, DWORD size,
                            va_list *arguments) SYNSENT_LABEL(windows, FormatMessageW);
HLOCAL WINAPI LocalFree(HLOCAL memory) SYNSENT_LABEL(windows, LocalFree);
BOOL WINAPI CloseHandle(HANDLE object) SYNSENT_LABEL(windows, CloseHandle);

/* Threads and processes. */
HANDLE WINAPI CreateThread(LPSECURITY_ATTRIBUTES attributes, SIZE_T stack_size, LPTHREAD_START_ROUTINE start, LPVOID argument,
                           DWORD flags, LPDWORD id) SYNSENT_LABEL(windows, CreateThread);
VOID WINAPI ExitThread(DWORD code) SYNSENT_LABEL(windows, ExitThread);
BOOL WINAPI GetExitCodeThread(HANDLE thread, LPDWORD code) SYNSENT_LABEL(windows, GetExitCodeThread);
HANDLE WINAPI GetCurrentThread(void) SYNSENT_LABEL(windows, GetCurrentThread);
DWORD WINAPI GetCurrentThreadId(void) SYNSENT_LABEL(windows, GetCurrentThreadId);
HANDLE WINAPI GetCurrentProcess(void) SYNSENT_LABEL(windows, GetCurrentProcess);
DWORD WINAPI GetCurrentProcessId(void) SYNSENT_LABEL(windows, GetCurrentProcessId);
VOID WINAPI ExitProcess(UINT code) SYNSENT_LABEL(windows, ExitProcess);
HMODULE WINAPI GetModuleHandleA(LPCSTR name) SYNSENT_LABEL(windows, GetModuleHandleA);
HMODULE WINAPI GetModuleHandleW(LPCWSTR name) SYNSENT_LABEL(windows, GetModuleHandleW);
BOOL WINAPI SetConsoleCtrlHandler(PHANDLER_ROUTINE handler, BOOL add) SYNSENT_LABEL(windows, SetConsoleCtrlHandler);

/* Where a program with windows begins; it is the program's own. */
int WINAPI WinMain(HINSTANCE instance, HINSTANCE previous, LPSTR command_line, int show);

/* Waiting. */
VOID WINAPI Sleep(DWORD milliseconds) SYNSENT_LABEL(windows, Sleep);
DWORD WINAPI SleepEx(DWORD milliseconds, BOOL alertable) SYNSENT_LABEL(windows, SleepEx);
DWORD WINAPI WaitForSingleObject(HANDLE object, DWORD milliseconds) SYNSENT_LABEL(windows, WaitForSingleObject);
DWORD WINAPI WaitForSingleObjectEx(HANDLE object, DWORD milliseconds, BOOL alertable)
    SYNSENT_LABEL(windows, WaitForSingleObjectEx);
DWORD WINAPI WaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds)
    SYNSENT_LABEL(windows, WaitForMultipleObjects);
DWORD WINAPI WaitForMultipleObjectsEx(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds, BOOL alertable)
    SYNSENT_LABEL(windows, WaitForMultipleObjectsEx);
HANDLE WINAPI CreateEventA(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCSTR name)
    SYNSENT_LABEL(windows, CreateEventA);
HANDLE WINAPI CreateEventW(LPSECURITY_ATTRIBUTES attributes, BOOL manual_reset, BOOL initial_state, LPCWSTR name)
    SYNSENT_LABEL(windows, CreateEventW);
BOOL WINAPI SetEvent(HANDLE event) SYNSENT_LABEL(windows, SetEvent);
BOOL WINAPI ResetEvent(HANDLE event) SYNSENT_LABEL(windows, ResetEvent);
HANDLE WINAPI CreateMutexA(LPSECURITY_ATTRIBUTES attributes, BOOL initial_owner, LPCSTR name) SYNSENT_LABEL(windows, CreateMutexA);
HANDLE WINAPI CreateMutexW(LPSECURITY_ATTRIBUTES attributes, BOOL initial_owner, LPCWSTR name) SYNSENT_LABEL(windows, CreateMutexW);
BOOL WINAPI ReleaseMutex(HANDLE mutex) SYNSENT_LABEL(windows, ReleaseMutex);
HANDLE WINAPI CreateSemaphoreA(LPSECURITY_ATTRIBUTES attributes, LONG initial_count, LONG maximum_count, LPCSTR name)
    SYNSENT_LABEL(windows, CreateSemaphoreA);
HANDLE WINAPI CreateSemaphoreW(LPSECURITY_ATTRIBUTES attributes, LONG initial_count, LONG maximum_count, LPCWSTR name)
    SYNSENT_LABEL(windows, CreateSemaphoreW);
BOOL WINAPI ReleaseSemaphore(HANDLE semaphore, LONG release_count, LPLONG previous_count) SYNSENT_LABEL(windows, ReleaseSemaphore);
VOID WINAPI InitializeCriticalSection(LPCRITICAL_SECTION section) SYNSENT_LABEL(windows, InitializeCriticalSection);
BOOL WINAPI InitializeCriticalSectionAndSpinCount(LPCRITICAL_SECTION section, DWORD spin_count)
    SYNSENT_LABEL(windows, InitializeCriticalSectionAndSpinCount);
VOID WINAPI EnterCriticalSection(LPCRITICAL_SECTION section) SYNSENT_LABEL(windows, EnterCriticalSection);
BOOL WINAPI TryEnterCriticalSection(LPCRITICAL_SECTION section) SYNSENT_LABEL(windows, TryEnterCriticalSection);
VOID WINAPI LeaveCriticalSection(LPCRITICAL_SECTION section) SYNSENT_LABEL(windows, LeaveCriticalSection);
VOID WINAPI DeleteCriticalSection(LPCRITICAL_SECTION section) SYNSENT_LABEL(windows, DeleteCriticalSection);

/* Time. */
DWORD WINAPI GetTickCount(void) SYNSENT_LABEL(windows, GetTickCount);
ULONGLONG WINAPI GetTickCount64(void) SYNSENT_LABEL(windows, GetTickCount64);
BOOL WINAPI QueryPerformanceCounter(LARGE_INTEGER *count) SYNSENT_LABEL(windows, QueryPerformanceCounter);
BOOL WINAPI QueryPerformanceFrequency(LARGE_INTEGER *frequency) SYNSENT_LABEL(windows, QueryPerformanceFrequency);
VOID WINAPI GetSystemTime(LPSYSTEMTIME now) SYNSENT_LABEL(windows, GetSystemTime);
VOID WINAPI GetLocalTime(LPSYSTEMTIME now) SYNSENT_LABEL(windows, GetLocalTime);
VOID WINAPI GetSystemTimeAsFileTime(LPFILETIME now) SYNSENT_LABEL(windows, GetSystemTimeAsFileTime);

/* Memory, and what is left. */
HANDLE WINAPI GetProcessHeap(void) SYNSENT_LABEL(windows, GetProcessHeap);
LPVOID WINAPI HeapAlloc(HANDLE heap, DWORD flags, SIZE_T octets) SYNSENT_LABEL(windows, HeapAlloc);
BOOL WINAPI HeapFree(HANDLE heap, DWORD flags, LPVOID memory) SYNSENT_LABEL(windows, HeapFree);
VOID WINAPI OutputDebugStringA(LPCSTR text) SYNSENT_LABEL(windows, OutputDebugStringA);
BOOL WINAPI GetComputerNameA(LPSTR name, LPDWORD size) SYNSENT_LABEL(windows, GetComputerNameA);

SYNSENT_INLINE LONG InterlockedIncrement(LONG volatile *target)
{
    return __atomic_add_fetch(target, 1, __ATOMIC_SEQ_CST);
}

SYNSENT_INLINE LONG InterlockedDecrement(LONG volatile *target)
{
    return __atomic_sub_fetch(target, 1, __ATOMIC_SEQ_CST);
}

SYNSENT_INLINE LONG InterlockedExchange(LONG volatile *target, LONG value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

SYNSENT_INLINE LONG InterlockedExchangeAdd(LONG volatile *target, LONG value)
{
    return __atomic_fetch_add(target, value, __ATOMIC_SEQ_CST);
}

SYNSENT_INLINE LONG InterlockedCompareExchange(LONG volatile *target, LONG value, LONG expected)
{
    LONG was = expected;
    (void)__atomic_compare_exchange_n(target, &was, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return was;
}

SYNSENT_INLINE PVOID InterlockedExchangePointer(PVOID volatile *target, PVOID value)
{
    return __atomic_exchange_n(target, value, __ATOMIC_SEQ_CST);
}

SYNSENT_INLINE PVOID InterlockedCompareExchangePointer(PVOID volatile *target, PVOID value, PVOID expected)
{
    PVOID was = expected;
    (void)__atomic_compare_exchange_n(target, &was, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return was;
}

SYNSENT_END

#define MoveMemory RtlMoveMemory
#define CopyMemory RtlCopyMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory

/* Functions on texts that have another name in the C library. */
#define lstrlenA(text) ((int)strlen(text))
#define lstrcpyA strcpy
#define lstrcatA strcat
#define lstrcmpA strcmp
#define lstrcmpiA strcasecmp
#define lstrlenW(text) ((int)wcslen(text))
#define lstrcpyW wcscpy
#define lstrcatW wcscat
#define lstrcmpW wcscmp
#define wsprintfA sprintf
#ifndef _stricmp
#define _stricmp strcasecmp
#endif
#ifndef _strnicmp
#define _strnicmp strncasecmp
#endif
#ifndef stricmp
#define stricmp strcasecmp
#endif
#ifndef strnicmp
#define strnicmp strncasecmp
#endif
#ifndef strcmpi
#define strcmpi strcasecmp
#endif
#ifndef _strdup
#define _strdup strdup
#endif
#ifndef _snprintf
#define _snprintf snprintf
#endif
#ifndef _vsnprintf
#define _vsnprintf vsnprintf
#endif

#ifdef UNICODE
#define FormatMessage FormatMessageW
#define GetModuleHandle GetModuleHandleW
#define CreateEvent CreateEventW
#define CreateMutex CreateMutexW
#define CreateSemaphore CreateSemaphoreW
#define lstrlen lstrlenW
#define lstrcpy lstrcpyW
#define lstrcat lstrcatW
#define lstrcmp lstrcmpW
#else
#define FormatMessage FormatMessageA
#define GetModuleHandle GetModuleHandleA
#define CreateEvent CreateEventA
#define CreateMutex CreateMutexA
#define CreateSemaphore CreateSemaphoreA
#define OutputDebugString OutputDebugStringA
#define GetComputerName GetComputerNameA
#define lstrlen lstrlenA
#define lstrcpy lstrcpyA
#define lstrcat lstrcatA
#define lstrcmp lstrcmpA
#define lstrcmpi lstrcmpiA
#define wsprintf wsprintfA
#endif

#endif
