/* Names in Windows Sockets 1.1. With an argument: on a scenario. */

#include <winsock.h>

#include "names_windows.h"

int main(int argc, char **argv) {
    (void)argv;
    texts();
    start(0x0101);
    names_of_the_machine();
    /* An address in digits is treated "exactly as if an unknown host name were passed". */
    CHECK(gethostbyname("10.2.0.2") == NULL && WSAGetLastError() == WSAHOST_NOT_FOUND);
    if (argc > 1) {
        names_of_the_scenario();
    }
    WSACleanup();
    return 0;
}
