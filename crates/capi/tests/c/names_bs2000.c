/* Names in SOCKETS(POSIX). With an argument: on a scenario. */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "names_posix.h"

static void lists_of_the_scenario(void) {
    struct addrinfo hints, *list = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    CHECK(getaddrinfo("shop.test", "http", &hints, &list) == 0 && list->ai_next == NULL);
    struct sockaddr_in *name = (struct sockaddr_in *)(void *)list->ai_addr;
    CHECK(list->ai_addrlen == sizeof *name && name->sin_port == htons(80) && list->ai_protocol == IPPROTO_TCP);
    int s = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    CHECK(s >= 0 && connect(s, list->ai_addr, list->ai_addrlen) == 0);
    char host[64], service[32];
    CHECK(getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, service, sizeof service, NI_NUMERICSERV) == 0);
    CHECK(strcmp(host, "shop.test") == 0 && strcmp(service, "80") == 0);
    CHECK(getnameinfo(list->ai_addr, list->ai_addrlen, host, 4, NULL, 0, 0) == EAI_OVERFLOW);
    freeaddrinfo(list);
    freeaddrinfo(list);
    close(s);
    CHECK(getaddrinfo("nobody.test", NULL, NULL, &list) == EAI_NONAME && list == NULL);
    CHECK(getaddrinfo(NULL, NULL, NULL, &list) == EAI_NONAME);
    CHECK(strlen(gai_strerror(EAI_NONAME)) > 0);

    int error = 0;
    struct hostent *node = getipnodebyname("six.test", AF_INET6, AI_DEFAULT, &error);
    CHECK(node != NULL && node->h_addrtype == AF_INET6 && node->h_length == 16 && node->h_addr_list[1] == NULL);
    freehostent(node);
    freehostent(node);
    CHECK(getipnodebyname("six.test", AF_INET, 0, &error) == NULL && error == NO_DATA);
    node = getipnodebyaddr("\x0a\x02\0\x02", 4, AF_INET, &error);
    CHECK(node != NULL && strcmp(node->h_name, "shop.test") == 0);
    freehostent(node);
    char own[8];
    CHECK(gethostname(own, sizeof own) == 0 && strcmp(own, "us") == 0);
}

int main(int argc, char **argv) {
    (void)argv;
    names_of_the_machine();
    if (argc > 1) {
        names_of_the_scenario();
        lists_of_the_scenario();
    }
    return 0;
}
