/* A client that never blocks: each address in turn, connect, poll, SO_ERROR, and five seconds for everything. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int wait_for(int s, short events)
{
    struct pollfd one = {.fd = s, .events = events};
    return poll(&one, 1, 5000);
}

static int attempt(const struct addrinfo *to)
{
    int error = 0;
    socklen_t len = sizeof error;
    int s = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK, to->ai_protocol);

    if (connect(s, to->ai_addr, to->ai_addrlen) != 0) {
        if (errno != EINPROGRESS)
            error = errno;
        else if (wait_for(s, POLLOUT) == 0)
            error = ETIME;
        else
            getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len);
    }
    if (error != 0) {
        close(s);
        errno = error;
        return -1;
    }
    return s;
}

int main(void)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all, *one;
    char octets[4096];
    ssize_t count, sum = 0;
    int s = -1, error = getaddrinfo("shop.test", "80", &hints, &all);

    if (error != 0) {
        fprintf(stderr, "getaddrinfo: %s\n", gai_strerror(error));
        return 2;
    }
    for (one = all; one != NULL && s < 0; one = one->ai_next)
        s = attempt(one);
    if (s < 0) {
        fprintf(stderr, "connect: %s\n", strerrorname_np(errno));
        return 1;
    }
    send(s, request, sizeof request - 1, MSG_NOSIGNAL);
    for (;;) {
        if (wait_for(s, POLLIN) == 0) {
            fprintf(stderr, "poll: no answer\n");
            return 3;
        }
        count = recv(s, octets, sizeof octets, 0);
        if (count <= 0)
            break;
        sum += count;
    }
    if (count < 0) {
        fprintf(stderr, "recv: %s\n", strerrorname_np(errno));
        return 1;
    }
    if (sum == 0) {
        fprintf(stderr, "recv: nothing\n");
        return 1;
    }
    return 0;
}
