/* SPDX-License-Identifier: MIT */
#include "core/level.h"

int ta_close_coroutine(struct ta_runner *runner, lua_State *co, lua_State *from, const char *by) {
  struct ta_level *up = runner->level;
  struct ta_level level = {.co = co, .up = up, .closing = by, .depth = up ? up->depth + 1 : 1};
  runner->level = &level;
#if LUA_VERSION_RELEASE_NUM >= 50406
  int status = lua_closethread(co, from);
#else
  (void)from;
  int status = lua_resetthread(co);
#endif
  runner->level = up;
  return status;
}
