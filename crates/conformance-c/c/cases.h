/* What programs in C have of the library of the cases: the table of functions through which a case that is written in Rust
 * calls a system's functions as C compiled them. */

#ifndef SYNSENT_CASES_H
#define SYNSENT_CASES_H

/* A socket of any system; negative: none. */
typedef long long case_handle;

/* The sets of a select() as lists. */
struct case_set {
    case_handle *handles;
    int count;
};

/* The functions of a system. Names are octets as its header lays them out; a call that fails returns a negative value. */
struct case_functions {
    const char *system;
    /* AF_INET, AF_INET6, AF_UNIX. */
    int families[3];
    /* Starts the system as this version where it has versions; 0, or the error. How many sockets there may be is written. */
    int (*start)(unsigned version, unsigned *sockets_max);
    int (*end)(void);
    int (*last_error)(void);
    case_handle (*open)(int family, int is_stream, int protocol);
    int (*bind)(case_handle s, const void *name, int len);
    int (*connect)(case_handle s, const void *name, int len);
    int (*listen)(case_handle s, int backlog);
    case_handle (*accept)(case_handle s);
    int (*send)(case_handle s, const void *octets, int len);
    int (*sendto)(case_handle s, const void *octets, int len, const void *name, int name_len);
    int (*recv)(case_handle s, void *octets, int len);
    int (*recvfrom)(case_handle s, void *octets, int len);
    /* The sets are read, write and except; no limit where the time is negative. */
    int (*select)(struct case_set *sets, long long microseconds);
    /* 0: receiving, 1: sending, 2: both. */
    int (*shutdown)(case_handle s, int how);
    int (*close)(case_handle s);
    int (*getsockname)(case_handle s, void *name, int *len);
    int (*getpeername)(case_handle s, void *name, int *len);
    int (*set_nonblocking)(case_handle s, int on);
    int (*set_broadcast)(case_handle s, int on);
    int (*set_reuse)(case_handle s, int on);
    /* SO_ERROR; negative where it could not be read. */
    int (*socket_error)(case_handle s);
};

/* Runs the case of the table's system that the arguments name, `PLACE NUMBER`, and returns the exit status: 0 where it holds, 1
 * where it does not, 77 where it cannot be brought about there. What did not hold is said on standard error. */
int synsent_cases_run(const struct case_functions *functions, int argc, char **argv);

#endif
