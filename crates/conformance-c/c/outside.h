/* What a program has of the library of the cases beside its system's functions: the outside. Situations, peers and places are named
 * as the cases in Rust name them. What cannot be brought about ends the program with the status 77. */

#ifndef SYNSENT_OUTSIDE_H
#define SYNSENT_OUTSIDE_H

/* An address as no system has it. */
struct case_address {
    int version; /* 4 or 6 */
    unsigned char octets[16];
    unsigned port; /* in the machine's order */
};

/* Puts the program's sockets on a new network at a place. */
void case_begin(const char *place);
/* Takes the world down again. */
void case_end(void);

/* Brings a situation about; the peer's name is written. */
void case_arrange(const char *situation, struct case_address *peer);
/* The same of the local domain: the path is written with its final zero. */
void case_arrange_local(const char *situation, char *path, int room);
/* Who refused or was silent answers from now on. */
void case_relent(const struct case_address *peer);
/* Opens a file; its descriptor. */
int case_open_file(void);
/* Peers that break when they are told reset their connections now. */
void case_break_off(void);

/* A UDP socket outside: its name, what it sends, and what it hears. The next datagram is written, and its octets are counted; -1: none
 * has come. */
void case_peer(const char *which, struct case_address *peer);
void case_peer_sends(const char *which, const struct case_address *to, const void *octets, int len);
int case_peer_heard(const char *which, void *octets, int room);

/* Waits until nothing is on its way any more. */
void case_rest(void);

/* What went over the wire until now, and the time until now, no longer count. */
void case_mark(void);
/* How many packets have left since the mark. */
int case_packets(void);
/* Whether the line of the wire since the mark has this in it. */
int case_wire_shows(const char *words);
/* The time since the mark. */
long long case_microseconds(void);

/* The address with this text. */
void case_address_of(const char *text, struct case_address *address);
/* Memory behind which there is none: its last octets are these. */
void *case_before_hole(const void *octets, int len);

#endif
