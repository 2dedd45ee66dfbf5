/* SPDX-License-Identifier: MIT */
#include "cli/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ending.h"
#include "host/image.h"

/* ---------------------------------------------------------------- loading */

static const char *script_name(const struct ta_options *options) {
  return options->code ? "-e" : options->script;
}

void ta_script_set_arg(lua_State *L, const char *program, const struct ta_options *options) {
  lua_newtable(L);
  lua_pushstring(L, program);
  lua_rawseti(L, -2, options->short_form ? -1 : -2);
  if (!options->short_form) {
    lua_pushliteral(L, "run");
    lua_rawseti(L, -2, -1);
  }
  lua_pushstring(L, script_name(options));
  lua_rawseti(L, -2, 0);
  for (lua_Integer i = 0; options->arguments[i]; i++) {
    lua_pushstring(L, options->arguments[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setglobal(L, "arg");
}

bool ta_script_run_init(lua_State *L) {
  const char *name = "LUA_INIT_5_4";
  const char *code = getenv(name);
  if (!code) code = getenv(name = "LUA_INIT");
  if (!code) return true;
  int status = *code == '@'
                   ? luaL_loadfile(L, code + 1)
                   : luaL_loadbuffer(L, code, strlen(code), lua_pushfstring(L, "=%s", name));
  if (status == LUA_OK) status = lua_pcall(L, 0, 0, 0);
  return status == LUA_OK;
}

/* Reads standard input to its end into `options`.  0, or a negative errno. */
static int read_input(struct ta_options *options, size_t *length) {
  size_t size = 0;
  *length = 0;
  do {
    char *larger = realloc(options->input, (size = size ? 2 * size : 4096));
    if (!larger) return -ENOMEM;
    options->input = larger;
    *length += fread(options->input + *length, 1, size - 1 - *length, stdin);
  } while (*length == size - 1);
  options->input[*length] = '\0';
  return ferror(stdin) ? -errno : 0;
}

/* Where the text goes on after a byte-order mark and a first line with a #; the
 * end of that line stays, for the numbers of the others. */
static const char *skip_head(const char *text) {
  static const char mark[] = "\xEF\xBB\xBF";
  if (strncmp(text, mark, sizeof mark - 1) == 0) text += sizeof mark - 1;
  return *text == '#' ? text + strcspn(text, "\n") : text;
}

/* As luaL_loadfilex() does, and keeps the text for hints. */
static int load_input(lua_State *L, struct ta_options *options) {
  size_t length;
  int error = read_input(options, &length);
  if (error) {
    lua_pushfstring(L, "cannot read stdin: %s", strerror(-error));
    return LUA_ERRFILE;
  }
  const char *text = skip_head(options->input);
  return luaL_loadbufferx(L, text, length - (size_t)(text - options->input), "=stdin", "t");
}

/* Source text only: a damaged precompiled chunk can crash any Lua. */
bool ta_script_load(lua_State *L, struct ta_options *options) {
  static const char binary[] = "attempt to load a binary chunk";
  int status;
  if (options->code)
    status = luaL_loadbufferx(L, options->code, strlen(options->code), "=-e", "t");
  else if (strcmp(options->script, "-") == 0)
    status = load_input(L, options);
  else
    status = luaL_loadfilex(L, options->script, "t");
  if (status == LUA_OK) return true;
  if (status == LUA_ERRSYNTAX && strstr(lua_tostring(L, -1), binary))
    lua_pushfstring(L, "%s: expected Lua source text, got precompiled bytecode",
                    options->script && strcmp(options->script, "-") == 0 ? "stdin"
                                                                         : script_name(options));
  return false;
}

/* ------------------------------------------------------------- first task */

/* What the task is called, and what its "add" in a trace names. */
static struct ta_task_options first_task_options(const struct ta_options *options) {
  if (options->code) return (struct ta_task_options){.name = "-e", .origin = "-e", .program = true};
  if (strcmp(options->script, "-") == 0)
    return (struct ta_task_options){.name = "stdin", .origin = "stdin", .program = true};
  const char *slash = strrchr(options->script, '/');
  return (struct ta_task_options){
      .name = slash ? slash + 1 : options->script, .origin = options->script, .program = true};
}

void ta_script_add(struct ta_run *run, lua_State *L) {
  struct ta_task_options options = first_task_options(&run->options);
  int count = 0;
  for (; run->options.arguments[count]; count++) {
    luaL_checkstack(L, 2, "too many arguments to the script");
    lua_pushstring(L, run->options.arguments[count]);
  }
  ta_add_task(run->runner, L, count, &options);
  lua_pop(L, 1);
}

/* --------------------------------------------------------------------- os */

static int check_status(lua_State *L) {
  if (lua_isboolean(L, 1)) return lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
  return (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
}

/* The functions of Lua and of this program let errors pass, but for one.  What others
 * do with them nobody knows. */
static bool passes(void *data, lua_CFunction function) {
  const struct ta_run *run = data;
  if (function == run->load) return false;
  return ta_image_is_same((void (*)(void))function, (void (*)(void))luaL_openlibs) ||
         ta_image_is_same((void (*)(void))function, (void (*)(void))ta_script_load);
}

/* os.exit([code [, close]]): with `close` all tasks are cancelled first, this
 * one where it stands.  Where the cancellation might not reach its end, all is closed
 * at once. */
static int l_exit(lua_State *L) {
  struct ta_run *run = lua_touserdata(L, lua_upvalueindex(1));
  int code = check_status(L);
  if (!lua_toboolean(L, 2) || !run->runner || run->leaving) {
    ta_run_flush(run);
    exit(code == 0 && run->output_lost ? TA_EXIT_REPORTED : code);
  }
  run->exit_asked = true;
  run->exit_code = code;
  if (!run->started || !ta_reaches_task(run->runner, L, passes, run)) ta_run_leave(run);
  ta_ending_begin(run);
  ta_cancel_running(run->runner);
  ta_raise_cancellation(run->runner, L);
  return luaL_error(L, "os.exit: the run ends");
}

/* os.execute: what was printed so far appears before what the child prints. */
static int l_execute(lua_State *L) {
  luaL_optstring(L, 1, NULL); /* a mistake is the caller's, and named as such */
  ta_run_flush(lua_touserdata(L, lua_upvalueindex(1)));
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

void ta_script_open_os(struct ta_run *run, lua_State *L) {
  run->outside.execute = l_execute;
  lua_getglobal(L, "load");
  run->load = lua_tocfunction(L, -1);
  lua_pop(L, 1);
  lua_getglobal(L, LUA_OSLIBNAME);
  lua_pushlightuserdata(L, run);
  lua_pushcclosure(L, l_exit, 1);
  lua_setfield(L, -2, "exit");
  lua_pushlightuserdata(L, run);
  lua_getfield(L, -2, "execute");
  lua_pushcclosure(L, l_execute, 2);
  lua_setfield(L, -2, "execute");
  lua_pop(L, 1);
}
