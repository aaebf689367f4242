/* A blocking client without a resolver, linked statically: connect, one request, read to the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerrorname_np(errno));
    return 1;
}

int main(void)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(80)};
    char octets[4096];
    ssize_t count, all = 0;
    int s = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, "10.2.0.2", &peer.sin_addr);
    if (connect(s, (struct sockaddr *)&peer, sizeof peer) != 0)
        return failed("connect");
    if (write(s, request, sizeof request - 1) < 0)
        return failed("write");
    while ((count = read(s, octets, sizeof octets)) > 0)
        all += count;
    if (count < 0)
        return failed("read");
    if (all == 0) {
        fprintf(stderr, "read: nothing\n");
        return 1;
    }
    return 0;
}
