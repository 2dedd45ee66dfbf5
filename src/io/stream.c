/* SPDX-License-Identifier: MIT */
#include "io/stream.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "io/fields.h"
#include "io/reading.h"
#include "io/seeking.h"
#include "io/tls.h"
#include "io/waiting.h"
#include "io/writing.h"

/* User values, which are fields for scripts; io/tls has one more. */
enum { LABEL = 1, PATH, PEER, LOCAL_ADDRESS, FIELDS = LOCAL_ADDRESS };

/* ------------------------------------------------------------------ selecting */

/* Bytes, or the end, or an error: a read need not wait.  Whoever reads already is woken, as
 * the kernel will not tell of what was taken from it. */
static bool has_come(struct ta_stream_object *object) {
  if (object->closed || ta_stream_held(&object->stream) > 0) return true;
  ssize_t count = ta_fill_stream(object);
  if (count == -EAGAIN) return false;
  ta_wake_readers(object);
  return true;
}

/* What would have it wait is asked for here, where that can fail. */
static bool is_ready(struct ta_runner *runner, void *subject) {
  struct ta_stream_object *object = subject;
  struct ta_stream *stream = &object->stream;
  (void)runner;
  return has_come(object) || ta_stream_want(stream, stream->needs_to_read) != 0;
}

static struct ta_list *selecting(void *subject) {
  return &((struct ta_stream_object *)subject)->selecting;
}

/* Nothing is taken: the stream itself. */
static int give(struct ta_runner *runner, lua_State *L, int index) {
  (void)runner;
  lua_pushvalue(L, index);
  return 1;
}

static const struct ta_selectable selectable = {
    .ready = is_ready, .queue = selecting, .give = give};

/* ----------------------------------------------------------------------- kind */

static struct ta_stream_object *check(lua_State *L) {
  return ta_check_object(L, 1, &ta_stream_kind);
}

static int l_close_at_once(lua_State *L) {
  ta_close_waiting(check(L));
  return 0;
}

static int l_collect(lua_State *L) {
  struct ta_stream_object *object = check(L);
  if (object->io) ta_end_waiting(object);
  return 0;
}

static int l_tostring(lua_State *L) {
  const struct ta_stream_object *object = check(L);
  lua_pushfstring(L, "stream %s%s", object->label, object->closed ? " (closed)" : "");
  return 1;
}

/* Of a field, its user value; 0: there is none of the name. */
static int value_of_field(const char *key) {
  static const char *const names[] = {
      [LABEL] = "label", [PATH] = "path", [PEER] = "peer", [LOCAL_ADDRESS] = "local_address"};
  for (int i = LABEL; i <= FIELDS; i++)
    if (strcmp(names[i], key) == 0) return i;
  return 0;
}

/* `label`, of a file `path`, of a connection `peer` and `local_address`, and `tls`. */
static bool push_field(lua_State *L, const void *object, const char *name) {
  int value = value_of_field(name);
  bool is_tls = strcmp(name, "tls") == 0;
  (void)object;
  if (value) lua_getiuservalue(L, 1, value);
  if (is_tls) ta_push_tls(L, 1);
  return value || is_tls;
}

static const struct ta_function methods[] = {{"read", ta_l_stream_read},
                                             {"read_some", ta_l_stream_read_some},
                                             {"read_until", ta_l_stream_read_until},
                                             {"lines", ta_l_stream_lines},
                                             {"write", ta_l_stream_write},
                                             {"flush", ta_l_stream_flush},
                                             {"shutdown", ta_l_stream_shutdown},
                                             {"close", ta_l_stream_close},
                                             {"copy_to", ta_l_stream_copy_to},
                                             {"seek", ta_l_stream_seek},
                                             {"start_tls", ta_l_stream_start_tls},
                                             {NULL, NULL}};

static const struct ta_function meta[] = {
    {"__gc", l_collect}, {"__close", l_close_at_once}, {"__tostring", l_tostring}, {NULL, NULL}};

const struct ta_object_kind ta_stream_kind = {
    .name = "Stream", .methods = methods, .meta = meta, .select = &selectable};

static const struct ta_fields fields = {&ta_stream_kind, push_field};

/* ------------------------------------------------------------------ functions */

struct ta_stream_object *ta_push_stream(struct ta_io *io, lua_State *L, const char *label) {
  struct ta_stream_object *object =
      ta_push_object(io->runner, L, &ta_stream_kind, sizeof *object, TA_TLS_VALUE);
  ta_init_waiting(object, io);
  object->label = "";
  object->max_line = TA_MAX_LINE;
  ta_complete_kind(io->runner, L, &fields);
  object->label = lua_pushstring(L, label);
  lua_setiuservalue(L, -2, LABEL);
  return object;
}

int ta_open_stream(struct ta_stream_object *object, enum ta_watch_kind kind, int fd) {
  int error = ta_stream_open(object->io->loop, kind, fd, ta_stream_is_ready, &object->stream);
  if (!error) object->closed = false;
  return error;
}

void ta_set_max_line(struct ta_stream_object *object, size_t bytes) {
  object->max_line = bytes;
}

struct ta_stream_object *ta_to_stream(struct ta_runner *runner, lua_State *L, int index) {
  return ta_to_object(runner, L, index, &ta_stream_kind);
}

struct ta_stream *ta_stream_of(struct ta_stream_object *object) {
  return &object->stream;
}

void ta_end_stream(struct ta_stream_object *object) {
  object->ended = true;
  ta_wake_readers(object);
}

bool ta_look_at_stream(struct ta_stream_object *object) {
  struct ta_stream *stream = &object->stream;
  if (object->closed || ta_stream_held(stream)) return !object->closed;
  if (ta_stream_fill(stream) <= 0) return false;
  ta_wake_readers(object);
  return true;
}

ssize_t ta_read_stream_here(struct ta_stream_object *object, char *bytes, size_t size) {
  for (;;) {
    if (object->closed) return -EBADF;
    ssize_t count = ta_stream_read(&object->stream, bytes, size);
    object->takes += count > 0;
    if (count != -EAGAIN) return count;
    int error = ta_stream_wait_here(&object->stream, object->stream.needs_to_read);
    if (error) return error;
  }
}

off_t ta_seek_stream(struct ta_stream_object *object, off_t offset, int whence) {
  object->takes++;
  return object->closed ? -EBADF : ta_stream_seek(&object->stream, offset, whence);
}

void ta_set_stream_path(lua_State *L, int index) {
  lua_pushvalue(L, index);
  lua_setiuservalue(L, -2, PATH);
}

void ta_set_stream_peer(lua_State *L) {
  lua_setiuservalue(L, -2, PEER);
}

void ta_set_stream_local_address(lua_State *L) {
  lua_setiuservalue(L, -2, LOCAL_ADDRESS);
}

bool ta_was_given_up(const struct ta_stream_object *object) {
  return object->given_up;
}

void ta_set_unbuffered(struct ta_stream_object *object, bool unbuffered) {
  object->unbuffered = unbuffered;
  object->stream.most = unbuffered;
}

bool ta_is_written(const struct ta_stream_object *object) {
  return ta_has_turns(object);
}

bool ta_is_stream_closed(const struct ta_stream_object *object) {
  return object->closed || object->closing;
}

void ta_close_stream(struct ta_stream_object *object) {
  ta_close_waiting(object);
}
