/* SPDX-License-Identifier: MIT */
#include "kit/kit.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stddef.h>

#include "io/room.h"
#include "kit/outside.h"

extern const char *const ta_chunk_args[];
extern const char *const ta_chunk_csv[];
extern const char *const ta_chunk_dotenv[];
extern const char *const ta_chunk_for_bash[];
extern const char *const ta_chunk_for_fish[];
extern const char *const ta_chunk_for_zsh[];
extern const char *const ta_chunk_fs[];
extern const char *const ta_chunk_grammar[];
extern const char *const ta_chunk_jobs[];
extern const char *const ta_chunk_offers[];
extern const char *const ta_chunk_plain[];
extern const char *const ta_chunk_stale[];
extern const char *const ta_chunk_usage[];
extern const char *const ta_chunk_color[];
extern const char *const ta_chunk_log[];
extern const char *const ta_chunk_progress[];
extern const char *const ta_chunk_prompt[];

static const struct ta_chunk_offer parts[] = {
    {(const char *const[]){"args", NULL}, ta_chunk_args},
    {(const char *const[]){"csv", NULL}, ta_chunk_csv},
    {(const char *const[]){"dotenv", NULL}, ta_chunk_dotenv},
    {(const char *const[]){"jobs", NULL}, ta_chunk_jobs},
    {(const char *const[]){"stale", NULL}, ta_chunk_stale},
    {(const char *const[]){"color", NULL}, ta_chunk_color},
    {(const char *const[]){"log", NULL}, ta_chunk_log},
    {(const char *const[]){"progress", NULL}, ta_chunk_progress},
    {(const char *const[]){"prompt", "confirm", "select_one", NULL}, ta_chunk_prompt},
    {NULL, NULL},
};

/* What parts share, and async.fs, which is none of them. */
static const struct ta_room rooms[] = {{"for_bash", ta_chunk_for_bash},
                                       {"for_fish", ta_chunk_for_fish},
                                       {"for_zsh", ta_chunk_for_zsh},
                                       {"fs", ta_chunk_fs},
                                       {"grammar", ta_chunk_grammar},
                                       {"offers", ta_chunk_offers},
                                       {"plain", ta_chunk_plain},
                                       {"usage", ta_chunk_usage},
                                       {NULL, NULL}};

/* (name) -> what NAME.lua gives */
static int l_use(lua_State *L) {
  return ta_push_room(L, rooms);
}

/* Sets in the table on top what Lua's library of tables has under `name`, whatever the script has
 * made of that.  [-0, +0, m] */
static void set_own(lua_State *L, const char *name) {
  lua_pushcfunction(L, luaopen_table);
  lua_call(L, 0, 1);
  lua_getfield(L, -1, name);
  lua_setfield(L, -3, name);
  lua_pop(L, 1);
}

/* () -> a table of what the chunks are made of */
static int l_kit_parts(lua_State *L) {
  static const struct ta_function use[] = {{"use", l_use}, {NULL, NULL}};
  ta_lets_wait(ta_upvalue_runner(L), L, ta_kit_call);
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, use);
  ta_set_functions(ta_upvalue_runner(L), L, ta_kit_outside);
  set_own(L, "sort");
  return 1;
}

void ta_offer_kit(struct ta_runner *runner, lua_State *L) {
  ta_push_environment(runner, L);
  ta_push_function(runner, L, l_kit_parts);
  lua_setfield(L, -2, "kit_parts");
  lua_pop(L, 1);
  ta_offer_chunks(runner, L, parts);
}
