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

#define POSIX(name, handle, result)                                                                                        \
    {name "socket", "ft0", result}, {name "bind", handle "an", '-'}, {name "connect", handle "an", '-'},                  \
        {name "listen", handle "i", '-'}, {name "accept", handle "al", result}, {name "send", handle "pz0", '-'},         \
        {name "sendto", handle "pz0an", '-'}, {name "recv", handle "pz0", '-'}, {name "recvfrom", handle "pz0al", '-'},   \
        {name "shutdown", handle "i", '-'}, {name "getsockname", handle "al", '-'},                                        \
        {name "getpeername", handle "al", '-'}, {name "getsockopt", handle "LOpl", '-'},                                   \
        {name "setsockopt", handle "LOpn", '-'}

static const struct row table[] = {
    WINDOWS("synsent_winsock1_"),
    WINDOWS("synsent_winsock2_"),
    {"synsent_winsock2_WSAPoll", "Pnm", '-'},
    {"synsent_winsock2_WSASocketA", "ft0e00", 'S'},
    {"synsent_winsock2_WSASocketW", "ft0e00", 'S'},
    {"synsent_winsock2_WSAConnect", "Saneeee", '-'},
    {"synsent_winsock2_WSAEnumProtocolsA", "epl", '-'},
    {"synsent_winsock2_WSAEnumProtocolsW", "epl", '-'},
    {"synsent_winsock2_WSADuplicateSocketA", "Sip", '-'},
    {"synsent_winsock2_WSADuplicateSocketW", "Sip", '-'},
    {"synsent_winsock2_WSASend", "SWnp0ee", '-'},
    {"synsent_winsock2_WSASendTo", "SWnp0anee", '-'},
    {"synsent_winsock2_WSARecv", "SWnppee", '-'},
    {"synsent_winsock2_WSARecvFrom", "SWnppalee", '-'},
    {"synsent_winsock2_WSARecvEx", "Spnp", '-'},
    {"synsent_winsock2_WSASendDisconnect", "Se", '-'},
    {"synsent_winsock2_WSARecvDisconnect", "Se", '-'},
    POSIX("synsent_targettcp_", "H", 'H'),
    {"synsent_targettcp_target_tcp_init", "", '-'},
    {"synsent_targettcp_closesocket", "H", '-'},
    {"synsent_targettcp_ioctlsocket", "HCo", '-'},
    {"synsent_targettcp_select", "iGGGU", '-'},
    {"synsent_targettcp_perror", "x", 'r'},
    POSIX("synsent_bs2000_", "D", 'D'),
    {"synsent_bs2000_close", "X", '-'},
    {"synsent_bs2000_dup", "D", '-'},
    {"synsent_bs2000_dup2", "DN", '-'},
    {"synsent_bs2000_fcntl", "Dko", '-'},
    {"synsent_bs2000_ioctl", "DCo", '-'},
    {"synsent_bs2000_read", "Dpz", '-'},
    {"synsent_bs2000_write", "Dpz", '-'},
    {"synsent_bs2000_readv", "DVn", '-'},
    {"synsent_bs2000_writev", "DVn", '-'},
    {"synsent_bs2000_sendmsg", "DM0", '-'},
    {"synsent_bs2000_recvmsg", "DM0", '-'},
    {"synsent_bs2000_poll", "Qzm", '-'},
    {"synsent_bs2000_select", "iBBBU", '-'},
};
