/* What programs with a window have before their sockets begin: WinMain, a class with its icon and brush, a window that is shown; and a
   window of a class of the system's that only receives. Prints the command line and what it found.

   Compiled with -DSYNSENT_WINMAIN. */
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <windows.h>
#include <BaseTsd.h>
#include <Iphlpapi.h>
#include <TCHAR.H>
#include <io.h>
#include <mmsystem.h>

#include <stdio.h>
#include <string.h>

#define CHECK(condition) \
    if (!(condition)) return printf("line %d: %s\n", __LINE__, #condition)

static LRESULT CALLBACK procedure(_In_ HWND window, _In_ UINT message, _In_ WPARAM wparam, _In_opt_ LPARAM lparam)
{
    if (message == WM_DESTROY) {
        PostQuitMessage((int)GetWindowLongPtr(window, GWLP_USERDATA));
        return 0;
    }
    return DefWindowProc(window, message, wparam, lparam);
}

int WINAPI WinMain(HINSTANCE instance, HINSTANCE previous, LPSTR command_line, int show)
{
    WNDCLASS window_class;
    HWND window, receiver;
    MSG message;
    DWORD began = timeGetTime();

    memset(&window_class, 0, sizeof window_class);
    window_class.style = CS_HREDRAW | CS_VREDRAW;
    window_class.lpfnWndProc = procedure;
    window_class.hInstance = instance;
    window_class.hIcon = LoadIcon(NULL, IDI_APPLICATION);
    window_class.hCursor = LoadCursor(NULL, IDC_ARROW);
    window_class.hbrBackground = (HBRUSH)GetStockObject(WHITE_BRUSH);
    window_class.lpszClassName = "Shown";
    CHECK(instance == GetModuleHandle(NULL) && previous == NULL && show == SW_SHOWNORMAL);
    CHECK(window_class.hIcon != NULL && window_class.hCursor != NULL && window_class.hbrBackground != NULL);
    CHECK(LoadIcon(instance, MAKEINTRESOURCE(101)) == NULL && GetLastError() == 1814);
    CHECK(RegisterClass(&window_class) != 0);
    window = CreateWindow("Shown", "title", WS_OVERLAPPEDWINDOW, CW_USEDEFAULT, 0, CW_USEDEFAULT, 0, NULL, NULL, instance, NULL);
    CHECK(window != NULL && !ShowWindow(window, show) && ShowWindow(window, SW_HIDE) && !ShowWindow(window, SW_SHOW));
    CHECK(UpdateWindow(window) && !UpdateWindow(NULL) && !ShowWindow(NULL, SW_SHOW));

    receiver = CreateWindowEx(0, _T("STATIC"), NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    CHECK(receiver != NULL && CreateWindow("button", "", WS_POPUP, 0, 0, 0, 0, NULL, NULL, instance, NULL) != NULL);
    CHECK(CreateWindow("no such class", "", 0, 0, 0, 0, 0, NULL, NULL, instance, NULL) == NULL);
    SetWindowLongPtr(receiver, GWLP_USERDATA, 5);
    SetWindowLongPtr(receiver, GWLP_WNDPROC, (LONG_PTR)procedure);
    DestroyWindow(receiver);
    while (GetMessage(&message, NULL, 0, 0)) {
        DispatchMessage(&message);
    }
    Sleep(2);
    CHECK(timeBeginPeriod(1) == TIMERR_NOERROR && timeGetTime() - began >= 1 && timeEndPeriod(1) == TIMERR_NOERROR);
    fflush(stdout);
    CHECK(_write(1, "words: ", 7) == 7 && _write(1, command_line, (unsigned)strlen(command_line)) >= 0 && !_isatty(99));
    return (int)message.wParam - 5;
}
