/* SPDX-License-Identifier: MIT */
#include "host/filestream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holder.h"
#include "host/file.h"
#include "host/parting.h"

/* The descriptor, of the stream and of the threads that do something for it: it goes with the last
 * of them.  Threads neither look at its place nor move it: whoever does that would wait for them.
 */
struct ta_open_file {
  atomic_uint shares;
  int fd;
  struct ta_workers *workers;
  enum ta_lane lane;
  bool appends;
  pthread_mutex_t lock; /* of `written` in a put, which it signals */
  pthread_cond_t writing;
};

/* What a thread does for the stream. */
struct trip {
  struct ta_work work;
  struct ta_stream *stream;
  struct ta_open_file *file; /* its share; NULL: it has given that back */
  unsigned direction;        /* in which somebody waits for it */
  bool finished;
  ssize_t count; /* bytes, or a negative errno */
};

/* It fetches a piece of the file. */
struct fetch {
  struct trip trip;
  off_t from;
  size_t taken;
  char bytes[TA_STREAM_CHUNK];
};

/* It writes to what is far; or nothing, and closes a copy of the descriptor, which takes along what
 * the system has kept back. */
struct put {
  struct trip trip;
  off_t at, end; /* where; and what came of that, where it appends */
  size_t size;
  bool written;
  char bytes[];
};

struct session {
  struct ta_open_file *file;
  struct fetch *fetch; /* NULL: none */
  struct put *put;     /* NULL: none */
  bool put_here;       /* one has been, while nobody could wait, with this: */
  ssize_t put_count;
  bool waits; /* the next read may wait for the disk */
  struct ta_children *children;
  char *path; /* to be removed; or NULL */
  const struct ta_gate *gate;
  struct ta_guarded_path *guarded;
};

static struct session *session_of(const struct ta_stream *stream) {
  return stream->session;
}

static bool is_far(const struct session *session) {
  return session->file->lane == TA_LANE_FAR;
}

static ssize_t result_of(ssize_t count) {
  return count < 0 ? -errno : count;
}

/* ------------------------------------------------------------- the descriptor */

static struct ta_open_file *share(struct ta_open_file *file) {
  atomic_fetch_add(&file->shares, 1);
  return file;
}

/* Gives a share back.  The descriptor, which nobody else has any more; or -1. */
static int leave(struct ta_open_file *file) {
  int fd = file->fd;
  if (atomic_fetch_sub(&file->shares, 1) > 1) return -1;
  pthread_cond_destroy(&file->writing);
  pthread_mutex_destroy(&file->lock);
  free(file);
  return fd;
}

static void leave_in_thread(struct ta_open_file *file) {
  int fd = leave(file);
  if (fd >= 0) close(fd);
}

/* In the loop's thread. */
static void leave_here(struct ta_open_file *file) {
  struct ta_workers *workers = file->workers;
  enum ta_lane lane = file->lane;
  const struct ta_left left = {.fd = leave(file)};
  if (left.fd >= 0) ta_part(workers, lane, &left);
}

/* ---------------------------------------------------------------------- trips */

static struct trip *trip_of(struct ta_work *work) {
  return TA_HOLDER(work, struct trip, work);
}

static void come_home(struct trip *trip) {
  struct ta_open_file *file = trip->file;
  trip->file = NULL;
  leave_in_thread(file);
}

static void told(struct ta_work *work) {
  struct trip *trip = trip_of(work);
  struct ta_watch *watch = &trip->stream->watch;
  trip->finished = true;
  watch->blocked &= ~trip->direction;
  watch->on_ready(watch, trip->direction);
}

static void free_trip(struct trip *trip) {
  if (trip->file) leave_here(trip->file);
  free(trip);
}

/* What has finished is the stream's. */
static void drop(struct ta_work *work) {
  if (!trip_of(work)->finished) free_trip(trip_of(work));
}

/* It has no more to do with the stream. */
static void forget(struct ta_stream *stream, struct trip *trip) {
  stream->watch.blocked &= ~trip->direction;
  if (trip->finished)
    free_trip(trip);
  else
    ta_work_abandon(session_of(stream)->file->workers, &trip->work);
}

/* 0; or a negative errno, and it has gone. */
static int begin(struct ta_stream *stream, struct trip *trip, void (*run)(struct ta_work *work),
                 unsigned direction) {
  struct ta_open_file *file = session_of(stream)->file;
  trip->work = (struct ta_work){.run = run, .done = told, .drop = drop};
  trip->stream = stream;
  trip->direction = direction;
  trip->file = share(file);
  int error = ta_workers_submit(file->workers, file->lane, &trip->work);
  if (error) free_trip(trip);
  return error;
}

/* ------------------------------------------------------------------- fetching */

static void run_fetch(struct ta_work *work) {
  struct trip *trip = trip_of(work);
  struct fetch *fetch = TA_HOLDER(trip, struct fetch, trip);
  do trip->count = result_of(pread(trip->file->fd, fetch->bytes, sizeof fetch->bytes, fetch->from));
  while (trip->count == -EINTR);
  come_home(trip);
}

static void forget_fetch(struct ta_stream *stream) {
  struct fetch *fetch = session_of(stream)->fetch;
  session_of(stream)->fetch = NULL;
  if (fetch) forget(stream, &fetch->trip);
}

static int want(struct ta_stream *stream, unsigned direction) {
  struct session *session = session_of(stream);
  if (!(direction & TA_MAY_READ) || session->fetch) return 0;
  struct fetch *fetch = malloc(sizeof *fetch);
  if (!fetch) return -ENOMEM;
  fetch->trip = (struct trip){.finished = false};
  fetch->taken = 0;
  fetch->from = lseek(stream->watch.fd, 0, SEEK_CUR);
  int error = begin(stream, &fetch->trip, run_fetch, TA_MAY_READ);
  if (!error) session->fetch = fetch;
  return error;
}

static ssize_t take_fetched(struct ta_stream *stream, void *bytes, size_t size) {
  struct fetch *fetch = session_of(stream)->fetch;
  ssize_t count = fetch->trip.count;
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

/* What a server has is not asked for here. */
static ssize_t read_cached(const struct session *session, int fd, void *bytes, size_t size) {
  return is_far(session) ? -EAGAIN : ta_file_read_cached(fd, bytes, size);
}

static ssize_t read_file(struct ta_stream *stream, void *bytes, size_t size) {
  struct session *session = session_of(stream);
  int fd = stream->watch.fd;
  ssize_t count;
  if (session->fetch && session->fetch->trip.finished) return take_fetched(stream, bytes, size);
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

static ssize_t put_copy(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  return copy < 0 || (close(copy) != 0 && errno != EINTR) ? -errno : 0;
}

/* What is appended goes to the end wherever Linux is told to write it. */
static ssize_t put_bytes(int fd, const struct put *put, bool appends) {
  ssize_t count;
#if defined(__linux__)
  appends = false;
#endif
  do
    count = result_of(appends ? write(fd, put->bytes, put->size)
                              : pwrite(fd, put->bytes, put->size, put->at));
  while (count == -EINTR);
  return count == -EAGAIN ? -EIO : count; /* which no file says */
}

static void run_put(struct ta_work *work) {
  struct trip *trip = trip_of(work);
  struct put *put = TA_HOLDER(trip, struct put, trip);
  struct stat about;
  int fd = trip->file->fd;
  ssize_t count = put->size ? put_bytes(fd, put, trip->file->appends) : put_copy(fd);
  put->end = count > 0 && trip->file->appends && fstat(fd, &about) == 0 ? about.st_size : -1;
  pthread_mutex_lock(&trip->file->lock);
  trip->count = count;
  put->written = true;
  pthread_cond_signal(&trip->file->writing);
  pthread_mutex_unlock(&trip->file->lock);
  come_home(trip);
}

/* What came of it is not asked for any more. */
static void forget_put(struct ta_stream *stream) {
  struct put *put = session_of(stream)->put;
  session_of(stream)->put = NULL;
  stream->on_its_way = false;
  if (put) forget(stream, &put->trip);
}

static struct put *new_put(const void *bytes, size_t size) {
  struct put *put = calloc(1, sizeof *put + size);
  if (!put) return NULL;
  put->size = size;
  if (size > 0) memcpy(put->bytes, bytes, size);
  return put;
}

/* From here on the stream stands behind what it writes. */
static int begin_put(struct ta_stream *stream, const void *bytes, size_t size) {
  struct session *session = session_of(stream);
  struct put *put = new_put(bytes, size);
  if (!put) return -ENOMEM;
  put->at = lseek(stream->watch.fd, 0, SEEK_CUR);
  int error = begin(stream, &put->trip, run_put, TA_MAY_WRITE);
  if (error) return error;
  session->put = put;
  if (!session->file->appends) lseek(stream->watch.fd, (off_t)size, SEEK_CUR);
  ta_watch_blocked(&stream->watch, TA_MAY_WRITE);
  stream->on_its_way = size > 0;
  stream->unsettled |= size > 0;
  return -EAGAIN;
}

/* It has been written: now it is known how far the stream has come. */
static ssize_t end_put(struct ta_stream *stream) {
  struct put *put = session_of(stream)->put;
  ssize_t count = put->trip.count, written = count < 0 ? 0 : count;
  bool appends = session_of(stream)->file->appends;
  if (!appends && written < (ssize_t)put->size)
    lseek(stream->watch.fd, written - (off_t)put->size, SEEK_CUR);
  if (put->end >= 0) lseek(stream->watch.fd, put->end, SEEK_SET);
  forget_put(stream);
  return count;
}

/* How much has gone, or how it went; -EAGAIN: a thread is at it. */
static ssize_t take_put(struct ta_stream *stream) {
  struct session *session = session_of(stream);
  if (session->put_here) {
    session->put_here = false;
    return session->put_count;
  }
  if (session->put->trip.finished) return end_put(stream);
  ta_watch_blocked(&stream->watch, TA_MAY_WRITE);
  return -EAGAIN;
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
  struct ta_open_file *opened = session->file;
  pthread_mutex_lock(&opened->lock);
  while (!session->put->written) pthread_cond_wait(&opened->writing, &opened->lock);
  pthread_mutex_unlock(&opened->lock);
  session->put_count = end_put(stream);
  session->put_here = true;
}

static ssize_t write_file(struct ta_stream *stream, const void *bytes, size_t size) {
  ssize_t count;
  if (has_put(session_of(stream))) return take_put(stream);
  step_back(stream);
  if (is_far(session_of(stream))) return begin_put(stream, bytes, size);
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
  struct ta_workers *workers = session->file->workers;
  struct ta_left left = {.path = session->path,
                         .gate = session->gate,
                         .children = session->children,
                         .guarded = session->guarded};
  bool far = is_far(session);
  forget_fetch(stream);
  forget_put(stream);
  left.fd = leave(session->file);
  stream->watch.fd = -1;
  if (far)
    ta_part(workers, TA_LANE_FAR, &left);
  else
    ta_part_here(&left);
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

static struct ta_open_file *new_file(int fd, struct ta_workers *workers, enum ta_lane lane) {
  struct ta_open_file *opened = malloc(sizeof *opened);
  if (!opened) return NULL;
  atomic_init(&opened->shares, 1);
  opened->fd = fd;
  opened->workers = workers;
  opened->lane = lane;
  opened->appends = fcntl(fd, F_GETFL) & O_APPEND;
  pthread_mutex_init(&opened->lock, NULL);
  pthread_cond_init(&opened->writing, NULL);
  return opened;
}

int ta_filestream(struct ta_stream *stream, struct ta_workers *workers, enum ta_lane lane) {
  struct session *session = workers ? calloc(1, sizeof *session) : NULL;
  if (!session) return -ENOMEM;
  session->file = new_file(stream->watch.fd, workers, lane);
  if (!session->file) return free(session), -ENOMEM;
  stream->session = session;
  stream->transport = &file;
  return 0;
}

void ta_filestream_removes(struct ta_stream *stream, const struct ta_gate *gate,
                           struct ta_children *children, char *path,
                           struct ta_guarded_path *guarded) {
  struct session *session = session_of(stream);
  session->gate = gate;
  session->children = children;
  session->path = path;
  session->guarded = guarded;
}

/* ------------------------------------------------------------------- its size */

bool ta_is_far_stream(const struct ta_stream *stream) {
  return stream->transport == &file && is_far(session_of(stream));
}

struct ta_open_file *ta_filestream_share(const struct ta_stream *stream) {
  return share(session_of(stream)->file);
}

off_t ta_open_file_size(struct ta_open_file *opened) {
  struct stat about;
  off_t size = fstat(opened->fd, &about) == 0 ? about.st_size : -errno;
  leave_in_thread(opened);
  return size;
}

void ta_open_file_leave(struct ta_open_file *opened) {
  leave_here(opened);
}
