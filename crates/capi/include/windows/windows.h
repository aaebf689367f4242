/*
 * <windows.h>: the types of Windows, and those of its kernel and window functions that programs with sockets need. There is no screen:
 * windows exist to receive messages, and a message box is a line on the standard error.
 *
 * As on Windows it brings <winsock.h>, unless WIN32_LEAN_AND_MEAN is defined or a header of Windows Sockets was there before. _WIN32 is
 * not defined by these headers: a source that asks for it asks which system it is on.
 */
#ifndef _WINDOWS_
#define _WINDOWS_
#ifndef _INC_WINDOWS
#define _INC_WINDOWS
#endif

#include "synsent/host.h"
#include "windef.h"
#include "winerror.h"
#include "winbase.h"
#include "wingdi.h"
#include "winnls.h"
#include "winuser.h"

#if !defined WIN32_LEAN_AND_MEAN && !defined _WINSOCKAPI_ && !defined _WINSOCK2API_
#include "winsock.h"
#endif

#endif
