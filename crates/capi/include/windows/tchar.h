/* Names that stand for functions of narrow or of wide texts, as _UNICODE says. */
#ifndef _INC_TCHAR
#define _INC_TCHAR

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#ifdef _UNICODE
typedef wchar_t _TCHAR;
#ifndef _T
#define _T(text) L##text
#endif
#define _tmain wmain
#define _tcslen wcslen
#define _tcscpy wcscpy
#define _tcsncpy wcsncpy
#define _tcscat wcscat
#define _tcscmp wcscmp
#define _tcsncmp wcsncmp
#define _tcsicmp wcscasecmp
#define _tcschr wcschr
#define _tcsrchr wcsrchr
#define _tcsstr wcsstr
#define _tprintf wprintf
#define _ftprintf fwprintf
#define _sntprintf swprintf
#define _tcstol wcstol
#define _tcstoul wcstoul
#define _ttoi(text) ((int)wcstol((text), NULL, 10))
#define _fgetts fgetws
#define _fputts fputws
#else
typedef char _TCHAR;
#ifndef _T
#define _T(text) text
#endif
#define _tmain main
#define _tcslen strlen
#define _tcscpy strcpy
#define _tcsncpy strncpy
#define _tcscat strcat
#define _tcscmp strcmp
#define _tcsncmp strncmp
#define _tcsicmp strcasecmp
#define _tcschr strchr
#define _tcsrchr strrchr
#define _tcsstr strstr
#define _tprintf printf
#define _ftprintf fprintf
#define _stprintf sprintf
#define _sntprintf snprintf
#define _tcstol strtol
#define _tcstoul strtoul
#define _ttoi atoi
#define _fgetts fgets
#define _fputts fputs
#endif
#ifndef _TEXT
#define _TEXT(text) _T(text)
#endif

#endif
