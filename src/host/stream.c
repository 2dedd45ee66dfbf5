/* SPDX-License-Identifier: MIT */
#include "host/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "host/conduit.h"
#include "host/signals.h"

/* Of a buffer, to begin with: a chunk, and what was left of the one before. */
#define LEAST_ROOM (TA_STREAM_CHUNK + 4096)

/* What is moved to the beginning of the buffer so that a whole chunk has room behind it:
 * next to nothing beside what it costs to read that. */
#define LITTLE (TA_STREAM_CHUNK / 2)

#define WIDE_PIPE (256 * 1024) /* bytes */

/* ------------------------------------------------------------ the descriptor */

static ssize_t result_of(ssize_t count) {
  return count < 0 ? -errno : count;
}

static ssize_t read_now(int fd, void *bytes, size_t size) {
  ssize_t count;
  do count = result_of(read(fd, bytes, size));
  while (count == -EINTR);
  return count;
}

static ssize_t write_now(int fd, const void *bytes, size_t size) {
  ssize_t count;
  do count = result_of(write(fd, bytes, size));
  while (count == -EINTR);
  return count;
}

/* As these, of a socket, with less on the way to it; nobody is killed who writes to one that is
 * gone. */
static ssize_t receive_now(int fd, void *bytes, size_t size) {
  ssize_t count;
  do count = result_of(recv(fd, bytes, size, 0));
  while (count == -EINTR);
  return count;
}

static ssize_t send_now(int fd, const void *bytes, size_t size) {
  ssize_t count;
  do count = result_of(send(fd, bytes, size, MSG_NOSIGNAL));
  while (count == -EINTR);
  return count;
}

static bool is_possible(int fd, short what) {
  struct pollfd asked = {.fd = fd, .events = what};
  return poll(&asked, 1, 0) > 0;
}

/* Can the system not do the call without waiting, for such a descriptor? */
static bool is_lacking(ssize_t count) {
  return count == -EOPNOTSUPP || count == -ENOSYS || count == -EINVAL;
}

/* An inherited descriptor waits in its calls, and others have it too, who may be faster: the
 * system is asked not to wait, or else right before whether it would. */
static ssize_t read_inherited(int fd, void *bytes, size_t size) {
  ssize_t count = -ENOSYS;
#if defined(RWF_NOWAIT)
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  count = result_of(preadv2(fd, &part, 1, -1, RWF_NOWAIT));
#endif
  if (!is_lacking(count)) return count;
  return is_possible(fd, POLLIN) ? result_of(read(fd, bytes, size)) : -EAGAIN;
}

/* Where it would wait for room, there is room for so much. */
static ssize_t write_inherited(int fd, const void *bytes, size_t size) {
  ssize_t count = -ENOSYS;
#if defined(RWF_NOWAIT)
  struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
  count = result_of(pwritev2(fd, &part, 1, -1, RWF_NOWAIT));
#endif
  if (!is_lacking(count)) return count;
  if (!is_possible(fd, POLLOUT)) return -EAGAIN;
  return result_of(write(fd, bytes, size < PIPE_BUF ? size : PIPE_BUF));
}

/* When nobody has the other side of a terminal any more, Linux calls that an error. */
static bool is_left_master(int fd, ssize_t count) {
#if defined(TIOCGPTN)
  unsigned number;
  return count == -EIO && ioctl(fd, TIOCGPTN, &number) == 0;
#else
  (void)fd, (void)count;
  return false;
#endif
}

static bool is_inherited(const struct ta_stream *stream) {
  return stream->watch.kind == TA_ONCE && !stream->always;
}

/* A read that was cut short has drained a pipe or a socket, and the kernel tells when more
 * comes; but of the end it may have told already. */
static bool has_drained(const struct ta_stream *stream, ssize_t count, size_t size) {
  return count > 0 && (size_t)count < size && stream->drains && !stream->watch.hung_up;
}

static bool would_wait(ssize_t count) {
  return count == -EAGAIN || count == -EWOULDBLOCK || count == -EINTR;
}

bool ta_stream_passes(const struct ta_stream *stream) {
  return stream->transport == &ta_descriptor && stream->drains && !stream->always &&
         stream->watch.fd >= 0;
}

/* A writer that fills a pipe as fast as it is read does so in fewer turns where that holds more.
 * Only then: what a user's pipes may hold together is limited. */
static void widen_pipe(struct ta_stream *stream, ssize_t count) {
  if (!stream->drains || count < LITTLE || stream->large_reads >= TA_LARGE_READS) return;
  if (++stream->large_reads < TA_LARGE_READS || stream->is_socket) return;
#if defined(F_SETPIPE_SZ)
  fcntl(stream->watch.fd, F_SETPIPE_SZ, WIDE_PIPE);
#endif
}

static ssize_t read_descriptor(struct ta_stream *stream, void *bytes, size_t size) {
  struct ta_watch *watch = &stream->watch;
  bool inherited = is_inherited(stream);
  bool kept = inherited && ta_watch_is_kept(watch);
  if (kept) ta_watch_blocked(watch, TA_MAY_READ);
  if (kept || (!inherited && !ta_watch_is_ready(watch, TA_MAY_READ))) return -EAGAIN;
  ssize_t count = inherited           ? read_inherited(watch->fd, bytes, size)
                  : stream->is_socket ? receive_now(watch->fd, bytes, size)
                                      : read_now(watch->fd, bytes, size);
  if (would_wait(count) || has_drained(stream, count, size)) ta_watch_blocked(watch, TA_MAY_READ);
  if (would_wait(count)) return -EAGAIN;
  widen_pipe(stream, count);
  return is_left_master(watch->fd, count) ? 0 : count;
}

static ssize_t write_descriptor(struct ta_stream *stream, const void *bytes, size_t size) {
  struct ta_watch *watch = &stream->watch;
  bool inherited = is_inherited(stream);
  if (!inherited && !ta_watch_is_ready(watch, TA_MAY_WRITE)) return -EAGAIN;
  ssize_t count = inherited           ? write_inherited(watch->fd, bytes, size)
                  : stream->is_socket ? send_now(watch->fd, bytes, size)
                                      : write_now(watch->fd, bytes, size);
  if (!would_wait(count)) return count;
  ta_watch_blocked(watch, TA_MAY_WRITE);
  return -EAGAIN;
}

static void close_watch(struct ta_stream *stream) {
  if (stream->always && stream->watch.fd >= 0) close(stream->watch.fd);
  if (stream->always)
    stream->watch.fd = -1;
  else
    ta_watch_close(&stream->watch);
}

/* Of a pipe the end is seen when its descriptor goes. */
static int shutdown_descriptor(struct ta_stream *stream) {
  int fd = stream->watch.fd;
  if (shutdown(fd, SHUT_WR) == 0 || errno == ENOTCONN) return 0;
  if (errno != ENOTSOCK) return -errno;
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY) return -EOPNOTSUPP;
  close_watch(stream);
  return 0;
}

static void forget_nothing(struct ta_stream *stream) {
  (void)stream;
}

const struct ta_transport ta_descriptor = {.read = read_descriptor,
                                           .write = write_descriptor,
                                           .shutdown = shutdown_descriptor,
                                           .close = forget_nothing};

/* -------------------------------------------------------------- open, close */

static void look_at_sort(struct ta_stream *stream, int fd) {
  struct stat about;
  if (fstat(fd, &about) != 0) return;
  stream->is_socket = S_ISSOCK(about.st_mode);
  stream->drains = S_ISFIFO(about.st_mode) || stream->is_socket;
}

int ta_stream_open(struct ta_loop *loop, enum ta_watch_kind kind, int fd, ta_ready_fn *on_ready,
                   struct ta_stream *stream) {
  *stream = (struct ta_stream){.needs_to_read = TA_MAY_READ, .needs_to_write = TA_MAY_WRITE};
  int error = ta_watch_open(loop, kind, fd, on_ready, &stream->watch);
  stream->always = error == -EPERM;
  stream->watch.fd = error && !stream->always ? -1 : fd;
  if (error && !stream->always) return error;
  if (stream->always) stream->watch.blocked = 0;
  if (kind == TA_EDGE) look_at_sort(stream, fd);
  stream->goes_on = kind == TA_ONCE || stream->always;
  stream->transport = &ta_descriptor;
  return 0;
}

/* ------------------------------------------------------------------- buffer */

/* One buffer is kept for whichever stream needs one next: those that are empty have none. */
static void give_back_buffer(struct ta_stream *stream) {
  struct ta_loop *loop = stream->watch.loop;
  bool is_kept = loop && loop->slots && !loop->spare && stream->room == LEAST_ROOM;
  if (is_kept)
    loop->spare = stream->bytes;
  else
    free(stream->bytes);
  stream->bytes = NULL;
  stream->start = stream->end = stream->room = 0;
}

static int get_buffer(struct ta_stream *stream) {
  struct ta_loop *loop = stream->watch.loop;
  stream->bytes = loop->spare ? loop->spare : malloc(LEAST_ROOM);
  loop->spare = NULL;
  if (!stream->bytes) return -ENOMEM;
  stream->room = LEAST_ROOM;
  return 0;
}

static void move_to_front(struct ta_stream *stream) {
  size_t held = ta_stream_held(stream);
  memmove(stream->bytes, stream->bytes + stream->start, held);
  stream->start = 0;
  stream->end = held;
}

/* A long line has gone: its memory goes too. */
static void shrink(struct ta_stream *stream) {
  char *bytes = realloc(stream->bytes, LEAST_ROOM);
  if (!bytes) return;
  stream->bytes = bytes;
  stream->room = LEAST_ROOM;
}

static int grow(struct ta_stream *stream) {
  if (stream->room > SIZE_MAX / 2) return -ENOMEM;
  char *bytes = realloc(stream->bytes, stream->room * 2);
  if (!bytes) return -ENOMEM;
  stream->bytes = bytes;
  stream->room *= 2;
  return 0;
}

/* Room behind what is held, for a chunk if that costs little.  What is held moves, or the
 * buffer doubles, only once for about as many bytes as it holds. */
static int make_room(struct ta_stream *stream) {
  if (!stream->bytes) return get_buffer(stream);
  size_t held = ta_stream_held(stream), room = stream->room - stream->end;
  bool is_large = stream->room > LEAST_ROOM && held <= LITTLE;
  bool is_cheap = room < TA_STREAM_CHUNK && held <= LITTLE;
  bool is_tight = room < LITTLE && held <= stream->start;
  if (stream->start > 0 && (is_large || is_cheap || is_tight)) move_to_front(stream);
  if (is_large) shrink(stream);
  return stream->room - stream->end < LITTLE ? grow(stream) : 0;
}

void ta_stream_take(struct ta_stream *stream, size_t size) {
  stream->start += size;
  if (stream->bytes && stream->start == stream->end) give_back_buffer(stream);
}

/* ---------------------------------------------------------- reading, writing */

static bool has_ended(const struct ta_stream *stream) {
  return stream->at_end && !stream->goes_on;
}

/* The end after an error, of which a write may have been told, is that error. */
static ssize_t receive(struct ta_stream *stream, void *bytes, size_t size) {
  if (stream->watch.fd < 0) return -EBADF;
  if (ta_passing(stream)) return ta_take_passing(stream, bytes, size);
  ssize_t count = stream->transport->read(stream, bytes, size);
  if (count == -EAGAIN) return count;
  if (count > 0) stream->received += (uint64_t)count;
  if (count < 0 && !stream->error) stream->error = (int)count;
  stream->at_end = count == 0;
  return count <= 0 && stream->error ? stream->error : count;
}

/* Is it known that a read would have to wait? */
static bool is_empty(const struct ta_stream *stream) {
  return stream->transport == &ta_descriptor && !is_inherited(stream) && !ta_passing(stream) &&
         !ta_watch_is_ready(&stream->watch, TA_MAY_READ);
}

ssize_t ta_stream_fill(struct ta_stream *stream) {
  if (has_ended(stream)) return stream->error;
  if (stream->watch.fd < 0) return -EBADF;
  if (is_empty(stream)) return -EAGAIN;
  int error = make_room(stream);
  if (error) return error;
  size_t room = stream->room - stream->end;
  size_t most = stream->most ? stream->most : TA_STREAM_CHUNK;
  size_t size = room < most ? room : most;
  ssize_t count = receive(stream, stream->bytes + stream->end, size);
  if (count > 0) stream->end += (size_t)count;
  if (ta_stream_held(stream) == 0) give_back_buffer(stream);
  return count;
}

ssize_t ta_stream_read(struct ta_stream *stream, void *bytes, size_t size) {
  size_t held = ta_stream_held(stream);
  size_t taken = held < size ? held : size;
  if (!held) return has_ended(stream) ? stream->error : receive(stream, bytes, size);
  memcpy(bytes, stream->bytes + stream->start, taken);
  ta_stream_take(stream, taken);
  return (ssize_t)taken;
}

/* A connection that is lost is told of once: whoever reads is to hear of it too.  That nobody
 * reads any more says nothing of what there is to be read. */
ssize_t ta_stream_write(struct ta_stream *stream, const void *bytes, size_t size) {
  if (stream->shut) return -EPIPE;
  if (stream->watch.fd < 0) return -EBADF;
  ssize_t count = stream->transport->write(stream, bytes, size);
  bool is_lost = count == -ECONNRESET || count == -ETIMEDOUT;
  if (is_lost && !stream->error) stream->error = (int)count;
  return count;
}

int ta_stream_want(struct ta_stream *stream, unsigned direction) {
  const struct ta_transport *transport = stream->transport;
  if (transport && transport->want) return transport->want(stream, direction);
  return ta_watch_want(&stream->watch, direction);
}

int ta_stream_wait_here(struct ta_stream *stream, unsigned direction) {
  struct ta_watch *watch = &stream->watch;
  const struct ta_transport *transport = stream->transport;
  if (transport && transport->wait_here) return transport->wait_here(stream, direction);
  struct pollfd asked = {.fd = watch->fd, .events = direction == TA_MAY_READ ? POLLIN : POLLOUT};
  if (watch->fd < 0) return -EBADF;
  while (poll(&asked, 1, -1) < 0) {
    if (errno != EINTR) return -errno;
    if (ta_signals_broke_off()) return -EINTR;
  }
  watch->blocked &= ~direction;
  return 0;
}

off_t ta_stream_seek(struct ta_stream *stream, off_t offset, int whence) {
  if (stream->watch.fd < 0) return -EBADF;
  if (stream->transport->moves) stream->transport->moves(stream);
  off_t held = (off_t)ta_stream_held(stream);
  if (whence == SEEK_CUR && __builtin_sub_overflow(offset, held, &offset)) return -EINVAL;
  off_t place = lseek(stream->watch.fd, offset, whence);
  if (place < 0) return -errno;
  if (held) ta_stream_take(stream, (size_t)held);
  stream->at_end = false;
  return place;
}

int ta_stream_shutdown(struct ta_stream *stream) {
  if (stream->shut) return 0;
  if (stream->watch.fd < 0) return -EBADF;
  int error = stream->transport->shutdown(stream);
  if (!error) stream->shut = true;
  return error;
}

int ta_stream_gather(struct ta_stream *stream) {
  while (ta_passing(stream)) {
    ssize_t count = ta_stream_fill(stream);
    if (count < 0) return (int)count;
  }
  return 0;
}

void ta_stream_upgrade(struct ta_stream *stream, const struct ta_transport *transport,
                       void *session) {
  if (ta_stream_held(stream)) ta_stream_take(stream, ta_stream_held(stream));
  stream->at_end = false;
  stream->transport = transport;
  stream->session = session;
}

int ta_stream_begin(struct ta_stream *stream) {
  const struct ta_transport *transport = stream->transport;
  return transport && transport->begin ? transport->begin(stream) : 0;
}

const char *ta_stream_words(const struct ta_stream *stream, int error) {
  const struct ta_transport *transport = stream->transport;
  return transport && transport->words ? transport->words(stream, error) : NULL;
}

int ta_stream_settle(struct ta_stream *stream) {
  const struct ta_transport *transport = stream->transport;
  return transport && transport->settle ? transport->settle(stream) : 0;
}

void ta_stream_close(struct ta_stream *stream) {
  if (!stream->transport) return;
  stream->transport->close(stream);
  stream->transport = NULL;
  ta_end_passing(stream, true);
  if (stream->bytes) give_back_buffer(stream);
  close_watch(stream);
}
