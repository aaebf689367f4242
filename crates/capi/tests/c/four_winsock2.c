#include <winsock2.h>
#include <string.h>
#define FOUR(step) winsock2_##step
#define FOUR_VERSION 0x0202
#define FOUR_TEXT "Windows Sockets 2"
#include "four_windows.h"
