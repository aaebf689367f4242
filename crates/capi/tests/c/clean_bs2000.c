/* A server and a client of SOCKETS(POSIX) in one program, with files and sockets mixed, which touches every octet that it is given: for
   those who watch each access to memory. */

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BULK (100 * 1000)

#define CHECK(so)                                                                                                          \
    do {                                                                                                                   \
        if (!(so)) {                                                                                                       \
            fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #so, errno);                            \
            exit(1);                                                                                                       \
        }                                                                                                                  \
    } while (0)

static struct sockaddr_in server_name;

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

static void *client(void *unused) {
    char *bulk = malloc(BULK), *back = malloc(BULK);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s >= 0 && bulk != NULL && back != NULL);
    for (int i = 0; i < BULK; i++) {
        bulk[i] = (char)(i * 7);
    }
    CHECK(connect(s, (struct sockaddr *)&server_name, sizeof server_name) == 0);
    for (size_t at = 0; at < BULK; at += BULK / 4) {
        struct iovec parts[2] = {{bulk + at, 1000}, {bulk + at + 1000, BULK / 4 - 1000}};
        CHECK(writev(s, parts, 2) == BULK / 4);
        for (size_t got = 0; got < BULK / 4;) {
            ssize_t more = read(s, back + at + got, BULK / 4 - got);
            CHECK(more > 0);
            got += (size_t)more;
        }
    }
    CHECK(memcmp(bulk, back, BULK) == 0);
    CHECK(close(s) == 0);
    free(bulk);
    free(back);
    return unused;
}

static void echo(int caller) {
    char octets[3000];
    for (;;) {
        struct pollfd *entry = malloc(sizeof *entry);
        CHECK(entry != NULL);
        entry->fd = caller;
        entry->events = POLLIN;
        CHECK(poll(entry, 1, -1) == 1 && entry->revents != 0);
        free(entry);
        ssize_t count = recv(caller, octets, sizeof octets, 0);
        CHECK(count >= 0);
        if (count == 0) {
            CHECK(close(caller) == 0);
            return;
        }
        CHECK(sum_of(octets, (size_t)count) < 1000000);
        for (ssize_t sent = 0; sent < count;) {
            ssize_t more = write(caller, octets + sent, (size_t)(count - sent));
            CHECK(more > 0);
            sent += more;
        }
    }
}

static void files_and_sockets(void) {
    int ends[2], waiting = -1;
    char octet;
    fd_set readable;
    struct timeval at_once = {0, 0};
    struct sockaddr_in name;
    socklen_t len = sizeof name;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(pipe(ends) == 0 && write(ends[1], "x", 1) == 1);
    CHECK(bind(s, (struct sockaddr *)&name, sizeof name) == 0 && getsockname(s, (struct sockaddr *)&name, &len) == 0);
    CHECK(len == sizeof name && sum_of(&name, sizeof name) > 0);
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    FD_SET(s, &readable);
    CHECK(select((s > ends[0] ? s : ends[0]) + 1, &readable, NULL, NULL, &at_once) == 1);
    CHECK(FD_ISSET(ends[0], &readable) && !FD_ISSET(s, &readable));
    CHECK(read(ends[0], &octet, 1) == 1 && octet == 'x');
    CHECK(ioctl(s, FIONREAD, &waiting) == 0 && waiting == 0);
    CHECK(recv(-1, &octet, 1, 0) == -1 && errno == EBADF);
    CHECK(close(s) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

int main(void) {
    pthread_t thread;
    struct sockaddr_in *from = malloc(sizeof *from);
    socklen_t len = sizeof server_name;
    int listens = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(listens >= 0 && from != NULL);
    server_name.sin_family = AF_INET;
    server_name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listens, (struct sockaddr *)&server_name, sizeof server_name) == 0 && listen(listens, 5) == 0);
    CHECK(getsockname(listens, (struct sockaddr *)&server_name, &len) == 0);
    CHECK(pthread_create(&thread, NULL, client, NULL) == 0);
    len = sizeof *from;
    int caller = accept(listens, (struct sockaddr *)from, &len);
    CHECK(caller >= 0 && len == sizeof *from && sum_of(from, sizeof *from) > 0);
    echo(caller);
    CHECK(pthread_join(thread, NULL) == 0);
    files_and_sockets();
    CHECK(close(listens) == 0);
    free(from);
    return 0;
}
