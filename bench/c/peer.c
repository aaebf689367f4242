/* The other end: see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct job {
    int listener;
    long octets;
    int connections;
    int teller;
};

static int begin(struct job job, void *(*work)(void *))
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof name;
    struct job *kept = malloc(sizeof *kept);
    pthread_t thread;

    job.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (kept == NULL || job.listener < 0 || bind(job.listener, (struct sockaddr *)&name, sizeof name) != 0 ||
        listen(job.listener, SOMAXCONN) != 0 || getsockname(job.listener, (struct sockaddr *)&name, &length) != 0) {
        free(kept);
        return -1;
    }
    *kept = job;
    if (pthread_create(&thread, NULL, work, kept) != 0) {
        free(kept);
        return -1;
    }
    pthread_detach(thread);
    return ntohs(name.sin_port);
}

static void *echo(void *argument)
{
    struct job *job = argument;
    int connection = accept(job->listener, NULL, NULL);
    char octet;

    while (recv(connection, &octet, 1, 0) == 1 && send(connection, &octet, 1, MSG_NOSIGNAL) == 1)
        ;
    return NULL;
}

static void *sink(void *argument)
{
    static char room[65536];
    struct job *job = argument;
    int connection = accept(job->listener, NULL, NULL);
    long left = job->octets;
    ssize_t got;

    while ((got = recv(connection, room, sizeof room, 0)) > 0) {
        left -= got;
        if (left == 0) {
            left = job->octets;
            if (send(connection, room, 1, MSG_NOSIGNAL) != 1)
                break;
        }
    }
    return NULL;
}

static void *tell(void *argument)
{
    struct job *job = argument;
    int number, connection;

    for (number = 0; number < job->connections; number++) {
        connection = accept(job->listener, NULL, NULL);
        if (number == job->teller && send(connection, "x", 1, MSG_NOSIGNAL) != 1)
            break;
    }
    return NULL;
}

int peer_echo(void)
{
    return begin((struct job){ 0 }, echo);
}

int peer_sink(long octets)
{
    return begin((struct job){ .octets = octets }, sink);
}

int peer_teller(int connections, int teller)
{
    return begin((struct job){ .connections = connections, .teller = teller }, tell);
}

static long long nanos(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

long long processor_nanos(void)
{
    return nanos(CLOCK_PROCESS_CPUTIME_ID);
}

long long clock_nanos(void)
{
    return nanos(CLOCK_MONOTONIC);
}
