/* SPDX-License-Identifier: MIT
 *
 * waiting.h -- who waits on a stream: the one task that reads, and those that write, in
 * their order.
 *
 * Who waits has a ticket, and something that hangs on the task: however the task ends, its
 * place goes.  Who is woken asks again.  What is read or written is not known here.
 */
#ifndef TA_IO_WAITING_H
#define TA_IO_WAITING_H

#include <lua.h>

#include "host/stream.h"
#include "io/io.h"
#include "io/kinship.h"
#include "tinyasync_lib.h"

struct ta_turn;
struct ta_read;
struct ta_stream_object;

/* Goes through what a read is for, from `read` on; it pushes its results. */
typedef int ta_read_fn(lua_State *L, struct ta_stream_object *object, struct ta_read *read);

/* Goes on with what the turn is for; it ends the turn. */
typedef int ta_turn_fn(lua_State *L, struct ta_turn *turn);

enum ta_read_sort { TA_READ_FORMATS, TA_READ_SOME, TA_READ_UNTIL };

/* A read under way.  Nothing of it is taken before all of it is there. */
struct ta_read {
  ta_read_fn *go_on;
  enum ta_read_sort sort;
  size_t at;              /* bytes of what is held that are gone through */
  size_t scanned;         /* bytes from there on that were looked at in vain */
  int format;             /* where on the stack the one that is looked for is */
  int last;               /* and the last one */
  bool at_end;            /* no more will come */
  bool raises;            /* what goes wrong, as lines() does */
  bool as_file;           /* with the results, and the patience, of Lua's own files */
  int shift;              /* of a format's index: how much more than the argument's number */
  uint64_t takes;         /* of the stream when it began */
  uint64_t copied, limit; /* bytes, of copy_to() */
};

struct ta_stream_object {
  struct ta_stream stream; /* the first, so that a watch leads here */
  struct ta_io *io;
  const char *label; /* kept in the first user value */
  size_t max_line;
  bool closed;     /* or not open yet */
  bool closing;    /* as soon as the writes under way are done */
  bool ended;      /* nobody will write into what is read */
  bool unbuffered; /* no byte is read before it is asked for */
  bool given_up;   /* a wait for it was, and none was begun since */

  struct ta_attachment reading;     /* hangs on the task that reads */
  const struct ta_task *reader;     /* in the middle of a read; NULL: none is */
  const struct ta_wait_kind *reads; /* what it waits in, of TA_READ_WAIT(); NULL: a read */
  struct ta_ticket ticket;          /* of its wait */
  struct ta_turn *copy;             /* in which it writes what it reads, and waits; or NULL */
  struct ta_read read;
  uint64_t takes;         /* how often something was taken */
  struct ta_list waiting; /* who is to read as Lua's files do when that read is over */

  struct ta_list turns;     /* of writers: the first is at it */
  struct ta_list left;      /* those that it was closed before, and whose tasks may not know yet */
  struct ta_list selecting; /* who waits in async.select */

  struct ta_attachment attended; /* hangs on the task with which it is closed */
  struct ta_link kin;            /* among streams that belong together, */
  struct ta_kinship *kinship;    /* or NULL */
  uint64_t answered;             /* how many bytes had been received when it was last written to */
  bool written;                  /* it was, ever */

  uint64_t step; /* the one in which `moved` bytes came or went without a wait */
  size_t moved;
};

/* The wait for what is read, of a stream that is another function's than read(). */
#define TA_READ_WAIT(name)                                                                         \
  { .action = (name), .describe = ta_describe_read, .disarm = ta_disarm_read }
void ta_describe_read(const void *subject, char *text, size_t size);
void ta_disarm_read(void *subject);

/* A place among those that write. */
struct ta_turn {
  struct ta_link link; /* the first */
  struct ta_attachment attachment;
  struct ta_stream_object *object; /* kept in the first user value */
  struct ta_stream_object
      *source; /* of a copy: of what, in the second; or NULL.  Its task reads that */
  struct ta_ticket ticket;
  ta_turn_fn *go_on;
  lua_State *co; /* of a write: in the second; its texts are there, up to `last`; or NULL */
  int last;
  int argument; /* the one that is written, */
  size_t at;    /* and bytes of it that have left */
  bool begun;   /* bytes are: to give it up tears the stream */
  bool shakes;  /* it is for a handshake: nobody reads meanwhile */
  bool closes;  /* the stream, even if it is given up */
};

/* What a stream is for Lua; stream.c has its methods. */
extern const struct ta_object_kind ta_stream_kind;

/* A stream that is closed. */
void ta_init_waiting(struct ta_stream_object *object, struct ta_io *io);

/* Of a watch that lies in a stream's object. */
void ta_stream_is_ready(struct ta_watch *watch, unsigned directions);

/* Wakes who waits for bytes to read, and who waits in async.select. */
void ta_wake_readers(struct ta_stream_object *object);

/* Closes it at once, and wakes all who wait. */
void ta_close_waiting(struct ta_stream_object *object);

/* The same, and nobody points to it any more: its memory may go. */
void ta_end_waiting(struct ta_stream_object *object);

/* The stream that is the first argument, which may be used, of a task that is not cancelled:
 * or raises.  [-0, +0, v] */
struct ta_stream_object *ta_check_stream(lua_State *L);

/* ------------------------------------------------------------------- words */

/* Of a stream that somebody closed meanwhile: nil, "closed", "ECANCELED".  [-0, +3, m] */
int ta_refuse_closed(lua_State *L);

/* "TLS", of an error that the transport has words for. */
const char *ta_code_of_transport(int error);

/* [-0, +3, m] */
int ta_refuse_to_read(lua_State *L, const struct ta_stream_object *object, int error);
int ta_refuse_to_write(lua_State *L, const struct ta_stream_object *object, int error);

/* Raises if it is closed.  [-0, +0, v] */
void ta_check_not_closed(lua_State *L, const struct ta_stream_object *object);

/* ---------------------------------------------------------------- fairness */

/* Bytes have come or gone in the step under way. */
void ta_note_moved(struct ta_stream_object *object, size_t bytes);

/* Is that enough for one step, of a task that can give up its turn?  [-0, +0, -] */
bool ta_has_moved_enough(struct ta_stream_object *object, lua_State *L);

/* So many bytes have left. */
void ta_note_written(struct ta_stream_object *object, size_t bytes);

/* ----------------------------------------------------------------- reading */

/* Raises if a task is in the middle of a read.  [-0, +0, v] */
void ta_check_reader(lua_State *L, const struct ta_stream_object *object);

/* Takes the next bytes from the system: how many, 0 at the end, or a negative errno. */
ssize_t ta_fill_stream(struct ta_stream_object *object);

/* What is held was handed over, so much of it. */
void ta_take_from_stream(struct ta_stream_object *object, size_t bytes);

/* For one that reads as Lua's files do, of the stream at index 1: waits until nobody is in the
 * middle of a read, and then calls `k`.  [-0, +0, v] */
int ta_wait_for_reader(lua_State *L, struct ta_stream_object *object, lua_KFunction k);

/* To be called in `k`: who need not wait itself does not keep the next one waiting. */
void ta_let_next_read(struct ta_stream_object *object);

/* Has the read wait, on the stream at index 1, until there is more for it, or, where nobody
 * knows that it would have to wait, only for the task's next turn.  0, and ta_park_reader()
 * is what the C function returns; or a negative errno.  [-0, +0, v] */
int ta_arm_reader(lua_State *L, struct ta_stream_object *object, const struct ta_read *read);
int ta_park_reader(lua_State *L, struct ta_stream_object *object);

/* ----------------------------------------------------------------- writing */

/* Is anybody at it, or waits for it? */
bool ta_has_turns(const struct ta_stream_object *object);

/* The first turn, or the one after; NULL: there is none. */
struct ta_turn *ta_next_turn(const struct ta_stream_object *object, const struct ta_turn *turn);

/* Has its task go on, which finds nothing left to write. */
void ta_wake_turn(struct ta_turn *turn);

/* Pushes a turn to write to the stream at `index`, which stands in no list yet.  Whoever
 * writes meanwhile, as a finalizer may, finds the stream torn if bytes have left: `begun`.
 * [-0, +1, m] */
struct ta_turn *ta_push_turn(lua_State *L, int index, bool begun);

/* The same for the turn on top: waits until it is the first or, when it is, until the system
 * takes more.  Where that fails it is over.  [-0, +0, v] */
int ta_arm_turn(lua_State *L, struct ta_turn *turn);
int ta_park_turn(lua_State *L, struct ta_turn *turn);

/* It is over, and the next one is at it.  Where bytes have left but not all, the stream is
 * torn.  `turn` may be NULL. */
void ta_end_turn(struct ta_turn *turn);

#endif
