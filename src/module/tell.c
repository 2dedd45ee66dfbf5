/* SPDX-License-Identifier: MIT */
#include "module/tell.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

static void write_piece(void *data, const char *text, size_t length) {
  (void)data;
  fwrite(text, 1, length, stderr);
}

static void write_report(const struct ta_told *report) {
  const struct ta_failure *failure = report->failure;
  fflush(stdout);
  if (failure) {
    ta_write_failure(failure, write_piece, NULL);
  } else {
    fputs("tinyasync: ", stderr);
    write_piece(NULL, report->message, report->length);
  }
  fputc('\n', stderr);
  if (failure) ta_write_failure_lines(failure, write_piece, NULL);
}

static void push_traceback(lua_State *L, const struct ta_failure *failure) {
  if (failure->kind == TA_FAILURE_KNOWN || !failure->traceback)
    lua_pushnil(L);
  else if (failure->spawned)
    lua_pushfstring(L, "%s\n%s", failure->traceback, failure->spawned);
  else
    lua_pushstring(L, failure->traceback);
}

/* (report): calls on_error. */
static int l_tell(lua_State *L) {
  const struct ta_told *report = lua_touserdata(L, 1);
  ta_push_adapter_value(L, TA_ADAPTER_ON_ERROR);
  lua_pushlstring(L, report->message, report->length);
  if (report->failure) {
    push_traceback(L, report->failure);
    lua_pushstring(L, report->failure->name);
  }
  lua_call(L, report->failure ? 3 : 1, 0);
  return 0;
}

/* (error object) -> as text */
static int l_to_text(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

bool ta_call_quietly(lua_State *L, int nargs, int nresults) {
  int bottom = lua_gettop(L) - nargs;
  lua_pushcfunction(L, l_to_text);
  lua_insert(L, bottom);
  int status = lua_pcall(L, nargs, nresults, bottom);
  lua_remove(L, bottom);
  return status == LUA_OK;
}

void ta_tell(struct ta_adapter *adapter, lua_State *L, const struct ta_told *report) {
  bool told = false;
  if (adapter->has_on_error && lua_checkstack(L, LUA_MINSTACK)) {
    lua_pushcfunction(L, l_tell);
    lua_pushlightuserdata(L, (void *)report);
    told = ta_call_quietly(L, 1, 0);
    if (!told) {
      const char *message = lua_tostring(L, -1);
      fprintf(stderr, "tinyasync: on_error: %s\n", message ? message : "(not a string)");
      lua_pop(L, 1);
    }
  }
  if (!told) write_report(report);
}

void ta_tell_error(struct ta_adapter *adapter, lua_State *L) {
  struct ta_told report = {0};
  report.message = lua_tolstring(L, -1, &report.length);
  if (!report.message) { /* memory was out, or worse */
    report.message = "an error";
    report.length = strlen(report.message);
  }
  ta_tell(adapter, L, &report);
  lua_pop(L, 1);
}
