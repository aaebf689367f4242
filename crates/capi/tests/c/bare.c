/* No header of ours: the functions are the C library's. */
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>
#include <errno.h>
#include <string.h>

int synsent_targettcp_target_tcp_init(void);

int main(void)
{
  struct sockaddr_in addr;
  char option[4];
  socklen_t size = sizeof option;
  int s = socket(AF_INET, SOCK_STREAM, 0);

  /* The library is there, on a lab that knows nobody; these sockets are the machine's all the same. */
  if (synsent_targettcp_target_tcp_init() != 0 || s < 0)
    return 1;
  memset(&addr, 0, sizeof addr);
  addr.sin_family = AF_INET;
  addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(s, (struct sockaddr *)&addr, sizeof addr) != 0 || listen(s, 1) != 0)
    return 2;
  size = sizeof addr;
  if (getsockname(s, (struct sockaddr *)&addr, &size) != 0)
    return 3;
  /* Only the kernel's descriptors are sockets to the kernel. */
  size = sizeof option;
  if (getsockopt(s, SOL_SOCKET, SO_DOMAIN, option, &size) != 0)
    return 4;
  return close(s);
}
