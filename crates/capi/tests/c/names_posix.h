/* What TargetTCP and SOCKETS(POSIX) do with the names of a scenario, and with the machine's own. */

#define CHECK(condition)                                                                                                   \
    do {                                                                                                                   \
        if (!(condition)) {                                                                                                \
            fprintf(stderr, "%s:%d: %s; errno %d, h_errno %d\n", __FILE__, __LINE__, #condition, errno, h_errno);          \
            exit(1);                                                                                                       \
        }                                                                                                                  \
    } while (0)

static void names_of_the_machine(void) {
    struct hostent *host = gethostbyname("localhost");
    CHECK(host != NULL && host->h_addrtype == AF_INET && host->h_length == 4);
    CHECK(memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4) == 0);
    host = gethostbyname("10.2.0.2");
    CHECK(host != NULL && memcmp(host->h_addr_list[0], "\x0a\x02\0\x02", 4) == 0);
    CHECK(gethostbyname("no host has spaces") == NULL && h_errno == HOST_NOT_FOUND);
    struct servent *service = getservbyname("http", "tcp");
    CHECK(service != NULL && ntohs((unsigned short)service->s_port) == 80 && strcmp(service->s_proto, "tcp") == 0);
    service = getservbyport(htons(25), NULL);
    CHECK(service != NULL && strcmp(service->s_name, "smtp") == 0);
    struct protoent *protocol = getprotobyname("udp");
    CHECK(protocol != NULL && protocol->p_proto == 17);
    protocol = getprotobynumber(6);
    CHECK(protocol != NULL && strcmp(protocol->p_name, "tcp") == 0);
    /* These tell no number, so they leave the one that is there, whatever they find. */
    errno = ERANGE;
    CHECK(getservbyname((const char *)1, NULL) == NULL && getprotobyname((const char *)1) == NULL);
    CHECK(getservbyname("http", "tcp") != NULL && errno == ERANGE);
}

static void names_of_the_scenario(void) {
    struct hostent *host = gethostbyname("shop.test");
    CHECK(host != NULL && strcmp(host->h_name, "shop.test") == 0 && host->h_aliases[0] == NULL);
    CHECK(memcmp(host->h_addr_list[0], "\x0a\x02\0\x02", 4) == 0 && host->h_addr_list[1] == NULL);
    host = gethostbyaddr("\x0a\x02\0\x02", 4, AF_INET);
    CHECK(host != NULL && strcmp(host->h_name, "shop.test") == 0);
    CHECK(gethostbyname("nobody.test") == NULL && h_errno == HOST_NOT_FOUND);
    CHECK(gethostbyname("six.test") == NULL && h_errno == NO_DATA);
    errno = 0;
    CHECK(gethostbyname((const char *)1) == NULL && errno == EFAULT);
}
