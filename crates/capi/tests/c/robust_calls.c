/* Calls every function that the library exports with anything at all: handles that live, are stale or never were, lengths of every
   size, pointers to nothing, to what is read-only, misaligned, or ends in the middle. Several threads do so at once. What a call
   answers is not looked at; that it comes back is.

   robust_calls --table            prints the functions that it knows
   robust_calls SEED CALLS THREADS calls so often in each thread; the same seed makes the same arguments

   A function is a row of the table: its name, a letter for each argument, and what becomes of the result. A row is a class of
   prototypes, so nothing of a header is needed. What the letters mean stands at `argument`. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 9
#define ARENA_OCTETS (64 * 1024)
#define POOL 48
#define THREADS_MAX 16
/* How often those who wait are woken by a signal. */
#define TICK_MICROS 3000
/* For how many ticks nobody may come back from a call. */
#define STALL_TICKS 15000

typedef uintptr_t word;
typedef word (*function)(word, word, word, word, word, word, word, word, word);

struct row {
    const char *name;
    const char *arguments;
    /* 'S', 'H', 'D': a new handle; '-': nothing to keep; 'r': rarely called, because it takes everything away;
       'n': never, because it ends the caller, waits for what never comes, or has more arguments than there is room for. */
    char result;
};

#include "robust_calls_table.h"

#define ROWS (sizeof table / sizeof *table)

static function functions[ROWS];

struct worker {
    pthread_t thread;
    uint64_t random;
    long calls;
    unsigned char *arena;
    volatile long done;
    volatile int is_begun, is_over;
    const struct row *volatile row;
    word volatile passed[ARGUMENTS_MAX];
};

static struct worker workers[THREADS_MAX];
static int thread_count;
static uint64_t seed;
static unsigned char *read_only, *unmapped;
static _Thread_local struct worker *self;

/* Handles that a function gave out; threads take each other's. The numbers of descriptors are each thread's own, and are closed once:
   who uses one after it was closed may hit anything of the process. */
static volatile word windows_handles[POOL], target_handles[POOL];
static _Thread_local volatile word descriptors[POOL];
/* Ports that somebody listens at, perhaps; in network order. */
static volatile unsigned short ports[8];

static uint64_t next(void) {
    uint64_t z = (self->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned end) {
    return (unsigned)(next() % end);
}

static int one_of(const int *values, unsigned count) {
    return values[below(count)];
}

#define ONE_OF(...) one_of((const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static word taken(volatile word *pool) {
    return __atomic_exchange_n(&pool[below(POOL)], ~(word)0, __ATOMIC_SEQ_CST);
}

static word any_handle(volatile word *pool) {
    switch (below(12)) {
    case 0:
        /* No descriptor of the program itself, which would be closed. */
        return (word)ONE_OF(-1, -2, INT_MIN, INT_MAX, 777, 0x20000);
    case 1:
        return pool == descriptors ? (word)(800 + below(100)) : (word)next();
    default:
        return pool[below(POOL)];
    }
}

static int any_number(void) {
    switch (below(4)) {
    case 0:
        return (int)next();
    case 1:
        return ONE_OF(INT_MIN, INT_MIN + 1, -2, -1, INT_MAX, INT_MAX - 1, 0x7fff, 0x8000, 0xffff, 0x10000);
    default:
        return (int)below(40);
    }
}

static int any_length(void) {
    switch (below(5)) {
    case 0:
        return any_number();
    case 1:
        return ONE_OF(INT_MIN, -1, 0, INT_MAX, 0x10000, 0x10001, 0xffff, 1 << 20);
    default:
        return ONE_OF(0, 1, 2, 4, 8, 12, 15, 16, 17, 24, 28, 32, 110, 112, 128, 256, 1000, 4096);
    }
}

/* Content that a call may take for what its document asks for. */
static size_t any_address(unsigned char *into) {
    static const unsigned char hosts[4][4] = {{127, 0, 0, 1}, {0, 0, 0, 0}, {127, 0, 0, 2}, {255, 255, 255, 255}};
    unsigned short port = below(3) ? ports[below(8)] : (unsigned short)next();
    memset(into, 0, 128);
    switch (below(4)) {
    case 0: {
        unsigned short family = (unsigned short)ONE_OF(1, 10, 23, 0, 2, 3, 65535);
        memcpy(into, &family, 2);
        memset(into + 2, below(2) ? 'x' : 0, below(120));
        return 110;
    }
    default: {
        unsigned short family = 2;
        memcpy(into, &family, 2);
        memcpy(into + 2, &port, 2);
        memcpy(into + 4, hosts[below(8) ? 0 : below(4)], 4);
        return 16;
    }
    }
}

static size_t any_text(unsigned char *into) {
    static const char *const texts[] = {"127.0.0.1", "localhost",  "::1", "",    "1.2.3",    "0x7f.1",
                                        "80",        "http",       "tcp", "udp", "999.1.1.1", "[::1]:80",
                                        "127.0.0.1:80", "-1", "%s%n", "\xff\xfe"};
    if (below(6) == 0) {
        size_t length = below(2) ? 300 : 3000;
        memset(into, '9', length);
        into[length] = 0;
        return length + 1;
    }
    const char *text = texts[below(sizeof texts / sizeof *texts)];
    memcpy(into, text, strlen(text) + 1);
    return strlen(text) + 1;
}

static void any_wide_text(unsigned char *into) {
    unsigned char narrow[4096];
    size_t length = any_text(narrow);
    for (size_t i = 0; i < length && i < 1000; i++) {
        into[2 * i] = narrow[i];
        into[2 * i + 1] = below(50) ? 0 : 0xd8;
    }
    into[2000] = into[2001] = 0;
}

static word any_place(size_t octets);

static void fill(char kind, unsigned char *into) {
    unsigned count = below(5);
    int number = any_length();
    word handle;
    switch (kind) {
    case 'a':
        any_address(into);
        break;
    case 'l':
        memcpy(into, &number, sizeof number);
        break;
    case 'o':
        number = ONE_OF(0, 1, 2, -1);
        memcpy(into, &number, sizeof number);
        break;
    case 'T': /* seconds and microseconds in 32 bits each */
    case 'U': /* in 64 bits each */
        memset(into, 0, 16);
        number = below(8) ? 0 : any_number();
        memcpy(into, &number, sizeof number);
        number = below(8) ? (int)below(2000) : any_number();
        memcpy(into + (kind == 'T' ? 4 : 8), &number, sizeof number);
        break;
    case 'G': /* a count and handles of 32 bits */
        number = below(10) ? (int)count : any_number();
        memcpy(into, &number, sizeof number);
        for (unsigned i = 0; i < count; i++) {
            handle = any_handle(target_handles);
            memcpy(into + 4 + 4 * i, &handle, 4);
        }
        break;
    case 'F':
        number = below(10) ? (int)count : any_number();
        memcpy(into, &number, sizeof number);
        for (unsigned i = 0; i < count; i++) {
            handle = any_handle(windows_handles);
            memcpy(into + 8 + 8 * i, &handle, sizeof handle);
        }
        break;
    case 'B':
        memset(into, 0, 128);
        for (unsigned i = 0; i < count; i++) {
            handle = descriptors[below(POOL)];
            if (handle < 1024) {
                into[handle / 8] |= (unsigned char)(1 << handle % 8);
            }
        }
        break;
    case 'Q': /* pollfd of the others */
        for (unsigned i = 0; i < 4; i++) {
            int descriptor = (int)any_handle(descriptors);
            memcpy(into + 8 * i, &descriptor, 4);
            memset(into + 8 * i + 4, (int)below(256), 4);
        }
        break;
    case 'P': /* WSAPOLLFD */
        for (unsigned i = 0; i < 4; i++) {
            handle = any_handle(windows_handles);
            memcpy(into + 16 * i, &handle, 8);
            memset(into + 16 * i + 8, (int)below(256), 4);
        }
        break;
    case 'W': /* WSABUF: a length of 32 bits and a pointer */
    case 'V': /* iovec: a pointer and a length */
        for (unsigned i = 0; i < 4; i++) {
            word place = any_place(64), length = (word)any_length();
            memcpy(into + 16 * i, kind == 'W' ? &length : &place, 8);
            memcpy(into + 16 * i + 8, kind == 'W' ? &place : &length, 8);
        }
        break;
    case 'M': /* msghdr */
        for (unsigned i = 0; i < 7; i++) {
            word part = below(2) ? any_place(64) : (word)below(4);
            memcpy(into + 8 * i, &part, 8);
        }
        break;
    case 'h': /* hints: four numbers, and nothing behind them */
        memset(into, 0, 64);
        number = below(3) ? ONE_OF(0, 2, 10, 23) : any_number();
        memcpy(into + 4, &number, 4);
        number = below(3) ? 0 : any_number();
        memcpy(into, &number, 4);
        number = ONE_OF(0, 0, 1, 2, 3, -1);
        memcpy(into + 8, &number, 4);
        break;
    case 'x':
        any_text(into);
        break;
    case 'w':
        any_wide_text(into);
        break;
    default:
        for (unsigned i = 0; i < 64; i++) {
            into[i] = (unsigned char)next();
        }
    }
}

/* Somewhere in memory, mostly where something is. Behind the arena is a hole, so whatever is written there ends there. */
static word any_place(size_t octets) {
    unsigned char *end = self->arena + ARENA_OCTETS;
    switch (below(16)) {
    case 0:
        return 0;
    case 1:
        return (word)unmapped + below(64);
    case 2:
        return (word)read_only + below(64);
    case 3:
        return (word)(end - below((unsigned)octets + 1));
    case 4:
        return (word)ONE_OF(1, 2, 8, 4095);
    case 5:
        return below(2) ? (word)0xdead000000000000u : (word)0xffffffffffffff00u + below(256);
    default:
        return (word)(self->arena + below(ARENA_OCTETS / 2));
    }
}

static word place_with(char kind) {
    word place = any_place(64);
    unsigned char *begin = self->arena, *end = begin + ARENA_OCTETS;
    if (place >= (word)begin && place < (word)end) {
        unsigned char content[8192];
        size_t room = (size_t)((word)end - place), octets = kind == 'x' || kind == 'w' ? 4096 : 128;
        memset(content, 0, sizeof content);
        fill(kind, content);
        memcpy((void *)place, content, octets < room ? octets : room);
    }
    return place;
}

static int nothing(void) {
    return 0;
}

static word argument(char kind) {
    switch (kind) {
    case 'S': /* a socket of Windows */
        return any_handle(windows_handles);
    case 'H': /* a socket of TargetTCP */
        return (word)(int)any_handle(target_handles);
    case 'D': /* a descriptor */
        return (word)(int)any_handle(descriptors);
    case 'X': /* one that nobody uses from now on */
        return (word)(int)taken(descriptors);
    case 'N': /* a number that is nobody's */
        return 700 + below(100);
    case 'i': /* any number */
        return (word)any_number();
    case 'n': /* a length of 32 bits */
        return (word)any_length();
    case 'z': /* a length of 64 bits */
        return below(8) ? (word)any_length() : (word)next();
    case 'f': /* a family */
        return (word)ONE_OF(2, 2, 2, 2, 1, 10, 23, 0, -1, 3);
    case 't': /* a type */
        return (word)ONE_OF(1, 1, 1, 2, 2, 3, 0, -1);
    case '0': /* a protocol, flags: mostly none */
        return below(3) ? 0 : (word)any_number();
    case 'L': /* a level */
        return (word)ONE_OF(0xffff, 0xffff, 0xffff, 1, 0, 6, 41, -1);
    case 'O': /* an option */
        return (word)ONE_OF(1, 2, 4, 8, 0x10, 0x20, 0x80, 0x100, 0x1001, 0x1002, 0x1005, 0x1006, 0x1007, 0x1008, 27, 26, 13, -1);
    case 'C': /* a request to a socket */
        return (word)(unsigned)ONE_OF((int)0x8004667e, 0x4004667f, 0x40047307, 0x5421, 0x541b, 0x8905, (int)0xc8000006, 0x28000002,
                                      (int)0x98000004, 0, -1);
    case 'k': /* a command of fcntl */
        return (word)ONE_OF(1, 2, 3, 4, 3, 4, 5, 8, 9, -1);
    case 'm': /* milliseconds */
        return (word)(int)ONE_OF(0, 0, 1, 2, 3);
    case 'v': /* a version */
        return (word)ONE_OF(0x0101, 0x0202, 0x0202, 0x0002, 0x0302, 0, 0xffff);
    case 'c': /* a function that is called back: whoever passes a wild one has said where to jump */
        return below(2) ? 0 : (word)nothing;
    case 'e': /* a pointer that is mostly null */
        return below(3) ? 0 : place_with('p');
    case '_': /* always null: what would be called, or freed as the C library frees */
        return 0;
    default: /* a pointer, to what the letter means in `fill` */
        return place_with(kind);
    }
}

static void keep(volatile word *pool, word handle, const char *close_name) {
    word before = __atomic_exchange_n(&pool[below(POOL)], handle, __ATOMIC_SEQ_CST);
    for (size_t row = 0; row < ROWS; row++) {
        if (strcmp(table[row].name, close_name) == 0 && functions[row] != NULL) {
            functions[row](before, 0, 0, 0, 0, 0, 0, 0, 0);
        }
    }
}

static void call(size_t which) {
    const struct row *row = &table[which];
    word passed[ARGUMENTS_MAX] = {0};
    for (size_t i = 0; row->arguments[i] != 0 && i < ARGUMENTS_MAX; i++) {
        passed[i] = argument(row->arguments[i]);
        self->passed[i] = passed[i];
    }
    self->row = row;
    word result = functions[which](passed[0], passed[1], passed[2], passed[3], passed[4], passed[5], passed[6], passed[7],
                                   passed[8]);
    self->row = NULL;
    if (row->result == 'S' && result != ~(word)0) {
        keep(windows_handles, result, "synsent_winsock2_closesocket");
    }
    if (row->result == 'H' && (int)result != -1) {
        keep(target_handles, result, "synsent_targettcp_closesocket");
    }
    if (row->result == 'D' && (int)result > 2) {
        keep(descriptors, result, "synsent_bs2000_close");
    }
}

static size_t row_named(const char *name) {
    for (size_t row = 0; row < ROWS; row++) {
        if (strcmp(table[row].name, name) == 0) {
            return row;
        }
    }
    abort();
}

/* Sees to it that there is a listener, and a way to it, once in a while. */
static void arrange(void) {
    unsigned char name[16] = {2, 0, 0, 0, 127, 0, 0, 1};
    int length = sizeof name;
    size_t make = row_named("synsent_winsock2_socket");
    functions[row_named("synsent_winsock2_WSAStartup")](0x0202, (word)self->arena, 0, 0, 0, 0, 0, 0, 0);
    word listens = functions[make](2, 1, 0, 0, 0, 0, 0, 0, 0), calls = functions[make](2, 1, 0, 0, 0, 0, 0, 0, 0);
    functions[row_named("synsent_winsock2_bind")](listens, (word)name, 16, 0, 0, 0, 0, 0, 0);
    functions[row_named("synsent_winsock2_listen")](listens, 5, 0, 0, 0, 0, 0, 0, 0);
    if (functions[row_named("synsent_winsock2_getsockname")](listens, (word)name, (word)&length, 0, 0, 0, 0, 0, 0) == 0) {
        memcpy((void *)&ports[below(8)], name + 2, 2);
        functions[row_named("synsent_winsock2_connect")](calls, (word)name, 16, 0, 0, 0, 0, 0, 0);
    }
    keep(windows_handles, listens, "synsent_winsock2_closesocket");
    keep(windows_handles, calls, "synsent_winsock2_closesocket");
}

static int others_are_over(void) {
    for (int i = 1; i < thread_count; i++) {
        if (!workers[i].is_over) {
            return 0;
        }
    }
    return 1;
}

static void *work(void *of) {
    self = of;
    for (int i = 0; i < POOL; i++) {
        descriptors[i] = ~(word)0;
    }
    self->is_begun = 1;
    /* The first one goes on as long as there is another. */
    for (; self->done < self->calls || (self == workers && !others_are_over()); self->done++) {
        size_t which = below(ROWS);
        if (functions[which] == NULL || table[which].result == 'n' || (table[which].result == 'r' && below(100))) {
            continue;
        }
        if (below(60) == 0) {
            arrange();
        }
        call(which);
    }
    self->is_over = 1;
    return NULL;
}

static void tell(const struct worker *worker) {
    const struct row *row = worker->row;
    fprintf(stderr, "seed %llu, thread %d, call %ld: %s(", (unsigned long long)seed, (int)(worker - workers), worker->done,
            row == NULL ? "(none)" : row->name);
    for (size_t i = 0; row != NULL && row->arguments[i] != 0; i++) {
        fprintf(stderr, "%s%c %#llx", i == 0 ? "" : ", ", row->arguments[i], (unsigned long long)worker->passed[i]);
    }
    fprintf(stderr, ")\n");
}

static void died(int number) {
    fprintf(stderr, "signal %d\n", number);
    if (self != NULL) {
        tell(self);
    }
    _exit(99);
}

static void nudged(int number) {
    (void)number;
}

/* Runs at every tick of a timer, in the main thread, where alone that signal comes: wakes who waits, and tells when nobody comes back.
   There is no thread for that, because a lab would take it for one that is about to act. */
static void ticked(int number) {
    static long seen = -1, ticks;
    long sum = 0;
    (void)number;
    for (int i = 0; i < thread_count; i++) {
        sum += workers[i].done;
    }
    ticks = sum == seen ? ticks + 1 : 0;
    seen = sum;
    if (ticks > STALL_TICKS) {
        fprintf(stderr, "nobody has come back for a long time:\n");
        for (int i = 0; i < thread_count; i++) {
            tell(&workers[i]);
        }
        _exit(98);
    }
    for (int i = 1; i < thread_count; i++) {
        if (workers[i].is_begun && !workers[i].is_over) {
            pthread_kill(workers[i].thread, SIGUSR1);
        }
    }
}

static unsigned char *pages(size_t octets, int protection) {
    unsigned char *start = mmap(NULL, octets + 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start + octets, 4096, PROT_NONE) != 0) {
        abort();
    }
    return start;
}

static void handle_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = died;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    /* Calls do not begin again after this one. */
    action.sa_handler = nudged;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = ticked;
    sigaction(SIGALRM, &action, NULL);
    /* Nothing of the library may raise it. */
    action.sa_handler = died;
    sigaction(SIGPIPE, &action, NULL);
}

int main(int count, char **arguments) {
    if (count == 2 && strcmp(arguments[1], "--table") == 0) {
        for (size_t row = 0; row < ROWS; row++) {
            printf("%s\n", table[row].name);
        }
        return 0;
    }
    if (count != 4) {
        return 2;
    }
    seed = strtoull(arguments[1], NULL, 10);
    thread_count = atoi(arguments[3]);
    if (thread_count < 1 || thread_count > THREADS_MAX) {
        return 2;
    }
    for (size_t row = 0; row < ROWS; row++) {
        *(void **)&functions[row] = dlsym(RTLD_DEFAULT, table[row].name);
    }
    read_only = pages(4096, PROT_READ);
    unmapped = pages(4096, PROT_NONE);
    handle_signals();
    for (int i = 0; i < POOL; i++) {
        windows_handles[i] = target_handles[i] = ~(word)0;
    }
    for (int i = 0; i < thread_count; i++) {
        workers[i].random = seed * 1000003 + (uint64_t)i;
        workers[i].calls = atol(arguments[2]);
        workers[i].arena = pages(ARENA_OCTETS, PROT_READ | PROT_WRITE);
    }
    /* The other threads are interrupted by the main one alone. */
    sigset_t ticks;
    sigemptyset(&ticks);
    sigaddset(&ticks, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &ticks, NULL);
    for (int i = 1; i < thread_count; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            return 2;
        }
    }
    pthread_sigmask(SIG_UNBLOCK, &ticks, NULL);
    struct itimerval often = {{0, TICK_MICROS}, {0, TICK_MICROS}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, NULL);
    work(&workers[0]);
    setitimer(ITIMER_REAL, &never, NULL);
    for (int i = 1; i < thread_count; i++) {
        pthread_join(workers[i].thread, NULL);
    }
    return 0;
}
