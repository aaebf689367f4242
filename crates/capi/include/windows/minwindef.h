/*
 * The basic types of Windows. DWORD, LONG and ULONG have 32 bits here as there, so they are built from int: a source that takes DWORD for
 * unsigned long, in a format of printf for instance, is told so by the compiler. Calling conventions and the sizes of pointers of old are
 * empty words.
 */
#ifndef _MINWINDEF_
#define _MINWINDEF_

#include <stddef.h>
#include "synsent/label.h"
#include "basetsd.h"
#include "sal.h"

#define FAR
#define NEAR
#define far
#define near
#define PASCAL
#define WINAPI
#define APIENTRY
#define APIPRIVATE
#define CALLBACK
#define WINAPIV
#define WSAAPI
#define CDECL
#define pascal
#define cdecl
#define _cdecl
#define __cdecl
#define __stdcall
#define __fastcall
#define _stdcall
#define _far
#define __far
#define CONST const
#define VOID void
#define IN
#define OUT
#define OPTIONAL
#define DECLSPEC_IMPORT
#define DECLSPEC_NORETURN __attribute__((__noreturn__))
#define WINBASEAPI
#define WINUSERAPI
#define WINSOCK_API_LINKAGE
#define __forceinline static __inline__ __attribute__((__always_inline__))

/* Attributes in the manner of Microsoft's compiler: what has a meaning on this system keeps it. */
#ifndef __declspec
#define __declspec(what) SYNSENT_DECLSPEC_##what
#define SYNSENT_DECLSPEC_dllimport
#define SYNSENT_DECLSPEC_dllexport
#define SYNSENT_DECLSPEC_noinline __attribute__((__noinline__))
#define SYNSENT_DECLSPEC_noreturn __attribute__((__noreturn__))
#define SYNSENT_DECLSPEC_selectany __attribute__((__weak__))
#define SYNSENT_DECLSPEC_thread __thread
#define SYNSENT_DECLSPEC_align(octets) __attribute__((__aligned__(octets)))
#endif

#define __int8 char
#define __int16 short
#define __int32 int
#define __int64 long long

#ifndef NULL
#define NULL 0
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#define MAX_PATH 260

typedef int BOOL, *PBOOL, *LPBOOL;
typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned char UCHAR, *PUCHAR;
typedef char CCHAR;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned short USHORT, *PUSHORT;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;
typedef unsigned int DWORD, *PDWORD, *LPDWORD;
typedef unsigned int ULONG, *PULONG;
typedef int *LPLONG;
typedef float FLOAT, *PFLOAT;
typedef char *PSZ;
typedef void *LPVOID;
typedef const void *LPCVOID;
__extension__ typedef long long LONGLONG, *PLONGLONG;
__extension__ typedef unsigned long long ULONGLONG, *PULONGLONG, DWORDLONG, *PDWORDLONG;

typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM;
typedef LONG_PTR LRESULT;
typedef WORD ATOM;
typedef void *HGLOBAL;
typedef void *HLOCAL;

#define MAKEWORD(low, high) ((WORD)(((BYTE)((DWORD_PTR)(low) & 0xff)) | (((WORD)((BYTE)((DWORD_PTR)(high) & 0xff))) << 8)))
#define MAKELONG(low, high) ((int)(((DWORD)((DWORD_PTR)(low) & 0xffff)) | (((DWORD)((DWORD_PTR)(high) & 0xffff)) << 16)))
#define LOWORD(n) ((WORD)((DWORD_PTR)(n) & 0xffff))
#define HIWORD(n) ((WORD)(((DWORD_PTR)(n) >> 16) & 0xffff))
#define LOBYTE(n) ((BYTE)((DWORD_PTR)(n) & 0xff))
#define HIBYTE(n) ((BYTE)(((DWORD_PTR)(n) >> 8) & 0xff))

/* As macros they would break the C++ library, and a C program can refuse them. */
#if !defined __cplusplus && !defined NOMINMAX
#ifndef max
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#endif
#endif

#define UNREFERENCED_PARAMETER(name) ((void)(name))

#endif
