/* SPDX-License-Identifier: MIT */
#include "words/error_group.h"

#include <lauxlib.h>

#include "core/kit.h"
#include "words/failure.h"
#include "words/names.h"
#include "words/task_name.h"
#include "words/traceback.h"
#include "words/wording.h"

#define MOST_TRACEBACKS 16 /* in one report */
#define MOST_MESSAGES 100

/* While several errors are gathered the stack holds, from `list` on, the value
 * that will hold them and the text of their tracebacks. */
struct gathering {
  struct ta_runner *runner;
  int list;
  int text;
  lua_Integer count;
};

static struct gathering begin(struct ta_runner *runner, lua_State *L) {
  ta_check_stack(L, LUA_MINSTACK);
  lua_newtable(L);
  lua_pushliteral(L, "errors");
  lua_setfield(L, -2, "kind");
  ta_registry_push(runner, L, TA_REGISTRY_ERROR_GROUP);
  lua_setmetatable(L, -2);
  lua_pushliteral(L, "");
  int text = lua_gettop(L);
  return (struct gathering){.runner = runner, .list = text - 1, .text = text};
}

/* Adds the error object below the top, with its traceback, which is on top, and
 * pops both. */
static void add(lua_State *L, struct gathering *all, const char *where) {
  if (all->count >= MOST_TRACEBACKS) {
    all->count++;
    lua_pop(L, 1);
    lua_rawseti(L, all->list, all->count);
    return;
  }
  lua_pushfstring(L, "%s\nerror %I%s:%s", lua_tostring(L, all->text), (LUAI_UACINT)++all->count,
                  where, lua_tostring(L, -1));
  lua_replace(L, all->text);
  lua_pop(L, 1);
  lua_rawseti(L, all->list, all->count);
}

/* Adds the error of the ended task whose object is on top, and pops it. */
static void add_task(lua_State *L, struct gathering *all) {
  int object = lua_gettop(L);
  ta_name_shown name;
  ta_clean_name(ta_push_task_name(L, object), name);
  const char *where =
      lua_pushfstring(L, ", in #%I %s", (LUAI_UACINT)ta_task_id(lua_touserdata(L, object)), name);
  lua_getiuservalue(L, object, TA_TASK_OUTCOME);
  ta_push_note_text(L, object);
  add(L, all, where);
  lua_settop(L, object - 1);
}

/* Adds the error at `own`, raised in the running task. */
static void add_own(lua_State *L, struct gathering *all, int own) {
  lua_pushvalue(L, own);
  ta_push_text_of(all->runner, L, own);
  add(L, all, "");
}

/* Leaves the value on top, its tracebacks known. */
static void end(lua_State *L, struct gathering *all) {
  if (all->count > MOST_TRACEBACKS) {
    lua_pushfstring(L, "%s\nand %I more", lua_tostring(L, all->text),
                    (LUAI_UACINT)(all->count - MOST_TRACEBACKS));
    lua_replace(L, all->text);
  }
  lua_pushinteger(L, all->count);
  lua_setfield(L, all->list, "n");
  lua_settop(L, all->text);
  ta_set_note_text(all->runner, L);
}

/* Pushes the error of the first task that failed. */
static void push_first(struct ta_runner *runner, lua_State *L, const struct ta_scope *scope) {
  ta_task_push(runner, L, TA_HOLDER(ta_list_first(&scope->failed), struct ta_task, sibling));
  lua_getiuservalue(L, -1, TA_TASK_OUTCOME);
  ta_note_origin(runner, L, -2);
  lua_replace(L, -2);
}

/* Adds to the text below the ended task on top, which is popped, that it failed as
 * well. */
static void mention(lua_State *L) {
  int object = lua_gettop(L);
  ta_name_shown name;
  ta_check_stack(L, LUA_MINSTACK);
  ta_clean_name(ta_push_task_name(L, object), name);
  lua_getiuservalue(L, object, TA_TASK_OUTCOME);
  ta_push_message(L, -1);
  ta_push_without_zeros(L, -1);
  lua_pushfstring(L, "%s\nthen #%I %s failed: %s", lua_tostring(L, object - 1),
                  (LUAI_UACINT)ta_task_id(lua_touserdata(L, object)), name, lua_tostring(L, -1));
  lua_replace(L, object - 1);
  lua_settop(L, object - 1);
}

/* Adds to what is known of the error on top that others failed as well. */
static void mention_others(struct ta_runner *runner, lua_State *L, const struct ta_scope *scope) {
  struct ta_link *link = ta_list_after(&scope->failed, ta_list_first(&scope->failed));
  ta_check_stack(L, LUA_MINSTACK);
  ta_push_text_of(runner, L, -1);
  for (int left = MOST_TRACEBACKS; link && left > 0; left--) {
    ta_task_push(runner, L, TA_HOLDER(link, struct ta_task, sibling));
    link = ta_list_after(&scope->failed, link);
    mention(L);
  }
  ta_set_note_text(runner, L);
}

void ta_push_scope_errors(struct ta_runner *runner, lua_State *L, struct ta_scope *scope, int own) {
  bool first_only = scope->mode == TA_SCOPE_FIRST_ERROR;
  if (first_only || (scope->failures == 1 && !own)) {
    push_first(runner, L, scope);
    if (scope->failures > 1) mention_others(runner, L, scope);
    return;
  }
  struct gathering all = begin(runner, L);
  size_t number = 0;
  for (struct ta_link *link = ta_list_first(&scope->failed); link;
       link = ta_list_after(&scope->failed, link)) {
    if (own && number++ == scope->before_own) add_own(L, &all, own);
    ta_task_push(runner, L, TA_HOLDER(link, struct ta_task, sibling));
    add_task(L, &all);
  }
  if (own && number == scope->before_own) add_own(L, &all, own);
  end(L, &all);
}

/* A task that others have cancelled because of the failure did not cause it. */
static bool has_failed(const struct ta_task *task) {
  return task->state == TA_TASK_FAILED || (task->state == TA_TASK_CANCELLED && task->cause == task);
}

/* Pushes the task in the list at index 1 that was the first to fail after `*last`,
 * which says when tasks end, or nil. */
static bool push_next_failed(struct ta_runner *runner, lua_State *L, uint64_t *last) {
  uint64_t ended = UINT64_MAX;
  lua_pushnil(L);
  for (lua_Integer i = 1; lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
    const struct ta_task *task = ta_to_task(runner, L, -1);
    if (task && has_failed(task) && task->wait > *last && task->wait < ended) {
      ended = task->wait;
      lua_replace(L, -2);
    } else {
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  *last = ended;
  return ended != UINT64_MAX;
}

int ta_l_report_unheard(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_task *task = ta_to_task(runner, L, 1);
  if (!task || task->state != TA_TASK_FAILED || task->reported) return 0;
  lua_getiuservalue(L, 1, TA_TASK_OUTCOME);
  ta_push_message(L, -1);
  ta_report_other(runner, task, lua_tostring(L, -1), lua_rawlen(L, -1));
  task->reported = true;
  return 0;
}

int ta_l_raise_first(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  uint64_t last = 0;
  lua_settop(L, 2);
  if (!push_next_failed(runner, L, &last)) {
    lua_settop(L, 2);
    return ta_raise(runner, L);
  }
  lua_getiuservalue(L, 3, TA_TASK_OUTCOME);
  ta_note_origin(runner, L, 3);
  ta_push_text_of(runner, L, 4);
  for (int left = MOST_TRACEBACKS; left > 0 && push_next_failed(runner, L, &last); left--)
    mention(L);
  lua_settop(L, 5);
  ta_set_note_text(runner, L);
  return ta_raise(runner, L);
}

int ta_l_errors_of(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 1);
  struct gathering all = begin(runner, L);
  for (lua_Integer i = 1; lua_rawgeti(L, 1, i) != LUA_TNIL; i++) {
    const struct ta_task *task = ta_to_task(runner, L, -1);
    if (task && task->state > TA_TASK_DONE)
      add_task(L, &all);
    else
      lua_pop(L, 1);
  }
  lua_settop(L, all.text);
  end(L, &all);
  return 1;
}

/* Replaces the text on top by one whose further lines are indented. */
static void push_indented(lua_State *L) {
  luaL_Buffer buffer;
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  luaL_buffinit(L, &buffer);
  for (size_t i = 0; i < length; i++) {
    luaL_addchar(&buffer, text[i]);
    if (text[i] == '\n') luaL_addstring(&buffer, "     ");
  }
  luaL_pushresult(&buffer);
  lua_replace(L, -2);
}

static int l_errors_tostring(lua_State *L) {
  lua_settop(L, 1);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_getfield(L, 1, "n");
  lua_Integer count = lua_tointeger(L, 2);
  lua_settop(L, 1);
  lua_pushfstring(L, "%I error%s:", (LUAI_UACINT)count, count == 1 ? "" : "s");
  for (lua_Integer i = 1; i <= count; i++) {
    if (i > MOST_MESSAGES) {
      lua_pushfstring(L, "%s\n  and %I more", lua_tostring(L, 2), (LUAI_UACINT)(count - i + 1));
      break;
    }
    lua_pushfstring(L, "\n  %I. ", (LUAI_UACINT)i);
    lua_rawgeti(L, 1, i);
    ta_push_message(L, -1);
    lua_replace(L, -2);
    push_indented(L);
    lua_concat(L, 3);
  }
  return 1;
}

void ta_error_group_setup(struct ta_runner *runner, lua_State *L) {
  ta_keep_error_kind(runner, L, TA_REGISTRY_ERROR_GROUP, "Errors", l_errors_tostring);
}
