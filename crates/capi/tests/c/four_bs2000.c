#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <unistd.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "four.h"

static int s;

static struct sockaddr_in name_of(const char *address, unsigned short port)
{
  struct sockaddr_in name;
  memset(&name, 0, sizeof(name));
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = inet_addr(address);
  return name;
}

int bs2000_open(const char *address, unsigned short port)
{
  struct sockaddr_in name = name_of(address, port);
  s = socket(AF_INET, SOCK_STREAM, 0);
  return s < 0 ? 2 : connect(s, (struct sockaddr *)&name, sizeof(name)) == 0 ? 0 : 3;
}

int bs2000_talk(void)
{
  static const char text[] = "SOCKETS(POSIX)";
  char back[sizeof(text)];
  size_t have = 0;
  ssize_t got;
  if (write(s, text, sizeof(text)) != sizeof(text))
    return 1;
  while (have < sizeof(back) && (got = read(s, back + have, sizeof(back) - have)) > 0)
    have += (size_t)got;
  return have == sizeof(back) && memcmp(text, back, sizeof(back)) == 0 ? 0 : 2;
}

int bs2000_is_refused(const char *address, unsigned short port)
{
  struct sockaddr_in name = name_of(address, port);
  int other = socket(AF_INET, SOCK_STREAM, 0);
  int code = connect(other, (struct sockaddr *)&name, sizeof(name)) == -1 ? errno : 0;
  close(other);
  return code;
}

int bs2000_close(void)
{
  return close(s);
}

/* All four connections stand at the same time. */
int main(int argc, char **argv)
{
  const char *address = argv[1];
  unsigned short port, deaf;
  if (argc != 4)
    return 2;
  port = (unsigned short)atoi(argv[2]);
  deaf = (unsigned short)atoi(argv[3]);
  printf("opened: %d %d %d %d\n", winsock1_open(address, port), winsock2_open(address, port),
         targettcp_open(address, port), bs2000_open(address, port));
  printf("talked: %d %d %d %d\n", winsock1_talk(), winsock2_talk(), targettcp_talk(), bs2000_talk());
  printf("refused: %d %d %d %d\n", winsock1_is_refused(address, deaf), winsock2_is_refused(address, deaf),
         targettcp_is_refused(address, deaf), bs2000_is_refused(address, deaf));
  printf("talked: %d %d %d %d\n", winsock1_talk(), winsock2_talk(), targettcp_talk(), bs2000_talk());
  printf("closed: %d %d %d %d\n", winsock1_close(), winsock2_close(), targettcp_close(), bs2000_close());
  return 0;
}
