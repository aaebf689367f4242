/* A blocking client without a resolver, linked statically: it connects to port 80 of the address in its argument, sends one request,
   and reads to the end. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, strerror(errno));
    return 1;
}

int main(int count, char **words)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 peer6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    char octets[4096];
    ssize_t got;
    int s, result;

    if (count != 2)
        return 2;
    if (inet_pton(AF_INET, words[1], &peer.sin_addr) == 1) {
        s = socket(AF_INET, SOCK_STREAM, 0);
        result = connect(s, (struct sockaddr *)&peer, sizeof peer);
    } else if (inet_pton(AF_INET6, words[1], &peer6.sin6_addr) == 1) {
        s = socket(AF_INET6, SOCK_STREAM, 0);
        result = connect(s, (struct sockaddr *)&peer6, sizeof peer6);
    } else {
        return 2;
    }
    if (result != 0)
        return failed("connect");
    if (write(s, request, sizeof request - 1) < 0)
        return failed("write");
    while ((got = read(s, octets, sizeof octets)) > 0)
        ;
    return got < 0 ? failed("read") : 0;
}
