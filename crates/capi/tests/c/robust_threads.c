/* Threads that wait while others close, exit, fork no more, or are interrupted. Each case is an argument. */

#include "robust.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/time.h>

#define ROUNDS 1500
#define STORM_OCTETS (4 * 1024 * 1024)
#define WAITERS 6

static unsigned random_state = 1;

static unsigned below(unsigned end) {
    random_state = random_state * 1103515245 + 12345;
    return random_state / 65536 % end;
}

enum how { RECEIVES, RECEIVES_FROM, ACCEPTS, SELECTS, CONNECTS };

struct wait {
    enum how how;
    SOCKET s;
    struct sockaddr_in peer;
    int result, error;
};

static void *waits(void *argument) {
    struct wait *wait = argument;
    char octets[16];
    struct set read = {1, {wait->s}};
    switch (wait->how) {
    case RECEIVES:
        wait->result = win_recv(wait->s, octets, sizeof octets, 0);
        break;
    case RECEIVES_FROM:
        wait->result = win_recvfrom(wait->s, octets, sizeof octets, 0, NULL, NULL);
        break;
    case ACCEPTS:
        wait->result = win_accept(wait->s, NULL, NULL) == INVALID_SOCKET ? SOCKET_ERROR : 0;
        break;
    case SELECTS:
        wait->result = win_select(0, &read, NULL, NULL, NULL);
        break;
    case CONNECTS:
        wait->result = win_connect(wait->s, &wait->peer, sizeof wait->peer);
        break;
    }
    wait->error = WSAGetLastError();
    return NULL;
}

/* One thread waits, and another closes what it waits for: it is told so, whether it waited already or was about to. */
static void close_under(enum how how, SOCKET s, const struct sockaddr_in *peer) {
    struct wait wait = {how, s, {0}, 0, 0};
    pthread_t thread;
    if (peer != NULL) {
        wait.peer = *peer;
    }
    CHECK(pthread_create(&thread, NULL, waits, &wait) == 0);
    for (unsigned i = below(200); i > 0; i--) {
        sched_yield();
    }
    CHECK(win_closesocket(s) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(wait.result == SOCKET_ERROR);
    CHECK(wait.error == WSAEINTR || wait.error == WSAENOTSOCK);
}

static void others_close(void) {
    for (int i = 0; i < ROUNDS; i++) {
        SOCKET ends[2];
        struct sockaddr_in name = loopback(0);
        connection(ends);
        close_under(i % 2 ? RECEIVES : SELECTS, ends[0], NULL);
        CHECK(win_closesocket(ends[1]) == 0);
        close_under(ACCEPTS, listener(&name), NULL);
        SOCKET datagrams = win_socket(AF_INET, SOCK_DGRAM, 0);
        name = loopback(0);
        CHECK(win_bind(datagrams, &name, sizeof name) == 0);
        close_under(RECEIVES_FROM, datagrams, NULL);
    }
}

/* A listener whose places are all taken answers nobody any more. */
static void others_close_while_one_connects(void) {
    struct sockaddr_in name;
    unsigned nonblocking = 1;
    SOCKET busy = win_socket(AF_INET, SOCK_STREAM, 0);
    int len = sizeof name;
    name = loopback(0);
    CHECK(win_bind(busy, &name, sizeof name) == 0 && win_listen(busy, 1) == 0);
    CHECK(win_getsockname(busy, &name, &len) == 0);
    for (int i = 0; i < 8; i++) {
        SOCKET s = win_socket(AF_INET, SOCK_STREAM, 0);
        CHECK(win_ioctlsocket(s, (int)FIONBIO, &nonblocking) == 0);
        CHECK(win_connect(s, &name, sizeof name) == SOCKET_ERROR);
    }
    for (int i = 0; i < 50; i++) {
        close_under(CONNECTS, win_socket(AF_INET, SOCK_STREAM, 0), &name);
    }
}

/* Whoever gets the handle next is not served by those who waited on the one before. */
static void a_handle_is_not_mistaken_for_the_next(void) {
    for (int i = 0; i < ROUNDS; i++) {
        SOCKET ends[2], more[2];
        struct wait wait = {RECEIVES, 0, {0}, 0, 0};
        pthread_t thread;
        connection(ends);
        wait.s = ends[0];
        CHECK(pthread_create(&thread, NULL, waits, &wait) == 0);
        for (unsigned j = below(100); j > 0; j--) {
            sched_yield();
        }
        CHECK(win_closesocket(ends[0]) == 0);
        connection(more);
        send_text(more[1], "for the new one");
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(wait.result == SOCKET_ERROR);
        expect_text(more[0], "for the new one");
        CHECK(win_closesocket(ends[1]) == 0 && win_closesocket(more[0]) == 0 && win_closesocket(more[1]) == 0);
    }
}

/* The process ends while threads wait in every way. */
static void exits_while_others_wait(void) {
    static struct wait all[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        SOCKET ends[2];
        struct sockaddr_in name;
        pthread_t thread;
        connection(ends);
        all[i].how = i % 3 == 0 ? RECEIVES : i % 3 == 1 ? ACCEPTS : SELECTS;
        all[i].s = all[i].how == ACCEPTS ? listener(&name) : ends[0];
        CHECK(pthread_create(&thread, NULL, waits, &all[i]) == 0);
        sched_yield();
    }
    exit(0);
}

static void whole_life(void *unused) {
    (void)unused;
    SOCKET ends[2];
    struct time_limit at_once = {0, 1000};
    connection(ends);
    struct set read = {1, {ends[0]}};
    CHECK(win_select(0, &read, NULL, NULL, &at_once) == 0);
    send_text(ends[0], "x");
    expect_text(ends[1], "x");
    CHECK(win_recv(ends[0], NULL, 1, 0) == SOCKET_ERROR && WSAGetLastError() == WSAEFAULT);
    CHECK(win_closesocket(ends[0]) == 0 && win_closesocket(ends[1]) == 0);
}

static void at_the_end(void) {
    whole_life(NULL);
}

static void *ends_with_a_value(void *key) {
    whole_life(NULL);
    CHECK(pthread_setspecific(*(pthread_key_t *)key, key) == 0);
    return NULL;
}

/* Calls from the destructor of a thread's value and after main: what the library keeps for the thread is gone by then. */
static void calls_at_the_very_end(void) {
    static pthread_key_t key;
    pthread_t thread;
    CHECK(pthread_key_create(&key, whole_life) == 0);
    CHECK(pthread_create(&thread, NULL, ends_with_a_value, &key) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(atexit(at_the_end) == 0);
    whole_life(NULL);
}

static volatile sig_atomic_t signals;

static void came(int number) {
    (void)number;
    signals++;
}

static void handle(int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = came;
    action.sa_flags = flags;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
}

/* Sends signals until the thread has come back, or has not for so many of them. */
static void interrupt(struct wait *wait, int times) {
    pthread_t thread;
    const struct timespec pause = {0, 2 * 1000 * 1000};
    CHECK(pthread_create(&thread, NULL, waits, wait) == 0);
    for (int i = 0; i < times; i++) {
        nanosleep(&pause, NULL);
        if (pthread_tryjoin_np(thread, NULL) == 0) {
            return;
        }
        CHECK(pthread_kill(thread, SIGUSR1) == 0);
    }
    CHECK(times < 1000);
    /* It waits still. */
    CHECK(signals > 0);
    CHECK(win_closesocket(wait->s) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(wait->result == SOCKET_ERROR);
}

static void signals_end_calls(void) {
    SOCKET ends[2];
    struct sockaddr_in name;
    int millis = 3600 * 1000;
    connection(ends);
    struct wait receives = {RECEIVES, ends[0], {0}, 0, 0}, selects = {SELECTS, ends[0], {0}, 0, 0},
                accepts = {ACCEPTS, listener(&name), {0}, 0, 0};
    handle(0);
    interrupt(&receives, 1000);
    CHECK(receives.result == SOCKET_ERROR && receives.error == WSAEINTR);
    interrupt(&accepts, 1000);
    CHECK(accepts.result == SOCKET_ERROR && accepts.error == WSAEINTR);
    interrupt(&selects, 1000);
    CHECK(selects.result == SOCKET_ERROR && selects.error == WSAEINTR);
    /* Where the handler asks for it the calls go on, but not those with a limit of time, and select never. */
    handle(SA_RESTART);
    interrupt(&selects, 1000);
    CHECK(selects.result == SOCKET_ERROR && selects.error == WSAEINTR);
    CHECK(win_setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &millis, sizeof millis) == 0);
    interrupt(&receives, 1000);
    CHECK(receives.result == SOCKET_ERROR && receives.error == WSAEINTR);
    millis = 0;
    CHECK(win_setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &millis, sizeof millis) == 0);
    interrupt(&receives, 20);
    CHECK(receives.error == WSAEINTR || receives.error == WSAENOTSOCK);
    interrupt(&accepts, 20);
}

static unsigned char octet_at(unsigned place) {
    return (unsigned char)(place * 2654435761u >> 24);
}

static void *sends_all(void *argument) {
    SOCKET s = *(SOCKET *)argument;
    static unsigned char octets[STORM_OCTETS];
    for (unsigned i = 0; i < STORM_OCTETS; i++) {
        octets[i] = octet_at(i);
    }
    for (unsigned sent = 0; sent < STORM_OCTETS;) {
        unsigned left = STORM_OCTETS - sent;
        int more = win_send(s, octets + sent, (int)(left < 70000 ? left : 70000), 0);
        CHECK(more > 0 || WSAGetLastError() == WSAEINTR);
        sent += more > 0 ? (unsigned)more : 0;
    }
    return NULL;
}

/* Signals come all the time, and nothing is lost or doubled. */
static void storm(int flags) {
    SOCKET ends[2];
    pthread_t sender;
    unsigned char octets[30000];
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    connection(ends);
    handle(flags);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    CHECK(pthread_create(&sender, NULL, sends_all, &ends[0]) == 0);
    for (unsigned got = 0; got < STORM_OCTETS;) {
        int more = win_recv(ends[1], octets, sizeof octets, 0);
        CHECK(more > 0 || WSAGetLastError() == WSAEINTR);
        for (int i = 0; i < more; i++) {
            CHECK(octets[i] == octet_at(got + (unsigned)i));
        }
        got += more > 0 ? (unsigned)more : 0;
    }
    CHECK(pthread_join(sender, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(win_closesocket(ends[0]) == 0 && win_closesocket(ends[1]) == 0);
}

static void signals_lose_nothing(void) {
    storm(0);
    storm(SA_RESTART);
}

/* Who lets go of the library while a thread is in it still has it. */
static void is_closed_while_another_waits(void) {
    SOCKET ends[2];
    pthread_t thread;
    Dl_info info;
    connection(ends);
    CHECK(dladdr((void *)(uintptr_t)win_recv, &info) != 0);
    void *library = dlopen(info.dli_fname, RTLD_NOW);
    CHECK(library != NULL);
    struct wait wait = {RECEIVES, ends[0], {0}, 0, 0};
    CHECK(pthread_create(&thread, NULL, waits, &wait) == 0);
    while (dlclose(library) == 0 && (library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD)) != NULL && below(20)) {
    }
    send_text(ends[1], "x");
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(wait.result == 1);
}

static void *comes_late(void *name) {
    const struct timespec a_while = {0, 30 * 1000 * 1000};
    nanosleep(&a_while, NULL);
    SOCKET s = connected(name);
    send_text(s, "here at last");
    return NULL;
}

/* Nobody is told that nothing will happen any more while a thread has not said a word yet. */
static void a_late_thread_is_waited_for(void) {
    struct sockaddr_in name;
    pthread_t thread;
    SOCKET waits = listener(&name);
    CHECK(pthread_create(&thread, NULL, comes_late, &name) == 0);
    SOCKET called = win_accept(waits, NULL, NULL);
    CHECK(called != INVALID_SOCKET);
    expect_text(called, "here at last");
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    int which = atoi(arguments[1]);
    void (*cases[])(void) = {
        others_close,
        others_close_while_one_connects,
        a_handle_is_not_mistaken_for_the_next,
        exits_while_others_wait,
        calls_at_the_very_end,
        signals_end_calls,
        signals_lose_nothing,
        is_closed_while_another_waits,
        a_late_thread_is_waited_for,
    };
    CHECK(which >= 0 && which < (int)(sizeof cases / sizeof *cases));
    start();
    cases[which]();
    return 0;
}
