/* What goes beyond a limit of Windows Sockets is told by the documented code, and what reaches the limit goes on. */

#include "robust.h"

#include <limits.h>

/* As many as WSAStartup announces. */
#define SOCKETS_MAX 32767

static void fails_with(int result, int code, const char *what) {
    if (result != SOCKET_ERROR || WSAGetLastError() != code) {
        fprintf(stderr, "%s: %d, last error %d and not %d\n", what, result, WSAGetLastError(), code);
        _exit(1);
    }
}

static void lengths_of_names(void) {
    struct sockaddr_in name = loopback(0);
    const int short_ones[] = {0, 1, 8, 15, -1, INT_MIN};
    SOCKET waits = listener(&name), s = win_socket(AF_INET, SOCK_STREAM, 0);
    for (unsigned i = 0; i < sizeof short_ones / sizeof *short_ones; i++) {
        int len = short_ones[i];
        fails_with(win_connect(s, &name, short_ones[i]), WSAEFAULT, "connect");
        fails_with(win_bind(s, &name, short_ones[i]), WSAEFAULT, "bind");
        fails_with(win_getsockname(waits, &name, &len), WSAEFAULT, "getsockname");
    }
    /* A storage for any name is longer than this name, and is right. */
    char storage[128] = {0};
    memcpy(storage, &name, sizeof name);
    CHECK(win_connect(s, storage, sizeof storage) == 0);
    CHECK(win_closesocket(s) == 0 && win_closesocket(waits) == 0);
}

static void lengths_of_options(void) {
    int value = 1, none = 0, negative = -1;
    SOCKET s = win_socket(AF_INET, SOCK_STREAM, 0);
    fails_with(win_setsockopt(s, SOL_SOCKET, 4, &value, 0), WSAEFAULT, "setsockopt");
    fails_with(win_setsockopt(s, SOL_SOCKET, 4, &value, -1), WSAEFAULT, "setsockopt");
    fails_with(win_setsockopt(s, SOL_SOCKET, 4, NULL, 4), WSAEFAULT, "setsockopt");
    fails_with(win_getsockopt(s, SOL_SOCKET, 0x1008, &value, &none), WSAEFAULT, "getsockopt");
    fails_with(win_getsockopt(s, SOL_SOCKET, 0x1008, &value, &negative), WSAEFAULT, "getsockopt");
    CHECK(win_closesocket(s) == 0);
}

static void backlogs(void) {
    const int all[] = {INT_MIN, -1, 0, 1, 5, INT_MAX};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
        struct sockaddr_in name = loopback(0);
        int len = sizeof name;
        SOCKET waits = win_socket(AF_INET, SOCK_STREAM, 0);
        CHECK(win_bind(waits, &name, sizeof name) == 0 && win_listen(waits, all[i]) == 0);
        CHECK(win_getsockname(waits, &name, &len) == 0);
        SOCKET caller = connected(&name), called = win_accept(waits, NULL, NULL);
        CHECK(called != INVALID_SOCKET);
        CHECK(win_closesocket(caller) == 0 && win_closesocket(called) == 0 && win_closesocket(waits) == 0);
    }
}

static void sets(void) {
    struct time_limit at_once = {0, 0};
    struct set empty = {0, {0}};
    SOCKET ends[2];
    connection(ends);
    fails_with(win_select(0, &empty, NULL, NULL, &at_once), WSAEINVAL, "select of nothing");
    fails_with(win_select(0, NULL, NULL, NULL, &at_once), WSAEINVAL, "select without sets");
    /* The first argument is not looked at, and a set is as large as its program made it: here with every socket many times. */
    const int ignored[] = {INT_MIN, -1, 0, 64, INT_MAX};
    struct {
        unsigned count;
        SOCKET sockets[SOCKETS_MAX];
    } *large = calloc(1, sizeof *large);
    CHECK(large != NULL);
    for (unsigned i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        struct set writable = {2, {ends[0], ends[1]}};
        CHECK(win_select(ignored[i], NULL, &writable, NULL, &at_once) == 2);
    }
    for (large->count = 0; large->count < SOCKETS_MAX; large->count++) {
        large->sockets[large->count] = ends[large->count % 2];
    }
    CHECK(win_select(0, NULL, (struct set *)large, NULL, &at_once) == SOCKETS_MAX);
    large->count = SOCKETS_MAX + 1;
    fails_with(win_select(0, NULL, (struct set *)large, NULL, &at_once), WSAEINVAL, "select of more than there are");
    free(large);
    CHECK(win_closesocket(ends[0]) == 0 && win_closesocket(ends[1]) == 0);
}

static void lengths_of_data(void) {
    SOCKET ends[2];
    char octet = 'x';
    connection(ends);
    CHECK(win_send(ends[0], &octet, 0, 0) == 0);
    fails_with(win_recv(ends[1], NULL, INT_MAX, 0), WSAEFAULT, "recv to nowhere");
    fails_with(win_send(ends[0], NULL, INT_MAX, 0), WSAEFAULT, "send from nowhere");
    CHECK(win_send(ends[0], &octet, 1, 0) == 1 && win_recv(ends[1], &octet, 1, 0) == 1);
    CHECK(win_closesocket(ends[0]) == 0 && win_closesocket(ends[1]) == 0);
}

/* Sockets that have done nothing yet have no descriptor, so the limit of the documents is reached before that of the kernel. */
static void sockets_of_a_process(void) {
    static SOCKET all[SOCKETS_MAX];
    for (int i = 0; i < SOCKETS_MAX; i++) {
        all[i] = win_socket(AF_INET, SOCK_STREAM, 0);
        CHECK(all[i] != INVALID_SOCKET);
    }
    CHECK(win_socket(AF_INET, SOCK_STREAM, 0) == INVALID_SOCKET && WSAGetLastError() == WSAEMFILE);
    CHECK(win_closesocket(all[77]) == 0);
    CHECK(win_socket(AF_INET, SOCK_STREAM, 0) != INVALID_SOCKET);
    CHECK(WSACleanup() == 0);
    start();
    CHECK(win_socket(AF_INET, SOCK_STREAM, 0) != INVALID_SOCKET);
}

int main(void) {
    start();
    lengths_of_names();
    lengths_of_options();
    backlogs();
    sets();
    lengths_of_data();
    sockets_of_a_process();
    return 0;
}
