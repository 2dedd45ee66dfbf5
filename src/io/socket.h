/* SPDX-License-Identifier: MIT
 *
 * socket.h -- connections as streams, and what scripts say that they are to be like.
 *
 * It knows neither who has accepted one nor who has connected it.
 */
#ifndef TA_IO_SOCKET_H
#define TA_IO_SOCKET_H

#include "host/net.h"
#include "io/stream.h"

/* What is said of connections: the options of connect, listen and their like. */
struct ta_socket_plan {
  struct ta_socket_options options;
  size_t max_line;
};

/* Of the table at `index`, which Lua has looked through.  [-0, +0, v] */
void ta_check_socket_plan(lua_State *L, int index, struct ta_socket_plan *plan);

/* Pushes a stream over *fd, which is connected with `peer`, and is the stream's then and -1;
 * `label` is as for ta_push_stream().  0, with the stream on top; or a negative errno, and *fd is
 * the caller's still.  Raises before *fd is the stream's, or after.  [-0, +1, m] */
int ta_push_connection(struct ta_io *io, lua_State *L, const char *label,
                       const struct ta_address *peer, const struct ta_socket_plan *plan, int *fd);

#endif
