/* Integers of a fixed size, and integers that are as wide as a pointer, under the names of Windows. */
#ifndef _BASETSD_H_
#define _BASETSD_H_

typedef signed char INT8, *PINT8;
typedef short INT16, *PINT16;
typedef int INT32, *PINT32;
__extension__ typedef long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
__extension__ typedef unsigned long long UINT64, *PUINT64;
typedef int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
__extension__ typedef long long LONG64, *PLONG64;
__extension__ typedef unsigned long long ULONG64, *PULONG64;
__extension__ typedef unsigned long long DWORD64, *PDWORD64;

typedef long INT_PTR, *PINT_PTR;
typedef unsigned long UINT_PTR, *PUINT_PTR;
typedef long LONG_PTR, *PLONG_PTR;
typedef unsigned long ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY;

#define PtrToUlong(p) ((unsigned int)(ULONG_PTR)(p))
#define PtrToLong(p) ((int)(LONG_PTR)(p))
#define UlongToPtr(n) ((void *)(ULONG_PTR)(unsigned int)(n))
#define LongToPtr(n) ((void *)(LONG_PTR)(int)(n))

#endif
