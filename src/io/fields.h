/* SPDX-License-Identifier: MIT
 *
 * fields.h -- objects that have fields besides their methods.
 *
 * A kind of objects finds its methods in a table; once it is completed the fields are looked for
 * where that has none of the name, and methods of Lua can be added.
 */
#ifndef TA_IO_FIELDS_H
#define TA_IO_FIELDS_H

#include "tinyasync_lib.h"

struct ta_fields {
  const struct ta_object_kind *kind;

  /* Pushes the field of the object, which is at index 1, and says whether there is one.
   * [-0, +(0|1), m] */
  bool (*push)(lua_State *L, const void *object, const char *name);
};

/* Completes the kind of the object on top, which is new; again does nothing.  `fields` must
 * last.  [-0, +0, m] */
void ta_complete_kind(struct ta_runner *runner, lua_State *L, const struct ta_fields *fields);

/* A function for chunks, of such an object and a table of functions: all of its kind have these
 * methods too. */
int ta_l_add_methods(lua_State *L);

#endif
