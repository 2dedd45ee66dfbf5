/* SPDX-License-Identifier: MIT
 *
 * object.c -- kinds of objects that libraries add.
 *
 * An object says what it is and whose, and so does its metatable, which has the Runner under the
 * address of the kind: so an object is known also when the Runner is gone, and one of another
 * Runner is not taken for one of ours.
 */
#include <lauxlib.h>
#include <string.h>

#include "core/kit.h"
#include "core/lasting.h"
#include "library/select.h"

/* The kind's own __gc, or NULL. */
static lua_CFunction finalizer_of(const struct ta_object_kind *kind) {
  const struct ta_function *meta = kind->meta;
  while (meta && meta->name && strcmp(meta->name, "__gc") != 0) meta++;
  return meta ? meta->function : NULL;
}

/* Its second upvalue is the kind, whose own __gc has the same upvalues then.  Unless that
 * returns somebody may still point to the object. */
static int l_finalize(lua_State *L) {
  const struct ta_object_kind *kind = lua_touserdata(L, lua_upvalueindex(2));
  if (!ta_to_object(ta_upvalue_runner(L), L, 1, kind)) return luaL_typeerror(L, 1, kind->name);
  lua_CFunction finalize = finalizer_of(kind);
  if (finalize) ta_call_finalizer(L, finalize);
  ta_end_lasting(L, 1);
  return 0;
}

static void push_finalizer(struct ta_runner *runner, lua_State *L,
                           const struct ta_object_kind *kind) {
  ta_push_runner(runner, L);
  lua_pushlightuserdata(L, (void *)(uintptr_t)kind);
  lua_pushcclosure(L, l_finalize, 2);
}

/* Pushes the kind's metatable, which is made at the first call. */
static void push_metatable(struct ta_runner *runner, lua_State *L,
                           const struct ta_object_kind *kind) {
  ta_registry_push(runner, L, TA_REGISTRY_KINDS);
  if (lua_rawgetp(L, -1, kind) == LUA_TNIL) {
    lua_pop(L, 1);
    ta_new_kind(runner, L, kind->name, kind->methods);
    if (kind->meta) ta_set_functions(runner, L, kind->meta);
    push_finalizer(runner, L, kind);
    lua_setfield(L, -2, "__gc");
    lua_pushlightuserdata(L, runner);
    lua_rawsetp(L, -2, kind);
    if (kind->select) ta_make_selectable(runner, L, kind->select);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, kind);
  }
  lua_remove(L, -2);
}

void *ta_push_object(struct ta_runner *runner, lua_State *L, const struct ta_object_kind *kind,
                     size_t size, int user_values) {
  ta_check_stack(L, LUA_MINSTACK);
  ta_check_open(runner, L);
  push_metatable(runner, L, kind);
  void *object = ta_push_lasting(runner, L, size, user_values);
  struct ta_lasting *lasting = lua_touserdata(L, -1);
  lasting->kind = kind;
  lasting->owner = runner;
  return object;
}

/* The Runner of the kind's object at `index`; NULL where there is none. */
static const struct ta_runner *owner_of(lua_State *L, int index,
                                        const struct ta_object_kind *kind) {
  if (!lua_touserdata(L, index) || !lua_getmetatable(L, index)) return NULL;
  lua_rawgetp(L, -1, kind);
  const struct ta_runner *owner = lua_touserdata(L, -1);
  lua_pop(L, 2);
  return owner;
}

/* The object, if it says itself that it is one of those: most calls ask for no more.  Of one that
 * was finalized the memory may be somebody else's by now, who has written nothing there: its
 * metatable is asked. */
static void *at_first_sight(const struct ta_runner *runner, lua_State *L, int index,
                            const struct ta_object_kind *kind) {
  const struct ta_lasting *lasting = ta_to_lasting(L, index);
  if (!lasting || lasting->kind != kind) return NULL;
  return lasting->owner == runner && !lasting->finalized ? lasting->bytes : NULL;
}

void *ta_to_object(const struct ta_runner *runner, lua_State *L, int index,
                   const struct ta_object_kind *kind) {
  void *object = at_first_sight(runner, L, index, kind);
  if (TA_LIKELY(object != NULL)) return object;
  const struct ta_runner *owner = owner_of(L, index, kind);
  return owner && owner == runner ? ta_object_at(L, index) : NULL;
}

void *ta_object_at(lua_State *L, int index) {
  return ta_bytes_of(ta_to_lasting(L, index));
}

void *ta_check_object(lua_State *L, int index, const struct ta_object_kind *kind) {
  const struct ta_runner *runner = ta_upvalue_runner(L);
  void *object = at_first_sight(runner, L, index, kind);
  if (TA_LIKELY(object != NULL)) return object;
  object = ta_to_object(runner, L, index, kind);
  bool foreign = !object && owner_of(L, index, kind);
  if (foreign) luaL_typeerror(L, index, lua_pushfstring(L, "%s of this Runner", kind->name));
  if (!object) luaL_typeerror(L, index, kind->name);
  ta_use_lasting(L, index);
  return object;
}
