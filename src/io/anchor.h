/* SPDX-License-Identifier: MIT
 *
 * anchor.h -- what memory of our own keeps in Lua until it is closed.
 *
 * User values of an object do not last: when memory is out Lua frees an object whose finalizer
 * it could not call, and all that nothing else keeps.  What was lost so is still there until
 * the Lua state is closed, and is told then.
 */
#ifndef TA_IO_ANCHOR_H
#define TA_IO_ANCHOR_H

#include <lua.h>

/* It lies in that memory. */
struct ta_anchor {
  int place;
  void (*lost)(struct ta_anchor *anchor); /* the Lua state is closed: may not use it */
};

/* Before any object whose finalizer closes an anchor: that one is called first, then.
 * [-0, +0, m] */
void ta_set_up_anchors(lua_State *L);

/* A place for one, before its memory is asked for.  [-0, +0, m] */
int ta_reserve_anchor(lua_State *L);

/* Gives the place back.  [-0, +0, -] */
void ta_release_anchor(lua_State *L, int place);

/* `lost` has it closed if nobody else does.  [-0, +0, -] */
void ta_open_anchor(lua_State *L, int place, void (*lost)(struct ta_anchor *anchor),
                    struct ta_anchor *anchor);

/* Keeps the value at `index` too.  [-0, +0, m] */
void ta_keep_at_anchor(lua_State *L, const struct ta_anchor *anchor, int index);

/* Keeps nothing any more.  [-0, +0, -] */
void ta_close_anchor(lua_State *L, const struct ta_anchor *anchor);

#endif
