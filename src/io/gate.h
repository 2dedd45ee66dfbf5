/* SPDX-License-Identifier: MIT
 *
 * gate.h -- what scripts may reach, function by function: one table says which of them need
 * what, and what they give instead is made here: nil, "not allowed ...", "EACCES".
 *
 * host/gate.h decides.  Whatever reaches files, commands or the network asks here, in C, where
 * no script can get past it, and has a row: a test walks through all functions of the library.
 */
#ifndef TA_IO_GATE_H
#define TA_IO_GATE_H

#include <lua.h>

#include "host/gate.h"

struct ta_io;

struct ta_gate_row {
  const char *function;   /* "fs.read" */
  const char *kinds;      /* that it needs, for readers; "": none */
  unsigned first, second; /* of its paths: TA_PATH_READ ... */
};

/* Up to one without a function. */
extern const struct ta_gate_row ta_gate_rows[];

/* What a function is about to do, for host/gate.h in any thread; zero: nothing. */
struct ta_guard {
  const struct ta_gate *gate; /* NULL: it may */
  unsigned needs[2];
  const char *paths[2]; /* the second may be NULL */
  enum ta_verdict verdict;
  int which; /* of the paths was refused */
};

/* For the function with that row; the paths have to last.  [-0, +0, v] */
void ta_guard(struct ta_guard *guard, lua_State *L, const struct ta_io *io, const char *function,
              const char *path, const char *other);

/* The same with what is needed of the one path. */
void ta_guard_path(struct ta_guard *guard, const struct ta_io *io, unsigned needs,
                   const char *path);

/* May it?  It asks the disk where the paths lead.  In any thread. */
bool ta_guard_lets(struct ta_guard *guard);

/* Pushes nil, message and "EACCES", after ta_guard_lets() said no, and returns 3. */
int ta_guard_refuse(lua_State *L, const struct ta_guard *guard);

/* Pushes "not allowed to ...", about `what`: a path, a command, host and port; `verb` is for the
 * network, and may be NULL.  [-0, +1, m] */
TA_FOR_MODULES void ta_push_verdict(lua_State *L, enum ta_verdict verdict, const char *verb,
                                    const char *what);

/* Pushes nil, that, and "EACCES", and returns 3.  [-0, +3, m] */
TA_FOR_MODULES int ta_refuse_verdict(lua_State *L, enum ta_verdict verdict, const char *verb,
                                     const char *what);

/* May the script "connect to", or "listen at", the host, or all of ours, "*", and the port, which
 * may be TA_ANY_PORT?  0; or it pushes nil, message, "EACCES", and returns 3.  [-0, +3, m] */
TA_FOR_MODULES int ta_ask_host(lua_State *L, const struct ta_io *io, const char *verb,
                               const char *host, int port);

/* The same for a path, of which TA_PATH_READ or the like is needed at once, as for a file that is
 * named in an option. */
TA_FOR_MODULES int ta_ask_path(lua_State *L, const struct ta_io *io, unsigned needs,
                               const char *path);

/* Replaces Lua's own functions that reach files and commands, if there is a gate that closes
 * anything but addresses.  Before others replace them.  [-0, +0, m] */
void ta_gate_open(struct ta_io *io, lua_State *L);

#endif
