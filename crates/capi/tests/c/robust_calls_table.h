/* Every function that the library exports, as `robust_calls.c` calls it. Whoever adds a function adds its row; the test of the table
   fails until then. */

#define WINDOWS(name)                                                                                                      \
    {name "WSAStartup", "vp", '-'}, {name "WSACleanup", "", 'r'}, {name "WSAGetLastError", "", '-'},                      \
        {name "WSASetLastError", "i", '-'}, {name "socket", "ft0", 'S'}, {name "bind", "San", '-'},                       \
        {name "connect", "San", '-'}, {name "listen", "Si", '-'}, {name "accept", "Sal", 'S'}, {name "send", "Spn0", '-'}, \
        {name "sendto", "Spn0an", '-'}, {name "recv", "Spn0", '-'}, {name "recvfrom", "Spn0al", '-'},                     \
        {name "select", "iFFFT", '-'}, {name "shutdown", "Si", '-'}, {name "closesocket", "S", '-'},                      \
        {name "getsockname", "Sal", '-'}, {name "getpeername", "Sal", '-'}, {name "getsockopt", "SLOpl", '-'},            \
        {name "setsockopt", "SLOpn", '-'}, {name "ioctlsocket", "SCo", '-'}, {name "__WSAFDIsSet", "SF", '-'}

static const struct row table[] = {
    WINDOWS("synsent_winsock1_"),
    WINDOWS("synsent_winsock2_"),
};
