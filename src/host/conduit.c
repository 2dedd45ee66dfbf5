/* SPDX-License-Identifier: MIT */
#include "host/conduit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOM (256 * 1024) /* bytes that a pipe is to hold */

#if defined(SPLICE_F_MOVE)

/* A write to a peer that is gone kills who has not seen to it: here nothing can prevent that. */
static bool is_safe(void) {
  struct sigaction action;
  return sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler != SIG_DFL;
}

bool ta_can_pass(const struct ta_stream *from, const struct ta_stream *to) {
  bool fits = ta_stream_passes(from) && ta_stream_passes(to);
  if (!fits || from->cannot_pass) return false;
  return ta_passing(from) > 0 || (from->large_reads >= TA_LARGE_READS && is_safe());
}

/* 0, or a negative errno. */
static int get_conduit(struct ta_stream *stream) {
  struct ta_loop *loop = stream->watch.loop;
  struct ta_conduit *conduit = calloc(1, sizeof *conduit);
  if (!conduit) return -ENOMEM;
  if (!loop->has_pipe && pipe2(loop->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
    free(conduit);
    return -errno;
  }
  if (!loop->has_pipe) fcntl(loop->pipe[1], F_SETPIPE_SZ, ROOM);
  loop->has_pipe = false;
  conduit->out = loop->pipe[0];
  conduit->in = loop->pipe[1];
  stream->conduit = conduit;
  return 0;
}

static ssize_t splice_now(int from, int to, size_t size) {
  ssize_t count;
  do count = splice(from, NULL, to, NULL, size, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

/* What is no error of the stream's: it is read in the usual way. */
static ssize_t give_up(struct ta_stream *from) {
  from->cannot_pass = true;
  ta_end_passing(from, false);
  return -ENOTSUP;
}

ssize_t ta_pass_in(struct ta_stream *from, size_t size) {
  if (from->at_end) return from->error;
  if (!ta_watch_is_ready(&from->watch, TA_MAY_READ)) return -EAGAIN;
  if (!from->conduit && get_conduit(from) != 0) return give_up(from);
  ssize_t count = splice_now(from->watch.fd, from->conduit->in, size < ROOM ? size : ROOM);
  if (count == -EAGAIN) ta_watch_blocked(&from->watch, TA_MAY_READ);
  if (count == -EINVAL) return give_up(from);
  if (count > 0) {
    from->conduit->inside = (size_t)count;
    from->received += (uint64_t)count;
  }
  if (count < 0 && count != -EAGAIN && !from->error) from->error = (int)count;
  from->at_end = count == 0;
  return count == 0 ? from->error : count;
}

ssize_t ta_pass_out(struct ta_stream *from, struct ta_stream *to, size_t size) {
  size_t inside = from->conduit->inside;
  if (to->shut) return -EPIPE;
  if (to->watch.fd < 0) return -EBADF;
  if (!ta_watch_is_ready(&to->watch, TA_MAY_WRITE)) return -EAGAIN;
  ssize_t count = splice_now(from->conduit->out, to->watch.fd, size < inside ? size : inside);
  if (count == -EAGAIN) ta_watch_blocked(&to->watch, TA_MAY_WRITE);
  if (count > 0) from->conduit->inside -= (size_t)count;
  bool is_lost = count == -ECONNRESET || count == -ETIMEDOUT;
  if (is_lost && !to->error) to->error = (int)count;
  return count;
}

ssize_t ta_take_passing(struct ta_stream *stream, void *bytes, size_t size) {
  ssize_t count;
  do count = read(stream->conduit->out, bytes, size);
  while (count < 0 && errno == EINTR);
  if (count < 0) return -errno;
  stream->conduit->inside -= (size_t)count;
  ta_end_passing(stream, false);
  return count;
}

#else

bool ta_can_pass(const struct ta_stream *from, const struct ta_stream *to) {
  (void)from, (void)to;
  return false;
}

ssize_t ta_pass_in(struct ta_stream *from, size_t size) {
  (void)from, (void)size;
  return -ENOTSUP;
}

ssize_t ta_pass_out(struct ta_stream *from, struct ta_stream *to, size_t size) {
  (void)from, (void)to, (void)size;
  return -ENOTSUP;
}

ssize_t ta_take_passing(struct ta_stream *stream, void *bytes, size_t size) {
  (void)stream, (void)bytes, (void)size;
  return -ENOTSUP;
}

#endif

void ta_end_passing(struct ta_stream *stream, bool at_once) {
  struct ta_conduit *conduit = stream->conduit;
  struct ta_loop *loop = stream->watch.loop;
  if (!conduit || (conduit->inside > 0 && !at_once)) return;
  stream->conduit = NULL;
  if (conduit->inside == 0 && loop->slots && !loop->has_pipe) {
    loop->has_pipe = true;
    loop->pipe[0] = conduit->out;
    loop->pipe[1] = conduit->in;
  } else {
    close(conduit->out);
    close(conduit->in);
  }
  free(conduit);
}
