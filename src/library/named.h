/* SPDX-License-Identifier: MIT
 *
 * named.h -- what channels, locks and events have in common.
 *
 * Each is a userdata with perhaps a name, by which reports call it, and a queue of waiting
 * tasks.  Who comes first gets first, at the moment something is released.
 *
 * Who is stepped first is not its affair but the Runner's.
 */
#ifndef TA_LIBRARY_NAMED_H
#define TA_LIBRARY_NAMED_H

#include "core/task.h"
#include "core/kit.h"

/* The beginning of each of them. */
struct ta_named {
  const void *kind; /* &runner->kinds[which] */
  struct ta_list waiting;
  const char *name; /* NULL, or kept in the first user value */
  size_t name_length;
  bool outside; /* C sets or fills it: who waits for it waits for the outside */
};

/* Reads the optional name at `index`, makes the userdata of `size` bytes and
 * pushes it.  [-0, +1, e] */
void *ta_push_named(struct ta_runner *runner, lua_State *L, size_t size, int name_index, int which);

/* The same where others point to the bytes, whose name is kept with them: see core/lasting.h.
 * The user value that holds them is the one after the object's own. */
enum { TA_NAMED_BYTES = 3 };
void *ta_push_lasting_named(struct ta_runner *runner, lua_State *L, size_t size, int name_index,
                            int which);

/* The object of the kind at `index`, or NULL: as ta_to_kind(), in less time.  What the
 * address stands for is its own, so that no userdata of somebody else's holds it. */
static inline void *ta_to_named(const struct ta_runner *runner, lua_State *L, int index,
                                int which) {
  struct ta_named *named = lua_touserdata(L, index);
  bool same =
      named && lua_rawlen(L, index) >= sizeof *named && named->kind == &runner->kinds[which];
  return same ? named : NULL;
}

/* Writes the name in quotes, or nothing. */
void ta_describe_name(const struct ta_named *named, char *text, size_t size);

/* Writes any name like that, cut to `size` bytes, with blanks instead of zeros. */
void ta_quote_name(const char *name, size_t length, char *text, size_t size);

/* Makes a kind of such objects, with a field `name`: pushes its metatable.
 * [-0, +1, m] */
void ta_new_named_kind(struct ta_runner *runner, lua_State *L, const char *name,
                       const struct ta_function *methods);

/* Pops that metatable, which is complete, and keeps it under `which`, unless one is kept
 * there already; and beside it a twin for objects without a name, whose methods Lua finds
 * by itself, in half the time.  `selectable`, by which both are selected, may be NULL.
 * [-1, +0, m] */
void ta_keep_named_kind(struct ta_runner *runner, lua_State *L, int which,
                        const struct ta_selectable *selectable);

#endif
