/*
 * What only Winsock 2 has, between two sockets of this program. It says where something was otherwise, and ends with the number of such
 * places.
 */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <mstcpip.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int wrong;

#define CHECK(condition)                                                                              \
    do {                                                                                              \
        if (!(condition)) {                                                                           \
            fprintf(stderr, "line %d: %s (last error %d)\n", __LINE__, #condition, WSAGetLastError()); \
            wrong++;                                                                                  \
        }                                                                                             \
    } while (0)

#define FAILS(call, code)                                    \
    do {                                                     \
        WSASetLastError(0);                                  \
        CHECK((call) == SOCKET_ERROR);                       \
        CHECK(WSAGetLastError() == (code));                  \
    } while (0)

/* Memory that is not there. */
#define NOWHERE ((char *)(uintptr_t)16)

static WSABUF buffer(char *octets, ULONG len)
{
    WSABUF made;
    made.len = len;
    made.buf = octets;
    return made;
}

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in name;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static SOCKET bound(int type)
{
    struct sockaddr_in name = loopback();
    SOCKET s = WSASocketA(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
    CHECK(s != INVALID_SOCKET);
    CHECK(bind(s, (struct sockaddr *)&name, sizeof name) == 0);
    return s;
}

static struct sockaddr_in name_of(SOCKET s)
{
    struct sockaddr_in name;
    int len = sizeof name;
    CHECK(getsockname(s, (struct sockaddr *)&name, &len) == 0);
    return name;
}

/* What a socket is told within this time. */
static SHORT polled(SOCKET s, SHORT events, int millis)
{
    WSAPOLLFD entry;
    entry.fd = s;
    entry.events = events;
    entry.revents = 0x7777;
    CHECK(WSAPoll(&entry, 1, millis) == (entry.revents != 0));
    return entry.revents;
}

/* A connection of this program with itself. */
static void connection(SOCKET ends[2])
{
    SOCKET listener = bound(SOCK_STREAM);
    struct sockaddr_in name;
    CHECK(listen(listener, 1) == 0);
    name = name_of(listener);
    ends[0] = WSASocketW(FROM_PROTOCOL_INFO, SOCK_STREAM, IPPROTO_TCP, NULL, 0, 0);
    CHECK(ends[0] == INVALID_SOCKET);
    ends[0] = WSASocketW(AF_INET, SOCK_STREAM, IPPROTO_TCP, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    CHECK(WSAConnect(ends[0], (struct sockaddr *)&name, sizeof name, NULL, NULL, NULL, NULL) == 0);
    CHECK(polled(listener, POLLRDNORM, 5000) == POLLRDNORM);
    ends[1] = accept(listener, NULL, NULL);
    CHECK(ends[1] != INVALID_SOCKET);
    CHECK(closesocket(listener) == 0);
}

/* What the next condition answers, and how often one was asked. */
static int answer, asked;

static int CALLBACK condition(LPWSABUF caller, LPWSABUF caller_data, LPQOS sqos, LPQOS gqos, LPWSABUF callee, LPWSABUF callee_data,
                              GROUP *group, DWORD_PTR data)
{
    struct sockaddr_in peer;
    (void)sqos, (void)gqos, (void)group;
    CHECK(caller->len == sizeof peer && callee->len == sizeof peer && caller_data == NULL && callee_data == NULL);
    memcpy(&peer, caller->buf, sizeof peer);
    CHECK(peer.sin_family == AF_INET && peer.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    FAILS(closesocket((SOCKET)data), WSAEINPROGRESS);
    asked++;
    return answer;
}

static void conditions(void)
{
    SOCKET listener = bound(SOCK_STREAM), s = socket(AF_INET, SOCK_STREAM, 0), taken;
    struct sockaddr_in name = name_of(listener), peer;
    int len = sizeof peer;
    CHECK(listen(listener, 2) == 0);
    CHECK(connect(s, (struct sockaddr *)&name, sizeof name) == 0);
    answer = CF_DEFER;
    CHECK(WSAAccept(listener, NULL, NULL, condition, (DWORD_PTR)listener) == INVALID_SOCKET);
    CHECK(WSAGetLastError() == WSATRY_AGAIN);
    CHECK(polled(listener, POLLRDNORM, 5000) == POLLRDNORM);
    answer = CF_ACCEPT;
    taken = WSAAccept(listener, (struct sockaddr *)&peer, &len, condition, (DWORD_PTR)listener);
    CHECK(taken != INVALID_SOCKET && asked == 2 && peer.sin_port == name_of(s).sin_port);
    CHECK(closesocket(s) == 0 && closesocket(taken) == 0);
    s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(s, (struct sockaddr *)&name, sizeof name) == 0);
    answer = CF_REJECT;
    CHECK(WSAAccept(listener, NULL, NULL, condition, (DWORD_PTR)listener) == INVALID_SOCKET);
    CHECK(WSAGetLastError() == WSAECONNREFUSED && asked == 3);
    CHECK(closesocket(s) == 0 && closesocket(listener) == 0);
}

static void streams(void)
{
    char one[] = "scat", two[] = "ter", into[4], rest[8];
    WSABUF out[3], in[2];
    DWORD count = 77, flags = 0;
    SOCKET ends[2];
    connection(ends);
    CHECK(polled(ends[0], POLLIN | POLLOUT, 0) == POLLOUT);
    out[0] = buffer(one, 4);
    out[1] = buffer(NULL, 0);
    out[2] = buffer(two, 3);
    CHECK(WSASend(ends[0], out, 3, &count, 0, NULL, NULL) == 0 && count == 7);
    CHECK(polled(ends[1], POLLIN, 5000) == POLLRDNORM);
    in[0] = buffer(into, 4);
    in[1] = buffer(rest, 8);
    CHECK(WSARecv(ends[1], in, 2, &count, &flags, NULL, NULL) == 0 && count == 7 && flags == 0);
    CHECK(memcmp(into, "scat", 4) == 0 && memcmp(rest, "ter", 3) == 0);
    CHECK(WSASendDisconnect(ends[0], NULL) == 0);
    CHECK(polled(ends[1], POLLIN, 5000) == (POLLRDNORM | POLLHUP));
    CHECK(WSARecv(ends[1], in, 2, &count, &flags, NULL, NULL) == 0 && count == 0);
    FAILS(WSASend(ends[0], out, 3, &count, 0, NULL, NULL), WSAESHUTDOWN);
    CHECK(closesocket(ends[0]) == 0 && closesocket(ends[1]) == 0);
    FAILS(WSASend(ends[0], out, 3, &count, 0, NULL, NULL), WSAENOTSOCK);
}

static void datagrams(void)
{
    char one[] = "one ", two[] = "datagram", into[4];
    WSABUF out[2], in[1];
    DWORD count = 77, flags = 0;
    SOCKET a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
    struct sockaddr_in to = name_of(b), from;
    INT fromlen = sizeof from;
    int ex_flags = 0;
    out[0] = buffer(one, 4);
    out[1] = buffer(two, 8);
    CHECK(WSASendTo(a, out, 2, &count, 0, (struct sockaddr *)&to, sizeof to, NULL, NULL) == 0 && count == 12);
    CHECK(polled(b, POLLIN, 5000) == POLLRDNORM);
    in[0] = buffer(into, 4);
    FAILS(WSARecvFrom(b, in, 1, &count, &flags, (struct sockaddr *)&from, &fromlen, NULL, NULL), WSAEMSGSIZE);
    CHECK(count == 4 && flags == MSG_PARTIAL && memcmp(into, "one ", 4) == 0);
    CHECK(fromlen == sizeof from && from.sin_port == name_of(a).sin_port);
    CHECK(WSAConnect(a, (struct sockaddr *)&to, sizeof to, NULL, NULL, NULL, NULL) == 0);
    CHECK(WSASend(a, out, 1, &count, 0, NULL, NULL) == 0 && count == 4);
    CHECK(polled(b, POLLIN, 5000) == POLLRDNORM);
    CHECK(WSARecvEx(b, into, 4, &ex_flags) == 4 && ex_flags == 0);
    CHECK(closesocket(a) == 0 && closesocket(b) == 0);
}

/* Nothing is sent from, and nothing is received into, memory that is not there. */
static void wild(void)
{
    char octets[] = "good";
    WSABUF out[2], in[1];
    DWORD count = 77, flags = 0;
    WSAOVERLAPPED overlapped;
    SOCKET a = bound(SOCK_DGRAM), b = bound(SOCK_DGRAM);
    struct sockaddr_in to = name_of(b);
    memset(&overlapped, 0, sizeof overlapped);
    CHECK(connect(a, (struct sockaddr *)&to, sizeof to) == 0);
    out[0] = buffer(octets, 4);
    out[1] = buffer(NOWHERE, 4);
    in[0] = buffer(NOWHERE, 4);
    FAILS(WSASend(a, out, 2, &count, 0, NULL, NULL), WSAEFAULT);
    FAILS(WSASend(a, (LPWSABUF)(void *)NOWHERE, 2, &count, 0, NULL, NULL), WSAEFAULT);
    FAILS(WSASend(a, NULL, 2, &count, 0, NULL, NULL), WSAEFAULT);
    FAILS(WSASend(a, out, 1, NULL, 0, NULL, NULL), WSAEFAULT);
    FAILS(WSASend(a, out, 0xffffffffu, &count, 0, NULL, NULL), WSAEMSGSIZE);
    FAILS(WSASend(a, out, 0, &count, 0, NULL, NULL), WSAEINVAL);
    FAILS(WSASend(a, out, 1, &count, 0, &overlapped, NULL), WSAEOPNOTSUPP);
    CHECK(polled(b, POLLIN, 0) == 0);
    CHECK(send(a, octets, 4, 0) == 4);
    CHECK(polled(b, POLLIN, 5000) == POLLRDNORM);
    FAILS(WSARecv(b, in, 1, &count, &flags, NULL, NULL), WSAEFAULT);
    FAILS(WSARecv(b, out, 1, &count, NULL, NULL, NULL), WSAEFAULT);
    FAILS(WSARecv(b, out, 1, &count, (LPDWORD)(void *)NOWHERE, NULL, NULL), WSAEFAULT);
    FAILS(WSARecv(b, out, 1, &count, &flags, &overlapped, NULL), WSAEOPNOTSUPP);
    CHECK(WSARecv(b, out, 1, &count, &flags, NULL, NULL) == 0 && count == 4);
    FAILS(WSAPoll(NULL, 0, 0), WSAEINVAL);
    FAILS(WSAPoll(NULL, 1, 0), WSAEFAULT);
    FAILS(WSAPoll((LPWSAPOLLFD)(void *)NOWHERE, 1, 0), WSAEFAULT);
    FAILS(WSAPoll((LPWSAPOLLFD)(void *)NOWHERE, 0xffffffffu, 0), WSAENOBUFS);
    CHECK(polled(0x7777, POLLIN, 0) == POLLNVAL);
    CHECK(WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, (LPWSAPROTOCOL_INFOA)(void *)NOWHERE, 0, 0) ==
          INVALID_SOCKET);
    CHECK(WSAGetLastError() == WSAEFAULT);
    CHECK(closesocket(a) == 0 && closesocket(b) == 0);
}

static void more_of_connect(void)
{
    char data[] = "caller";
    WSABUF caller = buffer(data, 6), callee = buffer(data, 6);
    QOS qos;
    SOCKET listener = bound(SOCK_STREAM), s = socket(AF_INET, SOCK_STREAM, 0), d = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in name = name_of(listener);
    memset(&qos, 0, sizeof qos);
    CHECK(listen(listener, 1) == 0);
    qos.SendingFlowspec.ServiceType = SERVICETYPE_GUARANTEED;
    qos.ReceivingFlowspec.ServiceType = SERVICETYPE_BESTEFFORT;
    FAILS(WSAConnect(s, (struct sockaddr *)&name, sizeof name, &caller, NULL, NULL, NULL), WSAEPROTONOSUPPORT);
    FAILS(WSAConnect(s, (struct sockaddr *)&name, sizeof name, NULL, NULL, &qos, NULL), WSAEOPNOTSUPP);
    FAILS(WSAConnect(s, (struct sockaddr *)&name, sizeof name, NULL, NULL, (LPQOS)(void *)NOWHERE, NULL), WSAEFAULT);
    FAILS(WSAConnect(s, (struct sockaddr *)NOWHERE, sizeof name, NULL, NULL, NULL, NULL), WSAEFAULT);
    qos.SendingFlowspec.ServiceType = SERVICETYPE_BESTEFFORT;
    CHECK(WSAConnect(s, (struct sockaddr *)&name, sizeof name, NULL, &callee, &qos, NULL) == 0);
    CHECK(callee.len == 0);
    CHECK(WSAConnect(d, (struct sockaddr *)&name, sizeof name, &caller, NULL, NULL, NULL) == 0);
    CHECK(closesocket(s) == 0 && closesocket(d) == 0 && closesocket(listener) == 0);
}

static void requests(void)
{
    SOCKET s = socket(AF_INET, SOCK_STREAM, 0), d = bound(SOCK_DGRAM);
    struct sockaddr_in to = loopback(), own;
    struct tcp_keepalive probes;
    GUID of_connect_ex = WSAID_CONNECTEX;
    void *function = NULL;
    u_long on = 1, waits = 77;
    DWORD returned = 77, off = 0;
    int value = 0, len = sizeof value;
    CHECK(WSAIoctl(d, FIONBIO, &on, sizeof on, NULL, 0, &returned, NULL, NULL) == 0 && returned == 0);
    CHECK(WSAIoctl(d, FIONREAD, NULL, 0, &waits, sizeof waits, &returned, NULL, NULL) == 0);
    CHECK(waits == 0 && returned == sizeof waits);
    FAILS(WSAIoctl(d, FIONREAD, NULL, 0, &waits, 3, &returned, NULL, NULL), WSAEFAULT);
    FAILS(WSAIoctl(d, FIONREAD, NULL, 0, NOWHERE, sizeof waits, &returned, NULL, NULL), WSAEFAULT);
    FAILS(WSAIoctl(d, FIONREAD, NULL, 0, &waits, sizeof waits, NULL, NULL, NULL), WSAEFAULT);
    FAILS(WSAIoctl(d, 0x12345678, NULL, 0, &waits, sizeof waits, &returned, NULL, NULL), WSAEINVAL);
    CHECK(WSAIoctl(d, SIO_UDP_CONNRESET, &off, sizeof off, NULL, 0, &returned, NULL, NULL) == 0);
    probes.onoff = 1;
    probes.keepalivetime = 20000;
    probes.keepaliveinterval = 3000;
    CHECK(WSAIoctl(s, SIO_KEEPALIVE_VALS, &probes, sizeof probes, NULL, 0, &returned, NULL, NULL) == 0);
    CHECK(getsockopt(s, SOL_SOCKET, SO_KEEPALIVE, (char *)&value, &len) == 0 && value == 1);
    FAILS(WSAIoctl(s, SIO_GET_EXTENSION_FUNCTION_POINTER, &of_connect_ex, sizeof of_connect_ex, &function, sizeof function,
                   &returned, NULL, NULL),
          WSAEOPNOTSUPP);
    to.sin_port = htons(9);
    CHECK(WSAIoctl(d, SIO_ROUTING_INTERFACE_QUERY, &to, sizeof to, &own, sizeof own, &returned, NULL, NULL) == 0);
    CHECK(returned == sizeof own && own.sin_family == AF_INET && own.sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    CHECK(closesocket(s) == 0 && closesocket(d) == 0);
}

static void catalogue(void)
{
    WSAPROTOCOL_INFOA narrow[8];
    WSAPROTOCOL_INFOW wide[8];
    INT only_udp[] = {IPPROTO_UDP, 0};
    DWORD length = 0, i;
    SOCKET s;
    FAILS(WSAEnumProtocolsA(NULL, NULL, &length), WSAENOBUFS);
    CHECK(length == 4 * sizeof narrow[0]);
    CHECK(WSAEnumProtocolsA(NULL, narrow, &length) == 4);
    for (i = 0; i < 4; i++) {
        s = WSASocketA(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &narrow[i], 0, 0);
        CHECK(s != INVALID_SOCKET);
        closesocket(s);
    }
    CHECK(strcmp(narrow[0].szProtocol, "TCP/IP") == 0 && narrow[0].ProtocolChain.ChainLen == BASE_PROTOCOL);
    length = sizeof wide;
    CHECK(WSAEnumProtocolsW(only_udp, wide, &length) == 2);
    CHECK(wide[0].iProtocol == IPPROTO_UDP && wide[0].iSocketType == SOCK_DGRAM && wide[1].iAddressFamily == AF_INET6);
    CHECK(wide[1].szProtocol[0] == L'U' && wide[1].szProtocol[8] == 0);
    FAILS(WSAEnumProtocolsA(NULL, narrow, NULL), WSAEFAULT);
    s = socket(AF_INET, SOCK_STREAM, 0);
    FAILS(WSADuplicateSocketA(s, 1, narrow), WSAEOPNOTSUPP);
    CHECK(closesocket(s) == 0);
}

/* A set whose count is none that a set can have. */
static void sets(void)
{
    fd_set set;
    SOCKET s = socket(AF_INET, SOCK_DGRAM, 0);
    FD_ZERO(&set);
    FD_SET(s, &set);
    CHECK(FD_ISSET(s, &set) && __WSAFDIsSet(s, &set) && !__WSAFDIsSet(s + 4, &set));
    set.fd_count = 0xffffffffu;
    CHECK(!__WSAFDIsSet(s, &set));
    FAILS(select(0, &set, NULL, NULL, NULL), WSAEINVAL);
    CHECK(!__WSAFDIsSet(s, (fd_set *)(void *)NOWHERE) && !__WSAFDIsSet(s, NULL));
    CHECK(closesocket(s) == 0);
}

int main(void)
{
    WSADATA data;
    FAILS(WSASendDisconnect(4, NULL), WSANOTINITIALISED);
    CHECK(WSAStartup(MAKEWORD(2, 2), &data) == 0);
    streams();
    conditions();
    datagrams();
    wild();
    more_of_connect();
    requests();
    catalogue();
    sets();
    CHECK(WSACleanup() == 0);
    return wrong;
}
