/* SPDX-License-Identifier: MIT
 *
 * lasting.h -- objects whose bytes others point to: lists, tasks, loops.
 *
 * What scripts have of such an object is a userdata that points to another one, which has
 * the bytes and which the Runner keeps until the __gc of the first has returned.  When
 * memory is out Lua frees an object whose __gc it could not call: the bytes are still there
 * then, as long as the Runner is, and nobody's pointers lead into freed memory.
 *
 * It knows nothing of what the bytes are.
 */
#ifndef TA_CORE_LASTING_H
#define TA_CORE_LASTING_H

#include "core/runner.h"

#define TA_RUNNER_KEEPS 2 /* user values */

/* Its address is what such a userdata begins with, and no other. */
extern const char ta_lasting_mark;

/* What scripts have.  What it is and whose is said by who makes objects of kinds, and looked at
 * by nobody else. */
struct ta_lasting {
  const void *mark;
  void *bytes;
  const void *kind;
  const struct ta_runner *owner;
  bool finalized; /* and perhaps brought back by another finalizer since */
  int bytes_at;   /* the user value that holds the userdata of the bytes */
};

/* Before anything of this.  [-0, +0, m] */
void ta_lasting_setup(struct ta_runner *runner, lua_State *L);

/* Replaces the metatable on top by a new object with that, of `size` bytes of zeros, and
 * with so many user values of its own.  Its __gc has the Runner as first upvalue and, when
 * nobody points to the bytes any more, calls ta_end_lasting().  [-1, +1, v] */
void *ta_push_lasting(struct ta_runner *runner, lua_State *L, size_t size, int user_values);

/* Pops a value, which is kept as long as the bytes are that point to it.  From it nobody may
 * reach the object at `index`, which would never be collected.  [-1, +0, -] */
void ta_keep_with_bytes(lua_State *L, int index);

/* Pushes what keeps the bytes as long as it is kept.  [-0, +1, -] */
void ta_push_bytes(lua_State *L, int index);

/* The same for bytes that are known to be kept, or nil.  [-0, +1, -] */
void ta_push_kept_bytes(struct ta_runner *runner, lua_State *L, const void *bytes);

/* Nobody points to the bytes of the object at `index` any more.  In a function whose first
 * upvalue is the Runner.  [-0, +0, -] */
void ta_end_lasting(lua_State *L, int index);

/* Has `finalize`, which is not to be trusted with the stack, do what is to be done before
 * that for the object at index 1; nothing else may be kept with its bytes.  In the same place,
 * and with the same upvalues: another call would ask for memory.  [-0, +0, v] */
void ta_call_finalizer(lua_State *L, lua_CFunction finalize);

/* As ta_use_lasting() when it was finalized. */
void ta_revive_lasting(lua_State *L, int index);

/* Others are about to point to the bytes of the object at `index`: if it was finalized it will
 * be again.  In a function whose first upvalue is the Runner.  No finalizer runs.
 * [-0, +0, m] */
static inline void ta_use_lasting(lua_State *L, int index) {
  const struct ta_lasting *lasting = lua_touserdata(L, index);
  if (TA_UNLIKELY(lasting->finalized)) ta_revive_lasting(L, index);
}

/* The bytes of a value of which is known that it is such an object, or nil. */
static inline void *ta_bytes_of(const void *lasting) {
  return lasting ? ((const struct ta_lasting *)lasting)->bytes : NULL;
}

/* Such an object at `index`, or NULL. */
static inline struct ta_lasting *ta_to_lasting(lua_State *L, int index) {
  struct ta_lasting *lasting = lua_touserdata(L, index);
  bool is = lasting && lua_rawlen(L, index) >= sizeof *lasting && lasting->mark == &ta_lasting_mark;
  return is ? lasting : NULL;
}

/* What is known by its address: the bytes of such an object, or another userdata. */
static inline bool ta_is_known_as(lua_State *L, int index, const void *address) {
  if (TA_LIKELY(lua_touserdata(L, index) == address)) return true;
  const struct ta_lasting *lasting = ta_to_lasting(L, index);
  return lasting && lasting->bytes == address;
}

#endif
