/* SPDX-License-Identifier: MIT */
#include "io/seeking.h"

#include <errno.h>
#include <lauxlib.h>
#include <unistd.h>

#include "host/filestream.h"
#include "io/disk.h"
#include "io/refusal.h"
#include "io/stream.h"
#include "io/waiting.h"

enum { STREAM = 1, WHENCE, OFFSET };

static int give_place(lua_State *L, const struct ta_stream_object *object, off_t place) {
  if (place < 0) return ta_refuse(L, (int)place, "cannot seek in %s", object->label);
  lua_pushinteger(L, place);
  return 1;
}

/* ---------------------------------------------------- from the end of what is far */

struct measure {
  struct ta_errand errand;   /* the first */
  struct ta_open_file *file; /* NULL: a thread has asked */
  off_t offset, size;        /* the latter may be a negative errno */
};

static void run(struct ta_errand *errand) {
  struct measure *measure = (struct measure *)errand;
  measure->size = ta_open_file_size(measure->file);
  measure->file = NULL;
}

/* Others may have closed the stream meanwhile, or be in the middle of a read. */
static int give(lua_State *L, struct ta_errand *errand) {
  const struct measure *measure = (const struct measure *)errand;
  struct ta_stream_object *object = ta_check_object(L, STREAM, &ta_stream_kind);
  off_t place = measure->size;
  if (object->closed) return ta_refuse_closed(L);
  ta_check_reader(L, object);
  if (place >= 0 && __builtin_add_overflow(place, measure->offset, &place)) place = -EINVAL;
  if (measure->size >= 0) place = place < 0 ? -EINVAL : ta_seek_stream(object, place, SEEK_SET);
  return give_place(L, object, place);
}

static void drop(struct ta_errand *errand) {
  struct measure *measure = (struct measure *)errand;
  if (measure->file) ta_open_file_leave(measure->file);
}

static const struct ta_errand_kind measure_kind = {
    .wait = TA_ERRAND_WAIT("seek"), .run = run, .give = give, .drop = drop};

static int ask_for_end(lua_State *L, const struct ta_stream_object *object, off_t offset) {
  struct measure *measure =
      ta_push_errand(ta_upvalue_runner(L), L, &measure_kind, sizeof *measure, object->label);
  ta_check_not_closed(L, object); /* by a finalizer */
  measure->file = ta_filestream_share(&object->stream);
  measure->offset = offset;
  return ta_send_errand(L, TA_LANE_FAR);
}

/* -------------------------------------------------------------------------- places */

/* (stream [, whence [, offset]]) -> the new place, as Lua's file:seek() */
int ta_l_stream_seek(lua_State *L) {
  static const char *const names[] = {"set", "cur", "end", NULL};
  static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
  struct ta_stream_object *object = ta_check_object(L, STREAM, &ta_stream_kind);
  ta_check_not_closed(L, object);
  int whence = whences[luaL_checkoption(L, WHENCE, "cur", names)];
  off_t offset = (off_t)luaL_optinteger(L, OFFSET, 0);
  ta_check_reader(L, object);
  if (whence == SEEK_END && ta_is_far_stream(&object->stream))
    return ask_for_end(L, object, offset);
  return give_place(L, object, ta_seek_stream(object, offset, whence));
}
