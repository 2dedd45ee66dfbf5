/* SPDX-License-Identifier: MIT */
#include "io/waiting.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "holder.h"
#include "io/refusal.h"
#include "list.h"

#define ENOUGH_FOR_A_STEP 65536 /* bytes */

static struct ta_runner *runner_of(const struct ta_stream_object *object) {
  return object->io->runner;
}

static struct ta_turn *first_turn(const struct ta_stream_object *object) {
  return ta_next_turn(object, NULL);
}

/* -------------------------------------------------------------------- waking */

/* A ticket is good for one wake. */
static void unpark(const struct ta_stream_object *object, struct ta_ticket *ticket) {
  struct ta_ticket taken = *ticket;
  *ticket = (struct ta_ticket){0};
  if (taken.wait) ta_unpark(runner_of(object), taken);
}

void ta_wake_readers(struct ta_stream_object *object) {
  unpark(object, &object->ticket);
  while (!ta_list_empty(&object->selecting) && ta_wake_first(runner_of(object), &object->selecting))
    continue;
}

static void wake_writer(struct ta_stream_object *object) {
  struct ta_turn *turn = first_turn(object);
  if (turn) unpark(object, &turn->ticket);
}

void ta_stream_is_ready(struct ta_watch *watch, unsigned directions) {
  struct ta_stream_object *object = (struct ta_stream_object *)watch;
  if (directions & object->stream.needs_to_read) ta_wake_readers(object);
  if (directions & object->stream.needs_to_write) wake_writer(object);
}

/* The directions that somebody waits for. */
static unsigned needed(const struct ta_stream_object *object) {
  const struct ta_turn *turn = first_turn(object);
  bool reads = object->ticket.wait || !ta_list_empty(&object->selecting);
  bool writes = turn && turn->ticket.wait;
  return (reads ? object->stream.needs_to_read : 0) | (writes ? object->stream.needs_to_write : 0);
}

/* Nobody waits for some of what is wanted, perhaps. */
static void unwant(struct ta_stream_object *object) {
  unsigned idle = object->stream.watch.wanted & ~needed(object);
  if (idle) ta_watch_unwant(&object->stream.watch, idle);
}

/* --------------------------------------------------------------------- words */

int ta_refuse_closed(lua_State *L) {
  return ta_refuse_in_words(L, "closed", "ECANCELED");
}

const char *ta_code_of_transport(int error) {
  return error == TA_STREAM_NOTHING ? "EOF" : "TLS";
}

/* What the transport has words for is no error of the system's. */
static int refuse_in_its_words(lua_State *L, const struct ta_stream_object *object, int error,
                               const char *what) {
  const char *words = ta_stream_words(&object->stream, error);
  if (!words) return 0;
  lua_pushfstring(L, "%s %s: %s", what, object->label, words);
  return ta_refuse_in_words(L, lua_tostring(L, -1), ta_code_of_transport(error));
}

int ta_refuse_to_read(lua_State *L, const struct ta_stream_object *object, int error) {
  int values = refuse_in_its_words(L, object, error, "cannot read");
  if (values) return values;
  return ta_refuse(L, error, "cannot read %s", object->label);
}

int ta_refuse_to_write(lua_State *L, const struct ta_stream_object *object, int error) {
  int values = refuse_in_its_words(L, object, error, "cannot write to");
  if (values) return values;
  return ta_refuse(L, error, "cannot write to %s", object->label);
}

void ta_check_not_closed(lua_State *L, const struct ta_stream_object *object) {
  if (object->closed || object->closing) ta_error(L, "the stream is closed");
}

struct ta_stream_object *ta_check_stream(lua_State *L) {
  struct ta_stream_object *object = ta_check_object(L, 1, &ta_stream_kind);
  ta_enter(ta_upvalue_runner(L), L);
  ta_check_not_closed(L, object);
  return object;
}

/* ------------------------------------------------------------------ fairness */

void ta_note_moved(struct ta_stream_object *object, size_t bytes) {
  uint64_t step = ta_steps(runner_of(object));
  if (object->step != step) object->moved = 0;
  object->step = step;
  object->moved += bytes;
}

void ta_note_written(struct ta_stream_object *object, size_t bytes) {
  ta_note_moved(object, bytes);
  object->answered = object->stream.received;
  object->written = true;
}

bool ta_has_moved_enough(struct ta_stream_object *object, lua_State *L) {
  struct ta_runner *runner = runner_of(object);
  if (object->moved < ENOUGH_FOR_A_STEP || object->step != ta_steps(runner)) return false;
  return ta_can_wait(runner, L) && !ta_is_cancelled(runner) && lua_checkstack(L, LUA_MINSTACK);
}

/* ------------------------------------------------------------------- reading */

static void stop_reading(struct ta_stream_object *object) {
  ta_detach(&object->reading);
  object->reader = NULL;
  object->copy = NULL;
  object->ticket = (struct ta_ticket){0};
  unwant(object);
}

/* The read is over, or goes on in this step: whoever waits for that asks again. */
static void end_reading(struct ta_stream_object *object) {
  stop_reading(object);
  ta_wake_first(runner_of(object), &object->waiting);
}

void ta_describe_read(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct ta_stream_object *)subject)->label);
}

void ta_disarm_read(void *subject) {
  struct ta_stream_object *object = subject;
  object->given_up = true;
  end_reading(object);
}

static const struct ta_wait_kind read_kind = TA_READ_WAIT("read");

static struct ta_stream_object *read_by(struct ta_attachment *attachment) {
  return TA_HOLDER(attachment, struct ta_stream_object, reading);
}

static void forget_reader(struct ta_attachment *attachment) {
  stop_reading(read_by(attachment));
}

static void end_reader(struct ta_runner *runner, struct ta_task *task,
                       struct ta_attachment *attachment) {
  (void)runner, (void)task;
  end_reading(read_by(attachment));
}

static const struct ta_attachment_kind reader_kind = {.on_end = end_reader,
                                                      .on_forget = forget_reader};

void ta_check_reader(lua_State *L, const struct ta_stream_object *object) {
  if (!object->reader) return;
  ta_push_name_of(runner_of(object), L, object->reader);
  ta_error(L, "task %s is in the middle of reading %s", lua_tostring(L, -1), object->label);
}

ssize_t ta_fill_stream(struct ta_stream_object *object) {
  ssize_t count = ta_stream_fill(&object->stream);
  if (count > 0) ta_note_moved(object, (size_t)count);
  if (count != -EAGAIN) return count;
  return object->ended || ta_is_idle_kin(object, false) ? 0 : count;
}

void ta_take_from_stream(struct ta_stream_object *object, size_t bytes) {
  object->takes++;
  object->given_up = false;
  ta_stream_take(&object->stream, bytes);
}

/* Something had come, or the end, when the task was cancelled, and nothing was taken yet.  What
 * ends the run may have ended what is read as well: nobody is to take that for its end. */
static void raise_before_taking(lua_State *L, struct ta_stream_object *object) {
  struct ta_runner *runner = runner_of(object);
  if (!ta_is_cancelled(runner) || ta_is_unwinding(runner)) return;
  object->given_up = true;
  ta_raise_cancellation(runner, L);
}

static int k_read(lua_State *L, int status, lua_KContext context) {
  struct ta_stream_object *object = ta_object_at(L, 1);
  struct ta_read read = object->read;
  (void)status, (void)context;
  end_reading(object);
  raise_before_taking(L, object);
  return read.go_on(L, object, &read);
}

static const struct ta_wait_kind turn_to_read_kind = {.action = "read",
                                                      .describe = ta_describe_read};

int ta_wait_for_reader(lua_State *L, struct ta_stream_object *object, lua_KFunction k) {
  return ta_wait_in(runner_of(object), L, "read", &turn_to_read_kind, object, &object->waiting, k);
}

void ta_let_next_read(struct ta_stream_object *object) {
  bool comes = object->closed || ta_stream_held(&object->stream) > 0;
  if (!comes && !object->reader) comes = ta_fill_stream(object) != -EAGAIN;
  if (comes) ta_wake_first(runner_of(object), &object->waiting);
}

/* The task is in the middle of a read, whatever it waits for.  0, or -ENOMEM. */
static int begin_reading(struct ta_stream_object *object, const struct ta_read *read) {
  struct ta_runner *runner = runner_of(object);
  int error = ta_attach(runner, &object->reading, &reader_kind);
  if (error) return error;
  object->read = *read;
  object->given_up = false;
  object->reader = ta_running_task(runner, NULL, NULL);
  return 0;
}

/* Has the ticket unparked when the system may go on in the direction: in the next pass,
 * where nobody knows that it may not. */
static int want(struct ta_stream_object *object, unsigned direction, struct ta_ticket ticket) {
  struct ta_stream *stream = &object->stream;
  bool more = stream->more && direction == stream->needs_to_read;
  if (more || ta_watch_is_ready(&stream->watch, direction))
    return ta_wake(runner_of(object), ticket);
  return ta_stream_want(stream, direction);
}

int ta_arm_reader(lua_State *L, struct ta_stream_object *object, const struct ta_read *read) {
  const struct ta_wait_kind *kind = object->reads ? object->reads : &read_kind;
  struct ta_ticket ticket = ta_retake_ticket(runner_of(object), L, kind, object);
  int error = begin_reading(object, read);
  if (error) return error;
  error = want(object, object->stream.needs_to_read, ticket);
  if (error)
    stop_reading(object);
  else
    object->ticket = ticket;
  return error;
}

int ta_park_reader(lua_State *L, struct ta_stream_object *object) {
  return ta_park(runner_of(object), L, object->ticket, 0, k_read);
}

/* ------------------------------------------------------------------- writing */

bool ta_has_turns(const struct ta_stream_object *object) {
  return !ta_list_empty(&object->turns);
}

struct ta_turn *ta_next_turn(const struct ta_stream_object *object, const struct ta_turn *turn) {
  struct ta_link *link = turn ? turn->link.next : object->turns.ring.next;
  return link == &object->turns.ring ? NULL : (struct ta_turn *)link;
}

void ta_wake_turn(struct ta_turn *turn) {
  unpark(turn->object, &turn->ticket);
}

void ta_end_turn(struct ta_turn *turn) {
  if (!turn) return;
  struct ta_stream_object *object = turn->object;
  if (turn->begun) object->stream.torn = true;
  turn->begun = false;
  turn->ticket = (struct ta_ticket){0};
  ta_detach(&turn->attachment);
  ta_list_leave(&turn->link);
  wake_writer(object);
  unwant(object);
}

/* Its task waits no more.  Where its finalizer was lost the stream may have gone before. */
static void give_up(struct ta_turn *turn) {
  if (!turn->object) return;
  ta_end_turn(turn);
  if (turn->source) stop_reading(turn->source);
  if (turn->closes) ta_close_waiting(turn->object);
}

static void describe_write(const void *subject, char *text, size_t size) {
  const struct ta_turn *turn = subject;
  snprintf(text, size, "%s", turn->object ? turn->object->label : "a stream that is gone");
}

/* Also its source is free. */
static void give_up_both(struct ta_turn *turn) {
  give_up(turn);
  if (turn->source) end_reading(turn->source);
}

static void disarm_write(void *subject) {
  struct ta_turn *turn = subject;
  if (turn->object) turn->object->given_up = true;
  give_up_both(turn);
}

static const struct ta_wait_kind write_kind = {
    .action = "write", .describe = describe_write, .disarm = disarm_write};

static const struct ta_wait_kind handshake_kind = {
    .action = "handshake", .describe = describe_write, .disarm = disarm_write};

static struct ta_turn *written_by(struct ta_attachment *attachment) {
  return TA_HOLDER(attachment, struct ta_turn, attachment);
}

static void forget_writer(struct ta_attachment *attachment) {
  give_up(written_by(attachment));
}

static void end_writer(struct ta_runner *runner, struct ta_task *task,
                       struct ta_attachment *attachment) {
  (void)runner, (void)task;
  give_up_both(written_by(attachment));
}

static const struct ta_attachment_kind writer_kind = {.on_end = end_writer,
                                                      .on_forget = forget_writer};

static int l_forget_turn(lua_State *L);

static const struct ta_function turn_meta[] = {{"__gc", l_forget_turn}, {NULL, NULL}};
static const struct ta_object_kind turn_kind = {.name = "Turn", .meta = turn_meta};

static int l_forget_turn(lua_State *L) {
  struct ta_turn *turn = ta_check_object(L, 1, &turn_kind);
  if (turn->object) ta_end_turn(turn);
  if (turn->source && turn->source->copy == turn) stop_reading(turn->source);
  return 0;
}

struct ta_turn *ta_push_turn(lua_State *L, int index, bool begun) {
  struct ta_stream_object *object = ta_object_at(L, index);
  bool torn = object->stream.torn;
  object->stream.torn = torn || begun;
  struct ta_turn *turn = ta_push_object(runner_of(object), L, &turn_kind, sizeof *turn, 2);
  object->stream.torn = torn;
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, 1);
  turn->object = object;
  turn->begun = begun;
  return turn;
}

/* Woken by who gave up before it, or has closed the stream, and then cancelled: it was not told
 * yet, and would not understand. */
static void raise_before_its_turn(lua_State *L, struct ta_turn *turn) {
  struct ta_runner *runner = runner_of(turn->object);
  bool is_done = turn->co && turn->argument > turn->last;
  bool goes_on = turn->begun && !turn->object->closed;
  if (is_done || goes_on || !ta_is_cancelled(runner) || ta_is_unwinding(runner)) return;
  disarm_write(turn);
  ta_raise_cancellation(runner, L);
}

static int k_turn(lua_State *L, int status, lua_KContext context) {
  struct ta_turn *turn = ta_object_at(L, -1);
  (void)status, (void)context;
  turn->ticket = (struct ta_ticket){0};
  if (turn->source) end_reading(turn->source);
  raise_before_its_turn(L, turn);
  return turn->go_on(L, turn);
}

/* Whoever has not got the turn yet is woken by who has. */
static int arm_turn(struct ta_turn *turn, struct ta_ticket ticket) {
  struct ta_stream_object *object = turn->object;
  int error = ta_attach(runner_of(object), &turn->attachment, &writer_kind);
  if (!error && turn->source) error = begin_reading(turn->source, &turn->source->read);
  if (error) return error;
  if (!turn->link.next) ta_list_append(&object->turns, &turn->link);
  if (first_turn(object) != turn) return 0;
  return want(object, object->stream.needs_to_write, ticket);
}

int ta_arm_turn(lua_State *L, struct ta_turn *turn) {
  struct ta_runner *runner = runner_of(turn->object);
  const struct ta_wait_kind *kind = turn->shakes ? &handshake_kind : &write_kind;
  struct ta_ticket ticket = ta_retake_ticket(runner, L, kind, turn);
  int error = arm_turn(turn, ticket);
  if (error) {
    if (turn->source) stop_reading(turn->source);
    ta_end_turn(turn);
    return error;
  }
  turn->ticket = ticket;
  turn->object->given_up = false;
  if (turn->source) turn->source->copy = turn;
  return 0;
}

int ta_park_turn(lua_State *L, struct ta_turn *turn) {
  return ta_park(runner_of(turn->object), L, turn->ticket, 0, k_turn);
}

/* ------------------------------------------------------------------- closing */

void ta_init_waiting(struct ta_stream_object *object, struct ta_io *io) {
  object->io = io;
  object->closed = true;
  object->stream.watch.fd = -1;
  ta_list_init(&object->turns);
  ta_list_init(&object->left);
  ta_list_init(&object->selecting);
  ta_list_init(&object->waiting);
}

/* Those who wait to write find no turn, and the stream closed. */
static void wake_writers(struct ta_stream_object *object) {
  struct ta_turn *turn;
  while ((turn = first_turn(object))) {
    ta_list_leave(&turn->link);
    ta_list_append(&object->left, &turn->link);
    unpark(object, &turn->ticket);
  }
}

void ta_close_waiting(struct ta_stream_object *object) {
  if (object->closed) return;
  object->closed = true;
  ta_leave_kinship(object);
  ta_wake_readers(object);
  wake_writers(object);
  while (ta_wake_first(runner_of(object), &object->waiting)) continue;
  if (object->copy) unpark(object, &object->copy->ticket);
  ta_stream_close(&object->stream);
}

/* A turn outlives its stream where its finalizer could not be called, for want of memory. */
void ta_end_waiting(struct ta_stream_object *object) {
  ta_detach(&object->attended);
  ta_close_waiting(object);
  ta_leave_kinship(object);
  while (!ta_list_empty(&object->left)) {
    struct ta_turn *turn = (struct ta_turn *)object->left.ring.next;
    ta_list_leave(&turn->link);
    ta_detach(&turn->attachment);
    if (turn->source) stop_reading(turn->source);
    turn->object = turn->source = NULL;
  }
  if (object->copy) object->copy->source = NULL;
  stop_reading(object);
}
