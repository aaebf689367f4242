/* The functions of Windows Sockets 1.1, or with -DVERSION_2 those of Winsock 2, as a program calls them that includes their headers. */

#ifdef VERSION_2
#include <winsock2.h>
#include <ws2tcpip.h>
#define SYSTEM "winsock2"
#else
#include <winsock.h>
#define SYSTEM "winsock1"
/* The header of that time has IPv4 alone; a case asks for a family that is not there. */
#define AF_INET6 23
#endif

#include "cases.h"

static SOCKET socket_of(case_handle s) { return (SOCKET)s; }

static case_handle handle_of(SOCKET s) { return s == INVALID_SOCKET ? -1 : (case_handle)s; }

static int start(unsigned version, unsigned *sockets_max) {
    WSADATA data;
    int error = WSAStartup((WORD)version, &data);
    *sockets_max = error == 0 ? data.iMaxSockets : 0;
    return error;
}

static int end(void) { return WSACleanup(); }

static int last_error(void) { return WSAGetLastError(); }

static case_handle open_socket(int family, int is_stream, int protocol) {
    return handle_of(socket(family, is_stream ? SOCK_STREAM : SOCK_DGRAM, protocol));
}

static int bind_socket(case_handle s, const void *name, int len) {
    return bind(socket_of(s), (const struct sockaddr *)name, len);
}

static int connect_socket(case_handle s, const void *name, int len) {
    return connect(socket_of(s), (const struct sockaddr *)name, len);
}

static int listen_socket(case_handle s, int backlog) { return listen(socket_of(s), backlog); }

static case_handle accept_socket(case_handle s) { return handle_of(accept(socket_of(s), NULL, NULL)); }

static int send_octets(case_handle s, const void *octets, int len) {
    return send(socket_of(s), (const char *)octets, len, 0);
}

static int send_to(case_handle s, const void *octets, int len, const void *name, int name_len) {
    return sendto(socket_of(s), (const char *)octets, len, 0, (const struct sockaddr *)name, name_len);
}

static int receive(case_handle s, void *octets, int len) { return recv(socket_of(s), (char *)octets, len, 0); }

static int receive_from(case_handle s, void *octets, int len) {
    return recvfrom(socket_of(s), (char *)octets, len, 0, NULL, NULL);
}

static int select_sets(struct case_set *sets, long long microseconds) {
    fd_set selected[3];
    fd_set *given[3];
    struct timeval limit;
    int set, at, count;
    for (set = 0; set < 3; set++) {
        FD_ZERO(&selected[set]);
        for (at = 0; at < sets[set].count; at++)
            FD_SET(socket_of(sets[set].handles[at]), &selected[set]);
        given[set] = sets[set].count > 0 ? &selected[set] : NULL;
    }
    limit.tv_sec = (long)(microseconds / 1000000);
    limit.tv_usec = (long)(microseconds % 1000000);
    count = select(0, given[0], given[1], given[2], microseconds < 0 ? NULL : &limit);
    for (set = 0; set < 3; set++) {
        int kept = 0;
        for (at = 0; at < sets[set].count; at++)
            if (FD_ISSET(socket_of(sets[set].handles[at]), &selected[set]))
                sets[set].handles[kept++] = sets[set].handles[at];
        sets[set].count = kept;
    }
    return count;
}

static int shut_down(case_handle s, int how) { return shutdown(socket_of(s), how); }

static int close_socket(case_handle s) { return closesocket(socket_of(s)); }

static int own_name(case_handle s, void *name, int *len) {
    return getsockname(socket_of(s), (struct sockaddr *)name, len);
}

static int peer_name(case_handle s, void *name, int *len) {
    return getpeername(socket_of(s), (struct sockaddr *)name, len);
}

static int set_nonblocking(case_handle s, int on) {
    u_long value = (u_long)on;
    return ioctlsocket(socket_of(s), FIONBIO, &value);
}

static int set_option(case_handle s, int option, BOOL value) {
    return setsockopt(socket_of(s), SOL_SOCKET, option, (const char *)&value, sizeof value);
}

static int set_broadcast(case_handle s, int on) { return set_option(s, SO_BROADCAST, on); }

static int set_reuse(case_handle s, int on) { return set_option(s, SO_REUSEADDR, on); }

static int socket_error(case_handle s) {
    int value = 0, len = sizeof value;
    int told = getsockopt(socket_of(s), SOL_SOCKET, SO_ERROR, (char *)&value, &len);
    return told == 0 ? value : told;
}

#include "table.h"
