/* SPDX-License-Identifier: MIT */
#include "host/relay.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "holder.h"
#include "host/pty.h"
#include "host/terminal.h"

#define LOOKS_AGAIN 0.1 /* seconds */

static void want(struct ta_watch *watch, unsigned direction) {
  ta_watch_blocked(watch, direction);
  ta_watch_want(watch, direction);
}

static bool is_empty(const struct ta_relay_way *way) {
  return way->start == way->end;
}

/* One that others have too may block. */
static bool can_be_read(const struct ta_relay_way *way) {
  struct pollfd fd = {.fd = way->watch.fd, .events = POLLIN};
  return way->always || poll(&fd, 1, 0) > 0;
}

/* A file was not taken by the loop. */
static void close_way(struct ta_relay_way *way) {
  if (way->open && way->always)
    close(way->watch.fd);
  else if (way->open)
    ta_watch_close(&way->watch);
  way->open = false;
}

/* ------------------------------------------------------------- what is shown */

/* False: it has to wait, or nobody looks any more: then the window is closed. */
static bool write_out(struct ta_relay *relay) {
  struct ta_relay_way *out = &relay->out;
  if (!out->open) out->start = out->end;
  while (!is_empty(out)) {
    ssize_t done = ta_outlet_write(&relay->shown, out->bytes + out->start, out->end - out->start);
    if (done == -EAGAIN)
      want(&out->watch, TA_MAY_WRITE);
    else if (done < 0)
      ta_relay_close(relay);
    if (done < 0) return false;
    out->start += (size_t)done;
  }
  return true;
}

/* When none of them has their end open the system says EIO.  One may open it again, so ours is
 * kept: closing it would end whoever is about to end. */
static bool read_out(struct ta_relay *relay) {
  struct ta_relay_way *out = &relay->out;
  ssize_t count = read(relay->pty.fd, out->bytes, sizeof out->bytes);
  out->start = out->end = 0;
  relay->at_end = count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
  if (count <= 0) return false;
  out->end = (size_t)count;
  relay->received += (uint64_t)count;
  return true;
}

static bool show(struct ta_relay *relay) {
  if (!write_out(relay)) return false;
  bool any = read_out(relay);
  if (!write_out(relay)) return any;
  if (relay->at_end)
    ta_loop_set_alarm(relay->pty.loop, &relay->alarm, LOOKS_AGAIN);
  else
    want(&relay->pty, TA_MAY_READ);
  return any;
}

/* False: it led the session there, and has gone. */
static bool look_at_leader(struct ta_relay *relay) {
  bool is_led = relay->typed && ta_pty_is_led(relay->pty.fd);
  relay->was_led |= is_led;
  return is_led || !relay->was_led;
}

/* Once in a look of the loop's: others have their turn between. */
static void show_and_tell(struct ta_relay *relay) {
  if (!relay->was_led) look_at_leader(relay);
  show(relay);
  if (relay->at_end || !relay->open) relay->on_end(relay->data);
}

static void on_shown(struct ta_watch *watch, unsigned directions) {
  struct ta_relay_way *out = TA_HOLDER(watch, struct ta_relay_way, watch);
  (void)directions;
  show_and_tell(TA_HOLDER(out, struct ta_relay, out));
}

/* ------------------------------------------------------------- what is typed */

static void type_end(struct ta_relay *relay) {
  struct ta_relay_way *in = &relay->in;
  char key = ta_pty_end_key(relay->pty.fd);
  in->start = in->end = 0;
  if (relay->line_begun) in->bytes[in->end++] = key;
  in->bytes[in->end++] = key;
  relay->line_begun = false;
  relay->read_lines = ta_pty_reads_lines(relay->pty.fd);
  ta_loop_set_alarm(relay->pty.loop, &relay->alarm, LOOKS_AGAIN);
}

static void end_input(struct ta_relay *relay) {
  close_way(&relay->in);
  if (!relay->typed) type_end(relay);
}

/* False: there is nothing to type now. */
static bool read_in(struct ta_relay *relay) {
  struct ta_relay_way *in = &relay->in;
  if (!in->open || (relay->typed && !relay->has_it)) return false;
  if (!look_at_leader(relay)) {
    close_way(in); /* keys are left to whoever comes next */
    return false;
  }
  if (!can_be_read(in)) {
    want(&in->watch, TA_MAY_READ);
    return false;
  }
  ssize_t count = read(in->watch.fd, in->bytes, sizeof in->bytes);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
    want(&in->watch, TA_MAY_READ);
    return false;
  }
  if (count <= 0) {
    end_input(relay);
    return !is_empty(in);
  }
  in->start = 0;
  in->end = (size_t)count;
  relay->line_begun = in->bytes[count - 1] != '\n';
  return true;
}

/* Whoever has gone reads no more. */
static void type(struct ta_relay *relay) {
  struct ta_relay_way *in = &relay->in;
  if (is_empty(in) && !read_in(relay)) return;
  ssize_t done = write(relay->pty.fd, in->bytes + in->start, in->end - in->start);
  if (done > 0) in->start += (size_t)done;
  if (done < 0 && errno != EAGAIN && errno != EINTR)
    in->start = in->end;
  else if (!is_empty(in))
    want(&relay->pty, TA_MAY_WRITE);
  if (!is_empty(in) || !in->open) return;
  if (in->always)
    want(&relay->pty, TA_MAY_WRITE); /* there is more */
  else if (!relay->typed || relay->has_it)
    want(&in->watch, TA_MAY_READ);
}

static void on_typed(struct ta_watch *watch, unsigned directions) {
  struct ta_relay_way *in = TA_HOLDER(watch, struct ta_relay_way, watch);
  (void)directions;
  type(TA_HOLDER(in, struct ta_relay, in));
}

/* A program that begins to read single keys does not take for an end what was typed before. */
static void look_at_modes(struct ta_relay *relay) {
  if (relay->typed || relay->in.open) return;
  ta_loop_set_alarm(relay->pty.loop, &relay->alarm, LOOKS_AGAIN);
  if (!is_empty(&relay->in) || ta_pty_reads_lines(relay->pty.fd) == relay->read_lines) return;
  type_end(relay);
  type(relay);
}

static void look_again(struct ta_alarm *alarm) {
  struct ta_relay *relay = TA_HOLDER(alarm, struct ta_relay, alarm);
  look_at_modes(relay);
  if (relay->at_end) show_and_tell(relay);
}

static void has_it(struct ta_terminal_user *user, bool has) {
  struct ta_relay *relay = TA_HOLDER(user, struct ta_relay, user);
  relay->has_it = has;
  look_at_leader(relay);
  if (!relay->in.open) return;
  if (has)
    want(&relay->in.watch, TA_MAY_READ);
  else
    ta_watch_unwant(&relay->in.watch, TA_MAY_READ);
}

/* ------------------------------------------------------------ opening, closing */

static void on_pty(struct ta_watch *watch, unsigned directions) {
  struct ta_relay *relay = TA_HOLDER(watch, struct ta_relay, pty);
  if (directions & TA_MAY_WRITE) type(relay);
  if (directions & TA_MAY_READ) show_and_tell(relay);
}

static void on_woken(struct ta_listener *listener) {
  struct ta_relay *relay = listener->data;
  ta_pty_follow_size(relay->pty.fd, &relay->size);
}

static int open_way(struct ta_loop *loop, int fd, ta_ready_fn *on_ready, struct ta_relay_way *way) {
  if (fd < 0) return 0;
  int error = ta_watch_open(loop, TA_ONCE, fd, on_ready, &way->watch);
  way->open = !error || error == -EPERM;
  way->always = error == -EPERM;
  if (way->always) way->watch.fd = fd;
  return way->open ? 0 : error;
}

static void release_way(struct ta_relay_way *way) {
  if (way->open && !way->always) ta_watch_release(&way->watch);
  way->open = false;
}

int ta_relay_open(struct ta_loop *loop, int pty, int to, int from, bool typed,
                  void (*on_end)(void *data), void *data, struct ta_relay *relay) {
  *relay = (struct ta_relay){.user = {.has_it = has_it},
                             .alarm = {.ring = look_again},
                             .typed = typed,
                             .on_end = on_end,
                             .data = data};
  ta_outlet_open(&relay->shown, to);
  int error = ta_watch_open(loop, TA_ONCE, pty, on_pty, &relay->pty);
  if (error) return error;
  error = open_way(loop, to, on_shown, &relay->out);
  if (!error) error = open_way(loop, from, on_typed, &relay->in);
  if (error) {
    release_way(&relay->out);
    ta_watch_release(&relay->pty);
    return error;
  }
  ta_outlet_look(&relay->shown);
  relay->in.watch.is_exempt = typed;
  relay->open = true;
  relay->listener = (struct ta_listener){.woken = on_woken, .data = relay};
  ta_loop_listen(loop, &relay->listener);
  ta_terminal_size(&relay->size);
  want(&relay->pty, TA_MAY_READ);
  if (!relay->in.open) type_end(relay);
  type(relay);
  return 0;
}

bool ta_relay_look(struct ta_relay *relay) {
  return relay->open && show(relay);
}

void ta_relay_close(struct ta_relay *relay) {
  if (!relay->open) return;
  relay->open = false;
  ta_loop_unlisten(relay->pty.loop, &relay->listener);
  ta_alarm_stop(&relay->alarm);
  close_way(&relay->in);
  close_way(&relay->out);
  ta_outlet_close(&relay->shown);
  ta_watch_close(&relay->pty);
}
