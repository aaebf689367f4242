/* Names in TargetTCP. With an argument: on a scenario. */

#include <sockets.h>

#include "names_posix.h"

int main(int argc, char **argv) {
    (void)argv;
    CHECK(gethostbyname("localhost") == NULL && errno == ENETDOWN);
    CHECK(target_tcp_init() == 0);
    names_of_the_machine();
    if (argc > 1) {
        names_of_the_scenario();
    }
    return 0;
}
