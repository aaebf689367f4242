/* What goes beyond a limit of SOCKETS(POSIX) is told by the documented number. */

#include <netinet/in.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(so)                                                                                                          \
    do {                                                                                                                   \
        if (!(so)) {                                                                                                       \
            fprintf(stderr, "%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #so, errno);                            \
            exit(1);                                                                                                       \
        }                                                                                                                  \
    } while (0)

static void lengths_of_names(void) {
    struct sockaddr_in name;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    CHECK(connect(s, (struct sockaddr *)&name, 1) == -1 && errno == EINVAL);
    CHECK(connect(s, (struct sockaddr *)&name, 0) == -1 && errno == EINVAL);
    CHECK(connect(s, (struct sockaddr *)&name, (socklen_t)-1) == -1 && errno == EINVAL);
    CHECK(bind(s, (struct sockaddr *)&name, 15) == -1 && errno == EINVAL);
    CHECK(connect(s, NULL, sizeof name) == -1 && errno == EFAULT);
    CHECK(close(s) == 0);
}

static void a_path_without_an_end_is_too_long(void) {
    struct {
        struct sockaddr_un name;
        char more[PATH_MAX];
    } *path = malloc(sizeof *path);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(path != NULL && s >= 0);
    memset(path, 'x', sizeof *path);
    path->name.sun_family = AF_UNIX;
    CHECK(connect(s, (struct sockaddr *)path, sizeof *path) == -1 && errno == ENAMETOOLONG);
    free(path);
    CHECK(close(s) == 0);
}

static void numbers_of_descriptors(void) {
    fd_set set;
    struct timeval at_once = {0, 0};
    struct pollfd entry = {-1, POLLIN, 0};
    FD_ZERO(&set);
    CHECK(select(-1, &set, NULL, NULL, &at_once) == -1 && errno == EINVAL);
    CHECK(select(INT_MAX, &set, NULL, NULL, &at_once) == -1 && errno == EINVAL);
    CHECK(select(FD_SETSIZE + 1, &set, NULL, NULL, &at_once) == -1 && errno == EINVAL);
    CHECK(select(FD_SETSIZE, &set, NULL, NULL, &at_once) == 0);
    CHECK(poll(&entry, (nfds_t)-1, 0) == -1 && errno == EINVAL);
    CHECK(poll(NULL, 1, 0) == -1 && errno == EFAULT);
    CHECK(poll(&entry, 1, 0) == 0 && poll(NULL, 0, 0) == 0);
}

int main(void) {
    lengths_of_names();
    a_path_without_an_end_is_too_long();
    numbers_of_descriptors();
    return 0;
}
