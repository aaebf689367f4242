/* A program as others write them: it connects in a few ways, and prints what each call said.
 *
 * Each argument is KIND/ADDRESS/PORT and is tried in a thread of its own, all at once; a line tells what came of it, in the order of the
 * arguments: KIND/ADDRESS/PORT call=WORD@MILLISECONDS … The kinds are the functions in the table below. It knows nothing of synsent. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { RECEIVE_MILLISECONDS = 2500, POLL_MILLISECONDS = 10000, LINE_OCTETS = 512 };

struct probe {
    const char *argument;
    char kind[16];
    struct sockaddr_storage peer;
    socklen_t peer_len;
    char said[LINE_OCTETS];
    size_t said_len;
    pthread_t thread;
};

static const char *word(int error) {
    static const struct {
        int number;
        const char *name;
    } names[] = {
#define NAME(error) {error, #error}
        NAME(EACCES),      NAME(EADDRINUSE),   NAME(EADDRNOTAVAIL), NAME(EAGAIN),       NAME(EALREADY),   NAME(ECONNREFUSED),
        NAME(ECONNRESET),  NAME(EHOSTDOWN),    NAME(EHOSTUNREACH),  NAME(EINPROGRESS),  NAME(EINVAL),     NAME(EISCONN),
        NAME(EMSGSIZE),    NAME(ENETUNREACH),  NAME(ENONET),        NAME(ENOPROTOOPT),  NAME(EOPNOTSUPP), NAME(EPERM),
        NAME(EPROTO),      NAME(ETIMEDOUT),    NAME(ECONNABORTED),
    };
    static __thread char number[16];
    for (size_t index = 0; index < sizeof names / sizeof *names; index++)
        if (names[index].number == error)
            return names[index].name;
    snprintf(number, sizeof number, "%d", error);
    return error == 0 ? "ok" : number;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void say(struct probe *probe, const char *call, int error, double began) {
    size_t room = sizeof probe->said - probe->said_len;
    int len = snprintf(probe->said + probe->said_len, room, " %s=%s@%.0f", call, word(error), now() - began);
    if (len > 0 && (size_t)len < room)
        probe->said_len += len;
}

static int open_socket(struct probe *probe, int type) {
    int fd = socket(probe->peer.ss_family, type, 0);
    if (fd < 0) {
        perror("socket");
        exit(2);
    }
    return fd;
}

static int do_connect(struct probe *probe, int fd) {
    double began = now();
    int error = connect(fd, (struct sockaddr *)&probe->peer, probe->peer_len) == 0 ? 0 : errno;
    say(probe, "connect", error, began);
    return error;
}

/* A blocking connect of TCP. */
static void tcp(struct probe *probe) {
    int fd = open_socket(probe, SOCK_STREAM);
    do_connect(probe, fd);
    close(fd);
}

/* The same, and once more with the same socket. */
static void again(struct probe *probe) {
    int fd = open_socket(probe, SOCK_STREAM);
    do_connect(probe, fd);
    do_connect(probe, fd);
    close(fd);
}

/* A connect that does not block, another one while the first goes on, and then what became of it. */
static void nonblocking(struct probe *probe) {
    int fd = open_socket(probe, SOCK_STREAM);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    do_connect(probe, fd);
    do_connect(probe, fd);
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    double began = now();
    int ready = poll(&wait, 1, POLL_MILLISECONDS);
    say(probe, "poll", ready == 1 ? 0 : ready == 0 ? EAGAIN : errno, began);
    int error = 0;
    socklen_t len = sizeof error;
    began = now();
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    say(probe, "SO_ERROR", error, began);
    close(fd);
}

/* A connected datagram socket that sends and then waits for an answer. */
static void udp(struct probe *probe) {
    int fd = open_socket(probe, SOCK_DGRAM);
    struct timeval patience = {RECEIVE_MILLISECONDS / 1000, RECEIVE_MILLISECONDS % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char octets[16] = "hello";
    if (do_connect(probe, fd) == 0) {
        double began = now();
        say(probe, "send", send(fd, octets, 5, 0) == 5 ? 0 : errno, began);
        began = now();
        say(probe, "recv", recv(fd, octets, sizeof octets, 0) >= 0 ? 0 : errno, began);
    }
    close(fd);
}

/* A listener of ours whose queue has one place, and two that connect to it. */
static void backlog(struct probe *probe) {
    int listener = open_socket(probe, SOCK_STREAM);
    if (bind(listener, (struct sockaddr *)&probe->peer, probe->peer_len) != 0 || listen(listener, 0) != 0) {
        perror("listen");
        exit(2);
    }
    int first = open_socket(probe, SOCK_STREAM), second = open_socket(probe, SOCK_STREAM);
    do_connect(probe, first);
    do_connect(probe, second);
    close(second);
    close(first);
    close(listener);
}

static const struct {
    const char *name;
    void (*probe)(struct probe *);
} kinds[] = {{"tcp", tcp}, {"again", again}, {"nonblocking", nonblocking}, {"udp", udp}, {"backlog", backlog}};

static void *try_one(void *argument) {
    struct probe *probe = argument;
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        if (strcmp(kinds[index].name, probe->kind) == 0)
            kinds[index].probe(probe);
    return NULL;
}

static void read_argument(struct probe *probe, const char *argument) {
    char address[64];
    unsigned port;
    probe->argument = argument;
    if (sscanf(argument, "%15[a-z]/%63[^/]/%u", probe->kind, address, &port) != 3) {
        fprintf(stderr, "%s is not KIND/ADDRESS/PORT\n", argument);
        exit(2);
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)&probe->peer;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&probe->peer;
    if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        probe->peer_len = sizeof *v4;
    } else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        probe->peer_len = sizeof *v6;
    } else {
        fprintf(stderr, "%s is no address\n", address);
        exit(2);
    }
}

int main(int count, char **arguments) {
    struct probe *probes = calloc(count, sizeof *probes);
    for (int index = 1; index < count; index++)
        read_argument(&probes[index], arguments[index]);
    for (int index = 1; index < count; index++)
        if (pthread_create(&probes[index].thread, NULL, try_one, &probes[index]) != 0)
            return 2;
    for (int index = 1; index < count; index++) {
        pthread_join(probes[index].thread, NULL);
        printf("%s%s\n", probes[index].argument, probes[index].said);
    }
    return 0;
}
