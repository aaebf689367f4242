/*
 * Characters, handles and the structures that the kernel's functions use.
 *
 * WCHAR is wchar_t, so that L"text" is a text of WCHAR as sources expect. wchar_t has 32 bits on this system and 16 on Windows: the one
 * layout that differs, in the structures with wide texts.
 */
#ifndef _WINNT_
#define _WINNT_

#include <ctype.h>
#include <string.h>
#include <wchar.h>
#include "minwindef.h"
#include "guiddef.h"

typedef void *PVOID;
typedef char CHAR, *PCHAR, *LPCH, *PCH, *LPSTR, *PSTR, *NPSTR;
typedef const char *LPCCH, *PCCH, *LPCSTR, *PCSTR;
typedef short SHORT, *PSHORT;
typedef int LONG, *PLONG;
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH, *LPWSTR, *PWSTR, *NWPSTR;
typedef const wchar_t *LPCWCH, *PCWCH, *LPCWSTR, *PCWSTR;
typedef BYTE BOOLEAN, *PBOOLEAN;
typedef LONG HRESULT;
typedef DWORD LCID;
typedef WORD LANGID;

#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef LPWSTR LPTSTR, PTSTR, PTCH, LPTCH;
typedef LPCWSTR LPCTSTR, PCTSTR;
#define __TEXT(text) L##text
#else
typedef char TCHAR, *PTCHAR;
typedef LPSTR LPTSTR, PTSTR, PTCH, LPTCH;
typedef LPCSTR LPCTSTR, PCTSTR;
#define __TEXT(text) text
#endif
typedef WCHAR TBYTE;
#define TEXT(text) __TEXT(text)
#define UNICODE_NULL ((WCHAR)0)

typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE, *SPHANDLE;
#define DECLARE_HANDLE(name) \
    struct name##__; \
    typedef struct name##__ *name

typedef union _LARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        LONG HighPart;
    };
    struct {
        DWORD LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    __extension__ struct {
        DWORD LowPart;
        DWORD HighPart;
    };
    struct {
        DWORD LowPart;
        DWORD HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY;

/* Only its address and its size matter; what the members hold is the library's. */
typedef struct _RTL_CRITICAL_SECTION {
    PVOID DebugInfo;
    LONG LockCount;
    LONG RecursionCount;
    HANDLE OwningThread;
    HANDLE LockSemaphore;
    ULONG_PTR SpinCount;
} RTL_CRITICAL_SECTION, *PRTL_CRITICAL_SECTION;

#define STATUS_WAIT_0 0x00000000u
#define STATUS_ABANDONED_WAIT_0 0x00000080u
#define STATUS_USER_APC 0x000000C0u
#define STATUS_TIMEOUT 0x00000102u
#define STATUS_PENDING 0x00000103u
#define STILL_ACTIVE STATUS_PENDING
#define MAXIMUM_WAIT_OBJECTS 64
#define MAXDWORD 0xffffffffu
#define MAXLONG 0x7fffffff

/* The resolver of the C library has an operation of this name. */
#undef DELETE
#define DELETE 0x00010000
#define READ_CONTROL 0x00020000
#define SYNCHRONIZE 0x00100000
#define STANDARD_RIGHTS_REQUIRED 0x000F0000
#define EVENT_MODIFY_STATE 0x0002
#define EVENT_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define MUTEX_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1)
#define SEMAPHORE_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define HEAP_ZERO_MEMORY 0x00000008
#define HEAP_NO_SERIALIZE 0x00000001
#define HEAP_GENERATE_EXCEPTIONS 0x00000004

#define LANG_NEUTRAL 0x00
#define LANG_ENGLISH 0x09
#define SUBLANG_NEUTRAL 0x00
#define SUBLANG_DEFAULT 0x01
#define SUBLANG_SYS_DEFAULT 0x02
#define SUBLANG_ENGLISH_US 0x01
#define MAKELANGID(primary, sub) ((WORD)((((WORD)(sub)) << 10) | (WORD)(primary)))
#define LANG_SYSTEM_DEFAULT MAKELANGID(LANG_NEUTRAL, SUBLANG_SYS_DEFAULT)
#define LANG_USER_DEFAULT MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT)

/* Where a structure lies whose member is at a known place. */
#define CONTAINING_RECORD(address, type, field) ((type *)(void *)((char *)(address) - offsetof(type, field)))
#define FIELD_OFFSET(type, field) ((LONG)offsetof(type, field))
#define RTL_NUMBER_OF(array) (sizeof(array) / sizeof((array)[0]))
#define ARRAYSIZE(array) RTL_NUMBER_OF(array)

#define RtlMoveMemory(to, from, octets) memmove((to), (from), (octets))
#define RtlCopyMemory(to, from, octets) memcpy((to), (from), (octets))
#define RtlFillMemory(to, octets, value) memset((to), (value), (octets))
#define RtlZeroMemory(to, octets) memset((to), 0, (octets))

#define MemoryBarrier() __sync_synchronize()

#endif
