/* A process forks with sockets open: what the child and the parent can do with them. Each case is an argument. */

#include "robust.h"

#define CHILDREN 4
#define FORKS 150
#define BUSY_THREADS 3
/* A child that hangs is ended by its alarm, and that is no good end. */
#define CHILD_SECONDS 20

static pid_t child(void (*work)(void *), void *argument) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        work(argument);
        exit(0);
    }
    return pid;
}

static void goes_on(void *argument) {
    SOCKET *ends = argument;
    expect_text(ends[0], "to the child");
    send_text(ends[0], "from the child");
    expect_text(ends[0], "once more");
    send_text(ends[0], "and back");
    CHECK(win_closesocket(ends[0]) == 0);
}

/* One end goes to the child, the other stays; each closes what is not its own, and the other does not notice. */
static void both_go_on(void) {
    SOCKET ends[2];
    connection(ends);
    pid_t pid = child(goes_on, ends);
    CHECK(win_closesocket(ends[0]) == 0);
    send_text(ends[1], "to the child");
    expect_text(ends[1], "from the child");
    send_text(ends[1], "once more");
    expect_text(ends[1], "and back");
    /* The child has ended, with its copy of this end, so the last close was its. */
    expect_well(pid);
    char octet;
    CHECK(win_recv(ends[1], &octet, 1, 0) == 0);
}

static void lingers_and_leaves(void *argument) {
    SOCKET *ends = argument;
    CHECK(win_closesocket(ends[0]) == 0);
}

/* A close that would wait until everything is sent must not end the sending for the parent. */
static void a_lingering_close_leaves_the_other_alone(void) {
    SOCKET ends[2];
    struct {
        unsigned short on, seconds;
    } linger = {1, 5};
    connection(ends);
    CHECK(win_setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    expect_well(child(lingers_and_leaves, ends));
    send_text(ends[0], "still here");
    expect_text(ends[1], "still here");
}

static void closes(void *argument) {
    CHECK(win_closesocket(*(SOCKET *)argument) == 0);
}

static void listener_of_the_parent_stays(void) {
    struct sockaddr_in name;
    SOCKET waits = listener(&name);
    expect_well(child(closes, &waits));
    SOCKET caller = connected(&name);
    SOCKET called = win_accept(waits, NULL, NULL);
    CHECK(called != INVALID_SOCKET);
    send_text(caller, "hello");
    expect_text(called, "hello");
}

static void serves(void *argument) {
    SOCKET waits = *(SOCKET *)argument;
    for (;;) {
        char octet;
        SOCKET called = win_accept(waits, NULL, NULL);
        CHECK(called != INVALID_SOCKET);
        CHECK(win_recv(called, &octet, 1, 0) == 1);
        if (octet == 'q') {
            return;
        }
        CHECK(win_send(called, &octet, 1, 0) == 1);
        CHECK(win_closesocket(called) == 0);
    }
}

/* Servers that were forked beforehand share one listener. */
static void servers_forked_beforehand(void) {
    struct sockaddr_in name;
    pid_t pids[CHILDREN];
    SOCKET waits = listener(&name);
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = child(serves, &waits);
    }
    for (int i = 0; i < 100; i++) {
        SOCKET caller = connected(&name);
        send_text(caller, "x");
        expect_text(caller, "x");
        CHECK(win_closesocket(caller) == 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        SOCKET caller = connected(&name);
        send_text(caller, "q");
        CHECK(win_closesocket(caller) == 0);
    }
    for (int i = 0; i < CHILDREN; i++) {
        expect_well(pids[i]);
    }
}

static volatile int is_over;

static void one_round(void) {
    SOCKET ends[2];
    struct time_limit at_once = {0, 0};
    connection(ends);
    struct set read = {2, {ends[0], ends[1]}};
    CHECK(win_select(0, &read, NULL, NULL, &at_once) == 0);
    send_text(ends[0], "x");
    expect_text(ends[1], "x");
    CHECK(win_closesocket(ends[0]) == 0);
    CHECK(win_closesocket(ends[1]) == 0);
}

static void *busy(void *unused) {
    while (!is_over) {
        one_round();
    }
    return unused;
}

static void *waits_for_more(void *argument) {
    char octet;
    CHECK(win_recv(*(SOCKET *)argument, &octet, 1, 0) == 1 && octet == 'e');
    return NULL;
}

static void works_too(void *argument) {
    struct time_limit a_little = {0, 1000};
    SOCKET *ends = argument;
    struct set read = {1, {ends[1]}};
    one_round();
    /* This sleeps for a moment, as a thread of the parent does over the same socket. */
    CHECK(win_select(0, &read, NULL, NULL, &a_little) == 0);
    CHECK(win_closesocket(ends[1]) == 0);
}

/* Other threads are in the middle of calls whenever the process is copied, and one waits all the time. */
static void forks_while_others_call(void) {
    pthread_t threads[BUSY_THREADS], waiting;
    SOCKET ends[2];
    connection(ends);
    CHECK(pthread_create(&waiting, NULL, waits_for_more, &ends[1]) == 0);
    for (int i = 0; i < BUSY_THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, busy, NULL) == 0);
    }
    for (int i = 0; i < FORKS; i++) {
        expect_well(child(works_too, ends));
    }
    is_over = 1;
    for (int i = 0; i < BUSY_THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    send_text(ends[0], "e");
    CHECK(pthread_join(waiting, NULL) == 0);
}

static void forks_again(void *argument) {
    SOCKET *ends = argument;
    one_round();
    expect_well(child(goes_on, ends));
}

static void a_child_of_a_child_goes_on(void) {
    SOCKET ends[2];
    connection(ends);
    pid_t pid = child(forks_again, ends);
    send_text(ends[1], "to the child");
    expect_text(ends[1], "from the child");
    send_text(ends[1], "once more");
    expect_text(ends[1], "and back");
    expect_well(pid);
}

/* Another program gets no descriptor of the library, whichever way it is started. */
static void other_programs_inherit_nothing(void) {
    SOCKET ends[2];
    char test[128];
    int before = system("exit $(ls /proc/self/fd | wc -l)");
    CHECK(WIFEXITED(before));
    snprintf(test, sizeof test, "test $(ls /proc/self/fd | wc -l) -eq %d", WEXITSTATUS(before));
    connection(ends);
    one_round();
    CHECK(system(test) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", test, (char *)NULL);
        _exit(127);
    }
    expect_well(pid);
    pid = vfork();
    CHECK(pid >= 0);
    if (pid == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(127);
    }
    expect_well(pid);
    send_text(ends[0], "x");
    expect_text(ends[1], "x");
}

void *make_event(void *security, int by_hand, int is_set, const char *name) __asm__("synsent_windows_CreateEventA");
int peek(void *msg, void *window, unsigned first, unsigned last, unsigned removes) __asm__("synsent_windows_PeekMessageA");
void rest(unsigned millis) __asm__("synsent_windows_Sleep");

static void is_told_so(void *argument) {
    SOCKET *ends = argument;
    char data[512], octet;
    struct time_limit long_enough = {3600, 0};
    struct set read = {1, {ends[0]}};
    CHECK(win_socket(AF_INET, SOCK_STREAM, 0) == INVALID_SOCKET && WSAGetLastError() == WSAENETDOWN);
    CHECK(win_recv(ends[0], &octet, 1, 0) == SOCKET_ERROR && WSAGetLastError() == WSAENETDOWN);
    CHECK(win_send(ends[0], "x", 1, 0) == SOCKET_ERROR && WSAGetLastError() == WSAENETDOWN);
    CHECK(win_select(0, &read, NULL, NULL, &long_enough) == SOCKET_ERROR && WSAGetLastError() == WSAENETDOWN);
    CHECK(win_closesocket(ends[0]) == SOCKET_ERROR && WSAGetLastError() == WSAENETDOWN);
    CHECK(WSAStartup(0x0202, data) != 0);
    CHECK(make_event(NULL, 1, 0, NULL) == NULL);
    CHECK(peek(data, NULL, 0, 0, 1) == 0);
    rest(1000);
}

/* What moves a lab stays with the parent: the child is told at once, and the parent goes on. */
static void on_a_lab_the_child_has_no_network(void) {
    SOCKET ends[2];
    connection(ends);
    /* From here on this thread has a queue, which is taken away when it ends: the child's copy as well. */
    char msg[64];
    CHECK(peek(msg, NULL, 0, 0, 1) == 0);
    CHECK(make_event(NULL, 1, 0, NULL) != NULL);
    for (int i = 0; i < 20; i++) {
        expect_well(child(is_told_so, ends));
    }
    send_text(ends[0], "x");
    expect_text(ends[1], "x");
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    int which = atoi(arguments[1]);
    void (*cases[])(void) = {
        both_go_on,
        a_lingering_close_leaves_the_other_alone,
        listener_of_the_parent_stays,
        servers_forked_beforehand,
        forks_while_others_call,
        a_child_of_a_child_goes_on,
        other_programs_inherit_nothing,
        on_a_lab_the_child_has_no_network,
    };
    CHECK(which >= 0 && which < (int)(sizeof cases / sizeof *cases));
    start();
    cases[which]();
    return 0;
}
