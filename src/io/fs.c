/* SPDX-License-Identifier: MIT */
#include "io/fs.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <unistd.h>

#include "io/files.h"
#include "io/nearest.h"
#include "io/opening.h"
#include "io/refusal.h"
#include "io/room.h"
#include "io/tree.h"
#include "io/walk.h"
#include "io/watch.h"

extern const char *const ta_chunk_fs[];
extern const char *const ta_chunk_place[];
extern const char *const ta_chunk_trees[];

static const struct ta_room rooms[] = {
    {"place", ta_chunk_place}, {"trees", ta_chunk_trees}, {NULL, NULL}};

/* (name) -> what NAME.lua gives */
static int l_use(lua_State *L) {
  return ta_push_room(L, rooms);
}

/* () -> the program's */
static int l_working_directory(lua_State *L) {
  char path[PATH_MAX];
  if (!getcwd(path, sizeof path)) return ta_refuse(L, -errno, "cannot find the directory");
  lua_pushstring(L, path);
  return 1;
}

static const struct ta_function parts[] = {{"raise", ta_l_raise},
                                           {"use", l_use},
                                           {"hint", ta_l_hint},
                                           {"check_options", ta_l_check_options},
                                           {"getenv", ta_l_getenv},
                                           {"working_directory", l_working_directory},
                                           {NULL, NULL}};

/* What the Lua half is made of. */
static const struct ta_function *const all_parts[] = {
    parts, ta_file_parts, ta_opening_parts, ta_tree_parts, ta_walk_parts, ta_watch_parts, NULL};

/* () -> a table of it */
static int l_fs_parts(lua_State *L) {
  lua_newtable(L);
  for (const struct ta_function *const *list = all_parts; *list; list++)
    ta_set_functions(ta_upvalue_runner(L), L, *list);
  return 1;
}

void ta_offer_files(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"fs", "cd", "temp_dir", NULL};
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_fs_parts);
  lua_setfield(L, -2, "fs_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_fs);
}
