/* SPDX-License-Identifier: MIT
 *
 * script.h -- a script as a Lua program: its text, its arguments, and the
 * functions of os that a Runner must know of.
 */
#ifndef TA_CLI_SCRIPT_H
#define TA_CLI_SCRIPT_H

#include "cli/run.h"

/* Sets the global `arg`.  [-0, +0, m] */
void ta_script_set_arg(lua_State *L, const char *program, const struct ta_options *options);

/* Runs what LUA_INIT holds.  On failure returns false, with the error object on
 * top.  [-0, +?, m] */
bool ta_script_run_init(lua_State *L);

/* Pushes the script's chunk; or returns false, with a message on top.
 * [-0, +?, m] */
bool ta_script_load(lua_State *L, struct ta_options *options);

/* Makes the first task of the chunk on top.  [-1, +0, m] */
void ta_script_add(struct ta_run *run, lua_State *L);

/* Replaces os.exit and os.execute.  [-0, +0, m] */
void ta_script_open_os(struct ta_run *run, lua_State *L);

#endif
