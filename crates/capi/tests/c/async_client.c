/* A client made as programs of Windows Sockets 1.1 were: a window, its procedure, and WSAAsyncSelect. It connects, sends a line, reads
   until the other side is done, and prints what it was told in order.

   async_client ADDRESS PORT */
#include <windows.h>
#include <winsock.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WM_SOCKET (WM_USER + 1)

static int created, destroyed;

static LRESULT CALLBACK procedure(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    SOCKET s = (SOCKET)wparam;
    char octets[512];
    int count;

    switch (message) {
    case WM_CREATE:
        created += ((CREATESTRUCTA *)lparam)->lpCreateParams == (LPVOID)&created;
        return 0;
    case WM_DESTROY:
        destroyed++;
        PostQuitMessage(7);
        return 0;
    case WM_SOCKET:
        break;
    default:
        return DefWindowProc(window, message, wparam, lparam);
    }
    switch (WSAGETSELECTEVENT(lparam)) {
    case FD_CONNECT:
        printf("connect %d\n", WSAGETSELECTERROR(lparam));
        if (WSAGETSELECTERROR(lparam) != 0) {
            DestroyWindow(window);
        }
        break;
    case FD_WRITE:
        printf("write %d\n", WSAGETSELECTERROR(lparam));
        if (send(s, "hello", 5, 0) != 5 || shutdown(s, 1) != 0) {
            printf("send: %d\n", WSAGetLastError());
        }
        break;
    case FD_READ:
        count = recv(s, octets, sizeof octets, 0);
        printf("read %.*s\n", count, octets);
        break;
    case FD_CLOSE:
        printf("close %d\n", WSAGETSELECTERROR(lparam));
        closesocket(s);
        SendMessage(window, WM_CLOSE, 0, 0);
        break;
    }
    return 0;
}

int main(int argc, char **argv)
{
    WSADATA data;
    WNDCLASS window_class;
    SOCKADDR_IN name;
    HWND window;
    SOCKET s;
    MSG message;
    u_long on = 0;
    int result;

    if (argc != 3 || WSAStartup(MAKEWORD(1, 1), &data) != 0) {
        return 2;
    }
    memset(&window_class, 0, sizeof window_class);
    window_class.lpfnWndProc = procedure;
    window_class.lpszClassName = "client";
    window_class.hInstance = GetModuleHandle(NULL);
    if (RegisterClass(&window_class) == 0) {
        return 3;
    }
    window = CreateWindow("Client", "a client", WS_OVERLAPPEDWINDOW, CW_USEDEFAULT, 0, 100, 100, NULL, NULL,
                          window_class.hInstance, &created);
    if (window == NULL || created != 1) {
        return 4;
    }
    s = socket(AF_INET, SOCK_STREAM, 0);
    if (WSAAsyncSelect(s, window, WM_SOCKET, FD_CONNECT | FD_READ | FD_WRITE | FD_CLOSE) != 0) {
        return 5;
    }
    if (ioctlsocket(s, FIONBIO, &on) != SOCKET_ERROR || WSAGetLastError() != WSAEINVAL) {
        return 6;
    }
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((u_short)atoi(argv[2]));
    name.sin_addr.s_addr = inet_addr(argv[1]);
    if (connect(s, (SOCKADDR *)&name, sizeof name) != SOCKET_ERROR || WSAGetLastError() != WSAEWOULDBLOCK) {
        return 7;
    }
    while ((result = GetMessage(&message, NULL, 0, 0)) > 0) {
        TranslateMessage(&message);
        DispatchMessage(&message);
    }
    printf("end %d %d %d\n", result, (int)message.wParam, destroyed);
    WSACleanup();
    return 0;
}
