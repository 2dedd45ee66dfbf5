/* SPDX-License-Identifier: MIT
 *
 * connect.h -- connects to the first of several addresses that answers.
 *
 * As RFC 8305 has it: IPv6 and IPv4 take turns, beginning with the family of the first address;
 * an attempt that has not come to anything after 250 ms, or has failed, is joined by the next;
 * who connects first has won, and the others are closed.  One that connects to a path of Unix
 * whose server has no room tries again until there is some.
 *
 * The host has what is under way, and tells once how it ended.  It looks up no names, knows no
 * Lua, and has no time limit of its own but the system's.
 */
#ifndef TA_HOST_CONNECT_H
#define TA_HOST_CONNECT_H

#include <stdbool.h>
#include <stddef.h>

#include "host/address.h"
#include "host/loop.h"

#define TA_CONNECT_DELAY 0.25 /* seconds */

struct ta_connect_options {
  bool nodelay;
  int keepalive; /* seconds of silence after which the peer is asked whether it is there, six times
                    within as many again, a minute at most; 0: never; negative: as the system has
                    it */
  const struct ta_address *local; /* from where, port 0 for any; NULL: the system decides.  Only
                                     addresses of its family are tried */
};

/* In the loop's thread, never in ta_connect_start(): `fd`, which is the owner's from now on,
 * non-blocking and close-on-exec, is connected to `address`.  Or it is a negative errno, of the
 * attempt that says most, with its address.  What was under way is gone. */
typedef void ta_connected_fn(void *data, int fd, const struct ta_address *address);

struct ta_connecting;

/* Begins.  `addresses`, at least one, and the options are copied.  0, or a negative errno: then
 * `done` is not called. */
int ta_connect_start(struct ta_loop *loop, const struct ta_address *addresses, size_t count,
                     const struct ta_connect_options *options, ta_connected_fn *done, void *data,
                     struct ta_connecting **connecting);

/* Nobody wants it any more: all of it is closed, and `done` is not called.  Not after that was. */
void ta_connect_abandon(struct ta_connecting *connecting);

/* Sets what of the options concerns a socket that is there: nodelay, keepalive.  0, or a
 * negative errno. */
int ta_connect_adjust(int fd, int family, const struct ta_connect_options *options);

#endif
