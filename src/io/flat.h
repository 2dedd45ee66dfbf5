/* SPDX-License-Identifier: MIT
 *
 * flat.h -- values on their way to another Lua state.
 *
 * A message is bytes in memory of its own, and belongs to one side at a time.  It holds
 * numbers, strings, booleans, and plain tables with what they share and how they come back to
 * themselves; a function by its code; channels, which both sides have then.  Packing asks Lua
 * for room on the stack only, so that it cannot raise; what cannot be copied is told in words.
 *
 * It knows no threads.  How deep tables lie one in the other matters to Lua's stack alone, not
 * to C's: some 300,000 may.
 */
#ifndef TA_IO_FLAT_H
#define TA_IO_FLAT_H

#include <lua.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ta_runner;
struct ta_crossing;

struct ta_flat {
  unsigned char *bytes;
  size_t size, room;
  uint32_t values; /* how many were packed, a function included */
  uint32_t tables;
  uint32_t deepest;              /* so many tables lie one in the other */
  bool shares;                   /* some table comes more than once */
  bool has_keys;                 /* some keys are told by their place */
  struct ta_crossing **channels; /* that are in it, in order; it has a share in each */
  uint32_t channel_count;
};

/* What cannot be copied, in words. */
struct ta_complaint {
  char text[400];
};

/* Packs the function at `index`, which has to come first.  0; -ENOMEM; or -EINVAL: the words
 * say why it cannot run elsewhere.  [-0, +0, -] */
int ta_flat_pack_function(lua_State *L, int index, struct ta_flat *flat,
                          struct ta_complaint *complaint);

/* Appends `count` values from `first` on.  `what` they are: "argument", of which the words
 * name the number too, unless there is no more than one and `number` is 0.  0; -ENOMEM; or
 * -EINVAL.  [-0, +0, -] */
int ta_flat_pack(struct ta_runner *runner, lua_State *L, int first, int count, const char *what,
                 int number, struct ta_flat *flat, struct ta_complaint *complaint);

/* Packs the value on top, an error object: metatables are left behind, but for what tostring()
 * makes of the tables, and what cannot be copied is told in its words.  0, -ENOMEM, or -EINVAL.
 * [-0, +0, -] */
int ta_flat_pack_loosely(struct ta_runner *runner, lua_State *L, struct ta_flat *flat);

/* Pushes what is in it, and returns how many values.  The collector rests meanwhile.  It is
 * empty then, also when this raises.  [-0, +n, e] */
int ta_flat_move(struct ta_runner *runner, lua_State *L, struct ta_flat *flat);

/* Frees what it has, and leaves it empty. */
void ta_flat_free(struct ta_flat *flat);

#endif
