/* Echo servers and their clients in one thread: of the internet and of AF_UNIX, streams and datagrams, by select and by poll. */
#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <unistd.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "forth and back";

static void check(int right, const char *what)
{
  if (!right)
  {
    perror(what);
    exit(1);
  }
}

/* Both ends stand; what goes in at one comes out at the other and goes back. */
static void echo(int client, int served)
{
  struct pollfd watched[2];
  struct iovec parts[2];
  char back[sizeof text];
  int pending = -1;

  check(write(client, text, sizeof text) == sizeof text, "write");
  watched[0].fd = client;
  watched[1].fd = served;
  watched[0].events = watched[1].events = POLLIN;
  check(poll(watched, 2, 20000) == 1 && watched[0].revents == 0 && watched[1].revents == POLLIN, "poll");
  check(ioctl(served, FIONREAD, &pending) == 0 && pending == sizeof text, "FIONREAD");
  parts[0].iov_base = back;
  parts[0].iov_len = 5;
  parts[1].iov_base = back + 5;
  parts[1].iov_len = sizeof back - 5;
  check(readv(served, parts, 2) == sizeof text && memcmp(back, text, sizeof text) == 0, "readv");
  check(writev(served, parts, 2) == sizeof text, "writev");
  memset(back, 0, sizeof back);
  check(read(client, back, sizeof back) == sizeof text && memcmp(back, text, sizeof text) == 0, "read");
  check(close(served) == 0 && read(client, back, sizeof back) == 0, "the end of the stream");
  check(close(client) == 0 && close(client) == -1 && errno == EBADF, "close");
}

static void internet(const char *address)
{
  struct sockaddr_in addr;
  int size = sizeof addr;
  socklen_t other_size = sizeof addr;
  struct timeval limit;
  fd_set writable;
  int listener = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), served, error = -1;

  check(listener > 2 && client > listener, "numbers of descriptors");
  memset(&addr, 0, sizeof addr);
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = inet_addr(address);
  check(bind(listener, (struct sockaddr *)&addr, sizeof addr) == 0 && listen(listener, 5) == 0, "bind and listen");
  check(getsockname(listener, (struct sockaddr *)&addr, &size) == 0 && size == sizeof addr, "getsockname");
  check(fcntl(client, F_SETFL, fcntl(client, F_GETFL, 0) | O_NONBLOCK) == 0, "fcntl");
  check(connect(client, (struct sockaddr *)&addr, sizeof addr) == -1 && errno == EINPROGRESS, "connect");
  served = accept(listener, (struct sockaddr *)&addr, &other_size);
  check(served > client, "accept");
  FD_ZERO(&writable);
  FD_SET(client, &writable);
  limit.tv_sec = 20;
  limit.tv_usec = 0;
  check(select(client + 1, NULL, &writable, NULL, &limit) == 1 && FD_ISSET(client, &writable), "select");
  size = sizeof error;
  check(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0, "getsockopt");
  check(fcntl(client, F_SETFL, fcntl(client, F_GETFL) & ~O_NONBLOCK) == 0, "fcntl back");
  check(fcntl(client, F_SETFD, FD_CLOEXEC) == 0 && fcntl(client, F_GETFD) == FD_CLOEXEC, "the mark of the number");
  check(close(listener) == 0, "close");
  echo(client, served);
}

static void local_stream(const char *path)
{
  struct sockaddr_un name;
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), served;

  memset(&name, 0, sizeof name);
  name.sun_family = AF_UNIX;
  check(connect(client, (struct sockaddr *)&name, sizeof name) == -1 && errno == ENOENT, "a blank path");
  snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
  check(connect(client, (struct sockaddr *)&name, sizeof name) == -1 && errno == ENOENT, "no such path");
  check(bind(listener, (struct sockaddr *)&name, sizeof name) == 0 && listen(listener, 5) == 0, "bind to a path");
  check(connect(client, (struct sockaddr *)&name, sizeof name) == 0, "connect to a path");
  served = accept(listener, NULL, NULL);
  check(served >= 0 && close(listener) == 0, "accept on a path");
  echo(client, served);
  memset(name.sun_path, 'x', sizeof name.sun_path);
  client = socket(AF_UNIX, SOCK_STREAM, 0);
  check(connect(client, (struct sockaddr *)&name, sizeof name) == -1, "a name without an end");
  check(close(client) == 0, "close");
}

static void datagrams(const char *address)
{
  struct sockaddr_in addr, from;
  struct msghdr message;
  struct iovec parts[2];
  char back[sizeof text];
  int size = sizeof addr;
  int one = socket(AF_INET, SOCK_DGRAM, 0), other = socket(AF_INET, SOCK_DGRAM, 0);

  memset(&addr, 0, sizeof addr);
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = inet_addr(address);
  check(bind(one, (struct sockaddr *)&addr, sizeof addr) == 0, "bind");
  check(getsockname(one, (struct sockaddr *)&addr, &size) == 0, "getsockname");
  memset(&message, 0, sizeof message);
  message.msg_name = &addr;
  message.msg_namelen = sizeof addr;
  parts[0].iov_base = (char *)text;
  parts[0].iov_len = 6;
  parts[1].iov_base = (char *)text + 6;
  parts[1].iov_len = sizeof text - 6;
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  check(sendmsg(other, &message, 0) == sizeof text, "sendmsg");
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  parts[0].iov_base = back;
  parts[1].iov_base = back + 6;
  check(recvmsg(one, &message, 0) == sizeof text && memcmp(back, text, sizeof text) == 0, "recvmsg");
  check(message.msg_namelen == sizeof from && from.sin_family == AF_INET && message.msg_controllen == 0, "its name");
  check(message.msg_flags == 0, "a whole message");
  check(sendto(other, text, sizeof text, 0, (struct sockaddr *)&addr, sizeof addr) == sizeof text, "sendto");
  message.msg_iovlen = 1;
  check(recvmsg(one, &message, 0) == 6 && message.msg_flags == MSG_TRUNC, "a message that was cut");
  message.msg_iovlen = 2;
  message.msg_control = back;
  message.msg_controllen = sizeof back;
  check(sendmsg(one, &message, 0) == -1 && errno == EOPNOTSUPP, "control data");
  check(connect(other, (struct sockaddr *)&addr, sizeof addr) == 0, "a partner");
  check(connect(other, NULL, 0) == 0, "no partner");
  check(send(other, text, sizeof text, 0) == -1 && errno == EDESTADDRREQ, "nobody to send to");
  check(close(one) == 0 && close(other) == 0, "close");
}

/* Numbers and lengths beyond what there may be. */
static void limits(void)
{
  struct iovec part = {NULL, 0};
  fd_set set;
  struct timeval now = {0, 0};
  int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

  FD_ZERO(&set);
  check(select(FD_SETSIZE, &set, NULL, NULL, &now) == 0, "nfds of the whole set");
  check(select(FD_SETSIZE + 1, &set, NULL, NULL, &now) == -1 && errno == EINVAL, "nfds beyond the set");
  check(select(-1, &set, NULL, NULL, &now) == -1 && errno == EINVAL, "nfds below zero");
  FD_SET(700, &set);
  check(select(700, &set, NULL, NULL, &now) == 0, "a number that is not below nfds");
  FD_SET(700, &set);
  check(select(701, &set, NULL, NULL, &now) == -1 && errno == EBADF, "a number that is no descriptor");
  check(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, 3) == -1 && errno == EINVAL, "an option that is too short");
  check(readv(s, &part, 0) == -1 && errno == EINVAL && writev(s, &part, 1025) == -1 && errno == EINVAL, "no buffers");
  check(dup(s) == -1 && errno == EOPNOTSUPP && dup2(s, 0) == -1 && errno == EOPNOTSUPP, "one number");
  check(dup2(s, s) == s, "the same number");
  check(write(s, "x", 1) == -1 && errno == ENOTCONN, "a signal is never raised");
  check(close(s) == 0, "close");
}

/* A file is the C library's, whose errno stays. */
static void files(void)
{
  char octets[4];
  int file = open("/dev/null", O_RDWR), copy = dup(file);

  check(file >= 0 && copy > file, "open and dup");
  check(write(file, "abc", 3) == 3 && read(file, octets, sizeof octets) == 0, "a file");
  check(send(file, "abc", 3, 0) == -1 && errno == ENOTSOCK, "no socket");
  check(fcntl(file, F_GETFL) != -1 && ioctl(file, FIONREAD, octets) == -1 && errno == ENOTTY, "no terminal");
  check(close(copy) == 0 && close(file) == 0 && close(file) == -1 && errno == EBADF, "close of a file");
}

int main(int argc, char **argv)
{
  const char *address = argc > 1 ? argv[1] : "127.0.0.1";
  signal(SIGPIPE, SIG_DFL);
  files();
  internet(address);
  datagrams(address);
  local_stream(argc > 2 ? argv[2] : "/tmp/echo");
  limits();
  puts("echoed");
  return 0;
}
