/* SPDX-License-Identifier: MIT */
#include "io/tls.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>
#include <sys/socket.h>

#include "host/version.h"
#include "io/gate.h"
#include "io/modules.h"
#include "io/nearest.h"
#include "io/refusal.h"
#include "io/room.h"
#include "io/waiting.h"
#include "io/writing.h"

extern const char *const ta_chunk_tls[];
extern const char *const ta_chunk_place[];

static const struct ta_room rooms[] = {{"place", ta_chunk_place}, {NULL, NULL}};

enum { STREAM = 1 };

static int l_use(lua_State *L) {
  return ta_push_room(L, rooms);
}

/* ------------------------------------------------------------------- beforehand */

static bool is_socket(const struct ta_stream *stream) {
  int type;
  socklen_t size = sizeof type;
  if (getsockopt(stream->watch.fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0)
    return errno != ENOTSOCK;
  return type == SOCK_STREAM;
}

/* (stream): raises unless it may begin to speak TLS. */
static int l_check(lua_State *L) {
  const struct ta_stream_object *object = ta_check_stream(L);
  const struct ta_stream *stream = &object->stream;
  if (stream->transport == &ta_descriptor && !is_socket(stream))
    ta_error(L, "start_tls: %s is no socket", object->label);
  if (stream->transport != &ta_descriptor)
    ta_error(L, "start_tls: %s has TLS already", object->label);
  ta_check_reader(L, object);
  return 0;
}

/* (stream) -> true, or nil, message, code: what was written in vain is no beginning. */
static int l_is_whole(lua_State *L) {
  const struct ta_stream_object *object = ta_object_at(L, STREAM);
  if (object->closed) return ta_refuse_closed(L);
  if (object->stream.torn)
    return ta_refuse_in_words(L, "an earlier write was cut short", "ECANCELED");
  if (object->stream.shut) return ta_refuse_to_write(L, object, -EPIPE);
  lua_pushboolean(L, true);
  return 1;
}

/* (path) -> what differs when the file does; or nil, message, code: it may not be read */
static int l_version(lua_State *L) {
  char text[TA_VERSION_TEXT];
  const char *path = luaL_checkstring(L, 1);
  int refused = ta_ask_path(L, ta_io_of(ta_upvalue_runner(L), L), TA_PATH_READ, path);
  if (refused) return refused;
  ta_version_of(path, text, sizeof text);
  lua_pushstring(L, text);
  return 1;
}

/* ------------------------------------------------------------------ the handshake */

/* What has failed, without what it was for. */
static int refuse(lua_State *L, const struct ta_stream_object *object, int error) {
  const char *words = ta_stream_words(&object->stream, error);
  if (words) return ta_refuse_in_words(L, words, ta_code_of_transport(error));
  luaL_checkstack(L, 3, NULL);
  lua_pushnil(L);
  ta_push_reason(L, -error);
  lua_pushstring(L, ta_error_code(-error));
  return 3;
}

static int go_on_shaking(lua_State *L, struct ta_turn *turn) {
  struct ta_stream_object *object = turn->object;
  int error = object->closed ? 0 : ta_stream_begin(&object->stream);
  if (error == -EAGAIN) {
    error = ta_arm_turn(L, turn);
    if (!error) return ta_park_turn(L, turn);
  }
  ta_end_turn(turn);
  if (object->closed) return ta_refuse_closed(L);
  if (error) return refuse(L, object, error);
  lua_pushvalue(L, STREAM);
  return 1;
}

/* (stream) -> stream; or nil, the reason, its code.  Its task reads and writes it meanwhile. */
static int l_handshake(lua_State *L) {
  struct ta_stream_object *object = ta_check_stream(L);
  lua_settop(L, STREAM);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  struct ta_turn *turn = ta_push_turn(L, STREAM, false);
  lua_pushvalue(L, STREAM);
  lua_setiuservalue(L, -2, 2);
  turn->source = object;
  turn->shakes = true;
  turn->go_on = go_on_shaking;
  if (!object->closed) ta_check_reader(L, object);
  return go_on_shaking(L, turn);
}

/* ------------------------------------------------------------------------ afterwards */

/* (stream, function): that tells of its TLS. */
static int l_set_about(lua_State *L) {
  lua_settop(L, 2);
  lua_setiuservalue(L, STREAM, TA_TLS_VALUE);
  return 0;
}

/* (stream, words): the trace is told that something is not as it should be. */
static int l_note(lua_State *L) {
  const struct ta_stream_object *object = ta_object_at(L, STREAM);
  if (object->closed) return 0;
  ta_tell_of_outside(ta_upvalue_runner(L), L, TA_EVENT_START, "tls",
                     (uint64_t)object->stream.watch.fd, object->label, luaL_checkstring(L, 2));
  return 0;
}

void ta_push_tls(lua_State *L, int index) {
  if (lua_getiuservalue(L, index, TA_TLS_VALUE) == LUA_TNIL) return;
  lua_pushvalue(L, index);
  lua_call(L, 1, 1);
}

/* ---------------------------------------------------------------------- the Lua half */

static const struct ta_function parts[] = {
    {"raise", ta_l_raise},        {"hint", ta_l_hint},    {"use", l_use},
    {"module", ta_l_module},      {"check", l_check},     {"is_whole", l_is_whole},
    {"flush", ta_l_stream_flush}, {"version", l_version}, {"handshake", l_handshake},
    {"set_about", l_set_about},   {"note", l_note},       {NULL, NULL}};

static int l_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  return 1;
}

static int k_started(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L);
}

int ta_l_stream_start_tls(lua_State *L) {
  ta_check_stream(L);
  ta_push_chunk(ta_upvalue_runner(L), L, ta_chunk_tls);
  lua_getfield(L, -1, "start_tls");
  lua_insert(L, 1);
  lua_pop(L, 1);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, k_started);
  return k_started(L, LUA_OK, 0);
}

void ta_tls_prepare(struct ta_io *io, lua_State *L) {
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_parts);
  lua_setfield(L, -2, "tls_parts");
  lua_pop(L, 1);
  ta_lets_wait(io->runner, L, ta_l_stream_start_tls);
}
