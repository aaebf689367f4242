/* Once it brought getaddrinfo to systems that had none; here <ws2tcpip.h> always has it. */
#ifndef _WSPIAPI_H_
#define _WSPIAPI_H_

#include "ws2tcpip.h"

#endif
