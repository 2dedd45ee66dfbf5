/* SPDX-License-Identifier: MIT */
#include "host/filestream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "host/file.h"
#include "host/parting.h"

/* A piece of the file that a thread fetches, through a descriptor of its own. */
struct fetch {
  struct ta_work work;
  struct ta_stream *stream;
  int fd;
  off_t from;
  bool finished, is_far;
  ssize_t count; /* or a negative errno */
  size_t taken;
  char bytes[TA_STREAM_CHUNK];
};

/* Bytes that a thread writes to what is far; or none, and it closes a copy of the descriptor,
 * which takes along what the system has kept back. */
struct put {
  struct ta_work work;
  struct ta_stream *stream;
  int fd; /* the stream's */
  size_t size;
  bool finished;
  ssize_t count; /* or a negative errno */

  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t writing;
  bool begun, written;
  bool given_up; /* it need not begin */
  bool alone;    /* the stream was closed: the descriptor is its own now */
  char bytes[];
};

struct session {
  struct ta_workers *workers;
  enum ta_lane lane;
  struct fetch *fetch; /* NULL: none */
  struct put *put;     /* NULL: none */
  bool put_here;       /* one has been, while nobody could wait, with this: */
  ssize_t put_count;
  bool waits; /* the next read may wait for the disk */
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
  if (!fetch->is_far) return;
  close(fetch->fd); /* as this asks a server, too */
  fetch->fd = -1;
}

static void fetched(struct ta_work *work) {
  struct fetch *fetch = fetch_of(work);
  struct ta_watch *watch = &fetch->stream->watch;
  fetch->finished = true;
  watch->blocked &= ~(unsigned)TA_MAY_READ;
  watch->on_ready(watch, TA_MAY_READ);
}

static void free_fetch(struct fetch *fetch) {
  if (fetch->fd >= 0) close(fetch->fd);
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
  fetch->is_far = session->lane == TA_LANE_FAR;
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

/* What a server has is not asked for here. */
static ssize_t read_cached(const struct session *session, int fd, void *bytes, size_t size) {
  return session->lane == TA_LANE_FAR ? -EAGAIN : ta_file_read_cached(fd, bytes, size);
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

/* ------------------------------------------------------------- what is far */

static struct put *put_of(struct ta_work *work) {
  return TA_HOLDER(work, struct put, work);
}

static ssize_t put_now(const struct put *put) {
  ssize_t count;
  if (put->size == 0) {
    int fd = fcntl(put->fd, F_DUPFD_CLOEXEC, 0);
    return fd < 0 || (close(fd) != 0 && errno != EINTR) ? -errno : 0;
  }
  do count = result_of(write(put->fd, put->bytes, put->size));
  while (count == -EINTR);
  return count == -EAGAIN ? -EIO : count; /* which no file says */
}

static bool may_begin(struct put *put) {
  pthread_mutex_lock(&put->lock);
  put->begun = !put->given_up;
  pthread_mutex_unlock(&put->lock);
  return put->begun;
}

static void run_put(struct ta_work *work) {
  struct put *put = put_of(work);
  if (!may_begin(put)) return;
  ssize_t count = put_now(put);
  pthread_mutex_lock(&put->lock);
  put->count = count;
  put->written = true;
  pthread_cond_signal(&put->writing);
  pthread_mutex_unlock(&put->lock);
}

static void was_put(struct ta_work *work) {
  struct put *put = put_of(work);
  struct ta_watch *watch = &put->stream->watch;
  put->finished = true;
  watch->blocked &= ~(unsigned)TA_MAY_WRITE;
  watch->on_ready(watch, TA_MAY_WRITE);
}

static void free_put(struct put *put) {
  if (put->alone) close(put->fd);
  pthread_cond_destroy(&put->writing);
  pthread_mutex_destroy(&put->lock);
  free(put);
}

static void drop_put(struct ta_work *work) {
  if (!put_of(work)->finished) free_put(put_of(work));
}

/* What came of it is not asked for any more. */
static void forget_put(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  struct put *put = session->put;
  if (!put) return;
  session->put = NULL;
  stream->on_its_way = false;
  stream->watch.blocked &= ~(unsigned)TA_MAY_WRITE;
  if (put->finished)
    free_put(put);
  else
    ta_work_abandon(session->workers, &put->work);
}

/* The stream is about to be closed: what a thread is in the middle of keeps the descriptor. */
static void leave_put(struct ta_stream *stream) {
  struct put *put = session_of(stream)->put;
  if (put && !put->finished) {
    pthread_mutex_lock(&put->lock);
    put->given_up = true;
    put->alone = put->begun;
    if (put->alone) stream->watch.fd = -1;
    pthread_mutex_unlock(&put->lock);
  }
  forget_put(stream);
}

static int begin_put(struct ta_stream *stream, const void *bytes, size_t size) {
  struct session *session = session_of(stream);
  struct put *put = malloc(sizeof *put + size);
  if (!put) return -ENOMEM;
  *put = (struct put){
      .work = {.run = run_put, .done = was_put, .drop = drop_put}, .stream = stream, .size = size};
  if (size > 0) memcpy(put->bytes, bytes, size);
  pthread_mutex_init(&put->lock, NULL);
  pthread_cond_init(&put->writing, NULL);
  put->fd = stream->watch.fd;
  int error = ta_workers_submit(session->workers, session->lane, &put->work);
  if (error) {
    free_put(put);
    return error;
  }
  session->put = put;
  ta_watch_blocked(&stream->watch, TA_MAY_WRITE);
  stream->on_its_way = size > 0;
  stream->unsettled |= size > 0;
  return -EAGAIN;
}

/* How much has gone, or how it went; -EAGAIN: a thread is at it. */
static ssize_t take_put(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  if (session->put_here) {
    session->put_here = false;
    return session->put_count;
  }
  if (!session->put->finished) {
    ta_watch_blocked(&stream->watch, TA_MAY_WRITE);
    return -EAGAIN;
  }
  ssize_t count = session->put->count;
  forget_put(stream);
  return count;
}

static bool has_put(const struct session *session) {
  return session->put || session->put_here;
}

static int settle_file(struct ta_stream *stream) {
  const struct session *session = session_of(stream);
  while (has_put(session)) {
    bool was_last = session->put && session->put->size == 0;
    ssize_t count = take_put(stream);
    if (count == -EAGAIN) return -EAGAIN;
    if (was_last) stream->unsettled = false;
    if (was_last) return (int)count;
  }
  return stream->unsettled ? begin_put(stream, NULL, 0) : 0;
}

/* Where nobody can give up a turn. */
static void wait_for_put(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  struct put *put = session->put;
  pthread_mutex_lock(&put->lock);
  while (!put->written) pthread_cond_wait(&put->writing, &put->lock);
  pthread_mutex_unlock(&put->lock);
  session->put_count = put->count;
  session->put_here = true;
  forget_put(stream);
}

static ssize_t write_file(struct ta_stream *stream, const void *bytes, size_t size) {
  ssize_t count;
  if (has_put(session_of(stream))) return take_put(stream);
  step_back(stream);
  if (session_of(stream)->lane == TA_LANE_FAR) return begin_put(stream, bytes, size);
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
  if (direction == TA_MAY_WRITE && session_of(stream)->put) wait_for_put(stream);
  if (direction == TA_MAY_WRITE) return 0;
  session_of(stream)->waits = true;
  stream->watch.blocked &= ~direction;
  return 0;
}

/* -------------------------------------------------------------- open, close */

static void close_file(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  struct ta_left left = {
      .fd = -1, .path = session->path, .children = session->children, .guarded = session->guarded};
  forget_fetch(stream);
  leave_put(stream);
  if (session->lane == TA_LANE_FAR) {
    left.fd = stream->watch.fd;
    stream->watch.fd = -1;
    ta_part(session->workers, session->lane, &left);
  } else {
    ta_part_here(&left);
  }
  free(session);
  stream->session = NULL;
}

static const struct ta_transport file = {.read = read_file,
                                         .write = write_file,
                                         .shutdown = shut_file,
                                         .close = close_file,
                                         .want = want,
                                         .wait_here = wait_here,
                                         .moves = forget_fetch,
                                         .settle = settle_file};

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
