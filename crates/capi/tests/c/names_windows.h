/* What both versions of Windows Sockets do with the names of a scenario, and with the machine's own. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                                   \
    do {                                                                                                                   \
        if (!(condition)) {                                                                                                \
            fprintf(stderr, "%s:%d: %s; the last error is %d\n", __FILE__, __LINE__, #condition, WSAGetLastError());       \
            exit(1);                                                                                                       \
        }                                                                                                                  \
    } while (0)

static void start(WORD version) {
    WSADATA data;
    CHECK(gethostbyname("shop.test") == NULL && WSAGetLastError() == WSANOTINITIALISED);
    CHECK(WSAStartup(version, &data) == 0);
}

/* Names that the machine knows without asking anybody. */
static void names_of_the_machine(void) {
    struct hostent *host = gethostbyname("localhost");
    CHECK(host != NULL && host->h_addrtype == AF_INET && host->h_length == 4);
    CHECK(memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4) == 0);
    CHECK(gethostbyname("no host has spaces") == NULL && WSAGetLastError() == WSAHOST_NOT_FOUND);

    char name[256] = "";
    CHECK(gethostname(name, sizeof name) == 0 && name[0] != 0);
    CHECK(gethostname(name, 1) == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT);
    CHECK(gethostname(NULL, 10) == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT);

    struct servent *service = getservbyname("http", "tcp");
    CHECK(service != NULL && strcmp(service->s_name, "http") == 0 && strcmp(service->s_proto, "tcp") == 0);
    CHECK(ntohs((u_short)service->s_port) == 80 && service->s_aliases != NULL);
    service = getservbyport(htons(25), NULL);
    CHECK(service != NULL && strcmp(service->s_name, "smtp") == 0);
    CHECK(getservbyname("no-such-service", NULL) == NULL && WSAGetLastError() == WSANO_DATA);
    struct protoent *protocol = getprotobyname("udp");
    CHECK(protocol != NULL && protocol->p_proto == 17);
    protocol = getprotobynumber(6);
    CHECK(protocol != NULL && strcmp(protocol->p_name, "tcp") == 0 && protocol->p_aliases != NULL);
}

/* Names that the scenario has. */
static void names_of_the_scenario(void) {
    struct hostent *host = gethostbyname("shop.test");
    CHECK(host != NULL && strcmp(host->h_name, "shop.test") == 0 && host->h_aliases[0] == NULL);
    CHECK(memcmp(host->h_addr_list[0], "\x0a\x02\0\x02", 4) == 0 && host->h_addr_list[1] == NULL);
    CHECK(memcmp(host->h_addr, "\x0a\x02\0\x02", 4) == 0);
    host = gethostbyaddr("\x0a\x02\0\x02", 4, AF_INET);
    CHECK(host != NULL && strcmp(host->h_name, "shop.test") == 0);
    CHECK(gethostbyname("nobody.test") == NULL && WSAGetLastError() == WSAHOST_NOT_FOUND);
    CHECK(gethostbyname("six.test") == NULL && WSAGetLastError() == WSANO_DATA);
    CHECK(gethostbyname((const char *)1) == NULL && WSAGetLastError() == WSAEFAULT);
    CHECK(gethostbyaddr(NULL, 4, AF_INET) == NULL && WSAGetLastError() == WSAEFAULT);
    host = gethostbyname("us");
    CHECK(host != NULL && memcmp(host->h_addr, "\x0a\x01\0\x02", 4) == 0);
}

/* Texts and numbers, which need no start. */
static void texts(void) {
    CHECK(inet_addr("127.0.0.1") == htonl(0x7f000001) && inet_addr("0x7f.1") == htonl(0x7f000001));
    CHECK(inet_addr("no address") == INADDR_NONE && inet_addr(NULL) == INADDR_NONE && inet_addr("") == INADDR_NONE);
    CHECK(inet_addr(" ") == 0);
    struct in_addr address;
    address.s_addr = htonl(0x0a020002);
    CHECK(strcmp(inet_ntoa(address), "10.2.0.2") == 0);
    CHECK(htons(0x0102) == 0x0201 || htons(0x0102) == 0x0102);
    CHECK(ntohl(htonl(0x01020304)) == 0x01020304 && ntohs(htons(0x0102)) == 0x0102);
}
