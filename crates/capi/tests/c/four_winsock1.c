#include <winsock.h>
#include <string.h>
#define FOUR(step) winsock1_##step
#define FOUR_VERSION 0x0101
#define FOUR_TEXT "Windows Sockets 1.1"
#include "four_windows.h"
