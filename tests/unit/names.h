/* SPDX-License-Identifier: MIT
 *
 * names.h -- what names stand for, when a test wants no network.
 *
 * The unit program is linked so that getaddrinfo() and getnameinfo() come by here.  Once opened
 * they know these, and only numbers are the system's:
 *   good...   192.0.2.1, 2001:db8::1, and the first once more
 *   dead...   the same, once the gate was opened
 *   none, again, broken, full    EAI_NONAME, EAI_AGAIN, EAI_SYSTEM with EIO, EAI_MEMORY
 * and of addresses 192.0.2.1 is "good.example", and the others have no name, which is told of
 * 192.0.2.66 when the gate was opened.
 */
#ifndef NAMES_H
#define NAMES_H

/* From now on; the gate is closed. */
void names_open(void);

void names_open_gate(void);

/* How many questions came to the system, how many it is busy with. */
unsigned names_asked(void);
unsigned names_busy(void);

/* Waits until so many came, or it is busy with so many, for as long as it may take. */
void names_wait_asked(unsigned count);
void names_wait_busy(unsigned count);

#endif
