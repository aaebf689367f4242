/*
 * The requests of ioctlsocket. They are built as Berkeley built them: the direction, the size of the argument, a letter and a number.
 * This has no guard, because the C library's <sys/ioctl.h> may bring its own numbers in between.
 */
#undef FIOASYNC
#undef FIONBIO
#undef FIONREAD
#undef SIOCATMARK
#undef SIOCGHIWAT
#undef SIOCGLOWAT
#undef SIOCSHIWAT
#undef SIOCSLOWAT
#undef IOCPARM_MASK
#undef IOC_VOID
#undef IOC_IN
#undef IOC_INOUT
#undef IOC_OUT
#undef _IO
#undef _IOR
#undef _IOW

#define IOCPARM_MASK 0x7f
#define IOC_VOID 0x20000000u
#define IOC_OUT 0x40000000u
#define IOC_IN 0x80000000u
#define IOC_INOUT (IOC_IN | IOC_OUT)

#define _IO(x, y) (IOC_VOID | ((unsigned int)(x) << 8) | (unsigned int)(y))
#define _IOR(x, y, t) (IOC_OUT | (((unsigned int)sizeof(t) & IOCPARM_MASK) << 16) | ((unsigned int)(x) << 8) | (unsigned int)(y))
#define _IOW(x, y, t) (IOC_IN | (((unsigned int)sizeof(t) & IOCPARM_MASK) << 16) | ((unsigned int)(x) << 8) | (unsigned int)(y))

/* How many octets one call could receive; to block or not to block; not used. */
#define FIONREAD _IOR('f', 127, u_long)
#define FIONBIO _IOW('f', 126, u_long)
#define FIOASYNC _IOW('f', 125, u_long)

/* Marks of buffers, which nobody implements, and whether all data before the out-of-band mark has been read. */
#define SIOCSHIWAT _IOW('s', 0, u_long)
#define SIOCGHIWAT _IOR('s', 1, u_long)
#define SIOCSLOWAT _IOW('s', 2, u_long)
#define SIOCGLOWAT _IOR('s', 3, u_long)
#define SIOCATMARK _IOR('s', 7, u_long)
