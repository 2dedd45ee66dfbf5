/* SPDX-License-Identifier: MIT */
#include "host/filestream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "holder.h"

/* A piece of the file that a thread fetches, through a descriptor of its own. */
struct fetch {
  struct ta_work work;
  struct ta_stream *stream;
  int fd;
  off_t from;
  bool finished;
  ssize_t count; /* or a negative errno */
  size_t taken;
  char bytes[TA_STREAM_CHUNK];
};

struct session {
  struct ta_workers *workers;
  enum ta_lane lane;
  struct fetch *fetch; /* NULL: none */
  bool waits;          /* the next read may wait for the disk */
  struct ta_children *children;
  char *path; /* to be removed; or NULL */
  struct ta_guarded_path *guarded;
};

static struct session *session_of(const struct ta_stream *stream) {
  return stream->session;
}

/* ------------------------------------------------------------------ fetching */

static struct fetch *fetch_of(struct ta_work *work) {
  return TA_HOLDER(work, struct fetch, work);
}

static void run_fetch(struct ta_work *work) {
  struct fetch *fetch = fetch_of(work);
  do fetch->count = pread(fetch->fd, fetch->bytes, sizeof fetch->bytes, fetch->from);
  while (fetch->count < 0 && errno == EINTR);
  if (fetch->count < 0) fetch->count = -errno;
}

static void fetched(struct ta_work *work) {
  struct fetch *fetch = fetch_of(work);
  struct ta_watch *watch = &fetch->stream->watch;
  fetch->finished = true;
  watch->blocked &= ~(unsigned)TA_MAY_READ;
  watch->on_ready(watch, TA_MAY_READ);
}

static void free_fetch(struct fetch *fetch) {
  close(fetch->fd);
  free(fetch);
}

/* What was fetched is the stream's. */
static void drop_fetch(struct ta_work *work) {
  if (!fetch_of(work)->finished) free_fetch(fetch_of(work));
}

/* It has no more to do with the stream. */
static void forget_fetch(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  struct fetch *fetch = session->fetch;
  if (!fetch) return;
  session->fetch = NULL;
  stream->watch.blocked &= ~(unsigned)TA_MAY_READ;
  if (fetch->finished)
    free_fetch(fetch);
  else
    ta_work_abandon(session->workers, &fetch->work);
}

static int begin_fetch(struct ta_stream *stream, struct fetch **result) {
  struct fetch *fetch = malloc(sizeof *fetch);
  int error = 0;
  if (!fetch) return -ENOMEM;
  fetch->work = (struct ta_work){.run = run_fetch, .done = fetched, .drop = drop_fetch};
  fetch->stream = stream;
  fetch->finished = false;
  fetch->taken = 0;
  fetch->from = lseek(stream->watch.fd, 0, SEEK_CUR);
  fetch->fd = fcntl(stream->watch.fd, F_DUPFD_CLOEXEC, 0);
  if (fetch->fd < 0) error = -errno;
  const struct session *session = session_of(stream);
  if (!error) error = ta_workers_submit(session->workers, session->lane, &fetch->work);
  if (!error) *result = fetch;
  if (!error) return 0;
  if (fetch->fd >= 0) close(fetch->fd);
  free(fetch);
  return error;
}

static int want(struct ta_stream *stream, unsigned direction) {
  struct session *session = session_of(stream);
  if (!(direction & TA_MAY_READ) || session->fetch) return 0;
  return begin_fetch(stream, &session->fetch);
}

static ssize_t take_fetched(struct ta_stream *stream, void *bytes, size_t size) {
  struct fetch *fetch = session_of(stream)->fetch;
  ssize_t count = fetch->count;
  if (count > 0) {
    size_t left = (size_t)count - fetch->taken;
    size_t taken = size < left ? size : left;
    memcpy(bytes, fetch->bytes + fetch->taken, taken);
    fetch->taken += taken;
    lseek(stream->watch.fd, (off_t)taken, SEEK_CUR);
    if (taken < left) return (ssize_t)taken;
    count = (ssize_t)taken;
  }
  forget_fetch(stream);
  return count;
}

/* ---------------------------------------------------------- reading, writing */

static ssize_t result_of(ssize_t count) {
  return count < 0 ? -errno : count;
}

static bool is_lacking(ssize_t count) {
  return count == -EOPNOTSUPP || count == -ENOSYS || count == -EINVAL;
}

/* What a server has is not asked for here. */
static ssize_t read_cached(const struct session *session, int fd, void *bytes, size_t size) {
  ssize_t count = -ENOSYS;
  if (session->lane == TA_LANE_FAR) return -EAGAIN;
#if defined(RWF_NOWAIT)
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  count = result_of(preadv2(fd, &part, 1, -1, RWF_NOWAIT));
#endif
  return is_lacking(count) ? result_of(read(fd, bytes, size)) : count;
}

static ssize_t read_file(struct ta_stream *stream, void *bytes, size_t size) {
  struct session *session = session_of(stream);
  int fd = stream->watch.fd;
  ssize_t count;
  if (session->fetch && session->fetch->finished) return take_fetched(stream, bytes, size);
  if (session->fetch && !session->waits) return -EAGAIN;
  forget_fetch(stream);
  do
    count =
        session->waits ? result_of(read(fd, bytes, size)) : read_cached(session, fd, bytes, size);
  while (count == -EINTR);
  session->waits = false;
  if (count == -EAGAIN) ta_watch_blocked(&stream->watch, TA_MAY_READ);
  return count;
}

/* Where the script stands, that is before what was read ahead for it. */
static void step_back(struct ta_stream *stream) {
  size_t held = ta_stream_held(stream);
  forget_fetch(stream);
  if (!held) return;
  lseek(stream->watch.fd, -(off_t)held, SEEK_CUR);
  ta_stream_take(stream, held);
}

static ssize_t write_file(struct ta_stream *stream, const void *bytes, size_t size) {
  ssize_t count;
  step_back(stream);
  do count = result_of(write(stream->watch.fd, bytes, size));
  while (count == -EINTR);
  return count;
}

static int shut_file(struct ta_stream *stream) {
  (void)stream;
  return -EOPNOTSUPP;
}

/* Whoever cannot give up its turn waits in the read. */
static int wait_here(struct ta_stream *stream, unsigned direction) {
  session_of(stream)->waits = true;
  stream->watch.blocked &= ~direction;
  return 0;
}

/* -------------------------------------------------------------- open, close */

static void close_file(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  forget_fetch(stream);
  if (session->path) {
    unlink(session->path);
    ta_children_guard_no_more(session->children, session->guarded);
  }
  free(session->guarded);
  free(session->path);
  free(session);
  stream->session = NULL;
}

static const struct ta_transport file = {.read = read_file,
                                         .write = write_file,
                                         .shutdown = shut_file,
                                         .close = close_file,
                                         .want = want,
                                         .wait_here = wait_here,
                                         .moves = forget_fetch};

int ta_filestream(struct ta_stream *stream, struct ta_workers *workers, enum ta_lane lane) {
  struct session *session = workers ? calloc(1, sizeof *session) : NULL;
  if (!session) return -ENOMEM;
  session->workers = workers;
  session->lane = lane;
  stream->session = session;
  stream->transport = &file;
  return 0;
}

void ta_filestream_removes(struct ta_stream *stream, struct ta_children *children, char *path,
                           struct ta_guarded_path *guarded) {
  struct session *session = session_of(stream);
  session->children = children;
  session->path = path;
  session->guarded = guarded;
}
