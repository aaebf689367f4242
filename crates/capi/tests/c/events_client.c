/* A client with an event object, and beside it threads, mutexes, semaphores, critical sections and the texts of errors.

   events_client ADDRESS PORT */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <process.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("line %d: %s, error %d\n", __LINE__, #condition, (int)GetLastError()); \
            return 1; \
        } \
    } while (0)

static CRITICAL_SECTION section;
static int counted;

static DWORD WINAPI counts(LPVOID argument)
{
    int i;

    for (i = 0; i < 1000; i++) {
        EnterCriticalSection(&section);
        EnterCriticalSection(&section);
        counted++;
        LeaveCriticalSection(&section);
        LeaveCriticalSection(&section);
    }
    SetEvent((HANDLE)argument);
    ExitThread(5);
    return 6;
}

static unsigned leaves(void *argument)
{
    WaitForSingleObject((HANDLE)argument, INFINITE);
    _endthreadex(9);
    return 0;
}

static CRITICAL_SECTION left;

static DWORD WINAPI keeps_all(LPVOID argument)
{
    EnterCriticalSection(&left);
    return WaitForSingleObject((HANDLE)argument, INFINITE);
}

static void alone(void *argument)
{
    if (argument != NULL) {
        SetEvent((HANDLE)argument);
        _endthread();
    }
}

/* Windows that are ended from within their own end, and one that would be its own ancestor. */
static LRESULT CALLBACK ends_itself(HWND window, UINT message, WPARAM wparam, LPARAM lparam)
{
    if (message == WM_DESTROY) {
        counted++;
        DestroyWindow(window);
        DestroyWindow((HWND)GetWindowLongPtr(window, GWLP_HWNDPARENT));
    }
    return DefWindowProc(window, message, wparam, lparam);
}

static int ends(void)
{
    HANDLE mutex = CreateMutex(NULL, FALSE, NULL), event = CreateEvent(NULL, FALSE, FALSE, NULL), thread;
    WNDCLASSA class;
    HWND outer, inner;
    int i;

    /* A thread ends with a mutex and a section; its stack is as large as the system wants. */
    InitializeCriticalSection(&left);
    thread = CreateThread(NULL, (SIZE_T)-1, keeps_all, mutex, 0, NULL);
    CHECK(thread != NULL && WaitForSingleObject(thread, INFINITE) == WAIT_OBJECT_0);
    CHECK(WaitForSingleObject(mutex, INFINITE) == WAIT_ABANDONED);
    CHECK(!TryEnterCriticalSection(&left));
    InitializeCriticalSection(&left);
    CHECK(TryEnterCriticalSection(&left));
    LeaveCriticalSection(&left);
    /* Handles of _beginthread are closed when the thread ends: more threads than there are handles, a few at a time. */
    for (i = 0; i < 20; i++) {
        HANDLE gone = (HANDLE)_beginthread(alone, 0, i % 2 == 0 ? event : NULL);
        CHECK(gone != (HANDLE)-1);
        if (i % 2 == 0) {
            CHECK(WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0);
        }
        while (WaitForSingleObject(gone, 1) != WAIT_FAILED) {
        }
        CHECK(GetLastError() == ERROR_INVALID_HANDLE);
    }
    memset(&class, 0, sizeof class);
    class.lpfnWndProc = ends_itself;
    class.lpszClassName = "ends";
    CHECK(RegisterClassA(&class) != 0);
    outer = CreateWindowExA(0, "ends", "", 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL);
    inner = CreateWindowExA(0, "ends", "", 0, 0, 0, 0, 0, outer, NULL, NULL, NULL);
    CHECK(outer != NULL && inner != NULL);
    CHECK(SetWindowLongPtr(outer, GWLP_HWNDPARENT, (LONG_PTR)inner) == 0 && GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(SetWindowLongPtr(inner, GWLP_HWNDPARENT, 4242) == 0 && GetLastError() == ERROR_INVALID_WINDOW_HANDLE);
    CHECK(SetTimer(outer, 0, 1000, NULL) == 1 && KillTimer(outer, 1) && !KillTimer(outer, 1));
    counted = 0;
    CHECK(DestroyWindow(outer) && counted == 2 && !IsWindow(outer) && !IsWindow(inner));
    return 0;
}

static int kernel(void)
{
    HANDLE event = CreateEvent(NULL, FALSE, FALSE, NULL), mutex = CreateMutex(NULL, TRUE, NULL), threads[4], other;
    HANDLE both[2];
    DWORD code = 0, id = 0, began = GetTickCount();
    LONG before = -1;
    LPSTR text = NULL;
    WCHAR wide[8];
    char narrow[8];
    SYSTEMTIME now;
    int i;

    InitializeCriticalSection(&section);
    CHECK(event != NULL && mutex != NULL);
    for (i = 0; i < 4; i++) {
        threads[i] = CreateThread(NULL, 0, counts, event, 0, &id);
        CHECK(threads[i] != NULL && id != 0 && id != GetCurrentThreadId());
    }
    CHECK(WaitForMultipleObjects(4, threads, TRUE, INFINITE) == WAIT_OBJECT_0);
    CHECK(counted == 4000);
    CHECK(GetExitCodeThread(threads[2], &code) && code == 5);
    CHECK(WaitForSingleObject(event, 0) == WAIT_OBJECT_0 && WaitForSingleObject(event, 0) == WAIT_TIMEOUT);
    other = (HANDLE)_beginthreadex(NULL, 0, leaves, event, 0, NULL);
    CHECK(GetExitCodeThread(other, &code) && code == STILL_ACTIVE);
    CHECK(SetEvent(event) && WaitForSingleObject(other, INFINITE) == WAIT_OBJECT_0);
    CHECK(GetExitCodeThread(other, &code) && code == 9);
    both[0] = event;
    both[1] = CreateSemaphore(NULL, 0, 1, NULL);
    CHECK(ReleaseSemaphore(both[1], 1, &before) && before == 0);
    CHECK(!ReleaseSemaphore(both[1], 1, &before) && GetLastError() == ERROR_TOO_MANY_POSTS);
    CHECK(WaitForMultipleObjects(2, both, FALSE, 0) == WAIT_OBJECT_0 + 1);
    CHECK(ReleaseMutex(mutex) && !ReleaseMutex(mutex) && GetLastError() == ERROR_NOT_OWNER);
    CHECK(CloseHandle(mutex) && !CloseHandle(mutex) && GetLastError() == ERROR_INVALID_HANDLE);
    CHECK(WaitForSingleObject((HANDLE)12345, 0) == WAIT_FAILED);
    Sleep(50);
    CHECK(GetTickCount() - began >= 50);
    CHECK(FormatMessageA(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                         WSAECONNREFUSED, 0, (LPSTR)&text, 0, NULL) > 10);
    CHECK(strstr(text, "refused") != NULL && strstr(text, "\r\n") != NULL);
    CHECK(LocalFree(text) == NULL);
    CHECK(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 4242424, 0, narrow, sizeof narrow, NULL) == 0);
    CHECK(MultiByteToWideChar(CP_UTF8, 0, "a\xc3\xa9", -1, wide, 8) == 3 && wide[0] == 'a' && wide[1] == 0xe9 && wide[2] == 0);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, 2, NULL, 0, NULL, NULL) == 3);
    CHECK(WideCharToMultiByte(CP_UTF8, 0, wide, -1, narrow, 3, NULL, NULL) == 0 && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    GetSystemTime(&now);
    CHECK(now.wYear >= 2024 && now.wMonth >= 1 && now.wMonth <= 12);
    DeleteCriticalSection(&section);
    return 0;
}

int main(int argc, char **argv)
{
    WSADATA data;
    struct sockaddr_in name;
    WSANETWORKEVENTS events;
    WSAEVENT event;
    SOCKET s;
    char octets[16];

    CHECK(argc == 3 && WSAStartup(MAKEWORD(2, 2), &data) == 0);
    if (kernel() != 0 || ends() != 0) {
        return 1;
    }
    s = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    event = WSACreateEvent();
    CHECK(event != WSA_INVALID_EVENT);
    CHECK(WSAEventSelect(s, event, FD_CONNECT | FD_READ | FD_WRITE | FD_CLOSE) == 0);
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons((u_short)atoi(argv[2]));
    CHECK(inet_pton(AF_INET, argv[1], &name.sin_addr) == 1);
    CHECK(connect(s, (struct sockaddr *)&name, sizeof name) == SOCKET_ERROR && WSAGetLastError() == WSAEWOULDBLOCK);
    CHECK(WSAWaitForMultipleEvents(1, &event, FALSE, WSA_INFINITE, FALSE) == WSA_WAIT_EVENT_0);
    CHECK(WSAEnumNetworkEvents(s, event, &events) == 0);
    printf("events %ld code %d\n", (long)events.lNetworkEvents, events.iErrorCode[FD_CONNECT_BIT]);
    if (events.iErrorCode[FD_CONNECT_BIT] == 0) {
        CHECK(send(s, "x", 1, 0) == 1);
        CHECK(WaitForSingleObject(event, 10000) == WAIT_OBJECT_0);
        CHECK(WSAEnumNetworkEvents(s, event, &events) == 0 && events.lNetworkEvents == FD_READ);
        CHECK(recv(s, octets, sizeof octets, 0) == 1 && octets[0] == 'x');
    }
    CHECK(WSACloseEvent(event) && closesocket(s) == 0 && WSACleanup() == 0);
    return 0;
}
