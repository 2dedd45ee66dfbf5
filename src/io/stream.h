/* SPDX-License-Identifier: MIT
 *
 * stream.h -- streams as scripts have them: one interface for pipes, sockets, terminals.
 *
 * It joins host/stream with tasks.  One task reads at a time, writes of several go out
 * whole and in order.  It knows nothing of where the descriptors come from.
 */
#ifndef TA_IO_STREAM_H
#define TA_IO_STREAM_H

#include "host/stream.h"
#include "io/io.h"

#define TA_MAX_LINE (16 << 20) /* bytes, unless said otherwise */

struct ta_stream_object;

/* Pushes a stream, closed, for ta_open_stream().  `label` is what traces, reports and
 * messages call it, as "stdout of 'make'"; it is copied.  [-0, +1, m] */
struct ta_stream_object *ta_push_stream(struct ta_io *io, lua_State *L, const char *label);

/* Opens it over `fd`, as ta_stream_open() does.  Allocates nothing in Lua. */
int ta_open_stream(struct ta_stream_object *object, enum ta_watch_kind kind, int fd);

/* Lines longer than this are refused. */
void ta_set_max_line(struct ta_stream_object *object, size_t bytes);

/* The stream at `index`, or NULL.  [-0, +0, -] */
TA_FOR_MODULES struct ta_stream_object *ta_to_stream(struct ta_runner *runner, lua_State *L,
                                                     int index);

/* What it is for the host. */
TA_FOR_MODULES struct ta_stream *ta_stream_of(struct ta_stream_object *object);

/* Nobody will write any more into what it reads: whoever reads finds the end, after what
 * came before. */
void ta_end_stream(struct ta_stream_object *object);

/* Is something there that nobody has taken, or does something come at a last look?  Whoever
 * waits for it is woken. */
bool ta_look_at_stream(struct ta_stream_object *object);

/* Takes up to `size` bytes for C code, and blocks until there are some.  How many; 0 at the end;
 * or a negative errno: -EINTR, it is to be broken off. */
ssize_t ta_read_stream_here(struct ta_stream_object *object, char *bytes, size_t size);

/* Writes all of it after what tasks are writing, and blocks.  0, or a negative errno. */
int ta_write_stream_here(struct ta_stream_object *object, const char *bytes, size_t size);

/* As ta_stream_seek(); whoever is in the middle of a read begins anew, or fails. */
off_t ta_seek_stream(struct ta_stream_object *object, off_t offset, int whence);

/* The stream on top gets the path at `index`, for scripts.  [-0, +0, -] */
void ta_set_stream_path(lua_State *L, int index);

/* The stream below the text on top gets it for scripts: the address of its peer, or its own.
 * [-1, +0, -] */
void ta_set_stream_peer(lua_State *L);
void ta_set_stream_local_address(lua_State *L);

/* Was a wait for it given up, and not begun again since? */
bool ta_was_given_up(const struct ta_stream_object *object);

/* From now on no byte is read before it is asked for; or again as many as there are. */
void ta_set_unbuffered(struct ta_stream_object *object, bool unbuffered);

/* Does a write wait, or another for its turn? */
bool ta_is_written(const struct ta_stream_object *object);

/* Is it closed, or about to be? */
bool ta_is_stream_closed(const struct ta_stream_object *object);

/* Closes it at once, as __gc does; waiters are woken.  [-0, +0, -] */
void ta_close_stream(struct ta_stream_object *object);

#endif
