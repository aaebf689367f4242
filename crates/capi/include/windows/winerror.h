/*
 * The error numbers of the system and of Windows Sockets, with their meanings.
 *
 * The numbers of the C library (EWOULDBLOCK and its like) keep their own values, which Windows Sockets never says: ask for WSAEWOULDBLOCK.
 */
#ifndef _WINERROR_
#define _WINERROR_

#define NO_ERROR 0
#define S_OK ((HRESULT)0)
#define S_FALSE ((HRESULT)1)
#define E_FAIL ((HRESULT)0x80004005u)
#define E_INVALIDARG ((HRESULT)0x80070057u)
#define E_OUTOFMEMORY ((HRESULT)0x8007000Eu)
#define SUCCEEDED(result) ((HRESULT)(result) >= 0)
#define FAILED(result) ((HRESULT)(result) < 0)

/* Nothing is wrong. */
#define ERROR_SUCCESS 0
/* The function does not exist. */
#define ERROR_INVALID_FUNCTION 1
/* There is no such file. */
#define ERROR_FILE_NOT_FOUND 2
/* There is no such folder. */
#define ERROR_PATH_NOT_FOUND 3
/* Too many files are open. */
#define ERROR_TOO_MANY_OPEN_FILES 4
/* It is not permitted. */
#define ERROR_ACCESS_DENIED 5
/* The handle is not valid. */
#define ERROR_INVALID_HANDLE 6
/* There is not enough memory. */
#define ERROR_NOT_ENOUGH_MEMORY 8
/* The format is wrong. */
#define ERROR_BAD_FORMAT 11
/* The data are not valid. */
#define ERROR_INVALID_DATA 13
/* There is no more memory. */
#define ERROR_OUTOFMEMORY 14
/* The device is not ready. */
#define ERROR_NOT_READY 21
/* The length is wrong. */
#define ERROR_BAD_LENGTH 24
/* A device does not work. */
#define ERROR_GEN_FAILURE 31
/* The file is at its end. */
#define ERROR_HANDLE_EOF 38
/* It cannot be done here. */
#define ERROR_NOT_SUPPORTED 50
/* The name in the network is gone: the peer has reset the connection. */
#define ERROR_NETNAME_DELETED 64
/* An argument has no meaning. */
#define ERROR_INVALID_PARAMETER 87
/* The other end is gone. */
#define ERROR_BROKEN_PIPE 109
/* The function does nothing here. */
#define ERROR_CALL_NOT_IMPLEMENTED 120
/* The time of waiting was over. */
#define ERROR_SEM_TIMEOUT 121
/* The buffer is too small. */
#define ERROR_INSUFFICIENT_BUFFER 122
/* The name is not valid. */
#define ERROR_INVALID_NAME 123
/* There is no such module. */
#define ERROR_MOD_NOT_FOUND 126
/* The module has no such function. */
#define ERROR_PROC_NOT_FOUND 127
/* It is not locked. */
#define ERROR_NOT_LOCKED 158
/* It is in use. */
#define ERROR_BUSY 170
/* It is there already. */
#define ERROR_ALREADY_EXISTS 183
/* There is more than fits. */
#define ERROR_MORE_DATA 234
/* There are no more. */
#define ERROR_NO_MORE_ITEMS 259
/* The mutex belongs to another thread. */
#define ERROR_NOT_OWNER 288
/* The semaphore would count beyond its limit. */
#define ERROR_TOO_MANY_POSTS 298
/* There is no text for the number. */
#define ERROR_MR_MID_NOT_FOUND 317
/* The address is not valid. */
#define ERROR_INVALID_ADDRESS 487
/* The operation was taken back. */
#define ERROR_OPERATION_ABORTED 995
/* The operation is not completed yet. */
#define ERROR_IO_INCOMPLETE 996
/* The operation goes on. */
#define ERROR_IO_PENDING 997
/* The memory cannot be used. */
#define ERROR_NOACCESS 998
/* The flags have no meaning. */
#define ERROR_INVALID_FLAGS 1004
/* The text cannot be written in the other coding. */
#define ERROR_NO_UNICODE_TRANSLATION 1113
/* It was not found. */
#define ERROR_NOT_FOUND 1168
/* The user has cancelled it. */
#define ERROR_CANCELLED 1223
/* The peer has refused the connection. */
#define ERROR_CONNECTION_REFUSED 1225
/* The network cannot be reached. */
#define ERROR_NETWORK_UNREACHABLE 1231
/* The host cannot be reached. */
#define ERROR_HOST_UNREACHABLE 1232
/* Nothing listens at the port. */
#define ERROR_PORT_UNREACHABLE 1234
/* The connection was given up on this side. */
#define ERROR_CONNECTION_ABORTED 1236
/* The handle is not that of a window. */
#define ERROR_INVALID_WINDOW_HANDLE 1400
/* There is no such class of windows. */
#define ERROR_CANNOT_FIND_WND_CLASS 1407
/* The window belongs to another thread. */
#define ERROR_WINDOW_OF_OTHER_THREAD 1408
/* The class of windows is there already. */
#define ERROR_CLASS_ALREADY_EXISTS 1410
/* There is no such class of windows. */
#define ERROR_CLASS_DOES_NOT_EXIST 1411
/* There are windows of the class. */
#define ERROR_CLASS_HAS_WINDOWS 1412
/* The index has no meaning. */
#define ERROR_INVALID_INDEX 1413
/* There is no such thread. */
#define ERROR_INVALID_THREAD_ID 1444
/* The time was over. */
#define ERROR_TIMEOUT 1460
/* A quota is exhausted. */
#define ERROR_NOT_ENOUGH_QUOTA 1816

/* What all numbers are counted from. */
#define WSABASEERR 10000
/* The call was taken back while it waited. */
#define WSAEINTR 10004
/* The number is not that of a file. */
#define WSAEBADF 10009
/* It is not permitted: a broadcast without SO_BROADCAST, or a reserved name. */
#define WSAEACCES 10013
/* A pointer or a length does not describe usable memory. */
#define WSAEFAULT 10014
/* An argument has no meaning, or the socket is in no state for the call. */
#define WSAEINVAL 10022
/* There are as many sockets as there may be. */
#define WSAEMFILE 10024
/* The socket does not block, and the call cannot be completed at once. */
#define WSAEWOULDBLOCK 10035
/* A blocking call is under way in this thread. */
#define WSAEINPROGRESS 10036
/* A connection is being made on the socket already. */
#define WSAEALREADY 10037
/* The handle is not that of a socket. */
#define WSAENOTSOCK 10038
/* A destination is needed and none was given. */
#define WSAEDESTADDRREQ 10039
/* The datagram is larger than what can be sent, or than the buffer for it. */
#define WSAEMSGSIZE 10040
/* The protocol does not suit the type of the socket. */
#define WSAEPROTOTYPE 10041
/* The option is not known, or not for this socket. */
#define WSAENOPROTOOPT 10042
/* The protocol does not exist here. */
#define WSAEPROTONOSUPPORT 10043
/* The type of socket does not exist in this family. */
#define WSAESOCKTNOSUPPORT 10044
/* The call is not for this type of socket. */
#define WSAEOPNOTSUPP 10045
/* The protocol family does not exist here. */
#define WSAEPFNOSUPPORT 10046
/* The socket cannot use an address of this family. */
#define WSAEAFNOSUPPORT 10047
/* The address is in use. */
#define WSAEADDRINUSE 10048
/* The address cannot be used from this machine. */
#define WSAEADDRNOTAVAIL 10049
/* The network has failed. */
#define WSAENETDOWN 10050
/* The network cannot be reached from here now. */
#define WSAENETUNREACH 10051
/* The connection ended because probes were not answered. */
#define WSAENETRESET 10052
/* The connection was given up on this side. */
#define WSAECONNABORTED 10053
/* The peer has reset the connection, or has no such port. */
#define WSAECONNRESET 10054
/* There is no more room for buffers. */
#define WSAENOBUFS 10055
/* The socket is connected already. */
#define WSAEISCONN 10056
/* The socket is not connected. */
#define WSAENOTCONN 10057
/* This direction of the socket was shut down. */
#define WSAESHUTDOWN 10058
/* Too many references. */
#define WSAETOOMANYREFS 10059
/* The time was over before there was an answer. */
#define WSAETIMEDOUT 10060
/* The peer has refused the connection. */
#define WSAECONNREFUSED 10061
/* A name leads in circles. */
#define WSAELOOP 10062
/* A name is too long. */
#define WSAENAMETOOLONG 10063
/* The host is down. */
#define WSAEHOSTDOWN 10064
/* The host cannot be reached. */
#define WSAEHOSTUNREACH 10065
/* A directory is not empty. */
#define WSAENOTEMPTY 10066
/* As many programs use Windows Sockets as may. */
#define WSAEPROCLIM 10067
/* Too many users. */
#define WSAEUSERS 10068
/* A quota is exhausted. */
#define WSAEDQUOT 10069
/* A reference to a file is stale. */
#define WSAESTALE 10070
/* It is remote. */
#define WSAEREMOTE 10071
/* The network cannot be used yet. */
#define WSASYSNOTREADY 10091
/* The version that was asked for is not there. */
#define WSAVERNOTSUPPORTED 10092
/* No WSAStartup succeeded before. */
#define WSANOTINITIALISED 10093
/* The peer has ended the connection in an orderly way. */
#define WSAEDISCON 10101
/* A listing is at its end; the old spelling of WSA_E_NO_MORE. */
#define WSAENOMORE 10102
/* A listing was cancelled; the old spelling of WSA_E_CANCELLED. */
#define WSAECANCELLED 10103
/* The table of functions of a service provider is not valid. */
#define WSAEINVALIDPROCTABLE 10104
/* A service provider is not valid. */
#define WSAEINVALIDPROVIDER 10105
/* A service provider could not be started. */
#define WSAEPROVIDERFAILEDINIT 10106
/* A call of the system failed that never should. */
#define WSASYSCALLFAILURE 10107
/* No such service is known. */
#define WSASERVICE_NOT_FOUND 10108
/* No such class is known. */
#define WSATYPE_NOT_FOUND 10109
/* A listing is at its end. */
#define WSA_E_NO_MORE 10110
/* A listing was cancelled. */
#define WSA_E_CANCELLED 10111
/* A query of a database was refused. */
#define WSAEREFUSED 10112
/* No such host, as an authoritative server says. */
#define WSAHOST_NOT_FOUND 11001
/* The host was not found, and no server with authority answered. */
#define WSATRY_AGAIN 11002
/* An error of name service that does not go away. */
#define WSANO_RECOVERY 11003
/* The name is valid and has no record of the type that was asked for. */
#define WSANO_DATA 11004
/* At least one reservation has arrived. */
#define WSA_QOS_RECEIVERS 11005
/* At least one path has arrived. */
#define WSA_QOS_SENDERS 11006
/* There are no senders. */
#define WSA_QOS_NO_SENDERS 11007
/* There are no receivers. */
#define WSA_QOS_NO_RECEIVERS 11008
/* The reservation is confirmed. */
#define WSA_QOS_REQUEST_CONFIRMED 11009
/* Resources are lacking. */
#define WSA_QOS_ADMISSION_FAILURE 11010
/* It was refused for administrative reasons. */
#define WSA_QOS_POLICY_FAILURE 11011
/* The style is unknown or conflicts with another. */
#define WSA_QOS_BAD_STYLE 11012
/* A part of the filter or of the buffer is wrong. */
#define WSA_QOS_BAD_OBJECT 11013
/* The flow specification is wrong somewhere. */
#define WSA_QOS_TRAFFIC_CTRL_ERROR 11014
/* Something is wrong. */
#define WSA_QOS_GENERIC_ERROR 11015
/* The type of service is wrong. */
#define WSA_QOS_ESERVICETYPE 11016
/* The flow specification is wrong. */
#define WSA_QOS_EFLOWSPEC 11017
/* The buffer for the provider is wrong. */
#define WSA_QOS_EPROVSPECBUF 11018
/* The style of the filter is wrong. */
#define WSA_QOS_EFILTERSTYLE 11019
/* The type of the filter is wrong. */
#define WSA_QOS_EFILTERTYPE 11020
/* The count of filters is wrong. */
#define WSA_QOS_EFILTERCOUNT 11021
/* The length of an object is wrong. */
#define WSA_QOS_EOBJLENGTH 11022
/* The count of flows is wrong. */
#define WSA_QOS_EFLOWCOUNT 11023
/* An object for the provider is unknown. */
#define WSA_QOS_EUNKNOWNPSOBJ 11024
/* A policy object is wrong. */
#define WSA_QOS_EPOLICYOBJ 11025
/* A flow descriptor is wrong. */
#define WSA_QOS_EFLOWDESC 11026
/* The provider's flow specification is wrong. */
#define WSA_QOS_EPSFLOWSPEC 11027
/* The provider's filter is wrong. */
#define WSA_QOS_EPSFILTERSPEC 11028
/* The object about discarding is wrong. */
#define WSA_QOS_ESDMODEOBJ 11029
/* The object about the rate of shaping is wrong. */
#define WSA_QOS_ESHAPERATEOBJ 11030
/* An element of policy has a reserved type. */
#define WSA_QOS_RESERVED_PETYPE 11031
/* The same as WSANO_DATA. */
#define WSANO_ADDRESS WSANO_DATA

#endif
