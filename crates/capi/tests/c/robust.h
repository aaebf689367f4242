/* What the programs of the robustness tests share: the entries by their exported names, so that these programs include no header of
   a system and can call everything with anything; and checks that say where they failed. */

#ifndef ROBUST_H
#define ROBUST_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef uintptr_t SOCKET;
#define INVALID_SOCKET (~(SOCKET)0)
#define SOCKET_ERROR (-1)
#define AF_INET 2
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define FIONBIO 0x8004667eu
#define SOL_SOCKET 0xffff
#define SO_LINGER 0x80
#define SO_RCVTIMEO 0x1006
#define WSAEINTR 10004
#define WSAEFAULT 10014
#define WSAEINVAL 10022
#define WSAEMFILE 10024
#define WSAEWOULDBLOCK 10035
#define WSAENOTSOCK 10038
#define WSAENETDOWN 10050
#define WSAENOBUFS 10055
#define WSAETIMEDOUT 10060

struct sockaddr_in {
    short sin_family;
    unsigned short sin_port;
    unsigned char sin_addr[4];
    char sin_zero[8];
};

struct set {
    unsigned count;
    SOCKET sockets[64];
};

struct time_limit {
    int seconds, micros;
};

int WSAStartup(unsigned short version, void *data) __asm__("synsent_winsock2_WSAStartup");
int WSACleanup(void) __asm__("synsent_winsock2_WSACleanup");
int WSAGetLastError(void) __asm__("synsent_winsock2_WSAGetLastError");
SOCKET win_socket(int family, int kind, int protocol) __asm__("synsent_winsock2_socket");
int win_bind(SOCKET s, const void *name, int len) __asm__("synsent_winsock2_bind");
int win_connect(SOCKET s, const void *name, int len) __asm__("synsent_winsock2_connect");
int win_listen(SOCKET s, int backlog) __asm__("synsent_winsock2_listen");
SOCKET win_accept(SOCKET s, void *name, int *len) __asm__("synsent_winsock2_accept");
int win_send(SOCKET s, const void *octets, int len, int flags) __asm__("synsent_winsock2_send");
int win_recv(SOCKET s, void *octets, int len, int flags) __asm__("synsent_winsock2_recv");
int win_sendto(SOCKET s, const void *octets, int len, int flags, const void *to, int tolen) __asm__("synsent_winsock2_sendto");
int win_recvfrom(SOCKET s, void *octets, int len, int flags, void *from, int *fromlen) __asm__("synsent_winsock2_recvfrom");
int win_select(int n, struct set *read, struct set *write, struct set *except, const struct time_limit *limit)
    __asm__("synsent_winsock2_select");
int win_shutdown(SOCKET s, int how) __asm__("synsent_winsock2_shutdown");
int win_closesocket(SOCKET s) __asm__("synsent_winsock2_closesocket");
int win_getsockname(SOCKET s, void *name, int *len) __asm__("synsent_winsock2_getsockname");
int win_setsockopt(SOCKET s, int level, int option, const void *value, int len) __asm__("synsent_winsock2_setsockopt");
int win_getsockopt(SOCKET s, int level, int option, void *value, int *len) __asm__("synsent_winsock2_getsockopt");
int win_ioctlsocket(SOCKET s, int command, unsigned *argument) __asm__("synsent_winsock2_ioctlsocket");

/* Ends the process with a line when something is not so. */
#define CHECK(so)                                                                                                          \
    do {                                                                                                                   \
        if (!(so)) {                                                                                                       \
            fprintf(stderr, "%s:%d: not so: %s (last error %d, errno %d)\n", __FILE__, __LINE__, #so, WSAGetLastError(),  \
                    errno);                                                                                                \
            _exit(1);                                                                                                      \
        }                                                                                                                  \
    } while (0)

static inline void start(void) {
    char data[512];
    CHECK(WSAStartup(0x0202, data) == 0);
}

static inline struct sockaddr_in loopback(unsigned short port_in_net_order) {
    struct sockaddr_in name = {AF_INET, port_in_net_order, {127, 0, 0, 1}, {0}};
    return name;
}

/* A listener on the loopback, and its name. */
static inline SOCKET listener(struct sockaddr_in *name) {
    int len = sizeof *name;
    SOCKET s = win_socket(AF_INET, SOCK_STREAM, 0);
    *name = loopback(0);
    CHECK(s != INVALID_SOCKET);
    CHECK(win_bind(s, name, sizeof *name) == 0);
    CHECK(win_listen(s, 64) == 0);
    CHECK(win_getsockname(s, name, &len) == 0);
    return s;
}

static inline SOCKET connected(const struct sockaddr_in *name) {
    SOCKET s = win_socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s != INVALID_SOCKET);
    CHECK(win_connect(s, name, sizeof *name) == 0);
    return s;
}

/* Two ends of one connection. */
static inline void connection(SOCKET ends[2]) {
    struct sockaddr_in name;
    SOCKET waits = listener(&name);
    ends[0] = connected(&name);
    ends[1] = win_accept(waits, NULL, NULL);
    CHECK(ends[1] != INVALID_SOCKET);
    CHECK(win_closesocket(waits) == 0);
}

static inline void send_text(SOCKET s, const char *text) {
    CHECK(win_send(s, text, (int)strlen(text), 0) == (int)strlen(text));
}

static inline void expect_text(SOCKET s, const char *text) {
    char octets[64] = {0};
    int want = (int)strlen(text), got = 0;
    while (got < want) {
        int more = win_recv(s, octets + got, want - got, 0);
        CHECK(more > 0);
        got += more;
    }
    CHECK(memcmp(octets, text, (size_t)want) == 0);
}

/* The child ended well. */
static inline void expect_well(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#endif
