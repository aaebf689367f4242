/*
 * The header that Microsoft's first program with sockets includes, by habit: it uses nothing of it. There is nothing of the IP helper here,
 * so a source that does is told so by the compiler.
 */
#ifndef _IPHLPAPI_H_
#define _IPHLPAPI_H_

#include "windef.h"

#endif
