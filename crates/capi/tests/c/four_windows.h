/* The file of either version of Windows Sockets. */
#include "four.h"

static SOCKET s = INVALID_SOCKET;

static struct sockaddr_in name_of(const char *address, unsigned short port)
{
  struct sockaddr_in name;
  memset(&name, 0, sizeof name);
  name.sin_family = AF_INET;
  name.sin_port = htons(port);
  name.sin_addr.s_addr = inet_addr(address);
  return name;
}

int FOUR(open)(const char *address, unsigned short port)
{
  struct sockaddr_in name;
  WSADATA data;
  if (WSAStartup(FOUR_VERSION, &data) != 0 || data.wVersion != FOUR_VERSION)
    return 1;
  name = name_of(address, port);
  s = socket(AF_INET, SOCK_STREAM, 0);
  if (s == INVALID_SOCKET)
    return 2;
  return connect(s, (struct sockaddr *)&name, sizeof name) == 0 ? 0 : 3;
}

int FOUR(talk)(void)
{
  static const char text[] = FOUR_TEXT;
  char back[sizeof text];
  int have = 0, got;
  if (send(s, text, sizeof text, 0) != sizeof text)
    return 1;
  while (have < (int)sizeof back && (got = recv(s, back + have, (int)sizeof back - have, 0)) > 0)
    have += got;
  return have == sizeof back && memcmp(text, back, sizeof back) == 0 ? 0 : 2;
}

int FOUR(is_refused)(const char *address, unsigned short port)
{
  struct sockaddr_in name = name_of(address, port);
  SOCKET other = socket(AF_INET, SOCK_STREAM, 0);
  int code = connect(other, (struct sockaddr *)&name, sizeof name) == SOCKET_ERROR ? WSAGetLastError() : 0;
  closesocket(other);
  return code;
}

int FOUR(close)(void)
{
  return closesocket(s) == 0 ? WSACleanup() : 1;
}
