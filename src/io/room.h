/* SPDX-License-Identifier: MIT
 *
 * room.h -- chunks of Lua that others are made of, by their names; what all of them need.
 */
#ifndef TA_IO_ROOM_H
#define TA_IO_ROOM_H

#include "tinyasync_lib.h"

struct ta_room {
  const char *name;
  const char *const *lines;
};

/* For a C function whose first upvalue is the Runner: pushes what the chunk gives that the first
 * argument names.  The last of the rooms has no name.  [-0, +1, v] */
int ta_push_room(lua_State *L, const struct ta_room *rooms);

/* A function for chunks: (message), a mistake of the script's, where that called us. */
int ta_l_raise(lua_State *L);

/* Likewise: (value) -> can it be called?  Its metatable, or nothing; (name) -> a variable of the
 * environment, or nil. */
int ta_l_can_be_called(lua_State *L);
int ta_l_metatable(lua_State *L);
int ta_l_getenv(lua_State *L);

/* Likewise, (name of a function, its options or nil, table with all that there are as its keys) ->
 * the options, or an empty table: a mistake of the script's, if they are none. */
int ta_l_check_options(lua_State *L);

/* Likewise, (name of a function that waits): who was cancelled starts nothing, nor who could not
 * wait.  Its first upvalue is the Runner. */
int ta_l_enter(lua_State *L);

#endif
