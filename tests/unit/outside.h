/* SPDX-License-Identifier: MIT
 *
 * outside.h -- a world whose tasks wait for a real loop, with descriptors for scripts.
 *
 * What scripts find beside the functions of world.h; `fd` is a number, the other side of a
 * stream, which never waits and is closed with the outside at the latest:
 *   sockets()      a stream over one of two sockets, and the fd of the other
 *   reading()      a stream that reads from a pipe, and its other end
 *   writing()      a stream that writes into a pipe, and its other end
 *   inherited()    a stream over the end of a pipe that is not non-blocking, and the other
 *   inherited_writing()  the same of the end that is written
 *   terminal()     the same over a terminal
 *   master()       a stream over the side of a terminal that a program drives
 *   both(), joined()  the two streams over two sockets, or over a pipe: reader, writer
 *   file(text)     a stream over a file with this text
 *   null()         a stream over /dev/null
 *   seek(s, n)     moves a file to there
 *   put(fd, text)  writes it: all must have room
 *   got(fd)        all that there is to be read, or nil at the end
 *   hang_up(fd), end_of(fd), reset(fd)  closes it; shuts it down; closes it with a reset
 *   steal(s)       what somebody else reads who has the stream's descriptor too
 *   waits(s)       is its descriptor one that waits in its calls?
 *   limit(s, n)    sets its longest line
 *   end_stream(s)  as whoever knows that nobody writes into it any more
 *   held(s)        how many bytes its buffer has, and how much room
 *   received(s)    how many bytes have come, ever
 *   tcp()          as sockets(), over a connection of the loopback
 *   connected()    as both(), over such a one
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "host/loop.h"
#include "io/io.h"
#include "unit/world.h"

#define OUTSIDE_FDS 64

struct outside {
  struct world world;
  struct ta_loop loop;
  struct ta_io io;
  int fds[OUTSIDE_FDS];
  int count;
  int open_before; /* descriptors */
};

/* Opens a world of the whole library, over a poller, or the best if that is NULL. */
void outside_open(struct outside *outside, const struct ta_poller_kind *kind);

/* Passes and waits for the loop until all tasks have ended, or none can go on within a few
 * thousandths of a second. */
enum ta_pass_result outside_run(struct outside *outside);

/* What comes in between, once. */
struct outside_event {
  void (*act)(struct world *world, int how);
  int how;
  unsigned waits; /* before it, counted from 1; 0: it does not come */
};

/* The same in real time, as what threads and processes do takes it; `event` may be NULL.
 * False: it does not end. */
bool outside_live(struct outside *outside, struct outside_event *event);

/* Closes everything, and checks that no member of the loop, no descriptor and no byte is
 * left. */
void outside_close(struct outside *outside);

/* The same but for the Runner and the state, which are closed already. */
void outside_close_rest(struct outside *outside);

/* One script, what it logs when run to its end; over each poller there is. */
void outside_expect(const char *code, const char *log, const char *file, int line);

#define EXPECT_OUTSIDE(code, log) outside_expect(code, log, __FILE__, __LINE__)

#endif
