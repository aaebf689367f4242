/* Pipes and sockets in one select and one poll. The program is told on standard input when another program goes on. */
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/select.h>
#include <poll.h>
#include <unistd.h>
#include <signal.h>
#include <sys/time.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int wakes[2];

static void check(int right, const char *what)
{
  if (!right)
  {
    perror(what);
    exit(1);
  }
}

static void handler(int number)
{
  (void)number;
  if (write(wakes[1], "!", 1) != 1)
    _exit(9);
}

int main(int argc, char **argv)
{
  struct sockaddr_in addr;
  struct itimerval soon;
  struct pollfd watched[3];
  struct timeval limit;
  char octets[8];
  fd_set readable, writable;
  int pair[2], s = socket(AF_INET, SOCK_STREAM, 0);

  check(pipe(pair) == 0 && pipe(wakes) == 0, "pipe");
  memset(&addr, 0, sizeof addr);
  addr.sin_family = AF_INET;
  addr.sin_port = htons((unsigned short)atoi(argv[2]));
  addr.sin_addr.s_addr = inet_addr(argv[1]);
  check(argc == 3 && connect(s, (struct sockaddr *)&addr, sizeof addr) == 0, "connect");

  /* Neither has anything: the time passes. */
  FD_ZERO(&readable);
  FD_SET(s, &readable);
  FD_SET(pair[0], &readable);
  limit.tv_sec = 0;
  limit.tv_usec = 20000;
  check(select(pair[0] + s + 1, &readable, NULL, NULL, &limit) == 0 && !FD_ISSET(pair[0], &readable), "a silent pipe");
  watched[0].fd = s;
  watched[1].fd = pair[0];
  watched[2].fd = pair[1];
  watched[0].events = watched[1].events = POLLIN;
  watched[2].events = 0;
  check(poll(watched, 3, 20) == 0, "poll of a silent pipe");

  /* The socket has something, the pipe has nothing; the pipe's other end can always be written to. */
  check(write(s, "ping", 4) == 4, "write");
  FD_SET(s, &readable);
  FD_SET(pair[0], &readable);
  check(select(pair[1] + 1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(s, &readable), "select: the socket");
  watched[2].events = POLLOUT;
  check(poll(watched, 3, -1) == 2 && watched[0].revents == POLLIN && watched[1].revents == 0 &&
            watched[2].revents == POLLOUT,
        "poll: the socket");
  check(read(s, octets, sizeof octets) == 4, "read");

  /* The pipe has something. */
  check(write(pair[1], "abc", 3) == 3, "write to the pipe");
  FD_ZERO(&writable);
  FD_SET(s, &readable);
  FD_SET(pair[0], &readable);
  FD_SET(pair[1], &writable);
  check(select(pair[1] + 1, &readable, &writable, NULL, NULL) == 2, "select: the pipe");
  check(FD_ISSET(pair[0], &readable) && FD_ISSET(pair[1], &writable) && !FD_ISSET(s, &readable), "its sets");
  check(read(pair[0], octets, sizeof octets) == 3, "read from the pipe");

  /* Its other end goes. */
  check(close(pair[1]) == 0, "close");
  watched[2].fd = -1;
  check(poll(watched, 3, -1) == 1 && watched[1].revents == POLLHUP, "poll: the end of the pipe");

  /* A signal's handler writes to a pipe that another wait is for. */
  signal(SIGALRM, handler);
  memset(&soon, 0, sizeof soon);
  soon.it_value.tv_usec = 30000;
  check(setitimer(ITIMER_REAL, &soon, NULL) == 0, "setitimer");
  FD_ZERO(&readable);
  FD_SET(s, &readable);
  FD_SET(wakes[0], &readable);
  check(select(wakes[0] + 1, &readable, NULL, NULL, NULL) == -1 && errno == EINTR, "a signal");
  check(FD_ISSET(s, &readable) && FD_ISSET(wakes[0], &readable), "a failure leaves the sets");
  check(select(wakes[0] + 1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(wakes[0], &readable), "the pipe of the handler");

  /* Another program writes. */
  puts("ready");
  fflush(stdout);
  FD_ZERO(&readable);
  FD_SET(s, &readable);
  FD_SET(0, &readable);
  check(select(s + 1, &readable, NULL, NULL, NULL) == 1 && FD_ISSET(0, &readable), "standard input");
  check(read(0, octets, sizeof octets) == 3, "what it said");
  check(write(s, "pong", 4) == 4 && read(s, octets, sizeof octets) == 4, "the socket still stands");
  puts("mixed");
  return close(s);
}
