/* A blocking hook that ends a connect after three calls, and what a call from inside of it is told.

   hooks ADDRESS PORT */
#include <winsock.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int calls, inside;

static INT_PTR WINAPI hook(void)
{
    if (++calls == 1) {
        inside = socket(AF_INET, SOCK_STREAM, 0) == INVALID_SOCKET ? WSAGetLastError() : 0;
        inside += WSAIsBlocking() ? 1 : 0;
    }
    if (calls == 3) {
        WSACancelBlockingCall();
    }
    return FALSE;
}

int main(int argc, char **argv)
{
    WSADATA data;
    SOCKADDR_IN name;
    FARPROC before;
    SOCKET s;

    if (argc != 3 || WSAStartup(MAKEWORD(1, 1), &data) != 0) {
        return 2;
    }
    before = WSASetBlockingHook((FARPROC)hook);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((u_short)atoi(argv[2]));
    name.sin_addr.s_addr = inet_addr(argv[1]);
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (SOCKADDR *)&name, sizeof name) == SOCKET_ERROR) {
        printf("connect %d\n", WSAGetLastError());
    }
    printf("inside %d calls %d\n", inside, calls);
    if (before == NULL || WSAUnhookBlockingHook() != 0 || WSAIsBlocking()) {
        return 3;
    }
    if (WSACancelBlockingCall() != SOCKET_ERROR || WSAGetLastError() != WSAEINVAL) {
        return 4;
    }
    return 0;
}
