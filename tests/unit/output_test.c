/* SPDX-License-Identifier: MIT
 *
 * What commands write: whole lines, groups, states.
 */
#include "host/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/backlog.h"
#include "host/clock.h"
#include "host/stdio.h"
#include "unit/test.h"

#define MOST 4000000 /* bytes that a test looks at */
#define OUT 1
#define ERR 2

/* Standard output and error lie in a file, or on a terminal, while it is open; no check may
 * fail then, for nobody would read of it. */
struct place {
  struct ta_loop loop;
  struct ta_output output;
  int saved[2];
  int files[2];
  int terminal; /* the other end of it, or -1 */
  char *text[2];
};

static void redirect(struct place *place) {
  fflush(stdout);
  for (int i = 0; i < 2; i++) {
    place->saved[i] = dup(i + 1);
    dup2(place->files[i], i + 1);
  }
  ta_stdio_open();
}

static int open_file(void) {
  char name[] = "/tmp/output_test-XXXXXX";
  int fd = mkstemp(name);
  CHECK(fd >= 0);
  unlink(name);
  return fd;
}

/* Both standard streams are one file, or each has its own. */
static void open_place(struct place *place, bool one) {
  *place = (struct place){.terminal = -1};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  place->files[0] = open_file();
  place->files[1] = one ? dup(place->files[0]) : open_file();
  redirect(place);
}

/* They are a terminal of 80 columns, which sends newlines as they are. */
static void open_terminal(struct place *place) {
  *place = (struct place){.terminal = posix_openpt(O_RDWR | O_NOCTTY)};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  CHECK(place->terminal >= 0);
  CHECK(grantpt(place->terminal) == 0 && unlockpt(place->terminal) == 0);
  place->files[0] = open(ptsname(place->terminal), O_RDWR | O_NOCTTY);
  CHECK(place->files[0] >= 0);
  place->files[1] = dup(place->files[0]);
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  redirect(place);
}

/* What there is to read of it. */
static char *read_all(int fd, bool terminal) {
  char *text = calloc(1, MOST + 1);
  size_t size = 0;
  ssize_t count;
  if (terminal)
    fcntl(fd, F_SETFL, O_NONBLOCK);
  else
    lseek(fd, 0, SEEK_SET);
  while (size < MOST && (count = read(fd, text + size, MOST - size)) > 0) size += (size_t)count;
  return text;
}

/* A terminal adds carriage returns to newlines. */
static void remove_returns(char *text) {
  char *to = text;
  for (const char *from = text; *from; from++)
    if (*from != '\r' || from[1] != '\n') *to++ = *from;
  *to = '\0';
}

/* Everything is as before, and what was written in `text`. */
static void leave(struct place *place) {
  ta_output_close(&place->output);
  fflush(stdout);
  for (int i = 0; i < 2; i++) {
    bool terminal = place->terminal >= 0;
    place->text[i] =
        i > 0 && terminal ? NULL : read_all(terminal ? place->terminal : place->files[i], terminal);
    dup2(place->saved[i], i + 1);
  }
  ta_stdio_open();
  if (place->terminal >= 0) remove_returns(place->text[0]);
}

static void close_place(struct place *place) {
  for (int i = 0; i < 2; i++) {
    free(place->text[i]);
    close(place->saved[i]);
    close(place->files[i]);
  }
  if (place->terminal >= 0) close(place->terminal);
  ta_loop_close(&place->loop);
}

static void show(struct place *place, struct ta_output *output, const char *label, bool groups) {
  struct ta_output_settings settings = {
      .label = label, .groups = groups, .max_line = 16 << 20, .tail_of = ERR};
  if (ta_output_open(output, &place->loop, &settings) != 0) abort();
}

static void take(struct ta_output *output, int side, const char *text) {
  ta_output_take(output, side, text, strlen(text));
}

static void lines_go_on_when_they_are_whole(void) {
  struct place place;
  struct ta_output other;
  open_place(&place, true);
  show(&place, &place.output, "a", false);
  show(&place, &other, "b", false);
  take(&place.output, OUT, "one\ntw");
  take(&other, OUT, "eins\nzw");
  take(&place.output, OUT, "o\n\nthree\n");
  take(&other, ERR, "err");
  take(&other, OUT, "ei");
  ta_output_close(&other);
  leave(&place);
  CHECK_TEXT(place.text[0], "a | one\nb | eins\na | two\na | \na | three\nb | zwei\nb | err\n");
  close_place(&place);
}

static void a_line_that_was_begun_by_us_ends_before(void) {
  struct place place;
  open_place(&place, true);
  show(&place, &place.output, "a", false);
  printf("begun");
  take(&place.output, OUT, "one\n");
  printf("whole\n");
  take(&place.output, ERR, "two\n");
  fputs("to stderr", stderr);
  take(&place.output, OUT, "three\n");
  leave(&place);
  CHECK_TEXT(place.text[0], "begun\na | one\nwhole\na | two\nto stderr\na | three\n");
  close_place(&place);
}

static void standard_error_of_its_own_begins_its_own_lines(void) {
  struct place place;
  open_place(&place, false);
  show(&place, &place.output, "a", false);
  printf("begun ");
  take(&place.output, ERR, "err\n");
  printf("and ended\n");
  take(&place.output, OUT, "out\n");
  leave(&place);
  CHECK_TEXT(place.text[0], "begun and ended\na | out\n");
  CHECK_TEXT(place.text[1], "a | err\n");
  close_place(&place);
}

/* The bytes come one by one. */
static void a_file_sees_the_last_of_overwritten_states(void) {
  struct place place;
  const char *text = "10%\r20%\r100%\nplain\r\n\rfirst\r\n\r\n1\r22\r333\r";
  open_place(&place, true);
  show(&place, &place.output, "a", false);
  for (const char *byte = text; *byte; byte++) ta_output_take(&place.output, OUT, byte, 1);
  leave(&place);
  CHECK_TEXT(place.text[0], "a | 100%\na | plain\na | first\na | \na | 333\n");
  close_place(&place);
}

static void a_group_comes_at_its_end_in_the_order_in_which_it_came(void) {
  struct place place;
  open_place(&place, true);
  show(&place, &place.output, NULL, true);
  take(&place.output, OUT, "one\n");
  take(&place.output, ERR, "two\n");
  printf("meanwhile\n");
  take(&place.output, OUT, "thr");
  printf("begun");
  take(&place.output, OUT, "ee\nrest");
  leave(&place);
  CHECK_TEXT(place.text[0], "meanwhile\nbegun\none\ntwo\nthree\nrest\n");
  close_place(&place);
}

static size_t count_lines(const char *text, const char *line) {
  size_t count = 0, length = strlen(line);
  for (; strncmp(text, line, length) == 0; text += length) count++;
  return *text ? 0 : count;
}

static void a_large_group_lies_in_a_file_meanwhile(void) {
  struct place place;
  open_place(&place, false);
  show(&place, &place.output, NULL, true);
  size_t most = 0;
  for (int i = 0; i < 100000; i++) {
    take(&place.output, OUT, "a line of out\n");
    if (i % 2) take(&place.output, ERR, "a line of err\n");
    if (place.output.room > most) most = place.output.room;
  }
  bool spilt = place.output.spilt > 0;
  leave(&place);
  CHECK(spilt);
  CHECK(most <= 1 << 20);
  CHECK(count_lines(place.text[0], "a line of out\n") == 100000);
  CHECK(count_lines(place.text[1], "a line of err\n") == 50000);
  close_place(&place);
}

static void a_group_that_cannot_be_kept_is_shown_as_it_comes(void) {
  struct place place;
  struct rlimit files, none;
  open_place(&place, true);
  show(&place, &place.output, NULL, true);
  CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
  none = (struct rlimit){0, files.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  for (int i = 0; i < 100000; i++) take(&place.output, OUT, "a line\n");
  setrlimit(RLIMIT_NOFILE, &files);
  bool groups = place.output.groups;
  leave(&place);
  CHECK(!groups);
  CHECK(count_lines(place.text[0], "a line\n") == 100000);
  close_place(&place);
}

static void no_more_of_a_line_is_held_than_may_be(void) {
  struct place place;
  struct ta_output_settings settings = {.label = "a", .max_line = 6, .tail_of = ERR};
  open_place(&place, true);
  if (ta_output_open(&place.output, &place.loop, &settings) != 0) abort();
  take(&place.output, OUT, "123456\n1234567\nabcd\u00e9\u00e9\n12345\u20acx");
  leave(&place);
  CHECK_TEXT(place.text[0], "a | 123456\na | 123456\na | 7\na | abcd\u00e9\na | \u00e9\n"
                            "a | 12345\na | \u20acx\n");
  close_place(&place);
}

static void the_end_of_a_side_is_remembered(void) {
  struct place place;
  char all[TA_OUTPUT_TAIL], tail[TA_OUTPUT_TAIL];
  open_place(&place, true);
  show(&place, &place.output, "a", false);
  take(&place.output, ERR, "short");
  size_t few = ta_output_tail(&place.output, all);
  for (int i = 0; i < 1000; i++) take(&place.output, ERR, "123456789\n");
  take(&place.output, ERR, "last");
  take(&place.output, OUT, "other");
  size_t many = ta_output_tail(&place.output, tail);
  leave(&place);
  CHECK(few == 5 && memcmp(all, "short", 5) == 0);
  CHECK(many == 1994);
  CHECK(memcmp(tail, "123456789\n123456789\n", 20) == 0);
  CHECK(memcmp(tail + many - 14, "123456789\nlast", 14) == 0);
  close_place(&place);
}

/* Whoever reads has gone: nothing more is written, and nobody dies of it. */
static void nothing_is_written_where_nobody_reads(void) {
  struct place place;
  int ends[2];
  open_place(&place, false);
  signal(SIGPIPE, SIG_IGN);
  bool made = pipe(ends) == 0;
  dup2(ends[1], STDOUT_FILENO);
  close(ends[1]);
  close(ends[0]);
  ta_stdio_open();
  show(&place, &place.output, "a", false);
  for (int i = 0; i < 1000; i++) take(&place.output, OUT, "unread\n");
  take(&place.output, ERR, "read\n");
  int error = ta_stdio_flush();
  leave(&place);
  CHECK(made);
  CHECK(error == -EPIPE);
  CHECK_TEXT(place.text[1], "a | read\n");
  close_place(&place);
}

/* ---------------------------------------------------------------- on a terminal */

#define BACK "\r\033[K"

static void wait_for(struct place *place, double seconds) {
  double limit = ta_monotonic() + seconds;
  while (ta_monotonic() < limit) ta_loop_wait(&place->loop, limit - ta_monotonic());
}

static void a_terminal_sees_states_that_are_taken_back(void) {
  struct place place;
  open_terminal(&place);
  show(&place, &place.output, "a", false);
  take(&place.output, OUT, "10%\r");
  take(&place.output, OUT, "20%\r");
  printf("ours\n");
  take(&place.output, OUT, "100%\n");
  leave(&place);
  CHECK_TEXT(place.text[0], "a | 10%" BACK "ours\na | 100%\n");
  close_place(&place);
}

static void a_state_after_which_nothing_comes_is_shown(void) {
  struct place place;
  open_terminal(&place);
  show(&place, &place.output, "a", false);
  take(&place.output, OUT, "10%\r20%\r30%\r");
  take(&place.output, OUT, "40%\r");
  wait_for(&place, 0.3);
  take(&place.output, OUT, "done? ");
  wait_for(&place, 0.3);
  leave(&place);
  CHECK_TEXT(place.text[0], "a | 30%" BACK "a | 40%" BACK "a | done? " BACK "a | done? \n");
  close_place(&place);
}

static void a_state_that_others_took_back_comes_again(void) {
  struct place place;
  struct ta_output other;
  open_terminal(&place);
  show(&place, &place.output, "a", false);
  show(&place, &other, "b", false);
  take(&place.output, OUT, "10%\r");
  take(&other, ERR, "line\n");
  wait_for(&place, 0.3);
  ta_output_close(&other);
  leave(&place);
  CHECK_TEXT(place.text[0], "a | 10%" BACK "b | line\na | 10%" BACK "a | 10%\n");
  close_place(&place);
}

static size_t count(const char *text, const char *what) {
  size_t found = 0;
  while ((text = strstr(text, what))) {
    found++;
    text += strlen(what);
  }
  return found;
}

static void states_fit_a_rate(void) {
  struct place place;
  char state[40];
  open_terminal(&place);
  show(&place, &place.output, "a", false);
  double began = ta_monotonic();
  int i = 0;
  for (; ta_monotonic() - began < 0.35; i++) {
    snprintf(state, sizeof state, "state %d\r", i);
    take(&place.output, OUT, state);
    if (i % 100 == 0) wait_for(&place, 0.001);
  }
  double seconds = ta_monotonic() - began;
  leave(&place);
  CHECK(i > 100);
  CHECK(count(place.text[0], "state") >= 2);
  CHECK((double)count(place.text[0], "state") <= seconds * 10 + 2);
  close_place(&place);
}

static void a_state_takes_one_row(void) {
  struct place place;
  char wide[300];
  memset(wide, 'x', sizeof wide);
  wide[298] = '\r';
  wide[299] = '\0';
  open_terminal(&place);
  show(&place, &place.output, "a", false);
  take(&place.output, OUT, wide);
  leave(&place);
  CHECK(strcspn(place.text[0], "\r") == 79);
  wide[298] = '\0';
  CHECK(strstr(place.text[0], wide) != NULL);
  close_place(&place);
}

static void labels_have_colours_on_a_terminal_alone(void) {
  struct place place;
  struct ta_output other;
  open_terminal(&place);
  unsetenv("NO_COLOR");
  show(&place, &place.output, "first", false);
  show(&place, &other, "second", false);
  take(&place.output, OUT, "\033[1mbold\n");
  take(&other, OUT, "line\n");
  ta_output_close(&other);
  leave(&place);
  CHECK_TEXT(place.text[0], "\033[36mfirst\033[0m | \033[1mbold\033[0m\n"
                            "\033[33msecond\033[0m | line\n");
  close_place(&place);
  open_place(&place, true);
  show(&place, &place.output, "first", false);
  take(&place.output, OUT, "line\n");
  leave(&place);
  CHECK_TEXT(place.text[0], "first | line\n");
  close_place(&place);
}

/* ------------------------------------------------------- a reader that does not read */

#define LINES 40000
#define LINE "a line\n"
#define LABELLED "a | a line\n"

/* Both standard streams are a pipe whose other end is `reader`, and the loop looks after it. */
static void open_pipe(struct place *place, int *reader, bool (*may_wait)(void *data)) {
  int ends[2] = {-1, -1};
  alarm(30); /* what waits here waits for ever */
  *place = (struct place){.terminal = -1};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  CHECK(pipe(ends) == 0);
  *reader = ends[0];
  place->files[0] = ends[1];
  place->files[1] = dup(ends[1]);
  redirect(place);
  struct ta_stdio_handlers handlers = {.loop = &place->loop, .may_wait = may_wait};
  ta_stdio_watch(&handlers);
}

static bool never(void *data) {
  (void)data;
  return false;
}

/* Reads `size` bytes, while the loop has its turns. */
static char *read_slowly(struct ta_loop *loop, int fd, size_t size) {
  char *text = calloc(1, size + 1);
  size_t got = 0;
  fcntl(fd, F_SETFL, O_NONBLOCK);
  for (double limit = ta_monotonic() + 20; got < size && ta_monotonic() < limit;) {
    ssize_t count = read(fd, text + got, size - got < 5000 ? size - got : 5000);
    if (count > 0) got += (size_t)count;
    ta_loop_poll(loop);
  }
  return text;
}

static void leave_pipe(struct place *place, int reader) {
  ta_output_close(&place->output);
  ta_stdio_watch(NULL);
  leave(place);
  close_place(place);
  close(reader);
  alarm(0);
}

static void note_ring(struct ta_alarm *alarm) {
  alarm->at = -1;
}

static void nobody_waits_for_a_reader(void) {
  struct place place;
  struct ta_alarm other = {.ring = note_ring};
  int reader;
  open_pipe(&place, &reader, never);
  show(&place, &place.output, "a", false);
  for (int i = 0; i < LINES; i++) take(&place.output, OUT, LINE);
  ta_output_finish(&place.output);
  bool waits = ta_stdio_waits(), left = ta_output_has_left(&place.output);
  ta_loop_set_alarm(&place.loop, &other, 0.01);
  wait_for(&place, 0.1);
  printf("printed\n");
  ta_stdio_flush();
  size_t all = LINES * strlen(LABELLED);
  char *text = read_slowly(&place.loop, reader, all);
  ta_stdio_flush();
  char *last = read_slowly(&place.loop, reader, strlen("printed\n"));
  bool left_then = ta_output_has_left(&place.output) && !ta_stdio_waits();
  leave_pipe(&place, reader);
  CHECK(waits && !left && left_then);
  CHECK(other.at < 0);
  CHECK(count_lines(text, LABELLED) == LINES);
  CHECK_TEXT(last, "printed\n");
  free(text);
  free(last);
}

/* What a command writes meanwhile stays in its pipe. */
static size_t fill(struct place *place, int fd, size_t most) {
  size_t written = 0;
  for (int idle = 0; idle < 50 && written < most;) {
    ssize_t count = write(fd, LINE LINE LINE LINE, 4 * strlen(LINE));
    if (count > 0) written += (size_t)count;
    idle = count > 0 ? 0 : idle + 1;
    ta_loop_poll(&place->loop);
  }
  return written;
}

static void take_from(void *data, const char *bytes, size_t size) {
  if (size) ta_output_take(data, OUT, bytes, size);
}

static void a_command_waits_while_what_it_writes_cannot_leave(void) {
  struct place place;
  struct ta_drain drain;
  int reader, ends[2] = {-1, -1};
  size_t most = 4000 * 4 * strlen(LINE) * 10;
  open_pipe(&place, &reader, never);
  show(&place, &place.output, NULL, false);
  if (pipe(ends) != 0) abort();
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFL, O_NONBLOCK);
  if (ta_drain_open(&place.loop, ends[0], take_from, &place.output, &drain) != 0) abort();
  ta_output_pause(&place.output, OUT, &drain);
  size_t written = fill(&place, ends[1], most);
  bool paused = drain.paused, room = ta_output_has_room(&place.output);
  char *text = read_slowly(&place.loop, reader, written);
  bool paused_then = drain.paused;
  ta_drain_close(&drain);
  close(ends[1]);
  leave_pipe(&place, reader);
  CHECK(written < (512 << 10) && paused && !room && !paused_then);
  CHECK(count_lines(text, LINE) == written / strlen(LINE));
  free(text);
}

static void a_command_in_a_hurry_waits_for_no_reader(void) {
  struct place place;
  struct ta_drain drain;
  int reader, ends[2] = {-1, -1};
  open_pipe(&place, &reader, never);
  show(&place, &place.output, NULL, false);
  if (pipe(ends) != 0) abort();
  for (int i = 0; i < 2; i++) fcntl(ends[i], F_SETFL, O_NONBLOCK);
  if (ta_drain_open(&place.loop, ends[0], take_from, &place.output, &drain) != 0) abort();
  ta_output_pause(&place.output, OUT, &drain);
  size_t written = fill(&place, ends[1], 4 << 20);
  close(ends[1]);
  ta_output_hurry(&place.output);
  for (int i = 0; i < 50; i++) ta_loop_poll(&place.loop);
  bool ended = !drain.open, left = ta_output_has_left(&place.output);
  char *text = read_slowly(&place.loop, reader, written);
  leave_pipe(&place, reader);
  CHECK(ended && left);
  CHECK(count_lines(text, LINE) == written / strlen(LINE));
  free(text);
}

static void what_is_given_up_holds_up_nobody(void) {
  struct place place;
  int reader;
  open_pipe(&place, &reader, NULL);
  show(&place, &place.output, NULL, false);
  for (int i = 0; i < LINES; i++) take(&place.output, ERR, LINE);
  bool waited = ta_stdio_waits();
  ta_stdio_give_up();
  bool waits = ta_stdio_waits();
  fprintf(stderr, "never seen\n");
  leave_pipe(&place, reader);
  CHECK(waited && !waits);
}

/* ------------------------------------------------------------------- backlogs */

static void ignore_left(struct ta_backlog *backlog, int error) {
  (void)backlog, (void)error;
}

/* Much is put there before anybody reads, and all of it arrives. */
static void pass_through(int to, int from, bool turns_newlines) {
  struct ta_loop loop;
  struct ta_backlog backlog;
  const size_t all = LINES * strlen(LINE);
  int mode = fcntl(to, F_GETFL);
  alarm(30);
  CHECK(ta_loop_open(&loop, NULL) == 0);
  ta_backlog_open(&backlog, to, ignore_left);
  CHECK(ta_backlog_attach(&backlog, &loop) == 0);
  for (int i = 0; i < LINES; i++) CHECK(ta_backlog_put(&backlog, LINE, strlen(LINE)) == 0);
  for (int i = 0; i < 10; i++) CHECK(ta_backlog_put(&backlog, LINE, strlen(LINE)) == 0);
  CHECK(!ta_backlog_is_empty(&backlog) && ta_backlog_is_full(&backlog));
  CHECK(fcntl(to, F_GETFL) == mode);
  char *text = read_slowly(&loop, from, all + (turns_newlines ? LINES : 0));
  if (turns_newlines) remove_returns(text);
  CHECK(count_lines(text, LINE) == LINES);
  char *rest = read_slowly(&loop, from, 10 * (strlen(LINE) + turns_newlines));
  CHECK(ta_backlog_is_empty(&backlog) && backlog.left == backlog.taken);
  CHECK(ta_backlog_attach(&backlog, NULL) == 0);
  free(text);
  free(rest);
  ta_loop_close(&loop);
  alarm(0);
}

static void a_pipe_keeps_its_mode_and_loses_nothing(void) {
  int ends[2] = {-1, -1};
  CHECK(pipe(ends) == 0);
  pass_through(ends[1], ends[0], false);
  for (int i = 0; i < 2; i++) close(ends[i]);
}

static void a_socket_keeps_its_mode_and_loses_nothing(void) {
  int ends[2] = {-1, -1};
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  pass_through(ends[1], ends[0], false);
  for (int i = 0; i < 2; i++) close(ends[i]);
}

static void a_terminal_keeps_its_mode_and_loses_nothing(void) {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  int ours = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  CHECK(ours >= 0);
  pass_through(ours, terminal, true);
  close(ours);
  close(terminal);
}

static void what_is_too_much_for_memory_lies_in_a_file(void) {
  struct ta_loop loop;
  struct ta_backlog backlog;
  int ends[2] = {-1, -1};
  alarm(30);
  CHECK(pipe(ends) == 0);
  CHECK(ta_loop_open(&loop, NULL) == 0);
  ta_backlog_open(&backlog, ends[1], ignore_left);
  CHECK(ta_backlog_attach(&backlog, &loop) == 0);
  for (int i = 0; i < 10 * LINES; i++) CHECK(ta_backlog_put(&backlog, LINE, strlen(LINE)) == 0);
  CHECK(backlog.held <= 256 << 10 && backlog.file >= 0);
  char *text = read_slowly(&loop, ends[0], 10 * LINES * strlen(LINE));
  CHECK(count_lines(text, LINE) == 10 * LINES);
  CHECK(backlog.held == 0 && backlog.file < 0);
  free(text);
  for (int i = 0; i < 2; i++) close(ends[i]);
  ta_loop_close(&loop);
  alarm(0);
}

/* Others that write there write between lines. */
static void a_pipe_gets_whole_lines_at_once(void) {
  struct ta_loop loop;
  struct ta_backlog backlog;
  int ends[2] = {-1, -1};
  char bytes[65536];
  alarm(30);
  CHECK(pipe(ends) == 0);
  CHECK(ta_loop_open(&loop, NULL) == 0);
  ta_backlog_open(&backlog, ends[1], ignore_left);
  CHECK(ta_backlog_attach(&backlog, &loop) == 0);
  for (int i = 0; i < 2 * LINES; i++) CHECK(ta_backlog_put(&backlog, LINE, strlen(LINE)) == 0);
  CHECK(!ta_backlog_is_empty(&backlog));
  while (!ta_backlog_is_empty(&backlog)) {
    ssize_t count = read(ends[0], bytes, sizeof bytes);
    CHECK(count > 0 && bytes[count - 1] == '\n');
    ta_loop_poll(&loop);
  }
  for (int i = 0; i < 2; i++) close(ends[i]);
  ta_loop_close(&loop);
  alarm(0);
}

const struct test output_tests[] = {
    TEST(lines_go_on_when_they_are_whole),
    TEST(a_line_that_was_begun_by_us_ends_before),
    TEST(standard_error_of_its_own_begins_its_own_lines),
    TEST(a_file_sees_the_last_of_overwritten_states),
    TEST(a_group_comes_at_its_end_in_the_order_in_which_it_came),
    TEST(a_large_group_lies_in_a_file_meanwhile),
    TEST(a_group_that_cannot_be_kept_is_shown_as_it_comes),
    TEST(no_more_of_a_line_is_held_than_may_be),
    TEST(the_end_of_a_side_is_remembered),
    TEST(a_terminal_sees_states_that_are_taken_back),
    TEST(a_state_after_which_nothing_comes_is_shown),
    TEST(a_state_that_others_took_back_comes_again),
    TEST(states_fit_a_rate),
    TEST(a_state_takes_one_row),
    TEST(labels_have_colours_on_a_terminal_alone),
    TEST(nobody_waits_for_a_reader),
    TEST(a_command_waits_while_what_it_writes_cannot_leave),
    TEST(a_command_in_a_hurry_waits_for_no_reader),
    TEST(a_pipe_keeps_its_mode_and_loses_nothing),
    TEST(a_socket_keeps_its_mode_and_loses_nothing),
    TEST(a_terminal_keeps_its_mode_and_loses_nothing),
    TEST(what_is_too_much_for_memory_lies_in_a_file),
    TEST(a_pipe_gets_whole_lines_at_once),
    TEST(nothing_is_written_where_nobody_reads), /* what is broken stays so */
    TEST(what_is_given_up_holds_up_nobody),      /* the last */
    TESTS_END,
};
