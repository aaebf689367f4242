/*
 * Windows that receive messages, and the loop that hands them out. Nothing is drawn: styles, icons and places are kept and mean nothing,
 * and a message box is a line on the standard error that is answered with the button named first.
 *
 * A program that begins at WinMain is compiled with -DSYNSENT_WINMAIN: the header brings a main that calls it.
 */
#ifndef _WINUSER_
#define _WINUSER_

#include "windef.h"

typedef LRESULT(CALLBACK *WNDPROC)(HWND window, UINT message, WPARAM wparam, LPARAM lparam);
typedef VOID(CALLBACK *TIMERPROC)(HWND window, UINT message, UINT_PTR id, DWORD now);

typedef struct tagMSG {
    HWND hwnd;
    UINT message;
    WPARAM wParam;
    LPARAM lParam;
    DWORD time;
    POINT pt;
} MSG, *PMSG, *NPMSG, *LPMSG;

typedef struct tagWNDCLASSA {
    UINT style;
    WNDPROC lpfnWndProc;
    int cbClsExtra;
    int cbWndExtra;
    HINSTANCE hInstance;
    HICON hIcon;
    HCURSOR hCursor;
    HBRUSH hbrBackground;
    LPCSTR lpszMenuName;
    LPCSTR lpszClassName;
} WNDCLASSA, *PWNDCLASSA, *NPWNDCLASSA, *LPWNDCLASSA;

typedef struct tagWNDCLASSW {
    UINT style;
    WNDPROC lpfnWndProc;
    int cbClsExtra;
    int cbWndExtra;
    HINSTANCE hInstance;
    HICON hIcon;
    HCURSOR hCursor;
    HBRUSH hbrBackground;
    LPCWSTR lpszMenuName;
    LPCWSTR lpszClassName;
} WNDCLASSW, *PWNDCLASSW, *NPWNDCLASSW, *LPWNDCLASSW;

typedef struct tagWNDCLASSEXA {
    UINT cbSize;
    UINT style;
    WNDPROC lpfnWndProc;
    int cbClsExtra;
    int cbWndExtra;
    HINSTANCE hInstance;
    HICON hIcon;
    HCURSOR hCursor;
    HBRUSH hbrBackground;
    LPCSTR lpszMenuName;
    LPCSTR lpszClassName;
    HICON hIconSm;
} WNDCLASSEXA, *PWNDCLASSEXA, *NPWNDCLASSEXA, *LPWNDCLASSEXA;

typedef struct tagWNDCLASSEXW {
    UINT cbSize;
    UINT style;
    WNDPROC lpfnWndProc;
    int cbClsExtra;
    int cbWndExtra;
    HINSTANCE hInstance;
    HICON hIcon;
    HCURSOR hCursor;
    HBRUSH hbrBackground;
    LPCWSTR lpszMenuName;
    LPCWSTR lpszClassName;
    HICON hIconSm;
} WNDCLASSEXW, *PWNDCLASSEXW, *NPWNDCLASSEXW, *LPWNDCLASSEXW;

typedef struct tagCREATESTRUCTA {
    LPVOID lpCreateParams;
    HINSTANCE hInstance;
    HMENU hMenu;
    HWND hwndParent;
    int cy;
    int cx;
    int y;
    int x;
    LONG style;
    LPCSTR lpszName;
    LPCSTR lpszClass;
    DWORD dwExStyle;
} CREATESTRUCTA, *LPCREATESTRUCTA;

typedef struct tagCREATESTRUCTW {
    LPVOID lpCreateParams;
    HINSTANCE hInstance;
    HMENU hMenu;
    HWND hwndParent;
    int cy;
    int cx;
    int y;
    int x;
    LONG style;
    LPCWSTR lpszName;
    LPCWSTR lpszClass;
    DWORD dwExStyle;
} CREATESTRUCTW, *LPCREATESTRUCTW;

/* Messages. */
#define WM_NULL 0x0000
#define WM_CREATE 0x0001
#define WM_DESTROY 0x0002
#define WM_MOVE 0x0003
#define WM_SIZE 0x0005
#define WM_ACTIVATE 0x0006
#define WM_SETTEXT 0x000C
#define WM_GETTEXT 0x000D
#define WM_PAINT 0x000F
#define WM_CLOSE 0x0010
#define WM_QUERYENDSESSION 0x0011
#define WM_QUIT 0x0012
#define WM_ENDSESSION 0x0016
#define WM_SHOWWINDOW 0x0018
#define WM_COPYDATA 0x004A
#define WM_NOTIFY 0x004E
#define WM_NCCREATE 0x0081
#define WM_NCDESTROY 0x0082
#define WM_KEYDOWN 0x0100
#define WM_KEYUP 0x0101
#define WM_CHAR 0x0102
#define WM_INITDIALOG 0x0110
#define WM_COMMAND 0x0111
#define WM_TIMER 0x0113
#define WM_USER 0x0400
#define WM_APP 0x8000

#define PM_NOREMOVE 0x0000
#define PM_REMOVE 0x0001
#define PM_NOYIELD 0x0002

#define HWND_DESKTOP ((HWND)0)
#define HWND_BROADCAST ((HWND)(UINT_PTR)0xffff)
#define HWND_MESSAGE ((HWND)(LONG_PTR)-3)

#define WS_OVERLAPPED 0x00000000
#define WS_POPUP 0x80000000u
#define WS_CHILD 0x40000000
#define WS_VISIBLE 0x10000000
#define WS_DISABLED 0x08000000
#define WS_CAPTION 0x00C00000
#define WS_BORDER 0x00800000
#define WS_SYSMENU 0x00080000
#define WS_THICKFRAME 0x00040000
#define WS_MINIMIZEBOX 0x00020000
#define WS_MAXIMIZEBOX 0x00010000
#define WS_OVERLAPPEDWINDOW (WS_OVERLAPPED | WS_CAPTION | WS_SYSMENU | WS_THICKFRAME | WS_MINIMIZEBOX | WS_MAXIMIZEBOX)
#define WS_EX_TOOLWINDOW 0x00000080
#define WS_EX_NOACTIVATE 0x08000000
#define CW_USEDEFAULT ((int)0x80000000u)

#define CS_VREDRAW 0x0001
#define CS_HREDRAW 0x0002
#define CS_DBLCLKS 0x0008
#define CS_OWNDC 0x0020

#define GWLP_WNDPROC (-4)
#define GWLP_HINSTANCE (-6)
#define GWLP_HWNDPARENT (-8)
#define GWLP_ID (-12)
#define GWL_STYLE (-16)
#define GWL_EXSTYLE (-20)
#define GWLP_USERDATA (-21)
#define GWL_USERDATA (-21)

#define MB_OK 0x00000000
#define MB_OKCANCEL 0x00000001
#define MB_ABORTRETRYIGNORE 0x00000002
#define MB_YESNOCANCEL 0x00000003
#define MB_YESNO 0x00000004
#define MB_RETRYCANCEL 0x00000005
#define MB_ICONERROR 0x00000010
#define MB_ICONHAND 0x00000010
#define MB_ICONSTOP 0x00000010
#define MB_ICONQUESTION 0x00000020
#define MB_ICONEXCLAMATION 0x00000030
#define MB_ICONWARNING 0x00000030
#define MB_ICONINFORMATION 0x00000040
#define MB_ICONASTERISK 0x00000040
#define MB_TASKMODAL 0x00002000
#define IDOK 1
#define IDCANCEL 2
#define IDABORT 3
#define IDRETRY 4
#define IDIGNORE 5
#define IDYES 6
#define IDNO 7

#define QS_KEY 0x0001
#define QS_MOUSEMOVE 0x0002
#define QS_MOUSEBUTTON 0x0004
#define QS_POSTMESSAGE 0x0008
#define QS_TIMER 0x0010
#define QS_PAINT 0x0020
#define QS_SENDMESSAGE 0x0040
#define QS_HOTKEY 0x0080
#define QS_ALLPOSTMESSAGE 0x0100
#define QS_RAWINPUT 0x0400
#define QS_TOUCH 0x0800
#define QS_POINTER 0x1000
#define QS_MOUSE (QS_MOUSEMOVE | QS_MOUSEBUTTON)
#define QS_INPUT (QS_MOUSE | QS_KEY | QS_RAWINPUT | QS_TOUCH | QS_POINTER)
#define QS_ALLEVENTS (QS_INPUT | QS_POSTMESSAGE | QS_TIMER | QS_PAINT | QS_HOTKEY)
#define QS_ALLINPUT (QS_INPUT | QS_POSTMESSAGE | QS_TIMER | QS_PAINT | QS_HOTKEY | QS_SENDMESSAGE)
#define MWMO_WAITALL 0x0001
#define MWMO_ALERTABLE 0x0002
#define MWMO_INPUTAVAILABLE 0x0004

/* A name that is a number, as resources have them. */
#define MAKEINTRESOURCEA(number) ((LPSTR)(UINT_PTR)(WORD)(number))
#define MAKEINTRESOURCEW(number) ((LPWSTR)(UINT_PTR)(WORD)(number))
/* Icons and pointers of the system. */
#define IDI_APPLICATION MAKEINTRESOURCE(32512)
#define IDI_ERROR MAKEINTRESOURCE(32513)
#define IDI_INFORMATION MAKEINTRESOURCE(32516)
#define IDI_WINLOGO MAKEINTRESOURCE(32517)
#define IDC_ARROW MAKEINTRESOURCE(32512)
#define IDC_WAIT MAKEINTRESOURCE(32514)
#define COLOR_BACKGROUND 1
#define COLOR_WINDOW 5
#define COLOR_BTNFACE 15

#define USER_TIMER_MINIMUM 0x0000000A
#define USER_TIMER_MAXIMUM 0x7FFFFFFF
#define SW_HIDE 0
#define SW_SHOWNORMAL 1
#define SW_SHOWMINIMIZED 2
#define SW_SHOW 5
#define SW_MINIMIZE 6
#define SW_RESTORE 9
#define SW_SHOWDEFAULT 10

SYNSENT_BEGIN

/* Classes and windows. */
ATOM WINAPI RegisterClassA(const WNDCLASSA *window_class) SYNSENT_LABEL(windows, RegisterClassA);
ATOM WINAPI RegisterClassW(const WNDCLASSW *window_class) SYNSENT_LABEL(windows, RegisterClassW);
ATOM WINAPI RegisterClassExA(const WNDCLASSEXA *window_class) SYNSENT_LABEL(windows, RegisterClassExA);
ATOM WINAPI RegisterClassExW(const WNDCLASSEXW *window_class) SYNSENT_LABEL(windows, RegisterClassExW);
BOOL WINAPI UnregisterClassA(LPCSTR name, HINSTANCE instance) SYNSENT_LABEL(windows, UnregisterClassA);
BOOL WINAPI UnregisterClassW(LPCWSTR name, HINSTANCE instance) SYNSENT_LABEL(windows, UnregisterClassW);
HWND WINAPI CreateWindowExA(DWORD ex_style, LPCSTR class_name, LPCSTR window_name, DWORD style, int x, int y, int width, int height,
                            HWND parent, HMENU menu, HINSTANCE instance, LPVOID parameter) SYNSENT_LABEL(windows, CreateWindowExA);
HWND WINAPI CreateWindowExW(DWORD ex_style, LPCWSTR class_name, LPCWSTR window_name, DWORD style, int x, int y, int width,
                            int height, HWND parent, HMENU menu, HINSTANCE instance, LPVOID parameter)
    SYNSENT_LABEL(windows, CreateWindowExW);
BOOL WINAPI DestroyWindow(HWND window) SYNSENT_LABEL(windows, DestroyWindow);
BOOL WINAPI ShowWindow(HWND window, int how) SYNSENT_LABEL(windows, ShowWindow);
BOOL WINAPI UpdateWindow(HWND window) SYNSENT_LABEL(windows, UpdateWindow);
HICON WINAPI LoadIconA(HINSTANCE instance, LPCSTR name) SYNSENT_LABEL(windows, LoadIconA);
HICON WINAPI LoadIconW(HINSTANCE instance, LPCWSTR name) SYNSENT_LABEL(windows, LoadIconW);
HCURSOR WINAPI LoadCursorA(HINSTANCE instance, LPCSTR name) SYNSENT_LABEL(windows, LoadCursorA);
HCURSOR WINAPI LoadCursorW(HINSTANCE instance, LPCWSTR name) SYNSENT_LABEL(windows, LoadCursorW);
BOOL WINAPI IsWindow(HWND window) SYNSENT_LABEL(windows, IsWindow);
LRESULT WINAPI DefWindowProcA(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, DefWindowProcA);
LRESULT WINAPI DefWindowProcW(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, DefWindowProcW);
LONG_PTR WINAPI GetWindowLongPtrA(HWND window, int index) SYNSENT_LABEL(windows, GetWindowLongPtrA);
LONG_PTR WINAPI GetWindowLongPtrW(HWND window, int index) SYNSENT_LABEL(windows, GetWindowLongPtrW);
LONG_PTR WINAPI SetWindowLongPtrA(HWND window, int index, LONG_PTR value) SYNSENT_LABEL(windows, SetWindowLongPtrA);
LONG_PTR WINAPI SetWindowLongPtrW(HWND window, int index, LONG_PTR value) SYNSENT_LABEL(windows, SetWindowLongPtrW);

/* Messages. */
BOOL WINAPI GetMessageA(LPMSG message, HWND window, UINT first, UINT last) SYNSENT_LABEL(windows, GetMessageA);
BOOL WINAPI GetMessageW(LPMSG message, HWND window, UINT first, UINT last) SYNSENT_LABEL(windows, GetMessageW);
BOOL WINAPI PeekMessageA(LPMSG message, HWND window, UINT first, UINT last, UINT remove) SYNSENT_LABEL(windows, PeekMessageA);
BOOL WINAPI PeekMessageW(LPMSG message, HWND window, UINT first, UINT last, UINT remove) SYNSENT_LABEL(windows, PeekMessageW);
BOOL WINAPI TranslateMessage(const MSG *message) SYNSENT_LABEL(windows, TranslateMessage);
LRESULT WINAPI DispatchMessageA(const MSG *message) SYNSENT_LABEL(windows, DispatchMessageA);
LRESULT WINAPI DispatchMessageW(const MSG *message) SYNSENT_LABEL(windows, DispatchMessageW);
BOOL WINAPI PostMessageA(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, PostMessageA);
BOOL WINAPI PostMessageW(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, PostMessageW);
BOOL WINAPI PostThreadMessageA(DWORD thread, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, PostThreadMessageA);
BOOL WINAPI PostThreadMessageW(DWORD thread, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, PostThreadMessageW);
VOID WINAPI PostQuitMessage(int code) SYNSENT_LABEL(windows, PostQuitMessage);
LRESULT WINAPI SendMessageA(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, SendMessageA);
LRESULT WINAPI SendMessageW(HWND window, UINT message, WPARAM wparam, LPARAM lparam) SYNSENT_LABEL(windows, SendMessageW);
UINT WINAPI RegisterWindowMessageA(LPCSTR name) SYNSENT_LABEL(windows, RegisterWindowMessageA);
UINT WINAPI RegisterWindowMessageW(LPCWSTR name) SYNSENT_LABEL(windows, RegisterWindowMessageW);
UINT_PTR WINAPI SetTimer(HWND window, UINT_PTR id, UINT milliseconds, TIMERPROC function) SYNSENT_LABEL(windows, SetTimer);
BOOL WINAPI KillTimer(HWND window, UINT_PTR id) SYNSENT_LABEL(windows, KillTimer);
DWORD WINAPI MsgWaitForMultipleObjects(DWORD count, const HANDLE *objects, BOOL all, DWORD milliseconds, DWORD wake_mask)
    SYNSENT_LABEL(windows, MsgWaitForMultipleObjects);
int WINAPI MessageBoxA(HWND window, LPCSTR text, LPCSTR caption, UINT kind) SYNSENT_LABEL(windows, MessageBoxA);
int WINAPI MessageBoxW(HWND window, LPCWSTR text, LPCWSTR caption, UINT kind) SYNSENT_LABEL(windows, MessageBoxW);

SYNSENT_END

#define CreateWindowA(name, title, style, x, y, width, height, parent, menu, instance, parameter) \
    CreateWindowExA(0, name, title, style, x, y, width, height, parent, menu, instance, parameter)
#define CreateWindowW(name, title, style, x, y, width, height, parent, menu, instance, parameter) \
    CreateWindowExW(0, name, title, style, x, y, width, height, parent, menu, instance, parameter)

#ifdef UNICODE
typedef WNDCLASSW WNDCLASS, *PWNDCLASS, *LPWNDCLASS;
typedef WNDCLASSEXW WNDCLASSEX, *PWNDCLASSEX, *LPWNDCLASSEX;
typedef CREATESTRUCTW CREATESTRUCT, *LPCREATESTRUCT;
#define RegisterClass RegisterClassW
#define RegisterClassEx RegisterClassExW
#define UnregisterClass UnregisterClassW
#define CreateWindow CreateWindowW
#define MAKEINTRESOURCE MAKEINTRESOURCEW
#define LoadIcon LoadIconW
#define LoadCursor LoadCursorW
#define CreateWindowEx CreateWindowExW
#define DefWindowProc DefWindowProcW
#define GetWindowLongPtr GetWindowLongPtrW
#define SetWindowLongPtr SetWindowLongPtrW
#define GetMessage GetMessageW
#define PeekMessage PeekMessageW
#define DispatchMessage DispatchMessageW
#define PostMessage PostMessageW
#define PostThreadMessage PostThreadMessageW
#define SendMessage SendMessageW
#define RegisterWindowMessage RegisterWindowMessageW
#define MessageBox MessageBoxW
#else
typedef WNDCLASSA WNDCLASS, *PWNDCLASS, *LPWNDCLASS;
typedef WNDCLASSEXA WNDCLASSEX, *PWNDCLASSEX, *LPWNDCLASSEX;
typedef CREATESTRUCTA CREATESTRUCT, *LPCREATESTRUCT;
#define RegisterClass RegisterClassA
#define RegisterClassEx RegisterClassExA
#define UnregisterClass UnregisterClassA
#define CreateWindow CreateWindowA
#define MAKEINTRESOURCE MAKEINTRESOURCEA
#define LoadIcon LoadIconA
#define LoadCursor LoadCursorA
#define CreateWindowEx CreateWindowExA
#define DefWindowProc DefWindowProcA
#define GetWindowLongPtr GetWindowLongPtrA
#define SetWindowLongPtr SetWindowLongPtrA
#define GetMessage GetMessageA
#define PeekMessage PeekMessageA
#define DispatchMessage DispatchMessageA
#define PostMessage PostMessageA
#define PostThreadMessage PostThreadMessageA
#define SendMessage SendMessageA
#define RegisterWindowMessage RegisterWindowMessageA
#define MessageBox MessageBoxA
#endif

#ifdef SYNSENT_WINMAIN
#include <stdlib.h>
#include <string.h>
/* Each file that includes this header has it, so it is weak: the linker takes one. The command line is the words but for the first, joined. */
__attribute__((__weak__)) int main(int count, char **words)
{
    size_t octets = 1;
    char *line;
    int i;

    for (i = 1; i < count; i++) {
        octets += strlen(words[i]) + 1;
    }
    line = (char *)calloc(octets, 1);
    if (line == NULL) {
        return 255;
    }
    for (i = 1; i < count; i++) {
        strcat(strcat(line, i > 1 ? " " : ""), words[i]);
    }
    i = WinMain(GetModuleHandleA(NULL), NULL, line, SW_SHOWNORMAL);
    free(line);
    return i;
}
#endif

#endif
