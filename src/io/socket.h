/* SPDX-License-Identifier: MIT
 *
 * socket.h -- connections as streams, and what scripts say that they are to be like.
 *
 * It knows neither who has accepted one nor who has connected it.
 */
#ifndef TA_IO_SOCKET_H
#define TA_IO_SOCKET_H

#include "host/connect.h"
#include "io/stream.h"

/* What is said of connections: the options of connect, listen and their like. */
struct ta_socket_plan {
  bool nodelay;
  int keepalive;           /* as ta_connect_options has it */
  struct ta_address local; /* none: the system decides */
  size_t max_line;         /* bytes */
};

/* Of the table at `index`, which Lua has looked through.  [-0, +0, v] */
void ta_check_socket_plan(lua_State *L, int index, struct ta_socket_plan *plan);

/* The same for the host.  Lasts as long as the plan. */
struct ta_connect_options ta_options_of(const struct ta_socket_plan *plan);

/* Pushes a stream, closed, to be opened over a socket of the `sort` "tcp" or "unix".  `name` is
 * what it is called, `peer` the address of whoever is at the other end.  [-0, +1, m] */
struct ta_stream_object *ta_push_connection(struct ta_io *io, lua_State *L, const char *sort,
                                            const char *name, const char *peer,
                                            const struct ta_socket_plan *plan);

/* Opens it, which is on top, over *fd, which is -1 then.  0; -ECANCELED: *fd was -1, as a finalizer
 * has closed it; or another negative errno, and *fd is the caller's still.  Where it raises it
 * has opened nothing.  [-0, +0, m] */
int ta_open_connection(lua_State *L, struct ta_stream_object *object, int *fd);

#endif
