/*
 * How a function gets its name in the library.
 *
 * One library serves several systems whose functions have the same names, and a program without these headers keeps its C library's. So
 * the library exports no `connect`; it exports `synsent_winsock2_connect`, and the declaration of connect says that this is its symbol.
 * The name in the source stays clean: a method or a member called connect is never renamed.
 */
#ifndef SYNSENT_WINDOWS_LABEL_H
#define SYNSENT_WINDOWS_LABEL_H

#define SYNSENT_LABEL(owner, name) __asm__("synsent_" #owner "_" #name)

#ifdef __cplusplus
#define SYNSENT_BEGIN extern "C" {
#define SYNSENT_END }
#else
#define SYNSENT_BEGIN
#define SYNSENT_END
#endif

/* A small function in a header that a program need not use. */
#define SYNSENT_INLINE static __inline__ __attribute__((__unused__))
/* The same for a constant that has an address. */
#define SYNSENT_CONSTANT static __attribute__((__unused__)) const

#endif
