/* What a class of windows names of brushes and fonts; nothing is drawn with them. */
#ifndef _WINGDI_
#define _WINGDI_

#include "windef.h"

#define WHITE_BRUSH 0
#define LTGRAY_BRUSH 1
#define GRAY_BRUSH 2
#define DKGRAY_BRUSH 3
#define BLACK_BRUSH 4
#define NULL_BRUSH 5
#define HOLLOW_BRUSH NULL_BRUSH
#define SYSTEM_FONT 13
#define DEFAULT_GUI_FONT 17

SYNSENT_BEGIN

HGDIOBJ WINAPI GetStockObject(int object) SYNSENT_LABEL(windows, GetStockObject);

SYNSENT_END

#endif
