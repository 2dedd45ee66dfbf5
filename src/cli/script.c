/* SPDX-License-Identifier: MIT */
#include "cli/script.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- loading */

static const char *script_name(const struct ta_script *script) {
  return script->code ? "-e" : script->name;
}

void ta_script_set_arg(lua_State *L, const char *program, const struct ta_script *script) {
  lua_newtable(L);
  lua_pushstring(L, program);
  lua_rawseti(L, -2, script->short_form ? -1 : -2);
  if (!script->short_form) {
    lua_pushliteral(L, "run");
    lua_rawseti(L, -2, -1);
  }
  lua_pushstring(L, script_name(script));
  lua_rawseti(L, -2, 0);
  for (lua_Integer i = 0; script->arguments[i]; i++) {
    lua_pushstring(L, script->arguments[i]);
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

/* Reads standard input to its end into `script`.  0, or a negative errno. */
static int read_input(struct ta_script *script, size_t *length) {
  size_t size = 0;
  *length = 0;
  do {
    char *larger = realloc(script->input, (size = size ? 2 * size : 4096));
    if (!larger) return -ENOMEM;
    script->input = larger;
    *length += fread(script->input + *length, 1, size - 1 - *length, stdin);
  } while (*length == size - 1);
  script->input[*length] = '\0';
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
static int load_input(lua_State *L, struct ta_script *script) {
  size_t length;
  int error = read_input(script, &length);
  if (error) {
    lua_pushfstring(L, "cannot read stdin: %s", strerror(-error));
    return LUA_ERRFILE;
  }
  const char *text = skip_head(script->input);
  return luaL_loadbufferx(L, text, length - (size_t)(text - script->input), "=stdin", "t");
}

/* Source text only: a damaged precompiled chunk can crash any Lua. */
bool ta_script_load(lua_State *L, struct ta_script *script) {
  static const char binary[] = "attempt to load a binary chunk";
  int status;
  if (script->code)
    status = luaL_loadbufferx(L, script->code, strlen(script->code), "=-e", "t");
  else if (strcmp(script->name, "-") == 0)
    status = load_input(L, script);
  else
    status = luaL_loadfilex(L, script->name, "t");
  if (status == LUA_OK) return true;
  if (status == LUA_ERRSYNTAX && strstr(lua_tostring(L, -1), binary))
    lua_pushfstring(L, "%s: expected Lua source text, got precompiled bytecode",
                    script->name && strcmp(script->name, "-") == 0 ? "stdin" : script_name(script));
  return false;
}

/* ------------------------------------------------------------- first task */

/* What the task is called, and what its "add" in a trace names. */
static struct ta_task_options first_task_options(const struct ta_script *script) {
  if (script->code) return (struct ta_task_options){.name = "-e", .origin = "-e", .program = true};
  if (strcmp(script->name, "-") == 0)
    return (struct ta_task_options){.name = "stdin", .origin = "stdin", .program = true};
  const char *slash = strrchr(script->name, '/');
  return (struct ta_task_options){
      .name = slash ? slash + 1 : script->name, .origin = script->name, .program = true};
}

void ta_script_add(struct ta_runner *runner, lua_State *L, const struct ta_script *script) {
  struct ta_task_options options = first_task_options(script);
  int count = 0;
  for (; script->arguments[count]; count++) {
    luaL_checkstack(L, 2, "too many arguments to the script");
    lua_pushstring(L, script->arguments[count]);
  }
  ta_add_task(runner, L, count, &options);
  lua_pop(L, 1);
}

void ta_script_free(struct ta_script *script) {
  free(script->code);
  free(script->input);
  script->code = script->input = NULL;
}
