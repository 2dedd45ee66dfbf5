/* SPDX-License-Identifier: MIT */
#include "io/writing.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>

#include "host/conduit.h"
#include "io/refusal.h"
#include "io/waiting.h"

#define WRITTEN_AT_ONCE 65536 /* bytes */

enum { STREAM = 1, FIRST = 2 };

/* Waits with the turn, which is on top, and goes on with it. */
static int wait_with(lua_State *L, struct ta_turn *turn, ta_turn_fn *go_on) {
  struct ta_stream_object *object = turn->object;
  turn->go_on = go_on;
  int error = ta_arm_turn(L, turn);
  return error ? ta_refuse_to_write(L, object, error) : ta_park_turn(L, turn);
}

static int give_stream(lua_State *L, struct ta_turn *turn) {
  ta_end_turn(turn);
  lua_pushvalue(L, STREAM);
  return 1;
}

static int refuse(lua_State *L, struct ta_turn *turn, const struct ta_stream_object *object,
                  int error) {
  ta_end_turn(turn);
  return ta_refuse_to_write(L, object, error);
}

static int refuse_closed(lua_State *L, struct ta_turn *turn) {
  ta_end_turn(turn);
  return ta_refuse_closed(L);
}

static int refuse_torn(lua_State *L, struct ta_turn *turn) {
  ta_end_turn(turn);
  return ta_refuse_in_words(L, "an earlier write was cut short", "ECANCELED");
}

/* -------------------------------------------------------------------- write */

/* A write under way; it has no turn as long as it need not wait. */
struct writing {
  struct ta_stream_object *object;
  struct ta_turn *turn;
  int argument, last;
  size_t at;
  bool begun;
};

/* Goes as far as the system takes it at once.  1: all of it has left; 0: it has to wait, or
 * to rest; or a negative errno. */
static int push_on(lua_State *L, struct writing *writing) {
  struct ta_stream_object *object = writing->object;
  for (; writing->argument <= writing->last; writing->argument++, writing->at = 0) {
    size_t length;
    const char *text = lua_tolstring(L, writing->argument, &length);
    while (writing->at < length) {
      size_t left = length - writing->at;
      if (writing->begun && ta_has_moved_enough(object, L)) return 0;
      ssize_t count = ta_stream_write(&object->stream, text + writing->at,
                                      left < WRITTEN_AT_ONCE ? left : WRITTEN_AT_ONCE);
      if (count == -EAGAIN) writing->begun |= object->stream.on_its_way;
      if (count < 0) return count == -EAGAIN ? 0 : (int)count;
      writing->at += (size_t)count;
      writing->begun = true;
      ta_note_written(object, (size_t)count);
    }
  }
  return 1;
}

static int go_on_writing(lua_State *L, struct ta_turn *turn);

/* Has the write wait, with a turn of its own.  A finalizer may have closed the stream. */
static int wait_in_write(lua_State *L, const struct writing *writing) {
  struct ta_turn *turn = writing->turn;
  if (!turn) turn = ta_push_turn(L, STREAM, writing->begun);
  if (writing->object->closed) return refuse_closed(L, turn);
  lua_pushthread(L);
  lua_setiuservalue(L, -2, 2);
  turn->co = L;
  turn->last = writing->last;
  turn->argument = writing->argument;
  turn->at = writing->at;
  turn->begun = writing->begun;
  return wait_with(L, turn, go_on_writing);
}

/* Where nobody reads any more, each write is told so. */
static bool tears(const struct writing *writing, int result) {
  return writing->begun && result < 0 && result != -EPIPE && result != -ECONNRESET;
}

static int write_on(lua_State *L, struct writing *writing) {
  int result = push_on(L, writing);
  if (result == 0) return wait_in_write(L, writing);
  if (writing->turn) writing->turn->begun = false;
  if (tears(writing, result)) writing->object->stream.torn = true;
  if (result < 0) return refuse(L, writing->turn, writing->object, result);
  return give_stream(L, writing->turn);
}

/* The turn, on top, is the first, or the stream is closed. */
static int go_on_writing(lua_State *L, struct ta_turn *turn) {
  struct writing writing = {.object = turn->object,
                            .turn = turn,
                            .argument = turn->argument,
                            .last = turn->last,
                            .at = turn->at,
                            .begun = turn->begun};
  if (turn->argument > turn->last) return give_stream(L, turn);
  if (writing.object->closed) return refuse_closed(L, turn);
  if (writing.object->stream.torn) return refuse_torn(L, turn);
  return write_on(L, &writing);
}

/* -------------------------------------------------- where no task can wait */

/* How much has left, waiting here for as long as it takes; or a negative errno. */
static ssize_t write_some_here(struct ta_stream_object *object, const char *bytes, size_t size) {
  for (;;) {
    if (object->closed) return -EBADF;
    ssize_t count = ta_stream_write(&object->stream, bytes, size);
    if (count != -EAGAIN) return count;
    int error = ta_stream_wait_here(&object->stream, object->stream.needs_to_write);
    if (error) return error;
  }
}

/* Somebody else may have resumed the coroutine, or closed it. */
static bool has_texts(const struct ta_turn *turn) {
  if (lua_status(turn->co) != LUA_YIELD) return false;
  for (int i = turn->argument; i <= turn->last; i++)
    if (lua_type(turn->co, i) != LUA_TSTRING) return false;
  return true;
}

/* What is left of the write, whose task stands in it. */
static int finish_here(struct ta_turn *turn) {
  if (!has_texts(turn)) return turn->begun ? -ECANCELED : 0;
  for (; turn->argument <= turn->last; turn->argument++, turn->at = 0) {
    size_t length;
    const char *text = lua_tolstring(turn->co, turn->argument, &length);
    while (turn->at < length) {
      ssize_t count = write_some_here(turn->object, text + turn->at, length - turn->at);
      if (count < 0) return (int)count;
      turn->at += (size_t)count;
      turn->begun = true;
    }
  }
  turn->begun = false;
  ta_wake_turn(turn);
  return 0;
}

/* Those who wait for their turn cannot go on meanwhile: their writes are finished for them. */
static int finish_turns_here(struct ta_stream_object *object) {
  int error = 0;
  struct ta_turn *turn = NULL;
  while (!error && (turn = ta_next_turn(object, turn)))
    if (turn->co) error = finish_here(turn);
  return error;
}

int ta_write_stream_here(struct ta_stream_object *object, const char *bytes, size_t size) {
  if (object->stream.torn) return -ECANCELED;
  int error = finish_turns_here(object);
  while (size > 0 && !error) {
    ssize_t count = write_some_here(object, bytes, size);
    if (count < 0) return (int)count;
    bytes += count;
    size -= (size_t)count;
  }
  return error;
}

/* ----------------------------------------------------------------- its texts */

void ta_make_text(lua_State *L, int index) {
  char text[64];
  if (lua_type(L, index) != LUA_TNUMBER || lua_isinteger(L, index)) return;
  snprintf(text, sizeof text, LUA_NUMBER_FMT, (LUAI_UACNUMBER)lua_tonumber(L, index));
  lua_pushstring(L, text);
  lua_replace(L, index);
}

/* Several small ones become one, which the system takes at once. */
static int check_texts(lua_State *L) {
  size_t length, whole = 0;
  int last = lua_gettop(L);
  for (int i = FIRST; i <= last; i++) {
    ta_make_text(L, i);
    luaL_checklstring(L, i, &length);
    whole += length;
  }
  if (last > FIRST && whole <= WRITTEN_AT_ONCE) lua_concat(L, last - STREAM);
  return lua_gettop(L);
}

static int begin_writing(lua_State *L, struct ta_stream_object *object) {
  struct writing writing = {.object = object, .argument = FIRST, .last = lua_gettop(L)};
  if (object->closed) return refuse_closed(L, NULL);
  if (object->stream.torn) return refuse_torn(L, NULL);
  if (ta_has_turns(object)) return wait_in_write(L, &writing);
  return write_on(L, &writing);
}

static int l_write_on(lua_State *L) {
  return begin_writing(L, ta_object_at(L, STREAM));
}

int ta_l_stream_write(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_stream_object *object = ta_check_stream(L);
  int last = check_texts(L);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  ta_check_not_closed(L, object); /* by a finalizer */
  if (last < FIRST) return give_stream(L, NULL);
  if (ta_has_gone_on(runner, L) || ta_has_moved_enough(object, L))
    return ta_give_turn_before(runner, L, l_write_on);
  return begin_writing(L, object);
}

/* --------------------------------------------------- after what is under way */

/* Calls it when the writes under way are done: at once, without a turn, if there are none. */
static int after_writes(lua_State *L, struct ta_stream_object *object, ta_turn_fn *go_on) {
  lua_settop(L, STREAM);
  struct ta_turn *turn = ta_push_turn(L, STREAM, false);
  if (object->closed || !ta_has_turns(object)) return go_on(L, turn);
  return wait_with(L, turn, go_on);
}

static int go_on_flushing(lua_State *L, struct ta_turn *turn) {
  return turn->object->closed ? refuse_closed(L, turn) : give_stream(L, turn);
}

int ta_l_stream_flush(lua_State *L) {
  struct ta_stream_object *object = ta_check_stream(L);
  if (!ta_has_turns(object)) return give_stream(L, NULL);
  return after_writes(L, object, go_on_flushing);
}

static int go_on_shutting(lua_State *L, struct ta_turn *turn) {
  struct ta_stream_object *object = turn->object;
  if (object->closed) return refuse_closed(L, turn);
  int error = ta_stream_shutdown(&object->stream);
  if (error == -EAGAIN) return wait_with(L, turn, go_on_shutting);
  if (!error) return give_stream(L, turn);
  ta_end_turn(turn);
  return ta_refuse(L, error, "cannot shut down %s", object->label);
}

int ta_l_stream_shutdown(lua_State *L) {
  return after_writes(L, ta_check_stream(L), go_on_shutting);
}

static int close_now(lua_State *L, struct ta_stream_object *object) {
  ta_close_waiting(object);
  lua_pushboolean(L, true);
  return 1;
}

/* What was written may have to arrive at a server first. */
static int go_on_closing(lua_State *L, struct ta_turn *turn) {
  struct ta_stream_object *object = turn->object;
  int error = object->closed ? 0 : ta_stream_settle(&object->stream);
  if (error == -EAGAIN) return wait_with(L, turn, go_on_closing);
  turn->closes = false;
  ta_end_turn(turn);
  close_now(L, object);
  return error ? ta_refuse(L, error, "cannot write to %s", object->label) : 1;
}

/* Whoever shakes hands waits for the peer, and writes behind that have not begun. */
static bool waits_to_close(const struct ta_stream_object *object) {
  const struct ta_turn *first = ta_next_turn(object, NULL);
  if (object->closed || (first && first->shakes)) return false;
  return first || object->stream.unsettled;
}

/* Clean-up: where nothing can wait any more it goes at once. */
int ta_l_stream_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_stream_object *object = ta_check_object(L, STREAM, &ta_stream_kind);
  bool waits = waits_to_close(object) && ta_can_wait(runner, L);
  if (!waits || ta_is_cancelled(runner)) return close_now(L, object);
  lua_settop(L, STREAM);
  struct ta_turn *turn = ta_push_turn(L, STREAM, false);
  object->closing = turn->closes = true;
  if (object->closed || !ta_has_turns(object)) return go_on_closing(L, turn);
  return wait_with(L, turn, go_on_closing);
}

/* -------------------------------------------------------------------- copies */

enum { TARGET = 2, COUNT, COPY_TURN };

static int finish_copy(lua_State *L, const struct ta_read *read) {
  lua_pushinteger(L, (lua_Integer)read->copied);
  return 1;
}

/* More to be written has come: 0.  Or what the C function returns. */
static int wait_for_more(lua_State *L, struct ta_stream_object *source, struct ta_read *read) {
  bool rests = ta_has_moved_enough(source, L);
  ssize_t count = rests ? -EAGAIN : ta_fill_stream(source);
  if (count == 0) return finish_copy(L, read);
  if (count > 0) return 0;
  int error = count == -EAGAIN ? ta_arm_reader(L, source, read) : (int)count;
  return error ? ta_refuse_to_read(L, source, error) : ta_park_reader(L, source);
}

static int go_on_with_turn(lua_State *L, struct ta_turn *turn);

/* Waits until the target takes more.  Nobody reads from the source meanwhile. */
static int wait_for_target(lua_State *L, struct ta_stream_object *source, struct ta_turn *turn,
                           const struct ta_read *read) {
  bool begun = ((const struct ta_stream_object *)ta_object_at(L, TARGET))->stream.on_its_way;
  if (!turn) turn = ta_push_turn(L, TARGET, begun);
  turn->begun = begun;
  if (source->closed || turn->object->closed) return refuse_closed(L, turn);
  ta_check_reader(L, source);
  lua_pushvalue(L, STREAM);
  lua_setiuservalue(L, COPY_TURN, 2);
  turn->source = source;
  source->read = *read;
  return wait_with(L, turn, go_on_with_turn);
}

static size_t left_of(const struct ta_read *read) {
  uint64_t left = read->limit - read->copied;
  return left < SIZE_MAX ? (size_t)left : SIZE_MAX;
}

static size_t piece_of(const struct ta_stream_object *source, const struct ta_read *read) {
  size_t held = ta_stream_held(&source->stream), left = left_of(read);
  return left < held ? left : held;
}

/* Bytes of the source that are to be written next: in its buffer, or else in a pipe, on their way
 * inside the system.  0; -EAGAIN: none are there yet, or not in this step; or another negative
 * errno. */
static int pass_in(lua_State *L, struct ta_stream_object *source, const struct ta_read *read) {
  if (ta_passing(&source->stream) > 0) return 0;
  if (ta_has_moved_enough(source, L)) return -EAGAIN;
  ssize_t count = ta_pass_in(&source->stream, left_of(read));
  if (count > 0) ta_note_moved(source, (size_t)count);
  return count == 0 ? -ENODATA : count < 0 ? (int)count : 0;
}

/* Writes them, or a part.  How many; -EAGAIN; or an error. */
static ssize_t put(struct ta_stream_object *source, struct ta_stream_object *target,
                   const struct ta_read *read, size_t piece) {
  struct ta_stream *from = &source->stream;
  if (piece == 0) return ta_pass_out(from, &target->stream, left_of(read));
  return ta_stream_write(&target->stream, from->bytes + from->start, piece);
}

/* Nobody else has them any more. */
static void take(struct ta_stream_object *source, struct ta_stream_object *target, size_t piece,
                 size_t count) {
  ta_note_written(target, count);
  ta_take_from_stream(source, piece == 0 ? 0 : count);
}

/* Nothing is there to be written.  0: there is; or what the C function returns. */
static int await_piece(lua_State *L, struct ta_stream_object *source, struct ta_read *read,
                       struct ta_turn *turn) {
  ta_end_passing(&source->stream, false);
  ta_end_turn(turn);
  lua_settop(L, COUNT);
  return wait_for_more(L, source, read);
}

/* Each piece is a write of its own, and is taken as far as the target has it. */
static int copy_on(lua_State *L, struct ta_stream_object *source, struct ta_read *read,
                   struct ta_turn *turn) {
  struct ta_stream_object *target = ta_object_at(L, TARGET);
  while (read->copied < read->limit) {
    if (source->closed || target->closed) return refuse_closed(L, turn);
    if (target->stream.torn) return refuse_torn(L, turn);
    size_t piece = piece_of(source, read);
    bool passes = piece == 0 && ta_can_pass(&source->stream, &target->stream);
    int error = passes ? pass_in(L, source, read) : 0;
    if (error == -ENOTSUP) continue;
    if (error || (piece == 0 && !passes)) {
      int values = await_piece(L, source, read, turn);
      turn = NULL;
      if (values) return values;
      continue;
    }
    if (!turn && ta_has_turns(target)) return wait_for_target(L, source, turn, read);
    ssize_t count = put(source, target, read, piece);
    if (count == -EAGAIN) return wait_for_target(L, source, turn, read);
    if (turn) turn->begun = false;
    if (count < 0) return refuse(L, turn, target, (int)count);
    take(source, target, piece, (size_t)count);
    read->copied += (uint64_t)count;
  }
  ta_end_passing(&source->stream, false);
  ta_end_turn(turn);
  return finish_copy(L, read);
}

static int go_on_copying(lua_State *L, struct ta_stream_object *source, struct ta_read *read) {
  return copy_on(L, source, read, NULL);
}

static int go_on_with_turn(lua_State *L, struct ta_turn *turn) {
  struct ta_read read = turn->source->read;
  return copy_on(L, turn->source, &read, turn);
}

static int begin_copy(lua_State *L) {
  struct ta_stream_object *source = ta_object_at(L, STREAM);
  struct ta_read read = {.go_on = go_on_copying, .limit = (uint64_t)lua_tointeger(L, COUNT)};
  ta_check_reader(L, source);
  return copy_on(L, source, &read, NULL);
}

/* (stream, other [, count]) */
int ta_l_stream_copy_to(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_stream_object *source = ta_check_stream(L);
  struct ta_stream_object *target = ta_check_object(L, TARGET, &ta_stream_kind);
  lua_Integer count = luaL_optinteger(L, COUNT, LUA_MAXINTEGER);
  luaL_argcheck(L, count >= 0, COUNT, "a count cannot be negative");
  lua_settop(L, TARGET);
  lua_pushinteger(L, count);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  ta_check_not_closed(L, target);
  ta_check_reader(L, source);
  if (ta_has_gone_on(runner, L) || ta_has_moved_enough(source, L))
    return ta_give_turn_before(runner, L, begin_copy);
  return begin_copy(L);
}
