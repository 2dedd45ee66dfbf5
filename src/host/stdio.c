/* SPDX-License-Identifier: MIT */
#include "host/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/backlog.h"
#include "host/clock.h"
#include "host/footer.h"
#include "host/loop.h"
#include "host/signals.h"
#include "host/terminal.h"

/* How often a script may go on writing into a pipe that nobody reads, before it
 * is ended where it is, as SIGPIPE would have. */
#define PATIENCE 64

/* What is written here takes back a state: to the first column, and clear the line. */
#define TAKE_BACK "\r\033[K"

#define SOON 0.005 /* seconds between two drawings of the footer for what is written above it */

/* Where lines go: standard output and standard error may be one place. */
struct place {
  struct ta_backlog backlog; /* what could not leave yet */
  size_t printed;            /* bytes of C's streams since it was empty */
  bool unfinished;           /* a line was begun by C's streams */
  void (*gone)(void *data);
  void *data; /* whose state lies there, or NULL */
};

struct stream {
  bool own;  /* it is the C library's: a write inside print() may have failed */
  int error; /* of the first failed write, positive */
  int writes_after_break;
  bool given_up; /* what is to go there cannot be waited for any longer */
  struct place *place;
};

static struct {
  struct stream out, err;
  struct ta_stdio_handlers on;
  struct place places[2];
  bool hands_on; /* C's streams are flushed so that others can write: nobody waits for that */
  struct ta_stdio_listener *listeners;
  struct ta_footer footer; /* of the place of standard error */
  struct ta_alarm footer_alarm;
  double footer_drawn_at;
  struct {
    const char *text; /* NULL: nothing is asked */
    size_t size;
    struct stream *stream;
    bool shown;
  } question;
} streams = {.out = {.place = &streams.places[0]}, .err = {.place = &streams.places[1]}};

static _Noreturn void wear_out(void) {
  if (streams.on.worn_out) streams.on.worn_out(streams.on.data);
  ta_signals_die(SIGPIPE);
}

static void note_error(struct stream *stream, int error) {
  if (stream->error == EPIPE && ++stream->writes_after_break > PATIENCE) wear_out();
  if (stream->error) return;
  stream->error = error;
  if (error == EPIPE && streams.on.broken) streams.on.broken(streams.on.data);
}

/* Leaves the error in errno, for whoever called printf(). */
static int note_result(struct stream *stream, int result) {
  if (result) note_error(stream, -result);
  if (result) errno = -result;
  return -result;
}

/* One place may have two descriptors, each with its own position in a file. */
static struct ta_backlog *turn_to(const struct stream *stream) {
  struct ta_backlog *backlog = &stream->place->backlog;
  if (ta_backlog_is_empty(backlog))
    backlog->outlet.fd = stream == &streams.err ? STDERR_FILENO : STDOUT_FILENO;
  return backlog;
}

/* Writes what can leave now; the rest follows when it can. */
static int put(struct stream *stream, const char *data, size_t size) {
  if (stream->given_up) return note_result(stream, -ETIMEDOUT);
  return note_result(stream, ta_backlog_put(turn_to(stream), data, size));
}

static bool may_wait_now(void) {
  return !streams.on.may_wait || streams.on.may_wait(streams.on.data);
}

static bool has_printed_much(struct place *place) {
  if (ta_backlog_is_empty(&place->backlog)) place->printed = 0;
  return place->printed >= TA_BACKLOG_MOST;
}

/* May a write of C's streams wait?  Where nothing is kept it does as it always did, and where they
 * had much of it kept the script has to be held up; or nobody would write it later. */
static bool may_wait(struct place *place) {
  if (!place->backlog.loop) return true;
  if (streams.hands_on || !may_wait_now()) return false;
  return ta_backlog_is_empty(&place->backlog) || has_printed_much(place);
}

/* 0 or an errno. */
static int write_noted(struct stream *stream, const char *data, size_t size) {
  struct ta_backlog *backlog = turn_to(stream);
  if (!stream->given_up && may_wait(stream->place))
    return note_result(stream, ta_backlog_write(backlog, data, size));
  if (!ta_backlog_is_empty(backlog)) stream->place->printed += size;
  return put(stream, data, size);
}

static int flush(bool hands_on) {
  bool before = streams.hands_on;
  streams.hands_on = hands_on;
  int result = fflush(stdout);
  streams.hands_on = before;
  return result;
}

int ta_stdio_flush(void) {
  struct stream *out = &streams.out;
  if (has_printed_much(out->place)) return -out->error;
  if (flush(true) != 0) note_error(out, errno);
  if (out->own && !out->error && ferror(stdout)) note_error(out, EIO);
  return -out->error;
}

static void draw_footer_below(const struct place *place);

/* ------------------------------------------------------------------ what waits */

static const struct ta_backlog *backlog_of(int fd) {
  return &(fd == STDERR_FILENO ? &streams.err : &streams.out)->place->backlog;
}

void ta_stdio_listen(struct ta_stdio_listener *listener) {
  if (listener->link) return;
  listener->next = streams.listeners;
  listener->link = &streams.listeners;
  if (listener->next) listener->next->link = &listener->next;
  streams.listeners = listener;
}

void ta_stdio_unlisten(struct ta_stdio_listener *listener) {
  if (!listener->link) return;
  *listener->link = listener->next;
  if (listener->next) listener->next->link = listener->link;
  listener->link = NULL;
}

static void tell_listeners(void) {
  struct ta_stdio_listener *next;
  for (struct ta_stdio_listener *listener = streams.listeners; listener; listener = next) {
    next = listener->next;
    listener->left(listener);
  }
}

static void on_left(struct ta_backlog *backlog, int error) {
  if (error && backlog == &streams.out.place->backlog) note_error(&streams.out, -error);
  if (error && backlog == &streams.err.place->backlog) note_error(&streams.err, -error);
  draw_footer_below(streams.err.place);
  tell_listeners();
}

uint64_t ta_stdio_taken(int fd) {
  return backlog_of(fd)->taken;
}

bool ta_stdio_has_left(int fd, uint64_t taken) {
  return backlog_of(fd)->left >= taken;
}

bool ta_stdio_is_full(int fd) {
  return ta_backlog_is_full(backlog_of(fd));
}

bool ta_stdio_waits(void) {
  if (!ta_backlog_is_empty(backlog_of(STDOUT_FILENO))) return true;
  return !ta_backlog_is_empty(backlog_of(STDERR_FILENO));
}

int ta_stdio_finish(int fd) {
  struct stream *stream = fd == STDERR_FILENO ? &streams.err : &streams.out;
  flush(true);
  if (stream->given_up) return -ETIMEDOUT;
  return -note_result(stream, ta_backlog_write(turn_to(stream), "", 0));
}

static void give_up(struct stream *stream) {
  if (ta_backlog_is_empty(&stream->place->backlog)) return;
  stream->given_up = true;
}

void ta_stdio_give_up(void) {
  give_up(&streams.out);
  give_up(&streams.err);
  for (int i = 0; i < 2; i++) ta_backlog_drop(&streams.places[i].backlog);
  tell_listeners();
}

/* ------------------------------------------------------------------ the footer */

/* In another group's front, or behind one, we only disturb. */
static bool may_draw(const struct place *place) {
  if (place != streams.err.place || !ta_footer_is_wanted(&streams.footer)) return false;
  if (place->unfinished || place->data || streams.err.error) return false;
  if (!ta_backlog_is_empty(&place->backlog)) return false;
  return ta_terminal_fd() < 0 || ta_terminal_is_ours();
}

/* The answer that was begun goes from sight with it. */
static void erase_question(const struct place *place) {
  if (!streams.question.shown || streams.question.stream->place != place) return;
  streams.question.shown = false;
  put(streams.question.stream, "\r\033[J", 4);
}

/* What stands above it stays there when it is shown again. */
static void keep_last_row(void) {
  const char *text = streams.question.text;
  size_t size = streams.question.size, start = size;
  while (start > 0 && text[start - 1] != '\n') start--;
  streams.question.text = text + start;
  streams.question.size = size - start;
}

static void show_question(const struct place *place) {
  const struct stream *stream = streams.question.stream;
  if (!streams.question.text || streams.question.shown || stream->place != place) return;
  if (place->unfinished) return;
  streams.question.shown = true;
  put(streams.question.stream, streams.question.text, streams.question.size);
  keep_last_row();
}

static void erase_footer(const struct place *place) {
  char erasure[TA_FOOTER_ERASURE];
  erase_question(place);
  if (place != streams.err.place) return;
  size_t size = ta_footer_erase(&streams.footer, erasure);
  if (size > 0) put(&streams.err, erasure, size);
}

static void draw_footer(void) {
  size_t size;
  ta_alarm_stop(&streams.footer_alarm);
  if (!may_draw(streams.err.place)) return;
  const char *drawing = ta_footer_draw(&streams.footer, &size);
  if (drawing) put(&streams.err, drawing, size);
  streams.footer_drawn_at = ta_monotonic();
}

static void on_footer_alarm(struct ta_alarm *alarm) {
  (void)alarm;
  draw_footer();
}

/* Something was written above it.  In a storm it is drawn now and then. */
static void draw_footer_below(const struct place *place) {
  show_question(place);
  if (!may_draw(place)) return;
  if (!streams.on.loop || ta_monotonic() - streams.footer_drawn_at >= SOON) {
    draw_footer();
  } else if (!streams.footer_alarm.link) {
    streams.footer_alarm.ring = on_footer_alarm;
    ta_loop_set_alarm(streams.on.loop, &streams.footer_alarm, SOON);
  }
}

void ta_stdio_clear_in_handler(void) {
  char erasure[TA_FOOTER_ERASURE];
  size_t size = ta_footer_erase(&streams.footer, erasure);
  if (size == 0 || !ta_backlog_is_empty(&streams.err.place->backlog)) return;
  ssize_t ignored = write(STDERR_FILENO, erasure, size);
  (void)ignored;
}

/* What was drawn last stays, and what comes then begins below it. */
static void leave_footer(void) {
  ta_alarm_stop(&streams.footer_alarm);
  if (streams.footer.shown > 0) put(&streams.err, "\n", 1);
  ta_footer_close(&streams.footer);
}

/* ------------------------------------------------------- lines of several writers */

static struct stream *stream_of(int fd) {
  return fd == STDERR_FILENO ? &streams.err : &streams.out;
}

/* Whoever showed a state there hears that it is gone. */
static void take_back(struct place *place, int fd) {
  void *data = place->data;
  if (!data) return;
  place->data = NULL;
  put(stream_of(fd), TAKE_BACK, strlen(TAKE_BACK));
  place->gone(data);
}

/* C's streams are writing. */
static int write_own(int fd, const char *data, size_t size) {
  struct stream *stream = stream_of(fd);
  take_back(stream->place, fd);
  erase_footer(stream->place);
  if (size > 0) stream->place->unfinished = data[size - 1] != '\n';
  int error = write_noted(stream, data, size);
  int number = errno;
  draw_footer_below(stream->place);
  errno = number;
  return error;
}

/* Makes the place ready for what somebody else writes.  False: nobody reads there. */
static bool begin_line(struct stream *stream, int fd) {
  if (stream->error == EPIPE) return false;
  if (!streams.out.error) flush(true);
  take_back(stream->place, fd);
  erase_footer(stream->place);
  if (stream->place->unfinished) put(stream, "\n", 1);
  stream->place->unfinished = false;
  return stream->error != EPIPE;
}

int ta_stdio_write_lines(int fd, const char *bytes, size_t size) {
  struct stream *stream = stream_of(fd);
  if (!begin_line(stream, fd)) return -EPIPE;
  int error = -put(stream, bytes, size);
  if (size > 0 && bytes[size - 1] == '\n') draw_footer_below(stream->place);
  return error;
}

int ta_stdio_write_state(int fd, const char *bytes, size_t size, void (*gone)(void *data),
                         void *data) {
  struct stream *stream = stream_of(fd);
  if (!ta_backlog_is_empty(&stream->place->backlog)) return -EAGAIN;
  if (stream->place == streams.err.place && streams.footer.size > 0) return -EAGAIN;
  ta_stdio_take_back(fd, data);
  if (!begin_line(stream, fd)) return -EPIPE;
  stream->place->gone = gone;
  stream->place->data = data;
  return -put(stream, bytes, size);
}

static void ignore(void *data) {
  (void)data;
}

void ta_stdio_take_back(int fd, const void *data) {
  struct place *place = stream_of(fd)->place;
  if (!data || place->data != data) return;
  place->gone = ignore;
  take_back(place, fd);
}

int ta_stdio_show_footer(const char *text, size_t size) {
  struct place *place = streams.err.place;
  bool shared = place == streams.out.place;
  int error = ta_footer_set(&streams.footer, text, size);
  if (error) return error;
  if (shared && !streams.out.error && streams.footer.aside == 0) flush(true);
  if (size > 0) take_back(place, STDERR_FILENO);
  if (may_draw(place))
    draw_footer();
  else
    erase_footer(place);
  return 0;
}

bool ta_stdio_ask(const char *text, size_t size) {
  int fd = ta_terminal_is_at(STDERR_FILENO) && isatty(STDERR_FILENO)   ? STDERR_FILENO
           : ta_terminal_is_at(STDOUT_FILENO) && isatty(STDOUT_FILENO) ? STDOUT_FILENO
                                                                       : -1;
  if (fd < 0 || !begin_line(stream_of(fd), fd)) return false;
  streams.question.stream = stream_of(fd);
  streams.question.text = text;
  streams.question.size = size;
  show_question(streams.question.stream->place);
  return true;
}

void ta_stdio_asked(bool ends_row) {
  bool shown = streams.question.shown;
  streams.question.text = NULL;
  streams.question.shown = false;
  if (shown && ends_row) put(streams.question.stream, "\n", 1);
}

void ta_stdio_step_aside(void) {
  streams.footer.aside++;
  erase_footer(streams.err.place);
}

/* Who has written there may have left the cursor anywhere in a row: as many blanks as a row has go
 * on to the next one, unless they begin at the first column. */
static void begin_row(void) {
  static const char blanks[] = "                                ";
  struct winsize size;
  if (!may_draw(streams.err.place) || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return;
  for (size_t left = size.ws_col, count; left > 0; left -= count) {
    count = left < sizeof blanks - 1 ? left : sizeof blanks - 1;
    put(&streams.err, blanks, count);
  }
  put(&streams.err, "\r", 1);
}

void ta_stdio_come_back(void) {
  if (streams.footer.aside > 0) streams.footer.aside--;
  begin_row();
  draw_footer();
}

void ta_stdio_hide_footer(void) {
  erase_footer(streams.err.place);
}

bool ta_stdio_has_footer(void) {
  return streams.footer.size > 0;
}

bool ta_stdio_is_footers(int fd) {
  struct stat status, err;
  if (fstat(fd, &status) != 0 || fstat(STDERR_FILENO, &err) != 0) return false;
  return S_ISCHR(status.st_mode) && status.st_rdev == err.st_rdev;
}

static bool is_writable(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/* Two names of one file, pipe or terminal are one place. */
static void find_places(void) {
  struct stat out, err;
  bool same = fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
              out.st_dev == err.st_dev && out.st_ino == err.st_ino &&
              is_writable(STDOUT_FILENO) == is_writable(STDERR_FILENO);
  streams.err.place = &streams.places[same ? 0 : 1];
  streams.out.given_up = streams.err.given_up = false;
  for (int i = 0; i < 2; i++) {
    ta_backlog_open(&streams.places[i].backlog, STDOUT_FILENO + i, on_left);
    streams.places[i].backlog.may_wait = may_wait_now;
  }
}

/* Descriptors that the process was started without would be given to the first
 * file the script opens. */
static void fill_descriptors(void) {
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/* ----------------------------------------------- a FILE with our own write */

/* The cookie of such a stream is its descriptor. */
static int write_stream(void *cookie, const char *data, size_t size) {
  int fd = (int)(intptr_t)cookie;
  if (fd == STDERR_FILENO) fflush(stdout);
  return write_own(fd, data, size);
}

#if defined(__GLIBC__)
static ssize_t write_cookie(void *cookie, const char *data, size_t size) {
  return write_stream(cookie, data, size) ? 0 : (ssize_t)size;
}

static int seek_cookie(void *cookie, off64_t *offset, int whence) {
  *offset = lseek64((int)(intptr_t)cookie, *offset, whence);
  return *offset < 0 ? -1 : 0;
}

/* The member is part of glibc's binary interface.  What it does for such a stream is
 * to answer fileno(): all else goes by the functions. */
static void set_descriptor(FILE *stream, int fd) {
  stream->_fileno = fd;
}

static FILE *open_stream(int fd) {
  cookie_io_functions_t functions = {.write = write_cookie, .seek = seek_cookie};
  return fopencookie((void *)(intptr_t)fd, "w", functions);
}
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || defined(__OpenBSD__)
static int write_cookie(void *cookie, const char *data, int size) {
  return write_stream(cookie, data, (size_t)size) ? -1 : size;
}

static fpos_t seek_cookie(void *cookie, fpos_t offset, int whence) {
  return lseek((int)(intptr_t)cookie, offset, whence);
}

/* fileno() is a macro there that reads the member. */
static void set_descriptor(FILE *stream, int fd) {
  stream->_file = (short)fd;
}

static FILE *open_stream(int fd) {
  return funopen((void *)(intptr_t)fd, NULL, write_cookie, seek_cookie, NULL);
}
#else
#error "stdio.c needs fopencookie() or funopen(), and a stdout that can be assigned"
#endif

/* C modules lock, duplicate and poll the descriptor behind a stream, so ours has one
 * too: it is the C library's own stream but for the function that writes. */
static bool replace_stream(FILE **stream, int fd) {
  FILE *ours = open_stream(fd);
  if (!ours) return false;
  set_descriptor(ours, fd);
  *stream = ours;
  return true;
}

static void attach(struct ta_loop *loop) {
  for (int i = 0; i < 2; i++) {
    int error = ta_backlog_attach(&streams.places[i].backlog, loop);
    if (error) on_left(&streams.places[i].backlog, error);
  }
}

void ta_stdio_watch(const struct ta_stdio_handlers *handlers) {
  if (!handlers) leave_footer();
  attach(handlers ? handlers->loop : NULL);
  while (!handlers && streams.listeners) ta_stdio_unlisten(streams.listeners);
  streams.on = handlers ? *handlers : (struct ta_stdio_handlers){0};
}

/* C closes its streams after this. */
static void on_exit_of_process(void) {
  leave_footer();
  attach(NULL);
}

void ta_stdio_open(void) {
  static bool opened;
  if (opened) attach(NULL);
  fill_descriptors();
  find_places();
  if (!opened) opened = atexit(on_exit_of_process) == 0;
  streams.out.own = !replace_stream(&stdout, STDOUT_FILENO);
  if (!streams.out.own && isatty(STDOUT_FILENO)) setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
  streams.err.own = !replace_stream(&stderr, STDERR_FILENO);
  if (!streams.err.own) setvbuf(stderr, NULL, _IONBF, 0);
}
