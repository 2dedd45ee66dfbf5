/* SPDX-License-Identifier: MIT
 *
 * script.h -- a script as a Lua program: its text and its arguments.
 */
#ifndef TA_CLI_SCRIPT_H
#define TA_CLI_SCRIPT_H

#include <lua.h>
#include <stdbool.h>

#include "tinyasync.h"

struct ta_script {
  bool short_form;  /* without the word `run` */
  const char *name; /* a file's, "-" for standard input, NULL with -e */
  char *code;       /* what -e gave, or NULL; malloc'ed */
  char *input;      /* what standard input held, or NULL; malloc'ed */
  char **arguments; /* up to a NULL */
};

/* Sets the global `arg`.  [-0, +0, m] */
void ta_script_set_arg(lua_State *L, const char *program, const struct ta_script *script);

/* Runs what LUA_INIT holds.  On failure returns false, with the error object on
 * top.  [-0, +?, m] */
bool ta_script_run_init(lua_State *L);

/* Pushes the script's chunk; or returns false, with a message on top.
 * [-0, +?, m] */
bool ta_script_load(lua_State *L, struct ta_script *script);

/* Makes the first task of the chunk on top.  [-1, +0, m] */
void ta_script_add(struct ta_runner *runner, lua_State *L, const struct ta_script *script);

void ta_script_free(struct ta_script *script);

#endif
