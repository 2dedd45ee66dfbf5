/* SPDX-License-Identifier: MIT
 *
 * conduit.h -- bytes that pass from one stream to another inside the system, through a pipe.
 *
 * What is in the pipe belongs to the stream that it was read from: whoever reads that finds it
 * first, so that a copy which is given up loses nothing.  Streams over sockets and pipes can do
 * so; for small pieces it costs more than it saves.  One pipe is kept for whichever stream needs
 * one next.
 */
#ifndef TA_HOST_CONDUIT_H
#define TA_HOST_CONDUIT_H

#include "host/stream.h"

struct ta_conduit {
  int out, in;   /* of the pipe */
  size_t inside; /* bytes */
};

/* Have large pieces been read from the one stream, and can they pass to the other? */
bool ta_can_pass(const struct ta_stream *from, const struct ta_stream *to);

/* Bytes of the stream that are in its pipe. */
static inline size_t ta_passing(const struct ta_stream *stream) {
  return stream->conduit ? stream->conduit->inside : 0;
}

/* Reads up to `size` bytes into its pipe, which is empty.  How many; 0: the end; -EAGAIN; -ENOTSUP:
 * not this way; or the stream's error. */
ssize_t ta_pass_in(struct ta_stream *from, size_t size);

/* Writes up to `size` bytes of what is in the pipe of `from`.  How many; -EAGAIN; or an error, as
 * ta_stream_write(). */
ssize_t ta_pass_out(struct ta_stream *from, struct ta_stream *to, size_t size);

/* Takes up to `size` bytes of what is in the pipe.  How many, or a negative errno. */
ssize_t ta_take_passing(struct ta_stream *stream, void *bytes, size_t size);

/* An empty pipe is another stream's, or is closed; with `at_once` also one that is not empty. */
void ta_end_passing(struct ta_stream *stream, bool at_once);
#endif
