/* SPDX-License-Identifier: MIT */
#include "words/obstacle.h"

#include <string.h>

#include "core/level.h"
#include "words/names.h"

static const void *address_of(lua_CFunction function) {
  return (const void *)(uintptr_t)function; /* NOLINT: a key, never called */
}

void ta_lets_wait(struct ta_runner *runner, lua_State *L, lua_CFunction function) {
  ta_check_open(runner, L);
  ta_registry_push(runner, L, TA_REGISTRY_TRANSPARENT);
  lua_pushboolean(L, true);
  lua_rawsetp(L, -2, address_of(function));
  lua_pop(L, 1);
}

/* Lua's own, which scripts call as they find them. */
void ta_obstacle_setup(struct ta_runner *runner, lua_State *L) {
  static const char *const own[] = {"pcall", "xpcall", "dofile"};
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_TRANSPARENT);
  lua_pushglobaltable(L);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    lua_pushstring(L, own[i]);
    lua_rawget(L, -2);
    if (lua_iscfunction(L, -1)) ta_lets_wait(runner, L, lua_tocfunction(L, -1));
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static bool is_transparent(struct ta_runner *runner, lua_State *L, lua_State *co, lua_Debug *ar) {
  if (!lua_checkstack(co, 1)) return false;
  lua_getinfo(co, "f", ar);
  lua_CFunction function = lua_tocfunction(co, -1);
  lua_pop(co, 1);
  ta_registry_push(runner, L, TA_REGISTRY_TRANSPARENT);
  lua_rawgetp(L, -1, address_of(function));
  bool transparent = lua_toboolean(L, -1);
  lua_pop(L, 2);
  return transparent;
}

/* Pushes what to call the function that keeps `co` from yielding, looking from
 * frame `level` outward; false when there is none to name.  Only L, which runs,
 * is used for what may raise. */
static bool push_obstacle(struct ta_runner *runner, lua_State *L, lua_State *co, int level) {
  lua_Debug ar;
  for (; lua_getstack(co, level, &ar); level++) {
    lua_getinfo(co, "Sn", &ar);
    if (ar.name && *ar.namewhat == 'm' && strcmp(ar.name, "__gc") == 0) {
      lua_pushliteral(L, "__gc, a finalizer");
      return true;
    }
    if (*ar.what != 'C' || is_transparent(runner, L, co, &ar)) continue;
    ta_push_c_name(L, co, &ar);
    bool named = strcmp(lua_tostring(L, -1), "a C function") != 0;
    lua_pushstring(L,
                   named ? ", a C function that cannot be suspended" : " that cannot be suspended");
    lua_concat(L, 2);
    return true;
  }
  return false;
}

int ta_raise_cannot_wait(struct ta_runner *runner, lua_State *L, const char *action) {
  struct ta_level *level = runner->level;
  ta_check_open(runner, L);
  if (!runner->current) return ta_error(L, "%s: only a task can wait", action);
  if (!level || level->co != L)
    return ta_error(L, "%s: cannot wait in a coroutine that a C function resumed", action);
  /* The obstacle lies in the innermost coroutine that cannot yield: its own
   * first frame is the C function that was called, or that resumed the next. */
  for (; level; level = level->up) {
    if (level->closing)
      return ta_error(L, "%s: cannot wait in clean-up run by %s", action, level->closing);
    if (!lua_isyieldable(level->co) && push_obstacle(runner, L, level->co, 1))
      return ta_error(L, "%s: cannot wait inside %s", action, lua_tostring(L, -1));
  }
  return ta_error(L, "%s: cannot wait here", action);
}
