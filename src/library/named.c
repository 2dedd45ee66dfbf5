/* SPDX-License-Identifier: MIT */
#include "library/named.h"

#include <string.h>

#include "core/kit.h"
#include "core/lasting.h"
#include "core/where.h"
#include "library/select.h"
#include "utf8.h"

/* From a kind to its twin for objects without a name. */
#define TO_UNNAMED (TA_REGISTRY_UNNAMED_EVENT - TA_REGISTRY_EVENT)

/* Its own user values: the name, and what the kind has for it. */
enum { USER_VALUES = TA_NAMED_BYTES - 1 };

static void check_name(struct ta_runner *runner, lua_State *L, int name_index, int which) {
  if (!lua_isnoneornil(L, name_index) && lua_type(L, name_index) != LUA_TSTRING)
    ta_raise_type(L, name_index, "string", "it is a name, for reports");
  ta_check_open(runner, L);
  if (TA_UNLIKELY(!runner->kinds[which])) ta_error(L, "the library is not open");
}

/* The metatable for one that has such a name. */
static void push_kind(struct ta_runner *runner, lua_State *L, int name_index, int which) {
  ta_registry_push(runner, L, lua_isstring(L, name_index) ? which : which + TO_UNNAMED);
}

/* What is zero otherwise, of the object on top. */
static void begin(const struct ta_runner *runner, lua_State *L, struct ta_named *named,
                  int name_index, int which) {
  ta_list_init(&named->waiting);
  named->kind = &runner->kinds[which];
  if (!lua_isstring(L, name_index)) return;
  named->name = lua_tolstring(L, name_index, &named->name_length);
  lua_pushvalue(L, name_index);
  lua_setiuservalue(L, -2, 1);
}

void *ta_push_named(struct ta_runner *runner, lua_State *L, size_t size, int name_index,
                    int which) {
  check_name(runner, L, name_index, which);
  struct ta_named *named = lua_newuserdatauv(L, size, USER_VALUES);
  ta_check_open(runner, L);
  memset(named, 0, size);
  begin(runner, L, named, name_index, which);
  push_kind(runner, L, name_index, which);
  lua_setmetatable(L, -2);
  return named;
}

void *ta_push_lasting_named(struct ta_runner *runner, lua_State *L, size_t size, int name_index,
                            int which) {
  check_name(runner, L, name_index, which);
  lua_settop(L, name_index);
  push_kind(runner, L, name_index, which);
  struct ta_named *named = ta_push_lasting(runner, L, size, USER_VALUES);
  begin(runner, L, named, name_index, which);
  if (!named->name) return named;
  lua_pushvalue(L, name_index);
  ta_keep_with_bytes(L, -2);
  return named;
}

void ta_quote_name(const char *name, size_t length, char *text, size_t size) {
  size_t most = size - sizeof " ''";
  size_t shown = length > most ? ta_utf8_cut(name, most) : length;
  char *out = text;
  *out++ = ' ';
  *out++ = '\'';
  for (size_t i = 0; i < shown; i++) *out++ = name[i] ? name[i] : ' ';
  *out++ = '\'';
  *out = '\0';
}

void ta_describe_name(const struct ta_named *named, char *text, size_t size) {
  *text = '\0';
  if (named->name) ta_quote_name(named->name, named->name_length, text, size);
}

/* A method from the table that is upvalue 2, or the field `name`. */
static int l_index(lua_State *L) {
  lua_settop(L, 2);
  bool wants_name = ta_is_word(L, 2, "name");
  if (wants_name && lua_isuserdata(L, 1))
    lua_getiuservalue(L, 1, 1);
  else
    lua_gettable(L, lua_upvalueindex(2));
  return 1;
}

void ta_new_named_kind(struct ta_runner *runner, lua_State *L, const char *name,
                       const struct ta_function *methods) {
  ta_new_kind(runner, L, name, methods);
  ta_push_runner(runner, L);
  lua_getfield(L, -2, "__index");
  lua_pushcclosure(L, l_index, 2);
  lua_setfield(L, -2, "__index");
}

void ta_keep_named_kind(struct ta_runner *runner, lua_State *L, int which,
                        const struct ta_selectable *selectable) {
  int named = lua_gettop(L);
  if (runner->kinds[which]) { /* the library is opened again */
    lua_pop(L, 1);
    return;
  }
  if (selectable) ta_make_selectable(runner, L, selectable);
  ta_push_copy(L);
  lua_getfield(L, named, "__index");
  lua_getupvalue(L, -1, 2);
  lua_setfield(L, named + 1, "__index");
  lua_pop(L, 1);
  if (selectable) ta_make_selectable(runner, L, selectable);
  runner->unnamed[which] = lua_topointer(L, -1);
  ta_registry_set(runner, L, which + TO_UNNAMED);
  ta_registry_set(runner, L, which);
}
