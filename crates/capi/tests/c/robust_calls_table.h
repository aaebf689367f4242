/* Every function that the library exports, as `robust_calls.c` calls it. Whoever adds a function adds its row; the test of the table
   fails until then. */

#define WINDOWS(name)                                                                                                      \
    {name "WSAStartup", "vp", '-'}, {name "WSACleanup", "", 'r'}, {name "WSAGetLastError", "", '-'},                      \
        {name "WSASetLastError", "i", '-'}, {name "socket", "ft0", 'S'}, {name "bind", "San", '-'},                       \
        {name "connect", "San", '-'}, {name "listen", "Si", '-'}, {name "accept", "Sal", 'S'}, {name "send", "Spn0", '-'}, \
        {name "sendto", "Spn0an", '-'}, {name "recv", "Spn0", '-'}, {name "recvfrom", "Spn0al", '-'},                     \
        {name "select", "iFFFT", '-'}, {name "shutdown", "Si", '-'}, {name "closesocket", "S", '-'},                      \
        {name "getsockname", "Sal", '-'}, {name "getpeername", "Sal", '-'}, {name "getsockopt", "SLOpl", '-'},            \
        {name "setsockopt", "SLOpn", '-'}, {name "ioctlsocket", "SCo", '-'}, {name "__WSAFDIsSet", "SF", '-'},                 \
        {name "gethostbyname", "x", '-'}, {name "gethostbyaddr", "ani", '-'},                          \
        {name "gethostname", "pn", '-'}, {name "getservbyname", "xx", '-'}, {name "getservbyport", "ix", '-'},           \
        {name "getprotobyname", "x", '-'}, {name "getprotobynumber", "i", '-'}

#define NAMES(name)                                                                                                        \
    {name "gethostbyname", "x", '-'}, {name "gethostbyaddr", "pnf", '-'}, {name "gethostname", "pn", '-'},                \
        {name "getservbyname", "xx", '-'}, {name "getservbyport", "ix", '-'}, {name "getprotobyname", "x", '-'},          \
        {name "getprotobynumber", "i", '-'}

#define POSIX(name, handle, result)                                                                                        \
    {name "socket", "ft0", result}, {name "bind", handle "an", '-'}, {name "connect", handle "an", '-'},                  \
        {name "listen", handle "i", '-'}, {name "accept", handle "al", result}, {name "send", handle "pz0", '-'},         \
        {name "sendto", handle "pz0an", '-'}, {name "recv", handle "pz0", '-'}, {name "recvfrom", handle "pz0al", '-'},   \
        {name "shutdown", handle "i", '-'}, {name "getsockname", handle "al", '-'},                                        \
        {name "getpeername", handle "al", '-'}, {name "getsockopt", handle "LOpl", '-'},                                   \
        {name "setsockopt", handle "LOpn", '-'},                                                                                 \
        {name "gethostbyname", "x", '-'}, {name "gethostbyaddr", "ani", '-'}, {name "gethostname", "pz", '-'},            \
        {name "getservbyname", "xx", '-'}, {name "getservbyport", "ix", '-'}, {name "getprotobyname", "x", '-'},          \
        {name "getprotobynumber", "i", '-'}

static const struct row table[] = {
    WINDOWS("synsent_winsock1_"),
    WINDOWS("synsent_winsock2_"),
    NAMES("synsent_winsock1_"),
    NAMES("synsent_winsock2_"),
    NAMES("synsent_targettcp_"),
    NAMES("synsent_bs2000_"),
    {"synsent_windows_htonl", "i", '-'},
    {"synsent_windows_htons", "i", '-'},
    {"synsent_windows_ntohl", "i", '-'},
    {"synsent_windows_ntohs", "i", '-'},
    {"synsent_windows_inet_addr", "x", '-'},
    {"synsent_windows_inet_ntoa", "i", '-'},
    {"synsent_windows_inet_pton", "fxp", '-'},
    {"synsent_windows_InetPtonW", "fwp", '-'},
    {"synsent_windows_inet_ntop", "fppz", '-'},
    {"synsent_windows_InetNtopW", "fppz", '-'},
    {"synsent_winsock2_getaddrinfo", "xxhp", '-'},
    {"synsent_winsock2_GetAddrInfoW", "wwhp", '-'},
    {"synsent_winsock2_freeaddrinfo", "p", '-'},
    {"synsent_winsock2_FreeAddrInfoW", "p", '-'},
    {"synsent_winsock2_getnameinfo", "anpnpni", '-'},
    {"synsent_winsock2_GetNameInfoW", "anpnpni", '-'},
    {"synsent_winsock2_gai_strerrorA", "i", '-'},
    {"synsent_winsock2_gai_strerrorW", "i", '-'},
    {"synsent_winsock2_WSAAddressToStringA", "anepl", '-'},
    {"synsent_winsock2_WSAAddressToStringW", "anepl", '-'},
    {"synsent_winsock2_WSAStringToAddressA", "xfeal", '-'},
    {"synsent_winsock2_WSAStringToAddressW", "wfeal", '-'},
    {"synsent_winsock2_WSAHtonl", "Sip", '-'},
    {"synsent_winsock2_WSAHtons", "Sip", '-'},
    {"synsent_winsock2_WSANtohl", "Sip", '-'},
    {"synsent_winsock2_WSANtohs", "Sip", '-'},
    {"synsent_winsock2_WSAIoctl", "SCpnpnpee", '-'},
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
    {"synsent_winsock2_getaddrinfo", "xxep", '-'},
    {"synsent_winsock2_GetAddrInfoW", "wwep", '-'},
    {"synsent_winsock2_freeaddrinfo", "p", '-'},
    {"synsent_winsock2_FreeAddrInfoW", "p", '-'},
    {"synsent_winsock2_getnameinfo", "anpnpni", '-'},
    {"synsent_winsock2_GetNameInfoW", "anpnpni", '-'},
    {"synsent_winsock2_gai_strerrorA", "i", '-'},
    {"synsent_winsock2_gai_strerrorW", "i", '-'},
    {"synsent_winsock2_WSAAddressToStringA", "anepl", '-'},
    {"synsent_winsock2_WSAAddressToStringW", "anepl", '-'},
    {"synsent_winsock2_WSAStringToAddressA", "xfepl", '-'},
    {"synsent_winsock2_WSAStringToAddressW", "wfepl", '-'},
    {"synsent_winsock2_WSAHtonl", "Sip", '-'},
    {"synsent_winsock2_WSAHtons", "Sip", '-'},
    {"synsent_winsock2_WSANtohl", "Sip", '-'},
    {"synsent_winsock2_WSANtohs", "Sip", '-'},
    {"synsent_windows_htonl", "i", '-'},
    {"synsent_windows_htons", "i", '-'},
    {"synsent_windows_ntohl", "i", '-'},
    {"synsent_windows_ntohs", "i", '-'},
    {"synsent_windows_inet_addr", "x", '-'},
    {"synsent_windows_inet_ntoa", "i", '-'},
    {"synsent_windows_inet_pton", "fxp", '-'},
    {"synsent_windows_InetPtonW", "fwp", '-'},
    {"synsent_windows_inet_ntop", "fpaz", '-'},
    {"synsent_windows_InetNtopW", "fpaz", '-'},
    POSIX("synsent_targettcp_", "H", 'H'),
    {"synsent_targettcp_target_tcp_init", "", '-'},
    {"synsent_targettcp_closesocket", "H", '-'},
    {"synsent_targettcp_ioctlsocket", "HCo", '-'},
    {"synsent_targettcp_select", "iGGGU", '-'},
    {"synsent_targettcp_perror", "x", 'r'},
    POSIX("synsent_bs2000_", "D", 'D'),
    {"synsent_bs2000_getaddrinfo", "xxep", '-'},
    {"synsent_bs2000_freeaddrinfo", "p", '-'},
    {"synsent_bs2000_gai_strerror", "i", '-'},
    {"synsent_bs2000_getnameinfo", "anpnpni", '-'},
    {"synsent_bs2000_getipnodebyname", "xfip", '-'},
    {"synsent_bs2000_getipnodebyaddr", "pzfp", '-'},
    {"synsent_bs2000_freehostent", "p", '-'},
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
    {"synsent_bs2000_getaddrinfo", "xxhp", '-'},
    {"synsent_bs2000_freeaddrinfo", "p", '-'},
    {"synsent_bs2000_getnameinfo", "anpnpni", '-'},
    {"synsent_bs2000_gai_strerror", "i", '-'},
    {"synsent_bs2000_getipnodebyname", "xfip", '-'},
    {"synsent_bs2000_getipnodebyaddr", "pzfp", '-'},
    {"synsent_bs2000_freehostent", "p", '-'},
};
