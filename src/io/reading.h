/* SPDX-License-Identifier: MIT
 *
 * reading.h -- what scripts read from a stream: formats as Lua's files have them, whatever
 * is there, up to a text, and lines one by one.
 *
 * Bytes lie in the stream's buffer until a whole read is there; then they are taken.
 */
#ifndef TA_IO_READING_H
#define TA_IO_READING_H

#include <lua.h>

/* Methods.  [-all, +n, v] */
int ta_l_stream_read(lua_State *L);
int ta_l_stream_read_some(lua_State *L);
int ta_l_stream_read_until(lua_State *L);
int ta_l_stream_lines(lua_State *L);

/* As lines(), but what it gives returns what read() does.  [-all, +1, v] */
int ta_l_stream_line_reader(lua_State *L);

/* How Lua's own files were asked to read: which argument of that function the first format
 * was, and what becomes of the results. */
enum ta_file_read { TA_FILE_READ, TA_IO_READ, TA_FILE_NEXT };

/* Reads from the stream on top as from a file of Lua's, with exactly what that would give.  The
 * file, which is kept meanwhile, is at index 1, the formats follow.  Where nothing can wait it
 * blocks.  Use it as the return of a C function, whose first upvalue is the Runner.
 * [-all, +n, v] */
int ta_read_as_file(lua_State *L, enum ta_file_read how);

#endif
