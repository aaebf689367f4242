/* An echo server and its client in one thread, by select and handles that are no small numbers. */
#include <sockets.h>

static void check(int right, const char *what)
{
  if (!right)
  {
    perror(what);
    exit(1);
  }
}

int main(int argc, char **argv)
{
  static const char text[] = "forth and back";
  char back[64];
  struct sockaddr_in addr;
  socklen_t size = sizeof addr;
  struct timeval limit = {20, 0};
  fd_set readable, writable;
  unsigned int on = 1;
  int listener, client, served, error = -1, count, highest;

  check(target_tcp_init() == 0, "target_tcp_init");
  errno = 4711;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  check(listener >= 0 && listener % 4 == 0, "socket");
  memset(&addr, 0, sizeof addr);
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = inet_addr(argc > 1 ? argv[1] : "127.0.0.1");
  check(bind(listener, &addr, sizeof addr) == 0, "bind");
  check(listen(listener, 5) == 0, "listen");
  check(getsockname(listener, &addr, &size) == 0 && addr.sin_port != 0, "getsockname");
  client = socket(AF_INET, SOCK_STREAM, 0);
  check(ioctlsocket(client, FIONBIO, &on) == 0, "ioctlsocket");
  check(errno == 4711, "a success has touched errno");
  check(connect(client, &addr, sizeof addr) == -1 && errno == EINPROGRESS, "connect");

  FD_ZERO(&readable);
  FD_SET(listener, &readable);
  check(select(listener + 1, &readable, NULL, NULL, &limit) == 1 && FD_ISSET(listener, &readable), "select: accept");
  size = sizeof addr;
  served = accept(listener, &addr, &size);
  check(served >= 0 && size == sizeof addr, "accept");
  FD_ZERO(&writable);
  FD_SET(client, &writable);
  check(select(client + 1, NULL, &writable, NULL, &limit) == 1 && FD_ISSET(client, &writable), "select: connected");
  size = sizeof error;
  check(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0, "getsockopt");
  check(connect(client, &addr, sizeof addr) == -1 && errno == EISCONN, "connect again");

  check(send(client, text, sizeof text, 0) == sizeof text, "send");
  FD_ZERO(&readable);
  FD_SET(client, &readable);
  FD_SET(served, &readable);
  FD_SET(listener, &readable);
  FD_CLR(listener, &readable);
  highest = client > served ? client : served;
  check(select(highest + 1, &readable, NULL, NULL, NULL) == 1, "select: echo");
  check(FD_ISSET(served, &readable) && !FD_ISSET(client, &readable) && !FD_ISSET(listener, &readable), "the set");
  count = recv(served, back, sizeof back, 0);
  check(count == sizeof text && send(served, back, count, 0) == count, "the echo");
  FD_ZERO(&readable);
  FD_SET(client, &readable);
  check(select(client, &readable, NULL, NULL, &(struct timeval){0, 0}) == 0 && !FD_ISSET(client, &readable),
        "what is not below nfds is not asked");
  FD_SET(client, &readable);
  check(select(client + 1, &readable, NULL, NULL, &limit) == 1, "select: back");
  check(recv(client, back, sizeof back, 0) == sizeof text && memcmp(back, text, sizeof text) == 0, "recv");
  check(shutdown(served, SHUT_WR) == 0, "shutdown");
  FD_SET(client, &readable);
  check(select(client + 1, &readable, NULL, NULL, &limit) == 1 && recv(client, back, sizeof back, 0) == 0, "the end");
  check(closesocket(client) == 0 && closesocket(served) == 0 && closesocket(listener) == 0, "closesocket");
  check(closesocket(client) == -1 && errno == ENOTSOCK, "closesocket again");
  puts("echoed");
  return 0;
}
