/* SPDX-License-Identifier: MIT
 *
 * Terminals that are made here, and what hands on at our end of them.
 */
#include "host/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/pty.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONG_ENOUGH 20.0 /* seconds */
#define SHORT 0.005
#define MUCH 200000 /* bytes, more than a terminal and a pipe hold */

enum { READING, WRITING };

struct place {
  struct ta_loop loop;
  struct ta_pty pty;
  int out[2], in[2]; /* pipes: what was shown, what is to be typed */
  struct ta_relay relay;
  int ended;
};

static void on_end(void *data) {
  ((struct place *)data)->ended++;
}

static void open_ends(struct place *place) {
  *place = (struct place){.ended = 0};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  CHECK(ta_pty_open(false, &place->pty) == 0);
  CHECK(pipe(place->out) == 0 && pipe(place->in) == 0);
  fcntl(place->out[READING], F_SETFL, O_NONBLOCK);
  fcntl(place->pty.theirs, F_SETFL, O_RDWR | O_NONBLOCK);
}

static void open_place(struct place *place, bool typed) {
  open_ends(place);
  CHECK(ta_relay_open(&place->loop, place->pty.ours, place->out[WRITING], place->in[READING], typed,
                      on_end, place, &place->relay) == 0);
}

static void close_fd(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void close_place(struct place *place) {
  ta_relay_close(&place->relay);
  ta_relay_close(&place->relay);
  CHECK(place->loop.members == 0 && !place->loop.listeners && !place->loop.alarms);
  close_fd(&place->pty.theirs);
  close_fd(&place->out[READING]);
  close_fd(&place->in[WRITING]);
  ta_loop_close(&place->loop);
}

static void run(struct place *place, double seconds) {
  double limit = ta_monotonic() + seconds;
  while (ta_monotonic() < limit) ta_loop_wait(&place->loop, seconds);
}

/* Reads from `fd`, which is non-blocking, until there is the text. */
static void expect(struct place *place, int fd, const char *text) {
  char got[256];
  size_t size = 0;
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (size < strlen(text) && ta_monotonic() < limit) {
    ssize_t count = read(fd, got + size, sizeof got - size);
    if (count > 0) size += (size_t)count;
    if (count <= 0) ta_loop_wait(&place->loop, SHORT);
  }
  CHECK(size == strlen(text) && memcmp(got, text, size) == 0);
}

static void put(int fd, const char *text) {
  CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Waits until a read there gives `result`, with `error`. */
static void expect_read(struct place *place, int fd, ssize_t result, int error) {
  char byte;
  double limit = ta_monotonic() + LONG_ENOUGH;
  ssize_t count = read(fd, &byte, 1);
  while (count < 0 && errno == EAGAIN && ta_monotonic() < limit) {
    ta_loop_wait(&place->loop, SHORT);
    count = read(fd, &byte, 1);
  }
  CHECK(count == result && (count >= 0 || errno == error));
}

static void what_is_shown_and_typed_is_handed_on_as_it_is(void) {
  struct place place;
  open_place(&place, false);
  put(place.pty.theirs, "one\ntwo\n");
  expect(&place, place.out[READING], "one\ntwo\n");
  CHECK(place.relay.received == 8);
  put(place.in[WRITING], "typed\n");
  expect(&place, place.pty.theirs, "typed\n");
  CHECK(!ta_relay_look(&place.relay));
  expect_read(&place, place.out[READING], -1, EAGAIN);
  close_place(&place);
}

static void the_end_of_what_is_typed_is_their_end(void) {
  struct place place;
  open_place(&place, false);
  put(place.in[WRITING], "no newline");
  close_fd(&place.in[WRITING]);
  expect(&place, place.pty.theirs, "no newline");
  expect_read(&place, place.pty.theirs, 0, 0);
  close_place(&place);
}

/* What was typed as an end before is a key like others now. */
static void the_end_is_typed_again_for_who_begins_to_read_keys(void) {
  struct place place;
  struct termios modes;
  open_place(&place, false);
  close_fd(&place.in[WRITING]);
  run(&place, SHORT);
  CHECK(tcgetattr(place.pty.theirs, &modes) == 0);
  cfmakeraw(&modes);
  CHECK(tcsetattr(place.pty.theirs, TCSAFLUSH, &modes) == 0);
  expect(&place, place.pty.theirs, "\4");
  close_place(&place);
}

static void a_slow_reader_loses_nothing(void) {
  struct place place;
  char bytes[1000], got[1000];
  size_t put_in = 0, taken = 0;
  double limit = ta_monotonic() + LONG_ENOUGH;
  open_place(&place, false);
  while (taken < MUCH && ta_monotonic() < limit) {
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)('a' + (put_in + i) % 26);
    size_t rest = MUCH - put_in < sizeof bytes ? MUCH - put_in : sizeof bytes;
    ssize_t done = rest ? write(place.pty.theirs, bytes, rest) : 0;
    if (done > 0) put_in += (size_t)done;
    ta_loop_poll(&place.loop);
    if (done > 0) continue; /* all that goes in, before anything is taken */
    ssize_t count = read(place.out[READING], got, sizeof got);
    for (ssize_t i = 0; i < count; i++) CHECK(got[i] == (char)('a' + (taken + (size_t)i) % 26));
    if (count > 0) taken += (size_t)count;
  }
  CHECK(taken == MUCH && place.relay.received == MUCH);
  close_place(&place);
}

static ssize_t read_into(int fd, size_t *size) {
  char bytes[1000];
  ssize_t count = read(fd, bytes, sizeof bytes);
  if (count > 0) *size += (size_t)count;
  return count;
}

/* It may say that it can be written when there is room for a byte. */
static void a_terminal_that_nobody_reads_holds_up_nobody(void) {
  struct place place;
  struct ta_pty theirs;
  size_t written = 0, shown = 0;
  char bytes[1000];
  memset(bytes, 'x', sizeof bytes);
  alarm((unsigned)LONG_ENOUGH);
  open_ends(&place);
  CHECK(ta_pty_open(false, &theirs) == 0);
  CHECK(ta_relay_open(&place.loop, place.pty.ours, dup(theirs.theirs), place.in[READING], false,
                      on_end, &place, &place.relay) == 0);
  while (written < MUCH) {
    ssize_t count = write(place.pty.theirs, bytes, sizeof bytes);
    if (count > 0) written += (size_t)count;
    run(&place, SHORT);
    if (written > MUCH / 2 || count < 0) read_into(theirs.ours, &shown);
  }
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (shown < written && ta_monotonic() < limit)
    if (read_into(theirs.ours, &shown) <= 0) run(&place, SHORT);
  CHECK(shown == written);
  close_place(&place);
  close(theirs.ours);
  close(theirs.theirs);
  close(place.out[WRITING]);
  alarm(0);
}

static void where_nobody_looks_the_terminal_goes(void) {
  struct place place;
  signal(SIGPIPE, SIG_IGN);
  open_place(&place, false);
  close_fd(&place.out[READING]);
  put(place.pty.theirs, "x");
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (!place.ended && ta_monotonic() < limit) ta_loop_wait(&place.loop, SHORT);
  CHECK(place.ended == 1 && !place.relay.open);
  expect_read(&place, place.pty.theirs, 0, 0);
  close_place(&place);
  signal(SIGPIPE, SIG_DFL);
}

/* Whoever opens it again is heard. */
static void an_end_may_not_be_the_last(void) {
  struct place place;
  open_ends(&place);
  const char *name = ttyname(place.pty.theirs);
  char path[64];
  snprintf(path, sizeof path, "%s", name ? name : "");
  CHECK(ta_relay_open(&place.loop, place.pty.ours, place.out[WRITING], place.in[READING], false,
                      on_end, &place, &place.relay) == 0);
  put(place.pty.theirs, "one");
  close_fd(&place.pty.theirs);
  expect(&place, place.out[READING], "one");
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (!place.relay.at_end && ta_monotonic() < limit) ta_loop_wait(&place.loop, SHORT);
  CHECK(place.relay.at_end && place.relay.open && place.ended > 0);
  place.pty.theirs = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);
  CHECK(place.pty.theirs >= 0);
  put(place.pty.theirs, "two");
  expect(&place, place.out[READING], "two");
  CHECK(!place.relay.at_end);
  close_place(&place);
}

static void expect_nothing(int fd) {
  char byte;
  CHECK(read(fd, &byte, 1) < 0 && errno == EAGAIN);
}

static void a_person_types_while_the_terminal_is_there(void) {
  struct place place;
  open_place(&place, true);
  put(place.in[WRITING], "a\n");
  run(&place, SHORT);
  expect_nothing(place.pty.theirs);
  place.relay.user.has_it(&place.relay.user, true);
  expect(&place, place.pty.theirs, "a\n");
  place.relay.user.has_it(&place.relay.user, false);
  put(place.in[WRITING], "b\n");
  run(&place, SHORT);
  place.relay.user.has_it(&place.relay.user, true);
  expect(&place, place.pty.theirs, "b\n");
  close_place(&place);
}

/* Leads the session on the terminal until the pipe has an end. */
static pid_t start_leader(struct place *place, int until[2]) {
  CHECK(pipe(until) == 0);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid > 0) return pid;
  char byte;
  close(until[WRITING]);
  if (setsid() < 0 || ioctl(place->pty.theirs, TIOCSCTTY, 0) != 0) _exit(1);
  signal(SIGHUP, SIG_IGN);
  _exit(read(until[READING], &byte, 1) != 0);
}

static void what_is_typed_when_the_leader_has_gone_is_left_to_others(void) {
  struct place place;
  int until[2], status;
  char byte = 0;
  open_place(&place, true);
  int in = dup(place.in[READING]);
  fcntl(in, F_SETFL, O_NONBLOCK);
  pid_t pid = start_leader(&place, until);
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (!ta_pty_is_led(place.pty.ours) && ta_monotonic() < limit) run(&place, SHORT);
  place.relay.user.has_it(&place.relay.user, true);
  put(place.in[WRITING], "a\n");
  expect(&place, place.pty.theirs, "a\n");
  close_fd(&until[READING]);
  close_fd(&until[WRITING]);
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  put(place.in[WRITING], "b");
  run(&place, 4 * SHORT);
  expect_nothing(place.pty.theirs);
  CHECK(read(in, &byte, 1) == 1 && byte == 'b');
  close(in);
  close_place(&place);
}

static void files_are_shown_to_and_typed_from(void) {
  struct place place;
  FILE *out = tmpfile(), *in = tmpfile();
  open_ends(&place);
  CHECK(out && in && fputs("typed\n", in) >= 0 && fflush(in) == 0);
  rewind(in);
  close_fd(&place.out[WRITING]);
  close_fd(&place.in[READING]);
  int to = dup(fileno(out)), from = dup(fileno(in));
  CHECK(ta_relay_open(&place.loop, place.pty.ours, to, from, false, on_end, &place, &place.relay) ==
        0);
  put(place.pty.theirs, "shown\n");
  expect(&place, place.pty.theirs, "typed\n");
  expect_read(&place, place.pty.theirs, 0, 0);
  run(&place, SHORT);
  char got[10] = "";
  CHECK(pread(fileno(out), got, sizeof got, 0) == 6 && strcmp(got, "shown\n") == 0);
  close_place(&place);
  fclose(out);
  fclose(in);
}

static void where_it_cannot_be_opened_descriptors_stay_the_callers(void) {
  for (unsigned n = 1; n <= 3; n++) {
    struct place place;
    open_ends(&place);
    system_fail(SYSTEM_EPOLL_CTL, 2 * n - 1, ENOSPC); /* one more takes it out again */
    int error = ta_relay_open(&place.loop, place.pty.ours, place.out[WRITING], place.in[READING],
                              false, on_end, &place, &place.relay);
    system_go_well();
    CHECK(error == -ENOSPC);
    CHECK(place.loop.members == 0 && !place.loop.listeners);
    close_fd(&place.pty.ours);
    close_fd(&place.out[WRITING]);
    close_fd(&place.in[READING]);
    close_place(&place);
  }
}

static void a_window_has_the_size_of_ours_or_what_windows_have(void) {
  struct ta_pty pty;
  struct winsize size;
  CHECK(ta_pty_open(false, &pty) == 0);
  CHECK(ioctl(pty.theirs, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0);
  size = (struct winsize){.ws_row = 1};
  ta_pty_follow_size(pty.ours, &size);
  CHECK(size.ws_row > 1 && size.ws_col > 0);
  CHECK(ta_pty_reads_lines(pty.ours) && ta_pty_end_key(pty.ours) == 4);
  close(pty.ours);
  close(pty.theirs);
}

const struct test relay_tests[] = {
    TEST(what_is_shown_and_typed_is_handed_on_as_it_is),
    TEST(the_end_of_what_is_typed_is_their_end),
    TEST(the_end_is_typed_again_for_who_begins_to_read_keys),
    TEST(a_slow_reader_loses_nothing),
    TEST(a_terminal_that_nobody_reads_holds_up_nobody),
    TEST(where_nobody_looks_the_terminal_goes),
    TEST(an_end_may_not_be_the_last),
    TEST(a_person_types_while_the_terminal_is_there),
    TEST(what_is_typed_when_the_leader_has_gone_is_left_to_others),
    TEST(files_are_shown_to_and_typed_from),
    TEST(where_it_cannot_be_opened_descriptors_stay_the_callers),
    TEST(a_window_has_the_size_of_ours_or_what_windows_have),
    TESTS_END,
};
