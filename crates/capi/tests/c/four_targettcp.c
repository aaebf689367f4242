#include <sockets.h>
#include "four.h"

static int s;

static struct sockaddr_in name_of(const char *address, unsigned short port)
{
  struct sockaddr_in name;
  bzero(&name, sizeof(name));
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = inet_addr(address);
  return name;
}

int targettcp_open(const char *address, unsigned short port)
{
  struct sockaddr_in name = name_of(address, port);
  if (target_tcp_init() != 0)
    return 1;
  s = socket(AF_INET, SOCK_STREAM, 0);
  return s < 0 ? 2 : connect(s, &name, sizeof(name)) == 0 ? 0 : 3;
}

int targettcp_talk(void)
{
  static const char text[] = "TargetTCP";
  char back[sizeof(text)];
  unsigned have = 0;
  int got;
  if (send(s, text, sizeof(text), 0) != sizeof(text))
    return 1;
  while (have < sizeof(back) && (got = recv(s, back + have, sizeof(back) - have, 0)) > 0)
    have += got;
  return have == sizeof(back) && memcmp(text, back, sizeof(back)) == 0 ? 0 : 2;
}

int targettcp_is_refused(const char *address, unsigned short port)
{
  struct sockaddr_in name = name_of(address, port);
  int other = socket(AF_INET, SOCK_STREAM, 0);
  int code = connect(other, &name, sizeof(name)) == -1 ? errno : 0;
  closesocket(other);
  return code;
}

int targettcp_close(void)
{
  return closesocket(s);
}
