/* From narrow texts to wide ones and back. */
#ifndef _WINNLS_
#define _WINNLS_

#include "windef.h"

#define CP_ACP 0
#define CP_OEMCP 1
#define CP_THREAD_ACP 3
#define CP_UTF7 65000
#define CP_UTF8 65001
#define MB_PRECOMPOSED 0x00000001
#define MB_COMPOSITE 0x00000002
#define MB_USEGLYPHCHARS 0x00000004
#define MB_ERR_INVALID_CHARS 0x00000008
#define WC_COMPOSITECHECK 0x00000200
#define WC_DISCARDNS 0x00000010
#define WC_SEPCHARS 0x00000020
#define WC_DEFAULTCHAR 0x00000040
#define WC_ERR_INVALID_CHARS 0x00000080
#define WC_NO_BEST_FIT_CHARS 0x00000400

SYNSENT_BEGIN

int WINAPI MultiByteToWideChar(UINT code_page, DWORD flags, LPCCH text, int octets, LPWSTR wide, int wide_size)
    SYNSENT_LABEL(windows, MultiByteToWideChar);
int WINAPI WideCharToMultiByte(UINT code_page, DWORD flags, LPCWCH wide, int wide_len, LPSTR text, int size, LPCCH default_char,
                               LPBOOL used_default) SYNSENT_LABEL(windows, WideCharToMultiByte);

SYNSENT_END

#endif
