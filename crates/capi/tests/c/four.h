/* What each of four files has, of which each includes the headers of its own system alone. */
#define FOUR_STEPS(system)                                                                                         \
  /* Starts the system, connects to an echo server, and returns 0, or a number for the step that failed. */        \
  int system##_open(const char *address, unsigned short port);                                                     \
  /* Sends and receives on the connection. */                                                                      \
  int system##_talk(void);                                                                                         \
  /* Connects where nobody listens: the error as the system tells it. */                                           \
  int system##_is_refused(const char *address, unsigned short port);                                               \
  /* Ends the connection. */                                                                                       \
  int system##_close(void);
FOUR_STEPS(winsock1)
FOUR_STEPS(winsock2)
FOUR_STEPS(targettcp)
FOUR_STEPS(bs2000)
