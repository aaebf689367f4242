/* Names in Windows Sockets 2. With an argument: on a scenario. */

#include <winsock2.h>
#include <ws2tcpip.h>
#include <wchar.h>

#include "names_windows.h"

static void lists_of_the_scenario(void) {
    struct addrinfo hints, *list = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    hints.ai_flags = AI_CANONNAME;
    CHECK(getaddrinfo("shop.test", "80", &hints, &list) == 0 && list != NULL && list->ai_next != NULL);
    CHECK(list->ai_family == AF_INET6 && list->ai_addrlen == sizeof(struct sockaddr_in6));
    CHECK(strcmp(list->ai_canonname, "shop.test") == 0 && list->ai_next->ai_canonname == NULL);
    struct sockaddr_in *name = (struct sockaddr_in *)(void *)list->ai_next->ai_addr;
    CHECK(list->ai_next->ai_family == AF_INET && name->sin_family == AF_INET && name->sin_port == htons(80));
    CHECK(name->sin_addr.s_addr == htonl(0x0a020002) && list->ai_next->ai_next == NULL);
    CHECK(list->ai_socktype == SOCK_STREAM && list->ai_protocol == IPPROTO_TCP);

    /* What was found is what connects. */
    SOCKET s = socket(list->ai_next->ai_family, list->ai_next->ai_socktype, list->ai_next->ai_protocol);
    CHECK(s != INVALID_SOCKET);
    CHECK(connect(s, list->ai_next->ai_addr, (int)list->ai_next->ai_addrlen) == 0);
    char host[NI_MAXHOST], service[NI_MAXSERV];
    CHECK(getnameinfo(list->ai_next->ai_addr, (socklen_t)list->ai_next->ai_addrlen, host, sizeof host, service, sizeof service, 0) == 0);
    CHECK(strcmp(host, "shop.test") == 0 && strcmp(service, "http") == 0);
    u_long number = 0;
    CHECK(WSAHtonl(s, 0x01020304, &number) == 0 && number == htonl(0x01020304));
    closesocket(s);
    CHECK(WSAHtonl(s, 1, &number) == SOCKET_ERROR && WSAGetLastError() == WSAENOTSOCK);
    freeaddrinfo(list);
    freeaddrinfo(list);
    freeaddrinfo(NULL);

    ADDRINFOW *wide = NULL;
    CHECK(GetAddrInfoW(L"shop.test", L"http", NULL, &wide) == 0 && wide != NULL && wide->ai_next != NULL);
    WCHAR wide_host[64];
    CHECK(GetNameInfoW(wide->ai_next->ai_addr, (socklen_t)wide->ai_next->ai_addrlen, wide_host, 64, NULL, 0, NI_NUMERICHOST) == 0);
    CHECK(wcscmp(wide_host, L"10.2.0.2") == 0);
    FreeAddrInfoW(wide);

    list = (struct addrinfo *)(void *)&hints;
    CHECK(getaddrinfo("nobody.test", NULL, NULL, &list) == EAI_NONAME && WSAGetLastError() == WSAHOST_NOT_FOUND);
    CHECK(list == NULL);
    CHECK(getaddrinfo("shop.test", "no-such-service", NULL, &list) == EAI_SERVICE);
    CHECK(getaddrinfo("shop.test", NULL, NULL, NULL) == WSAEFAULT);
    CHECK(getaddrinfo("shop.test", NULL, (const struct addrinfo *)1, &list) == WSAEFAULT);
    hints.ai_addrlen = 1;
    CHECK(getaddrinfo("shop.test", NULL, &hints, &list) == EAI_FAIL);
}

/* An address in digits is its own host, and an entry for which no type was asked makes a stream. */
static void what_many_programs_do(void) {
    struct hostent *host = gethostbyname("127.0.0.1");
    CHECK(host != NULL && host->h_length == 4 && memcmp(host->h_addr_list[0], "\x7f\0\0\1", 4) == 0);
    CHECK(strcmp(host->h_name, "127.0.0.1") == 0 && host->h_addr_list[1] == NULL && host->h_aliases[0] == NULL);
    CHECK(gethostbyname("::1") == NULL && WSAGetLastError() == WSANO_DATA);
    CHECK(gethostbyname("127.0.0.256") == NULL && WSAGetLastError() == WSANO_DATA);

    struct addrinfo *list = NULL;
    int type = 0, size = sizeof type;
    CHECK(getaddrinfo("127.0.0.1", "9", NULL, &list) == 0 && list->ai_socktype == 0 && list->ai_protocol == 0);
    SOCKET s = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    freeaddrinfo(list);
    CHECK(s != INVALID_SOCKET && getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0 && type == SOCK_STREAM);
    closesocket(s);
    s = WSASocketA(AF_INET, 0, IPPROTO_UDP, NULL, 0, 0);
    CHECK(s != INVALID_SOCKET && getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0 && type == SOCK_DGRAM);
    closesocket(s);
}

static void lists_of_the_machine(void) {
    struct addrinfo *list = NULL, hints;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    CHECK(getaddrinfo("localhost", "8080", &hints, &list) == 0);
    struct sockaddr_in *name = (struct sockaddr_in *)(void *)list->ai_addr;
    CHECK(name->sin_addr.s_addr == htonl(INADDR_LOOPBACK) && name->sin_port == htons(8080));
    freeaddrinfo(list);
    CHECK(gai_strerrorA(WSATRY_AGAIN)[0] != 0 && gai_strerrorW(WSATRY_AGAIN)[0] != 0);
}

static void names_of_sockets(void) {
    struct in6_addr six;
    char text[INET6_ADDRSTRLEN];
    CHECK(inet_pton(AF_INET6, "2001:DB8:0:0:8:800:200C:417A", &six) == 1);
    CHECK(inet_ntop(AF_INET6, &six, text, sizeof text) == text && strcmp(text, "2001:db8::8:800:200c:417a") == 0);
    CHECK(inet_ntop(AF_INET6, &six, text, 10) == NULL && WSAGetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(inet_pton(AF_INET6, "1.2.3.4", &six) == 0);
    CHECK(inet_pton(10, "::1", &six) == -1 && WSAGetLastError() == WSAEAFNOSUPPORT);
    WCHAR wide[INET6_ADDRSTRLEN];
    CHECK(InetPtonW(AF_INET6, L"::1", &six) == 1 && InetNtopW(AF_INET6, &six, wide, INET6_ADDRSTRLEN) == wide);
    CHECK(wcscmp(wide, L"::1") == 0);

    struct sockaddr_storage name;
    INT namelen = sizeof name;
    char address[] = "[fe80::1%3]:80", bad[] = "no address";
    CHECK(WSAStringToAddressA(address, AF_INET6, NULL, (LPSOCKADDR)&name, &namelen) == 0);
    CHECK(namelen == sizeof(struct sockaddr_in6) && ((struct sockaddr_in6 *)(void *)&name)->sin6_scope_id == 3);
    DWORD room = 4;
    CHECK(WSAAddressToStringA((LPSOCKADDR)&name, (DWORD)namelen, NULL, text, &room) == SOCKET_ERROR);
    CHECK(WSAGetLastError() == WSAEFAULT && room == sizeof address);
    CHECK(WSAAddressToStringA((LPSOCKADDR)&name, (DWORD)namelen, NULL, text, &room) == 0 && strcmp(text, address) == 0);
    CHECK(WSAStringToAddressA(bad, AF_INET, NULL, (LPSOCKADDR)&name, &namelen) == SOCKET_ERROR);
    CHECK(WSAGetLastError() == WSAEINVAL);
    WCHAR wide_address[] = L"10.2.0.2:80";
    CHECK(WSAStringToAddressW(wide_address, AF_INET, NULL, (LPSOCKADDR)&name, &namelen) == 0 && namelen == 16);
    room = INET6_ADDRSTRLEN;
    CHECK(WSAAddressToStringW((LPSOCKADDR)&name, 16, NULL, wide, &room) == 0 && wcscmp(wide, wide_address) == 0);
    CHECK(room == 12);
}

int main(int argc, char **argv) {
    (void)argv;
    texts();
    start(0x0202);
    names_of_the_machine();
    what_many_programs_do();
    lists_of_the_machine();
    names_of_sockets();
    if (argc > 1) {
        names_of_the_scenario();
        lists_of_the_scenario();
    }
    WSACleanup();
    return 0;
}
