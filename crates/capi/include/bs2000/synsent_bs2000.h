/*
 * What the headers of this folder share. Each of them includes the host's header of its name, whose types and numbers count,
 * under other names for the functions that are SOCKETS(POSIX)'s here, and declares these with the label of their symbol in
 * the library. So no name of the program is changed, and what the host's headers inline is never called by mistake.
 */
#ifndef SYNSENT_BS2000_H
#define SYNSENT_BS2000_H

#if defined(SYNSENT_TARGETTCP_SOCKETS_H) || defined(SYNSENT_WINDOWS_HOST_H)
#error "a source file includes the headers of one system"
#endif

#define SYNSENT_BS2000_LABEL(name) __asm__("synsent_bs2000_" #name)

#if defined(__cplusplus)
#define SYNSENT_BS2000_BEGIN extern "C" {
#define SYNSENT_BS2000_END }
#else
#define SYNSENT_BS2000_BEGIN
#define SYNSENT_BS2000_END
#endif

#endif
