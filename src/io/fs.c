/* SPDX-License-Identifier: MIT */
#include "io/fs.h"

#include <lauxlib.h>

#include "io/files.h"
#include "io/watch.h"

extern const char *const ta_chunk_fs[];

/* What the Lua half is made of. */
static const struct ta_function *const all_parts[] = {ta_file_parts, ta_watch_parts, NULL};

/* () -> a table of it */
static int l_fs_parts(lua_State *L) {
  lua_newtable(L);
  for (const struct ta_function *const *list = all_parts; *list; list++)
    ta_set_functions(ta_upvalue_runner(L), L, *list);
  return 1;
}

void ta_offer_files(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"fs", NULL};
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_fs_parts);
  lua_setfield(L, -2, "fs_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_fs);
}
