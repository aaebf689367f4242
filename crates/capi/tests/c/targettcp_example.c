/* An echo client around the example of connect()'s document, which is between the two lines as it stands there. */
#include <sockets.h>

static in_addr_t Server;

int main(int argc, char **argv)
{
  static const char text[] = "to be sent back";
  char back[sizeof(text)];
  int round, done = 0;

  Server = inet_addr(argc > 1 ? argv[1] : "127.0.0.1");
  for (round = 0; round < 3; ++round)
  {
    unsigned have = 0;
    int sock = socket(AF_INET, SOCK_STREAM, 0);
    if (sock < 0)
    {
      perror("Echo client has no socket");
      return 2;
    }
    /* ---------------------------------------------------------------- */
  struct sockaddr_in addr;

  /*-----------------------------------------------------------------*/
  /* Assign echo server address and connect.                         */
  /*-----------------------------------------------------------------*/
  bzero(&addr, sizeof(struct sockaddr_in));
  addr.sin_family = AF_INET;
  addr.sin_port = htons(ECHO_PORT);
  addr.sin_addr.s_addr = Server;
  if (connect(sock, &addr, sizeof(struct sockaddr_in)))
  {
    perror("Echo client connection failed");
    closesocket(sock);
    continue;
  }
  printf("Echo client connected\n");
    /* ---------------------------------------------------------------- */
    if (send(sock, text, sizeof(text), 0) != sizeof(text))
      perror("Echo client cannot send");
    while (have < sizeof(back))
    {
      int got = recv(sock, back + have, sizeof(back) - have, 0);
      if (got <= 0)
        break;
      have += got;
    }
    if (have == sizeof(back) && memcmp(text, back, sizeof(back)) == 0)
      ++done;
    closesocket(sock);
  }
  printf("%d echoes\n", done);
  return done == 3 ? 0 : 1;
}
