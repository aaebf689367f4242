/* A server and a client of Windows Sockets in one program, which touches every octet that it is given, on the stack, on the heap and
   in variables: for those who watch each access to memory. The client comes from another thread. */

#include <winsock2.h>
#include <ws2tcpip.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BULK (200 * 1000)

#define CHECK(so)                                                                                                          \
    do {                                                                                                                   \
        if (!(so)) {                                                                                                       \
            fprintf(stderr, "%s:%d: not so: %s (last error %d)\n", __FILE__, __LINE__, #so, WSAGetLastError());           \
            exit(1);                                                                                                       \
        }                                                                                                                  \
    } while (0)

static struct sockaddr_in server_name;
static unsigned char in_a_variable[4096];

/* Branches on each octet, so that one that was never written is noticed. */
static unsigned sum_of(const void *octets, size_t count) {
    const unsigned char *at = octets;
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (at[i] > 100) {
            sum += at[i];
        }
    }
    return sum;
}

static void receive_all(SOCKET s, char *into, int count) {
    for (int got = 0; got < count;) {
        int more = recv(s, into + got, count - got, 0);
        CHECK(more > 0);
        got += more;
    }
}

static void send_all(SOCKET s, const char *from, int count) {
    for (int sent = 0; sent < count;) {
        int more = send(s, from + sent, count - sent, 0);
        CHECK(more > 0);
        sent += more;
    }
}

static void *client(void *unused) {
    char *bulk = malloc(BULK), *back = malloc(BULK), *exact = malloc(7);
    struct sockaddr_in peer;
    int len = sizeof peer;
    SOCKET s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    CHECK(s != INVALID_SOCKET && bulk != NULL && back != NULL && exact != NULL);
    for (int i = 0; i < BULK; i++) {
        bulk[i] = (char)(i * 7);
    }
    CHECK(connect(s, (struct sockaddr *)&server_name, sizeof server_name) == 0);
    CHECK(getpeername(s, (struct sockaddr *)&peer, &len) == 0 && len == sizeof peer);
    CHECK(sum_of(&peer, sizeof peer) == sum_of(&server_name, sizeof server_name));
    send_all(s, "hello!!", 7);
    receive_all(s, exact, 7);
    CHECK(memcmp(exact, "hello!!", 7) == 0 && sum_of(exact, 7) > 0);
    for (int at = 0; at < BULK; at += BULK / 4) {
        send_all(s, bulk + at, BULK / 4);
        receive_all(s, back + at, BULK / 4);
    }
    CHECK(memcmp(bulk, back, BULK) == 0);
    CHECK(closesocket(s) == 0);
    free(bulk);
    free(back);
    free(exact);
    return unused;
}

/* Echoes what comes from whoever is ready, until the one client is gone. */
static void serve(SOCKET listens) {
    SOCKET caller = INVALID_SOCKET;
    for (;;) {
        fd_set *readable = malloc(sizeof *readable);
        char octets[3000];
        CHECK(readable != NULL);
        FD_ZERO(readable);
        FD_SET(listens, readable);
        if (caller != INVALID_SOCKET) {
            FD_SET(caller, readable);
        }
        CHECK(select(0, readable, NULL, NULL, NULL) > 0);
        if (FD_ISSET(listens, readable)) {
            struct sockaddr_in from;
            int len = sizeof from;
            caller = accept(listens, (struct sockaddr *)&from, &len);
            CHECK(caller != INVALID_SOCKET && len == sizeof from && sum_of(&from, (size_t)len) > 0);
        } else {
            int count = recv(caller, octets, sizeof octets, 0);
            CHECK(count >= 0);
            if (count == 0) {
                free(readable);
                CHECK(closesocket(caller) == 0);
                return;
            }
            CHECK(sum_of(octets, (size_t)count) < 1000000);
            send_all(caller, octets, count);
        }
        free(readable);
    }
}

static void datagrams(void) {
    struct sockaddr_in name, *from = malloc(sizeof *from);
    int len = sizeof name;
    char text[32];
    SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(s != INVALID_SOCKET && from != NULL);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    memcpy(&name.sin_addr, "\x7f\0\0\1", 4);
    CHECK(bind(s, (struct sockaddr *)&name, sizeof name) == 0);
    CHECK(getsockname(s, (struct sockaddr *)&name, &len) == 0);
    CHECK(sendto(s, "to myself", 9, 0, (struct sockaddr *)&name, sizeof name) == 9);
    len = sizeof *from;
    CHECK(recvfrom(s, text, sizeof text, 0, (struct sockaddr *)from, &len) == 9);
    CHECK(memcmp(text, "to myself", 9) == 0 && sum_of(from, (size_t)len) > 0 && from->sin_port == name.sin_port);
    CHECK(sendto(s, "again", 5, 0, (struct sockaddr *)&name, sizeof name) == 5);
    CHECK(recv(s, (char *)in_a_variable, sizeof in_a_variable, 0) == 5 && sum_of(in_a_variable, 5) > 0);
    free(from);
    CHECK(closesocket(s) == 0);
}

static void options(void) {
    int *value = malloc(sizeof *value), len = sizeof *value;
    struct linger linger = {1, 0};
    u_long *pending = malloc(sizeof *pending);
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(value != NULL && pending != NULL);
    CHECK(getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)value, &len) == 0 && *value == SOCK_STREAM && len == sizeof *value);
    CHECK(setsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, sizeof linger) == 0);
    len = sizeof linger;
    CHECK(getsockopt(s, SOL_SOCKET, SO_LINGER, (char *)&linger, &len) == 0 && sum_of(&linger, sizeof linger) == 0);
    *pending = 1;
    CHECK(ioctlsocket(s, FIONBIO, pending) == 0);
    CHECK(recv(s, (char *)value, sizeof *value, 0) == SOCKET_ERROR && WSAGetLastError() == WSAENOTCONN);
    CHECK(getsockopt(s, SOL_SOCKET, SO_TYPE, NULL, &len) == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT);
    CHECK(closesocket(s) == 0);
    CHECK(closesocket(s) == SOCKET_ERROR && WSAGetLastError() == WSAENOTSOCK);
    free(value);
    free(pending);
}

int main(void) {
    WSADATA *data = malloc(sizeof *data);
    pthread_t thread;
    int len = sizeof server_name;
    CHECK(data != NULL && WSAStartup(MAKEWORD(2, 2), data) == 0 && sum_of(data, sizeof *data) > 0);
    SOCKET listens = socket(AF_INET, SOCK_STREAM, 0);
    server_name.sin_family = AF_INET;
    memcpy(&server_name.sin_addr, "\x7f\0\0\1", 4);
    CHECK(bind(listens, (struct sockaddr *)&server_name, sizeof server_name) == 0 && listen(listens, 5) == 0);
    CHECK(getsockname(listens, (struct sockaddr *)&server_name, &len) == 0);
    CHECK(pthread_create(&thread, NULL, client, NULL) == 0);
    serve(listens);
    CHECK(pthread_join(thread, NULL) == 0);
    datagrams();
    options();
    CHECK(closesocket(listens) == 0);
    CHECK(WSACleanup() == 0);
    free(data);
    return 0;
}
