/* What the programs have in common that are written for the cases: each call says what must come of it, and the first one that comes to
 * something else ends the program with its line. It is included behind a system's headers; PROGRAM_WINDOWS, PROGRAM_TARGETTCP or
 * PROGRAM_BS2000 tells which. */

#ifndef SYNSENT_PROGRAM_H
#define SYNSENT_PROGRAM_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outside.h"

#if defined(PROGRAM_WINDOWS)
typedef SOCKET case_socket;
typedef int case_length;
#define NO_SOCKET INVALID_SOCKET
#define LAST_ERROR WSAGetLastError()
static inline int set_nonblocking(SOCKET s, u_long on) { return ioctlsocket(s, FIONBIO, &on); }
#else
typedef int case_socket;
typedef socklen_t case_length;
#define NO_SOCKET (-1)
#define LAST_ERROR errno
#if defined(PROGRAM_TARGETTCP)
static inline int set_nonblocking(int s, int on) { return ioctlsocket(s, FIONBIO, &on); }
#else
static inline int set_nonblocking(int s, int on) { return ioctl(s, FIONBIO, &on); }
#endif
#endif

/* What a call must come to. */
#define works(call) value_is((call), 0, #call, __LINE__)
#define is(call, value) value_is((call), (value), #call, __LINE__)
#define fails(call, error) fails_with((call), (error), #call, #error, __LINE__)
#define opened(call) opened_socket((call), #call, __LINE__)
#define fails_to_open(call, error) fails_with((call) == NO_SOCKET ? -1 : 0, (error), #call, #error, __LINE__)

static const char *case_name = "";

static inline void not_held(int line, const char *call, const char *promised, long long value) {
    fprintf(stderr, "%s, line %d: %s: %s was promised, and it returned %lld; the last error is %d\n", case_name, line, call,
            promised, value, (int)LAST_ERROR);
    case_end();
    exit(1);
}

static inline void value_is(long long value, long long promised, const char *call, int line) {
    char text[32];
    snprintf(text, sizeof text, "%lld", promised);
    if (value != promised)
        not_held(line, call, text, value);
}

static inline void fails_with(long long value, int error, const char *call, const char *promised, int line) {
    if (value != -1 || LAST_ERROR != error)
        not_held(line, call, promised, value);
}

static inline case_socket opened_socket(case_socket s, const char *call, int line) {
    if (s == NO_SOCKET)
        not_held(line, call, "a socket", -1);
    return s;
}

/* Names. */
#define NAME(name) (struct sockaddr *)&(name), sizeof(name)
#define ADDRESS(name) (struct sockaddr *)&(name)
#define ROOM(name) (struct sockaddr *)&(name), room_of(sizeof(name))

static __thread unsigned char room[128];
static __thread char buffer[2048];

static inline case_length *room_of(size_t octets) {
    static __thread case_length length;
    length = (case_length)octets;
    return &length;
}

static inline struct sockaddr_in inet_name(const struct case_address *address) {
    struct sockaddr_in name;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((unsigned short)address->port);
    memcpy(&name.sin_addr, address->octets, 4);
    return name;
}

static inline struct sockaddr_in inet(const char *text, unsigned port) {
    struct case_address address;
    case_address_of(text, &address);
    address.port = port;
    return inet_name(&address);
}

static inline struct sockaddr_in with_port(struct sockaddr_in name, unsigned port) {
    name.sin_port = htons((unsigned short)port);
    return name;
}

static inline struct sockaddr_in with_address(struct sockaddr_in name, const char *text) {
    return inet(text, ntohs(name.sin_port));
}

static inline struct sockaddr_in arranged(const char *situation) {
    struct case_address peer;
    case_arrange(situation, &peer);
    return inet_name(&peer);
}

static inline struct sockaddr_in peer_of(const char *which) {
    struct case_address peer;
    case_peer(which, &peer);
    return inet_name(&peer);
}

#if defined(PROGRAM_INET6)
static inline struct sockaddr_in6 inet6_name(const struct case_address *address) {
    struct sockaddr_in6 name;
    memset(&name, 0, sizeof name);
    name.sin6_family = AF_INET6;
    name.sin6_port = htons((unsigned short)address->port);
    memcpy(&name.sin6_addr, address->octets, 16);
    return name;
}

static inline struct sockaddr_in6 inet6(const char *text, unsigned port) {
    struct case_address address;
    case_address_of(text, &address);
    address.port = port;
    return inet6_name(&address);
}

static inline struct sockaddr_in6 with_port6(struct sockaddr_in6 name, unsigned port) {
    name.sin6_port = htons((unsigned short)port);
    return name;
}

static inline struct sockaddr_in6 with_address6(struct sockaddr_in6 name, const char *text) {
    return inet6(text, ntohs(name.sin6_port));
}

static inline struct sockaddr_in6 arranged6(const char *situation) {
    struct case_address peer;
    case_arrange(situation, &peer);
    return inet6_name(&peer);
}
#endif

/* A name with more room behind it than it needs. */
static inline struct sockaddr *in_room(const void *name, size_t octets) {
    static union {
        struct sockaddr name;
        unsigned char octets[65536];
    } wide;
    memset(&wide, 0, sizeof wide);
    memcpy(&wide, name, octets);
    return &wide.name;
}

/* So many octets of a name, and behind them memory that is not there. */
static inline struct sockaddr *before_hole(const void *name, size_t octets, int there) {
    unsigned char all[4096];
    memset(all, 0, sizeof all);
    memcpy(all, name, octets);
    return (struct sockaddr *)case_before_hole(all, there);
}

/* The address of a name as the outside takes it. */
static inline struct case_address outside_of(const void *name) {
    struct case_address address;
    struct sockaddr_in inet;
    memset(&address, 0, sizeof address);
    memcpy(&inet, name, sizeof inet);
    address.port = ntohs(inet.sin_port);
    address.version = 4;
    memcpy(address.octets, &inet.sin_addr, 4);
#if defined(PROGRAM_INET6)
    if (inet.sin_family == AF_INET6) {
        struct sockaddr_in6 inet6;
        memcpy(&inet6, name, sizeof inet6);
        address.version = 6;
        memcpy(address.octets, &inet6.sin6_addr, 16);
    }
#endif
    return address;
}

#define relent(name) relent_to(&(name))

static inline void relent_to(const void *name) {
    struct case_address peer = outside_of(name);
    case_relent(&peer);
}

/* What getsockname() and getpeername() tell. */
#define own_name(s, name) works(getsockname((s), ROOM(name)))
#define peer_name(s, name) works(getpeername((s), ROOM(name)))
#define same(one, other) is_same(&(one), &(other), #one " and " #other, __LINE__)
#define at(name, text) is_at(&(name), (text), #name, __LINE__)
#define has_port(name, number) value_is(outside_of(&(name)).port, (number), "the port of " #name, __LINE__)
#define has_new_port(name) is_new_port(&(name), #name, __LINE__)

static inline void is_same(const void *one, const void *other, const char *what, int line) {
    struct case_address a = outside_of(one), b = outside_of(other);
    if (memcmp(&a, &b, sizeof a) != 0)
        not_held(line, what, "the same address", 0);
}

static inline void is_at(const void *name, const char *text, const char *what, int line) {
    struct case_address known, told = outside_of(name);
    case_address_of(text, &known);
    if (known.version != told.version || memcmp(known.octets, told.octets, sizeof told.octets) != 0)
        not_held(line, what, text, 0);
}

/* A port that the system chose, and no other socket of the program has. */
static inline void is_new_port(const void *name, const char *what, int line) {
    static unsigned known[64];
    static int count;
    unsigned port = outside_of(name).port;
    int place;
    for (place = 0; place < count; place++)
        if (known[place] == port)
            not_held(line, what, "a port of its own", port);
    if (port == 0 || count == 64)
        not_held(line, what, "a port", port);
    known[count++] = port;
}

#if defined(PROGRAM_BS2000)
/* Names of the local domain. */
#define LOCAL(name) (struct sockaddr *)&(name).as, (name).length

struct path {
    char text[8192];
};

struct local_name {
    union {
        struct sockaddr_un name;
        char octets[8192];
    } as;
    socklen_t length;
};

static inline struct path arranged_path(const char *situation) {
    struct path path;
    memset(&path, 0, sizeof path);
    case_arrange_local(situation, path.text, sizeof path.text);
    return path;
}

static inline struct path joined(struct path path, const char *more) {
    strncat(path.text, more, sizeof path.text - strlen(path.text) - 1);
    return path;
}

/* The path with this behind it again and again, until it has so many octets; the last one is no end of a component. */
static inline struct path filled(struct path path, const char *filling, size_t octets) {
    while (strlen(path.text) < octets)
        path = joined(path, filling);
    path.text[octets] = 0;
    path.text[octets - 1] = 'x';
    return path;
}

/* The path with this before its last component. */
static inline struct path by_way_of(struct path path, const char *way) {
    struct path longer = path;
    char *last = strrchr(longer.text, '/');
    *last = 0;
    longer = joined(longer, way);
    return joined(longer, strrchr(path.text, '/'));
}

static inline struct local_name named(struct path path) {
    struct local_name name;
    memset(&name, 0, sizeof name);
    name.as.name.sun_family = AF_UNIX;
    memcpy(name.as.octets + offsetof(struct sockaddr_un, sun_path), path.text, strlen(path.text));
    name.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path.text) + 1);
    return name;
}
#endif

/* Octets. */
#define hears(s, octets, count) heard((int)recv((s), buffer, sizeof buffer, 0), (octets), (count), "recv(" #s ")", __LINE__)
#define hears_from(s, octets, count)                                                                                               \
    heard((int)recvfrom((s), buffer, sizeof buffer, 0, NULL, NULL), (octets), (count), "recvfrom(" #s ")", __LINE__)
#define peer_hears(which, octets, count)                                                                                           \
    heard(case_peer_heard((which), buffer, sizeof buffer), (octets), (count), "the peer " which, __LINE__)
#define peer_sends(which, name, octets, count) peer_sends_to((which), &(name), (octets), (count))

static inline void heard(int came, const char *octets, int count, const char *what, int line) {
    if (came != count || memcmp(buffer, octets, (size_t)count) != 0)
        not_held(line, what, octets, came);
}

static inline void peer_sends_to(const char *which, const void *name, const char *octets, int count) {
    struct case_address to = outside_of(name);
    case_peer_sends(which, &to, octets, count);
}

/* Sets: in which of these a socket is after a select() of so many milliseconds; no limit where they are negative. */
enum { READ_SET = 1, WRITE_SET = 2, EXCEPT_SET = 4 };

static inline int ready(case_socket s, int sets, long milliseconds) {
    fd_set read, write, except;
    struct timeval limit;
    int count;
#if defined(PROGRAM_BS2000)
    if (s < 0 || s >= FD_SETSIZE)
        s = FD_SETSIZE - 1;
#endif
    FD_ZERO(&read);
    FD_ZERO(&write);
    FD_ZERO(&except);
    if (sets & READ_SET)
        FD_SET(s, &read);
    if (sets & WRITE_SET)
        FD_SET(s, &write);
    if (sets & EXCEPT_SET)
        FD_SET(s, &except);
    limit.tv_sec = milliseconds / 1000;
    limit.tv_usec = milliseconds % 1000 * 1000;
    count = select((int)s + 1, sets & READ_SET ? &read : NULL, sets & WRITE_SET ? &write : NULL,
                   sets & EXCEPT_SET ? &except : NULL, milliseconds < 0 ? NULL : &limit);
    if (count < 0)
        return count;
    return (sets & READ_SET && FD_ISSET(s, &read) ? READ_SET : 0) | (sets & WRITE_SET && FD_ISSET(s, &write) ? WRITE_SET : 0) |
           (sets & EXCEPT_SET && FD_ISSET(s, &except) ? EXCEPT_SET : 0);
}

/* Options. */
static inline int set_option(case_socket s, int option, int value) {
    return setsockopt(s, SOL_SOCKET, option, (const char *)&value, sizeof value);
}

static inline int socket_error(case_socket s) {
    int value = 0;
    case_length length = sizeof value;
    int told = getsockopt(s, SOL_SOCKET, SO_ERROR, (char *)&value, &length);
    return told == 0 ? value : told;
}

/* Threads. */
#define THREADS_MAX 16

struct many_calls {
    void (*calls)(void);
    int rounds;
};

static inline void *call_many(void *argument) {
    const struct many_calls *many = (const struct many_calls *)argument;
    for (int round = 0; round < many->rounds; round++)
        many->calls();
    return NULL;
}

/* So many threads make these calls at the same time, each of them so many times. */
static inline void in_threads(int count, int rounds, void (*calls)(void)) {
    struct many_calls many = {calls, rounds};
    pthread_t threads[THREADS_MAX];
    for (int at = 0; at < count; at++)
        pthread_create(&threads[at], NULL, call_many, &many);
    for (int at = 0; at < count; at++)
        pthread_join(threads[at], NULL);
}

struct one_connect {
    case_socket s;
    struct sockaddr *name;
    case_length length;
    int value;
    int error;
};

static inline void *connect_one(void *argument) {
    struct one_connect *one = (struct one_connect *)argument;
    one->value = connect(one->s, one->name, one->length);
    one->error = (int)LAST_ERROR;
    return NULL;
}

/* So many threads connect a socket at the same time: one of them makes the connection, and the others are told one of these errors. */
static inline void one_of_many(int count, case_socket s, struct sockaddr *name, size_t length, const int *errors, int error_count) {
    struct one_connect all[THREADS_MAX];
    pthread_t threads[THREADS_MAX];
    int made = 0;
    for (int at = 0; at < count; at++) {
        struct one_connect one = {s, name, (case_length)length, 0, 0};
        all[at] = one;
        pthread_create(&threads[at], NULL, connect_one, &all[at]);
    }
    for (int at = 0; at < count; at++) {
        int known = 0;
        pthread_join(threads[at], NULL);
        for (int place = 0; place < error_count; place++)
            known |= all[at].error == errors[place];
        if (all[at].value == 0)
            made++;
        else if (all[at].value != -1 || !known)
            not_held(__LINE__, "connect from many threads", "another error", all[at].error);
    }
    value_is(made, 1, "connections that were made", __LINE__);
}

static inline void *fail_elsewhere(void *argument) {
    int *errors = (int *)argument;
    errors[0] = (int)LAST_ERROR;
    connect(NO_SOCKET, NULL, 0);
    errors[1] = (int)LAST_ERROR;
    return NULL;
}

/* Another thread has no error of this one, and after a connect that fails one of its own, which this one does not see. */
static inline void another_thread_has_an_error_of_its_own(void) {
    int own = (int)LAST_ERROR, errors[2];
    pthread_t thread;
    pthread_create(&thread, NULL, fail_elsewhere, errors);
    pthread_join(thread, NULL);
    if (errors[0] == own || errors[1] == own)
        not_held(__LINE__, "the last error of another thread", "one of its own", errors[1]);
    value_is((int)LAST_ERROR, own, "the last error of this thread", __LINE__);
}

/* The wire and the clock since the last case_mark(). */
#define nothing_left() value_is(case_packets(), 0, "packets that left", __LINE__)
#define wire_shows(words) value_is(case_wire_shows(words), 1, "the wire shows " words, __LINE__)
#define took_less(milliseconds)                                                                                                    \
    value_is(case_microseconds() < (milliseconds) * 1000LL, 1, "it took less than " #milliseconds " ms", __LINE__)
#define took_more(milliseconds)                                                                                                    \
    value_is(case_microseconds() > (milliseconds) * 1000LL, 1, "it took more than " #milliseconds " ms", __LINE__)

/* The cases: one for each place where it can be brought about. */
struct program_case {
    const char *name;
    void (*lab)(void);
    void (*kernel)(void);
};

/* Runs the case that the arguments name, `PLACE NUMBER`. */
static inline int program_main(const struct program_case *cases, int count, int argc, char **argv) {
    int number = argc == 3 ? atoi(argv[2]) : -1;
    void (*run)(void);
    if (number < 0 || number >= count) {
        fprintf(stderr, "the arguments are a place and the number of a case\n");
        return 2;
    }
    run = strcmp(argv[1], "lab") == 0 ? cases[number].lab : cases[number].kernel;
    if (run == NULL) {
        fprintf(stderr, "%s: there is no program for this place\n", cases[number].name);
        return 77;
    }
    case_name = cases[number].name;
    case_begin(argv[1]);
    run();
    case_end();
    return 0;
}

#endif
