/* SPDX-License-Identifier: MIT
 *
 * stream.h -- bytes from and to a descriptor, with a buffer for what was read and not taken.
 *
 * The system call comes first.  -EAGAIN says that it would wait: the caller then wants to
 * hear from the watch, and calls again.  Nothing is queued for writing: what the kernel
 * does not take stays the caller's.  Nothing read is ever lost but by closing.
 * How bytes move is a transport: a descriptor here, TLS in a module of its own.
 *
 * The struct is the owner's; it holds no memory while it is idle and empty.  It knows no
 * Lua, no tasks, and what no byte means.
 */
#ifndef TA_HOST_STREAM_H
#define TA_HOST_STREAM_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/watch.h"

#define TA_STREAM_CHUNK 65536 /* bytes: the most that one call reads */
#define TA_LARGE_READS 4      /* in a row or not, and much is to come */

/* An error of a handshake: the peer has gone without a word, as who only looks whether somebody
 * listens. */
#define TA_STREAM_NOTHING (-ENODATA)

struct ta_stream;
struct ta_conduit;

struct ta_transport {
  ssize_t (*read)(struct ta_stream *stream, void *bytes, size_t size);        /* 0: the end */
  ssize_t (*write)(struct ta_stream *stream, const void *bytes, size_t size); /* or a part */
  int (*shutdown)(struct ta_stream *stream); /* our half; -EAGAIN: again */
  void (*close)(struct ta_stream *stream);   /* its own memory only */

  /* What no descriptor tells of; each may be NULL. */
  int (*want)(struct ta_stream *stream, unsigned direction);      /* as ta_watch_want() */
  int (*wait_here)(struct ta_stream *stream, unsigned direction); /* ta_stream_wait_here() */
  void (*moves)(struct ta_stream *stream); /* it is about to stand elsewhere */
  int (*settle)(struct ta_stream *stream); /* as ta_stream_settle() */
  int (*begin)(struct ta_stream *stream);  /* as ta_stream_begin() */
  const char *(*words)(const struct ta_stream *stream, int error); /* as ta_stream_words() */
};

/* A descriptor, which those of modules move their bytes by. */
extern TA_FOR_MODULES const struct ta_transport ta_descriptor;

struct ta_stream {
  struct ta_watch watch;
  const struct ta_transport *transport;
  void *session;                          /* the transport's */
  char *bytes;                            /* read, and not taken: from start to end */
  size_t start, end, room;                /* the buffer goes when it is empty */
  unsigned needs_to_read, needs_to_write; /* after -EAGAIN: the direction to wait for */
  uint64_t received;                      /* bytes, ever */
  bool at_end;                            /* the peer has said so */
  bool shut;                              /* our half is */
  bool torn;                              /* a write was cut short */
  bool unsettled;                         /* ta_stream_settle() may wait */
  bool on_its_way; /* after -EAGAIN of a write: its bytes, which it is to be called with again */
  bool more;       /* the transport has bytes of which no descriptor will tell */
  bool always;     /* a file: it never waits */
  bool is_socket;
  bool cannot_pass;           /* through a pipe of ours: see conduit.h */
  struct ta_conduit *conduit; /* through which it does, or NULL */
  bool drains;                /* a pipe or a socket: a read cut short has taken all there was */
  unsigned char large_reads;  /* of one that drains; counted up to those that widen a pipe */
  size_t most;                /* bytes that one fill reads; 0: TA_STREAM_CHUNK */
  bool goes_on;               /* after its end: a terminal, a file that grows */
  int error;                  /* the first one, negative; the last word */
};

/* Are its bytes those of its descriptor, a socket or a pipe of ours? */
bool ta_stream_passes(const struct ta_stream *stream);

/* Opens it over `fd`, which becomes the stream's; where this fails it stays the caller's.
 * TA_EDGE: fd is non-blocking.  TA_ONCE: it was inherited, and stays as it is.  A file is
 * taken as well; TA_FILE says that it is one.  0, or a negative errno. */
int ta_stream_open(struct ta_loop *loop, enum ta_watch_kind kind, int fd, ta_ready_fn *on_ready,
                   struct ta_stream *stream);

/* Reads once more into the buffer, at most TA_STREAM_CHUNK bytes.  How many; 0: the end;
 * -EAGAIN; or the stream's error. */
ssize_t ta_stream_fill(struct ta_stream *stream);

/* Takes up to `size` bytes, those of the buffer first, and at most one system call. */
ssize_t ta_stream_read(struct ta_stream *stream, void *bytes, size_t size);

/* What is in the buffer, and taking the first `size` of it. */
static inline size_t ta_stream_held(const struct ta_stream *stream) {
  return stream->end - stream->start;
}
TA_FOR_MODULES void ta_stream_take(struct ta_stream *stream, size_t size);

/* Writes what the kernel takes.  How much; -EAGAIN: nothing now; or an error, as -EPIPE. */
ssize_t ta_stream_write(struct ta_stream *stream, const void *bytes, size_t size);

/* After -EAGAIN: the watch is to tell when the direction may go on.  0, or a negative errno. */
int ta_stream_want(struct ta_stream *stream, unsigned direction);

/* After -EAGAIN: waits here until the direction may go on, and tries nothing.  0; -EINTR: a call
 * that waits is to be broken off; or another negative errno. */
int ta_stream_wait_here(struct ta_stream *stream, unsigned direction);

/* Of a file: its place, counted without what is held, as lseek() moves it; what is held goes.
 * The new place, or a negative errno, and then nothing has happened. */
off_t ta_stream_seek(struct ta_stream *stream, off_t offset, int whence);

/* Ends our half.  0; -EAGAIN: again; or a negative errno.  Twice does nothing. */
int ta_stream_shutdown(struct ta_stream *stream);

/* What was read and not taken lies in its buffer, all of it.  0, or a negative errno. */
TA_FOR_MODULES int ta_stream_gather(struct ta_stream *stream);

/* From now on its bytes move by another transport, whose the session is.  What was read and not
 * taken goes: that the new one has copied. */
TA_FOR_MODULES void ta_stream_upgrade(struct ta_stream *stream,
                                      const struct ta_transport *transport, void *session);

/* What has to be done before the first byte, as a handshake: 0, it is; -EAGAIN: again, when the
 * direction that writes need may go on; or a negative errno.  Reads and writes do it by
 * themselves. */
int ta_stream_begin(struct ta_stream *stream);

/* What an error of the stream was, in words of the transport's; or NULL: what the system says.
 * They last until the stream is closed. */
const char *ta_stream_words(const struct ta_stream *stream, int error);

/* Before it is closed: what was written is to arrive.  0; -EAGAIN: again; or a negative errno,
 * and it may be closed all the same. */
int ta_stream_settle(struct ta_stream *stream);

/* Closes it: transport first, then the descriptor.  Waiters are the caller's to wake,
 * before.  Twice does nothing. */
void ta_stream_close(struct ta_stream *stream);

#endif
