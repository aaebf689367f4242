/*
 * A blocking client as it is written for Windows Sockets 2, measured. It is compiled twice: against the installed headers and library,
 * and with PLAIN against the C library, whose names differ in the few places below.
 *
 *   measure CASE            reads a count from each line of its input, and does the case as often
 *   measure CASE COUNT      does it once
 *
 * For each it prints two numbers: nanoseconds of processor time, and of time, for one. What is at the other end is in peer.c.
 */
#ifdef PLAIN
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>
typedef int SOCKET;
#define INVALID_SOCKET (-1)
#define closesocket close
#else
#include <winsock2.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

enum { BLOCK_OCTETS = 64 << 10, BLOCKS = 16, SELECTED = 64, BACKLOG = 16 };

static void must(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s failed\n", what);
        exit(1);
    }
}

static struct sockaddr_in name_of(unsigned long host, int port)
{
    struct sockaddr_in name;

    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(host);
    name.sin_port = htons((unsigned short)port);
    return name;
}

static SOCKET connected_to(unsigned long host, int port)
{
    struct sockaddr_in name = name_of(host, port);
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0);

    must(s != INVALID_SOCKET, "socket");
    must(connect(s, (struct sockaddr *)&name, sizeof name) == 0, "connect");
    return s;
}

/* Sockets that are made, connected, accepted and closed. Each slice goes to an address of its own, because the connections of the last
 * ones are in TIME-WAIT. */
static void cycle(long count)
{
    static SOCKET listener = INVALID_SOCKET;
    static int port;
    static unsigned long host = INADDR_LOOPBACK;
    long number;

    if (listener == INVALID_SOCKET) {
        struct sockaddr_in name = name_of(INADDR_ANY, 0);
        /* The C library's socklen_t has no sign, and the document's int has one. */
        unsigned length = sizeof name;

        listener = socket(AF_INET, SOCK_STREAM, 0);
        must(listener != INVALID_SOCKET, "socket");
        must(bind(listener, (struct sockaddr *)&name, sizeof name) == 0, "bind");
        must(listen(listener, BACKLOG) == 0, "listen");
        must(getsockname(listener, (struct sockaddr *)&name, (void *)&length) == 0, "getsockname");
        port = ntohs(name.sin_port);
    }
    host++;
    for (number = 0; number < count; number++) {
        SOCKET s = connected_to(host, port), accepted = accept(listener, NULL, NULL);

        must(accepted != INVALID_SOCKET, "accept");
        must(closesocket(s) == 0, "closesocket");
        must(closesocket(accepted) == 0, "closesocket");
    }
}

/* One octet to and fro. */
static void round_trip(long count)
{
    static SOCKET s = INVALID_SOCKET;
    char octet = 1;
    long number;

    if (s == INVALID_SOCKET)
        s = connected_to(INADDR_LOOPBACK, peer_echo());
    for (number = 0; number < count; number++) {
        must(send(s, &octet, 1, 0) == 1, "send");
        must(recv(s, &octet, 1, 0) == 1, "recv");
    }
}

/* The same with memory of the heap. */
static void round_trip_heap(long count)
{
    static SOCKET s = INVALID_SOCKET;
    static char *octet;
    long number;

    if (s == INVALID_SOCKET) {
        s = connected_to(INADDR_LOOPBACK, peer_echo());
        octet = malloc(1);
        must(octet != NULL, "malloc");
    }
    for (number = 0; number < count; number++) {
        must(send(s, octet, 1, 0) == 1, "send");
        must(recv(s, octet, 1, 0) == 1, "recv");
    }
}

/* Blocks of data one way, some at a time, until the other end says that it has all. */
static void bulk(long count)
{
    static SOCKET s = INVALID_SOCKET;
    static char *block;
    long number;
    int sent;

    if (s == INVALID_SOCKET) {
        s = connected_to(INADDR_LOOPBACK, peer_sink((long)BLOCKS * BLOCK_OCTETS));
        block = malloc(BLOCK_OCTETS);
        must(block != NULL, "malloc");
        memset(block, 7, BLOCK_OCTETS);
    }
    for (number = 0; number < count; number++) {
        char octet;

        for (sent = 0; sent < BLOCKS; sent++)
            must(send(s, block, BLOCK_OCTETS, 0) == BLOCK_OCTETS, "send");
        must(recv(s, &octet, 1, 0) == 1, "recv");
    }
}

/* A select over 64 sockets, one of which has something to read. */
static void select_64(long count)
{
    static fd_set all;
    static int end;
    long number;

    if (end == 0) {
        int port = peer_teller(SELECTED, SELECTED / 2), member;

        FD_ZERO(&all);
        for (member = 0; member < SELECTED; member++) {
            SOCKET s = connected_to(INADDR_LOOPBACK, port);

            FD_SET(s, &all);
            if ((int)s >= end)
                end = (int)s + 1;
        }
    }
    for (number = 0; number < count; number++) {
        fd_set set = all;

        must(select(end, &set, NULL, NULL, NULL) == 1, "select");
    }
}

static const struct {
    const char *name;
    void (*work)(long count);
    int parts;
} cases[] = {
    { "cycle", cycle, 1 },
    { "round-trip", round_trip, 1 },
    { "round-trip-heap", round_trip_heap, 1 },
    { "bulk", bulk, BLOCKS },
    { "select", select_64, 1 },
};

static void slice(int which, long count)
{
    long long processor = processor_nanos(), time = clock_nanos();
    double parts = (double)count * cases[which].parts;

    cases[which].work(count);
    processor = processor_nanos() - processor;
    time = clock_nanos() - time;
    printf("%.1f %.1f\n", processor / parts, time / parts);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int which, known = sizeof cases / sizeof cases[0];
    long count;

    for (which = 0; which < known && (argc < 2 || strcmp(argv[1], cases[which].name) != 0); which++)
        ;
    if (which == known) {
        fprintf(stderr, "usage: measure CASE [COUNT]\n");
        return 2;
    }
#ifndef PLAIN
    {
        WSADATA data;

        must(WSAStartup(MAKEWORD(2, 2), &data) == 0, "WSAStartup");
    }
#endif
    if (argc > 2) {
        slice(which, atol(argv[2]));
        return 0;
    }
    while (scanf("%ld", &count) == 1 && count > 0)
        slice(which, count);
    return 0;
}
