/* A client of many kinds: `client KIND PORT`. What it saw goes to standard output, one line each; PORT is on 127.0.0.1. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static int port;

static void say(const char *what, int failed) {
    char line[128];
    int len = snprintf(line, sizeof line, "%s %d\n", what, failed ? errno : 0);
    if (write(1, line, len) != len) abort();
}

static struct sockaddr_in there(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return name;
}

static int opened(int flags) { return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0); }

static int connect_there(int s) {
    struct sockaddr_in name = there();
    return connect(s, (struct sockaddr *)&name, sizeof name);
}

static void so_error(int s) {
    int error = -1;
    socklen_t len = sizeof error;
    if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len)) abort();
    errno = error;
    say("so_error", error);
}

static void blocking(void) {
    int s = opened(0);
    say("connect", connect_there(s));
    close(s);
}

static void with_poll(int milliseconds) {
    int s = opened(SOCK_NONBLOCK);
    say("connect", connect_there(s));
    struct pollfd entry = {.fd = s, .events = POLLOUT};
    if (poll(&entry, 1, milliseconds) != 1) abort();
    so_error(s);
    close(s);
}

static void with_select(void) {
    int s = opened(SOCK_NONBLOCK);
    say("connect", connect_there(s));
    fd_set writable;
    FD_ZERO(&writable);
    FD_SET(s, &writable);
    if (select(s + 1, NULL, &writable, NULL, NULL) != 1) abort();
    so_error(s);
    close(s);
}

static void with_epoll(void) {
    int e = epoll_create1(EPOLL_CLOEXEC), s = opened(SOCK_NONBLOCK);
    say("connect", connect_there(s));
    struct epoll_event event = {.events = EPOLLOUT, .data.u64 = 0x1122334455667788};
    if (epoll_ctl(e, EPOLL_CTL_ADD, s, &event)) abort();
    if (epoll_wait(e, &event, 1, -1) != 1) abort();
    so_error(s);
    close(s);
}

/* Two descriptors that the program cannot tell apart either. */
static void same_word(void) {
    int e = epoll_create1(EPOLL_CLOEXEC), s = opened(SOCK_NONBLOCK), pair[2];
    say("connect", connect_there(s));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 7};
    if (pipe(pair) || epoll_ctl(e, EPOLL_CTL_ADD, pair[0], &event)) abort();
    event.events = EPOLLOUT;
    if (epoll_ctl(e, EPOLL_CTL_ADD, s, &event)) abort();
    if (epoll_wait(e, &event, 1, -1) != 1) abort();
    so_error(s);
}

static void *one_thread(void *unused) {
    (void)unused;
    blocking();
    return NULL;
}

static void with_threads(void) {
    pthread_t threads[8];
    for (int at = 0; at < 8; at++)
        if (pthread_create(&threads[at], NULL, one_thread, NULL)) abort();
    for (int at = 0; at < 8; at++) pthread_join(threads[at], NULL);
}

static void with_fork(void) {
    pid_t child = fork();
    if (child == 0) {
        blocking();
        _exit(3);
    }
    int status;
    waitpid(child, &status, 0);
    blocking();
    exit(WEXITSTATUS(status));
}

static void with_spawn(char *self, char *number) {
    char *arguments[] = {self, "blocking", number, NULL};
    pid_t child;
    if (posix_spawn(&child, self, NULL, NULL, arguments, environ)) abort();
    int status;
    waitpid(child, &status, 0);
}

static void *exec_self(void *self_and_number) {
    char **both = self_and_number;
    execl(both[0], both[0], "blocking", both[1], NULL);
    return NULL;
}

static void *sleep_forever(void *unused) {
    for (;;) pause();
    return unused;
}

static void exec_in_thread(char *self, char *number) {
    char *both[] = {self, number};
    pthread_t sleeper, thread;
    pthread_create(&sleeper, NULL, sleep_forever, NULL);
    pthread_create(&thread, NULL, exec_self, both);
    pthread_join(thread, NULL);
}

/* The peer resets: the first write is taken, the next one fails. */
static void reset(void) {
    int s = opened(0);
    if (connect_there(s)) abort();
    char octet;
    say("read", read(s, &octet, 1) < 0);
    signal(SIGPIPE, SIG_IGN);
    say("write", write(s, "x", 1) < 0);
    close(s);
}

static void on_signal(int number) { (void)number; }

/* A connect that nobody answers, with a handler for the signal that comes meanwhile. */
static void interrupted(int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
    int s = opened(0);
    say("connect", connect_there(s));
}

/* A child that stops, is seen to have stopped, goes on and ends. */
static void job(void) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        _exit(5);
    }
    if (waitpid(child, &status, WUNTRACED) != child) abort();
    errno = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    say("stopped", 1);
    kill(child, SIGCONT);
    if (waitpid(child, &status, 0) != child) abort();
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    say("exited", 1);
}

/* Children that are killed while they make threads, children and programs of their own. */
static void storm(char *self, char *number, int count) {
    for (int at = 0; at < count; at++) {
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            for (int of = 0; of < 3; of++) pthread_create(&thread, NULL, one_thread, NULL);
            pid_t grandchild = at % 2 ? fork() : vfork();
            if (grandchild == 0) {
                execl(self, self, "blocking", number, NULL);
                _exit(127);
            }
            if (at % 3 == 0) exec_in_thread(self, number);
            pause();
        }
        for (volatile int spin = 0; spin < at * 5000; spin++) {}
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
}

static void signalled(void) {
    signal(SIGTERM, SIG_DFL);
    blocking();
    raise(SIGTERM);
}

/* Another thread waits in epoll_wait with a descriptor that becomes ready only after the connect. */
static int ready_pipe[2];

static void *wait_in_epoll(void *unused) {
    (void)unused;
    int e = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(e, EPOLL_CTL_ADD, ready_pipe[0], &event);
    say("epoll_wait", epoll_wait(e, &event, 1, -1) < 0);
    blocking();
    return NULL;
}

static void beside_epoll(void) {
    pthread_t thread;
    if (pipe(ready_pipe) || pthread_create(&thread, NULL, wait_in_epoll, NULL)) abort();
    /* Long enough for the thread to wait; were it too short, the test would show less and not fail. */
    usleep(100000);
    blocking();
    int s = opened(0);
    (void)!connect_there(s);
    usleep(50000);
    if (write(ready_pipe[1], "x", 1) != 1) abort();
    pthread_join(thread, NULL);
}

/* A child that ends while its parent waits in epoll_wait without caring for SIGCHLD. */
static void child_beside_epoll(void) {
    int e = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    if (pipe(ready_pipe)) abort();
    epoll_ctl(e, EPOLL_CTL_ADD, ready_pipe[0], &event);
    if (fork() == 0) _exit(0);
    if (fork() == 0) {
        usleep(200000);
        _exit(write(ready_pipe[1], "x", 1) != 1);
    }
    say("epoll_wait", epoll_wait(e, &event, 1, -1) < 0);
}

/* Threads that wait in all ways for a short time, again and again, while another one connects again and again: nobody may be
   told that a signal came, for none did. */
static volatile int is_over;
static int told_of_signals;

static void *wait_again_and_again(void *unused) {
    int e = epoll_create1(0), pair[2], of = 0;
    struct epoll_event event = {.events = EPOLLIN};
    struct timeval limit = {.tv_usec = 500};
    struct timespec time = {.tv_nsec = 500000};
    char octet;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || epoll_ctl(e, EPOLL_CTL_ADD, pair[0], &event)) abort();
    setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (!is_over) {
        of += epoll_wait(e, &event, 1, 1) < 0 && errno == EINTR;
        of += poll(NULL, 0, 1) < 0 && errno == EINTR;
        of += nanosleep(&time, NULL) < 0 && errno == EINTR;
        of += read(pair[0], &octet, 1) < 0 && errno == EINTR;
        of += recv(pair[0], &octet, 1, 0) < 0 && errno == EINTR;
    }
    __atomic_add_fetch(&told_of_signals, of, __ATOMIC_SEQ_CST);
    return unused;
}

static void busy(int count) {
    pthread_t threads[4];
    for (int at = 0; at < 4; at++)
        if (pthread_create(&threads[at], NULL, wait_again_and_again, NULL)) abort();
    for (int at = 0; at < count; at++) {
        int s = opened(0);
        (void)!connect_there(s);
        close(s);
        usleep(300);
    }
    is_over = 1;
    for (int at = 0; at < 4; at++) pthread_join(threads[at], NULL);
    errno = told_of_signals;
    say("signals", 1);
}

static void local_sockets(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
    say("connect", connect(s, (struct sockaddr *)&name, sizeof name));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) abort();
    say("send", send(pair[0], "x", 1, 0) < 0);
    char octet;
    say("recv", recv(pair[1], &octet, 1, 0) < 0);
}

static void datagram(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    say("connect", connect_there(s));
    say("send", send(s, "x", 1, 0) < 0);
    char octet;
    say("recv", recv(s, &octet, 1, 0) < 0);
}

/* Datagrams to oneself with the address in each call. */
static void names(void) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in name = {.sin_family = AF_INET}, from;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof name;
    if (bind(s, (struct sockaddr *)&name, len) || getsockname(s, (struct sockaddr *)&name, &len)) abort();
    char octets[8];
    struct iovec part = {octets, 3}, room = {octets, sizeof octets};
    struct msghdr message = {.msg_name = &name, .msg_namelen = len, .msg_iov = &part, .msg_iovlen = 1};
    struct msghdr answer = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &room, .msg_iovlen = 1};
    struct mmsghdr both[2] = {{.msg_hdr = message}, {.msg_hdr = message}};
    struct mmsghdr answers[2] = {{.msg_hdr = answer}, {.msg_hdr = answer}};
    len = sizeof from;
    if (sendto(s, octets, 2, 0, (struct sockaddr *)&name, sizeof name) != 2) abort();
    if (recvfrom(s, octets, 8, 0, (struct sockaddr *)&from, &len) != 2) abort();
    if (sendmsg(s, &message, 0) != 3 || recvmsg(s, &answer, 0) != 3) abort();
    if (sendmmsg(s, both, 2, 0) != 2 || recvmmsg(s, answers, 2, 0, NULL) != 2) abort();
}

/* A server that is its own client. */
static void server(void) {
    int l = opened(0), s = opened(0);
    struct sockaddr_in name = {.sin_family = AF_INET}, from;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof name;
    if (bind(l, (struct sockaddr *)&name, len) || listen(l, 1) || getsockname(l, (struct sockaddr *)&name, &len)) abort();
    if (connect(s, (struct sockaddr *)&name, len)) abort();
    int a = accept(l, (struct sockaddr *)&from, &len);
    if (a < 0 || shutdown(s, SHUT_WR)) abort();
    char octet;
    say("read", read(a, &octet, 1) < 0);
}

/* A socket under another number, after its first one is closed. */
static void copied(void) {
    int s = opened(0);
    if (connect_there(s) || dup2(s, 100) != 100 || close(s)) abort();
    say("write", write(100, "x", 1) < 0);
    close(100);
    /* Nothing is connected now, so this is not seen. */
    say("poll", poll(NULL, 0, 0) < 0);
}

/* A connection that a process gets from its parent by a message. */
static void passed(void) {
    int pair[2];
    union {
        struct cmsghdr header;
        char octets[CMSG_SPACE(sizeof(int))];
    } control;
    char octet = 'x';
    struct iovec part = {&octet, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.octets};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) abort();
    pid_t child = fork();
    if (child == 0) {
        if (recvmsg(pair[1], &message, 0) != 1) abort();
        int s = *(int *)CMSG_DATA(CMSG_FIRSTHDR(&message));
        so_error(s);
        say("write", write(s, "x", 1) < 0);
        _exit(0);
    }
    int s = opened(0);
    if (connect_there(s)) abort();
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof s);
    *(int *)CMSG_DATA(header) = s;
    if (sendmsg(pair[0], &message, 0) != 1) abort();
    waitpid(child, NULL, 0);
}

/* The connection begins with what is sent, where the kernel allows it. */
static void fast_open(void) {
    int s = opened(0);
    struct sockaddr_in name = there();
    say("sendto", sendto(s, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&name, sizeof name) < 0);
    say("write", write(s, "x", 1) < 0);
}

/* Arguments that no right program passes. */
static void hostile(void) {
    int s = opened(SOCK_NONBLOCK);
    struct sockaddr_in name = there();
    say("connect", connect(s, (struct sockaddr *)8, sizeof name));
    say("connect", connect(s, (struct sockaddr *)&name, (socklen_t)-1));
    say("connect", connect(s, (struct sockaddr *)&name, 3));
    say("connect", connect(-1, (struct sockaddr *)&name, sizeof name));
    say("connect", connect(s, (struct sockaddr *)&name, sizeof name));
    syscall(SYS_sendmsg, s, -1L, 0);
    syscall(SYS_recvmmsg, s, 8L, -1L, 0, 0);
    syscall(SYS_getsockopt, s, SOL_SOCKET, SO_ERROR, -8L, -8L);
    syscall(SYS_ppoll, 8L, -1L, -1L, 0L, 0L);
    syscall(SYS_pselect6, -1L, -1L, -1L, -1L, -1L, -1L);
    syscall(SYS_epoll_pwait, s, -1L, -1L, 0L, 0L, 0L);
    syscall(SYS_epoll_pwait2, -1L, 8L, 0x7FFFFFFFL, 0L, 0L, 0L);
    syscall(SYS_readv, s, -1L, -1L);
    syscall(SYS_splice, -1L, -1L, -1L, -1L, -1L, -1L);
    syscall(SYS_sendfile, s, -1L, -1L, -1L);
    syscall(SYS_recvfrom, s, -1L, -1L, MSG_DONTWAIT, -1L, -1L);
    close(s);
    say("end", 0);
}

/* Reads of a pipe while a connection is open, many more than are watched. */
static void many(int count) {
    int s = opened(0);
    if (connect_there(s)) abort();
    for (int at = 0; at < count; at++) getppid();
    say("write", write(s, "x", 1) < 0);
    so_error(s);
    close(s);
}

static void many_sends(int count) {
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (connect_there(s)) abort();
    for (int at = 0; at < count; at++) send(s, "x", 1, 0);
    so_error(s);
}

static void many_sockets(int count) {
    for (int at = 0; at < count; at++) close(opened(0));
    blocking();
}

static void ring(void) {
    char parameters[120] = {0};
    say("io_uring_setup", syscall(SYS_io_uring_setup, 4L, parameters) < 0);
}

/* A program whose memory and descriptors only the privileged may look at. */
static void hidden(void) {
    if (prctl(PR_SET_DUMPABLE, 0)) abort();
    blocking();
}

/* Calls that a 64-bit program makes as a 32-bit one, and as one of the x32 kind. */
static void other_kinds(const char *kind) {
#ifdef __x86_64__
    long result = -ENOSYS;
    if (!strcmp(kind, "x32")) result = syscall(0x40000000 + SYS_socket, AF_INET, SOCK_STREAM, 0) < 0;
    else __asm__ volatile("int $0x80" : "=a"(result) : "a"(359L), "b"(2L), "c"(1L), "d"(0L) : "memory");
    (void)result;
#endif
    (void)kind;
    say("end", 0);
}

/* A program with a filter of its own, which forbids what ours only looks at. */
static void own_filter(void) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_shutdown, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENETDOWN),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof steps / sizeof *steps, steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) abort();
    int s = opened(0);
    say("connect", connect_there(s));
    say("shutdown", shutdown(s, SHUT_WR));
}

static void inherited(char *self, char *number) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect_there(s)) abort();
    char descriptor[16];
    snprintf(descriptor, sizeof descriptor, "%d", s);
    execl(self, self, "write", number, descriptor, NULL);
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    const char *kind = arguments[1];
    int number = count > 3 ? atoi(arguments[3]) : 0;
    port = atoi(arguments[2]);
    if (!strcmp(kind, "blocking")) blocking();
    else if (!strcmp(kind, "poll")) with_poll(-1);
    else if (!strcmp(kind, "poll-with-time")) with_poll(100000);
    else if (!strcmp(kind, "select")) with_select();
    else if (!strcmp(kind, "epoll")) with_epoll();
    else if (!strcmp(kind, "same-word")) same_word();
    else if (!strcmp(kind, "threads")) with_threads();
    else if (!strcmp(kind, "fork")) with_fork();
    else if (!strcmp(kind, "spawn")) with_spawn(arguments[0], arguments[2]);
    else if (!strcmp(kind, "exec-in-thread")) exec_in_thread(arguments[0], arguments[2]);
    else if (!strcmp(kind, "reset")) reset();
    else if (!strcmp(kind, "interrupted")) interrupted(0);
    else if (!strcmp(kind, "begun-again")) interrupted(SA_RESTART);
    else if (!strcmp(kind, "job")) job();
    else if (!strcmp(kind, "signalled")) signalled();
    else if (!strcmp(kind, "beside-epoll")) beside_epoll();
    else if (!strcmp(kind, "child-beside-epoll")) child_beside_epoll();
    else if (!strcmp(kind, "busy")) busy(number);
    else if (!strcmp(kind, "local")) local_sockets();
    else if (!strcmp(kind, "datagram")) datagram();
    else if (!strcmp(kind, "names")) names();
    else if (!strcmp(kind, "server")) server();
    else if (!strcmp(kind, "copied")) copied();
    else if (!strcmp(kind, "passed")) passed();
    else if (!strcmp(kind, "fast-open")) fast_open();
    else if (!strcmp(kind, "hostile")) hostile();
    else if (!strcmp(kind, "many")) many(number);
    else if (!strcmp(kind, "storm")) storm(arguments[0], arguments[2], number);
    else if (!strcmp(kind, "many-twice")) many(number), many(0);
    else if (!strcmp(kind, "many-sends")) many_sends(number);
    else if (!strcmp(kind, "many-sockets")) many_sockets(number);
    else if (!strcmp(kind, "ring")) ring();
    else if (!strcmp(kind, "hidden")) hidden();
    else if (!strcmp(kind, "x32") || !strcmp(kind, "i386")) other_kinds(kind);
    else if (!strcmp(kind, "own-filter")) own_filter();
    else if (!strcmp(kind, "inherited")) inherited(arguments[0], arguments[2]);
    else if (!strcmp(kind, "write")) say("write", write(number, "x", 1) < 0);
    else return 2;
    return 0;
}
