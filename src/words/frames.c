/* SPDX-License-Identifier: MIT */
#include "words/frames.h"

#include <lauxlib.h>
#include <string.h>

#include "core/runner.h"

/* Adds a line.  Lua finds our functions in the loaded module; scripts call them by
 * the global's name. */
static void add_line(luaL_Buffer *buffer, const char *line, size_t length) {
  static const char module[] = " 'tinyasync.";
  const char *found = strstr(line, module);
  if (found && found < line + length) {
    size_t before = (size_t)(found - line) + 2;
    luaL_addlstring(buffer, line, before);
    line += before + strlen("tiny");
    length -= before + strlen("tiny");
  }
  luaL_addlstring(buffer, line, length);
}

/* What a line of a traceback is about. */
enum line { SCRIPT_LINE, C_LINE, OWN_LINE, TAIL_LINE };

static enum line kind_of(const char *line, size_t length) {
  static const char own[] = "\n\t(tinyasync):";
  static const char unnamed[] = "\n\t[C]: in ?";
  static const char c_line[] = "\n\t[C]:";
  static const char tail[] = "\n\t(...tail calls...)";
  if (strncmp(line, own, sizeof own - 1) == 0) return OWN_LINE;
  if (length == sizeof unnamed - 1 && strncmp(line, unnamed, length) == 0) return OWN_LINE;
  if (strncmp(line, tail, sizeof tail - 1) == 0) return TAIL_LINE;
  return strncmp(line, c_line, sizeof c_line - 1) == 0 ? C_LINE : SCRIPT_LINE;
}

/* Our own lines are left out, with the C functions that they call and the tail
 * calls that they make. */
void ta_push_frames(lua_State *L, lua_State *co, int level) {
  luaL_Buffer buffer;
  ta_check_stack(L, LUA_MINSTACK);
  luaL_traceback(L, co, NULL, level);
  const char *line = strchr(lua_tostring(L, -1), '\n');
  enum line last = SCRIPT_LINE;
  size_t added = 0; /* bytes of the last line */
  luaL_buffinit(L, &buffer);
  while (line) {
    const char *next = strchr(line + 1, '\n');
    size_t length = next ? (size_t)(next - line) : strlen(line);
    enum line kind = kind_of(line, length);
    size_t before = luaL_bufflen(&buffer);
    if (kind == OWN_LINE && last == C_LINE) luaL_buffsub(&buffer, added);
    if (kind != OWN_LINE && !(kind == TAIL_LINE && last == OWN_LINE))
      add_line(&buffer, line, length);
    added = luaL_bufflen(&buffer) - before;
    last = kind;
    line = next;
  }
  luaL_pushresult(&buffer);
  lua_replace(L, -2);
}
