/* The functions of TargetTCP, or with -DBS2000 those of BS2000 SOCKETS(POSIX), as a program calls them that includes their headers. */

#ifdef BS2000
#include <errno.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#define SYSTEM "bs2000"
#else
#include <sockets.h>
#define SYSTEM "targettcp"
#define ioctl ioctlsocket
#define close closesocket
#endif

#include <string.h>

#include "cases.h"

static int start(unsigned version, unsigned *sockets_max) {
    (void)version;
    *sockets_max = 0;
#ifdef BS2000
    return 0;
#else
    return target_tcp_init();
#endif
}

static int end(void) { return 0; }

static int last_error(void) { return errno; }

/* What does not fit into an int is no descriptor. */
static int socket_of(case_handle s) { return s == (int)s ? (int)s : -1; }

static case_handle open_socket(int family, int is_stream, int protocol) {
    return socket(family, is_stream ? SOCK_STREAM : SOCK_DGRAM, protocol);
}

static int bind_socket(case_handle s, const void *name, int len) {
    return bind(socket_of(s), (struct sockaddr *)name, len);
}

static int connect_socket(case_handle s, const void *name, int len) {
    return connect(socket_of(s), (struct sockaddr *)name, len);
}

static int listen_socket(case_handle s, int backlog) { return listen(socket_of(s), backlog); }

static case_handle accept_socket(case_handle s) { return accept(socket_of(s), NULL, NULL); }

static int send_octets(case_handle s, const void *octets, int len) {
    return (int)send(socket_of(s), octets, len, 0);
}

static int send_to(case_handle s, const void *octets, int len, const void *name, int name_len) {
    return (int)sendto(socket_of(s), octets, len, 0, (struct sockaddr *)name, name_len);
}

static int receive(case_handle s, void *octets, int len) { return (int)recv(socket_of(s), octets, len, 0); }

static int receive_from(case_handle s, void *octets, int len) {
    return (int)recvfrom(socket_of(s), octets, len, 0, NULL, NULL);
}

/* What a set has no place for is no descriptor of this process either. A set of TargetTCP is a list and takes all. */
static int fits(int s) {
#ifdef BS2000
    return s >= 0 && s < FD_SETSIZE;
#else
    (void)s;
    return 1;
#endif
}

static int select_sets(struct case_set *sets, long long microseconds) {
    fd_set selected[3];
    struct timeval limit;
    int set, at, count, above = 0;
    for (set = 0; set < 3; set++) {
        FD_ZERO(&selected[set]);
        for (at = 0; at < sets[set].count; at++) {
            int s = socket_of(sets[set].handles[at]);
            if (!fits(s))
                s = FD_SETSIZE - 1;
            FD_SET(s, &selected[set]);
            above = s >= above ? s + 1 : above;
        }
    }
    limit.tv_sec = microseconds / 1000000;
    limit.tv_usec = microseconds % 1000000;
    count = select(above, &selected[0], &selected[1], &selected[2], microseconds < 0 ? NULL : &limit);
    for (set = 0; set < 3; set++) {
        int kept = 0;
        for (at = 0; at < sets[set].count; at++) {
            int s = socket_of(sets[set].handles[at]);
            if (fits(s) && FD_ISSET(s, &selected[set]))
                sets[set].handles[kept++] = s;
        }
        sets[set].count = kept;
    }
    return count;
}

static int shut_down(case_handle s, int how) { return shutdown(socket_of(s), how); }

static int close_socket(case_handle s) { return close(socket_of(s)); }

static int own_name(case_handle s, void *name, int *len) {
    socklen_t room = (socklen_t)*len;
    int told = getsockname(socket_of(s), (struct sockaddr *)name, &room);
    *len = (int)room;
    return told;
}

static int peer_name(case_handle s, void *name, int *len) {
    socklen_t room = (socklen_t)*len;
    int told = getpeername(socket_of(s), (struct sockaddr *)name, &room);
    *len = (int)room;
    return told;
}

static int set_nonblocking(case_handle s, int on) { return ioctl(socket_of(s), FIONBIO, &on); }

static int set_option(case_handle s, int option, int value) {
    return setsockopt(socket_of(s), SOL_SOCKET, option, &value, sizeof value);
}

static int set_broadcast(case_handle s, int on) { return set_option(s, SO_BROADCAST, on); }

static int set_reuse(case_handle s, int on) { return set_option(s, SO_REUSEADDR, on); }

static int socket_error(case_handle s) {
    int value = 0;
    socklen_t len = sizeof value;
    int told = getsockopt(socket_of(s), SOL_SOCKET, SO_ERROR, &value, &len);
    return told == 0 ? value : told;
}

#include "table.h"
