/*
 * The other end of what is measured: plain sockets of the system in threads of the same process, whatever the measured end is
 * compiled against.
 */
#ifndef SYNSENT_BENCH_PEER_H
#define SYNSENT_BENCH_PEER_H

/* Each starts a thread that listens on a port of loopback, serves whoever connects first, and lives as long as the program does;
 * the result is the port, or -1. */

/* Sends back each octet. */
int peer_echo(void);
/* Reads, and answers with one octet each time when so many have come. */
int peer_sink(long octets);
/* Accepts so many connections and sends one octet on one of them. */
int peer_teller(int connections, int teller);

/* The processor time of the whole process, and the time; unit: nanoseconds. */
long long processor_nanos(void);
long long clock_nanos(void);

#endif
