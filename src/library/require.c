/* SPDX-License-Identifier: MIT */
#include "library/require.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "core/lasting.h"
#include "core/replace.h"
#include "core/task.h"
#include "core/wait.h"

/* A module on its way: the bytes of an object on the stack of the require that loads it.
 * Those of one task lie in the list with the innermost first. */
struct ta_loading {
  struct ta_loading *next;
  struct ta_task *task; /* NULL: loaded outside any task */
  lua_State *co;
  struct ta_attachment hold; /* among what the task holds */
  const char *name;          /* kept with the bytes */
};

static void describe_require(const void *subject, char *text, size_t size) {
  snprintf(text, size, "'%s'", (const char *)subject);
}

static const struct ta_wait_kind require_kind = {
    .action = "require", .describe = describe_require, .by_tasks = true};

const char *ta_loading_in(const struct ta_runner *runner, const lua_State *co) {
  for (const struct ta_loading *load = runner->loading; load; load = load->next)
    if (load->co == co) return load->name;
  return NULL;
}

static struct ta_loading *find(const struct ta_runner *runner, const char *name) {
  struct ta_loading *load = runner->loading;
  while (load && strcmp(load->name, name) != 0) load = load->next;
  return load;
}

/* ------------------------------------------------------------------- loops */

/* What the loader of `load` is about next: a module it waits for, or one it
 * loads further in. */
static struct ta_loading *next_link(const struct ta_runner *runner, struct ta_loading *load) {
  struct ta_loading *inner = NULL;
  for (struct ta_loading *other = runner->loading; other != load; other = other->next)
    if (other->task == load->task) inner = other;
  if (inner || !load->task) return inner;
  bool waits = load->task->state == TA_TASK_WAITING && load->task->kind == &require_kind;
  return waits ? find(runner, load->task->subject) : NULL;
}

/* Raises when whoever loads the module can only go on after this task.  The loop is
 * put into words without asking Lua for memory: finalizers could change it. */
static void check_loop(const struct ta_runner *runner, lua_State *L, struct ta_loading *load) {
  char words[1000] = "";
  const char *name = load->name;
  bool loop = false;
  for (size_t length = 0; load; load = next_link(runner, load)) {
    if (length < sizeof words)
      length += (size_t)snprintf(words + length, sizeof words - length, "%s -> ", load->name);
    loop |= load->task == runner->current;
  }
  if (loop) luaL_error(L, "loop in require: %s%s", words, name);
}

/* The stack of a require. */
enum { NAME = 1, LOADED, MARK, LOADER, LOADER_DATA };

/* ------------------------------------------------------- begin and end */

/* Takes a module off the list and wakes the tasks that wait for it. */
static void end_loading(struct ta_runner *runner, struct ta_loading **link) {
  const char *name = (*link)->name;
  ta_list_leave(&(*link)->hold.link);
  *link = (*link)->next;
  for (struct ta_task *task = runner->oldest; task; task = ta_task_newer(runner, task))
    if (task->wait && task->kind == &require_kind && task->subject == name)
      ta_complete_wait(runner, task);
}

void ta_forget_loading(struct ta_runner *runner, const lua_State *co) {
  struct ta_loading **link = &runner->loading;
  while (*link) {
    if ((*link)->co == co)
      end_loading(runner, link);
    else
      link = &(*link)->next;
  }
}

static void end_this(struct ta_runner *runner, const struct ta_loading *load) {
  struct ta_loading **link = &runner->loading;
  while (*link && *link != load) link = &(*link)->next;
  if (*link) end_loading(runner, link);
}

static int l_end_loading(lua_State *L) {
  const struct ta_lasting *lasting = ta_to_lasting(L, 1);
  if (!lasting) return 0;
  end_this(ta_upvalue_runner(L), lasting->bytes);
  ta_end_lasting(L, 1);
  return 0;
}

/* The task that loads it has ended. */
static void loader_ended(struct ta_runner *runner, struct ta_task *task,
                         struct ta_attachment *hold) {
  (void)task;
  end_this(runner, TA_HOLDER(hold, struct ta_loading, hold));
}

static const struct ta_attachment_kind loading_hold = {loader_ended, NULL};

/* Pushes a value that is to keep the module marked as being loaded. */
static void push_loading(struct ta_runner *runner, lua_State *L, const char *name) {
  ta_registry_push(runner, L, TA_REGISTRY_CLOSER);
  struct ta_loading *load = ta_push_lasting(runner, L, sizeof *load, 0);
  *load = (struct ta_loading){.task = runner->current, .co = L, .name = name};
  lua_pushvalue(L, NAME);
  ta_keep_with_bytes(L, -2);
}

/* Marks the module by the value on top, which is closed with this function. */
static void begin_loading(struct ta_runner *runner, lua_State *L) {
  struct ta_loading *load = ta_bytes_of(lua_touserdata(L, MARK));
  if (load->task) ta_task_need_more(runner, L, load->task);
  lua_toclose(L, MARK);
  load->next = runner->loading;
  runner->loading = load;
  load->hold.kind = &loading_hold;
  if (load->task) ta_list_append(&load->task->more->attached, &load->hold.link);
}

/* ----------------------------------------------------------------- require */

/* Pushes the loader that the first willing searcher gives, and its data. */
static void find_loader(lua_State *L, const char *name) {
  if (lua_getfield(L, lua_upvalueindex(2), "searchers") != LUA_TTABLE)
    luaL_error(L, "'package.searchers' must be a table");
  int searchers = lua_gettop(L);
  lua_pushliteral(L, ""); /* why the searchers so far found nothing */
  for (lua_Integer i = 1;; i++) {
    if (lua_rawgeti(L, searchers, i) == LUA_TNIL)
      luaL_error(L, "module '%s' not found:%s", name, lua_tostring(L, searchers + 1));
    lua_pushstring(L, name);
    lua_call(L, 1, 2);
    if (lua_isfunction(L, -2)) break;
    if (lua_isstring(L, -2)) {
      lua_pushfstring(L, "%s\n\t%s", lua_tostring(L, searchers + 1), lua_tostring(L, -2));
      lua_replace(L, searchers + 1);
    }
    lua_settop(L, searchers + 1);
  }
  lua_rotate(L, searchers, 2);
  lua_settop(L, searchers + 1);
}

/* The loader returned: what did the module become? */
static int k_loaded(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  const char *name = lua_tostring(L, NAME);
  if (lua_isnil(L, -1))
    lua_pop(L, 1);
  else
    lua_setfield(L, LOADED, name);
  if (lua_getfield(L, LOADED, name) == LUA_TNIL) {
    lua_pushboolean(L, true);
    lua_copy(L, -1, -2);
    lua_setfield(L, LOADED, name);
  }
  lua_pushvalue(L, LOADER_DATA);
  return 2;
}

static int load_module(struct ta_runner *runner, lua_State *L, const char *name) {
  begin_loading(runner, L);
  find_loader(L, name);
  lua_pushvalue(L, LOADER);
  lua_pushvalue(L, NAME);
  lua_pushvalue(L, LOADER_DATA);
  lua_callk(L, 2, 1, 0, k_loaded);
  return k_loaded(L, LUA_OK, 0);
}

/* Pushes the module if it is loaded. */
static bool is_loaded(lua_State *L, const char *name) {
  lua_getfield(L, LOADED, name);
  if (lua_toboolean(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

/* Looks where the module stands; also called again after waiting for it. */
static int k_require(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  struct ta_runner *runner = ta_upvalue_runner(L);
  const char *name = lua_tostring(L, NAME);
  lua_settop(L, LOADED);
  if (is_loaded(L, name)) return 1;
  push_loading(runner, L, name);
  if (is_loaded(L, name)) return 1; /* by a finalizer */
  struct ta_loading *load = find(runner, name);
  if (!load) return load_module(runner, L, name);
  check_loop(runner, L, load);
  struct ta_ticket ticket = ta_take_ticket(runner, L, &require_kind, (void *)(uintptr_t)load->name);
  return ta_park(runner, L, ticket, 0, k_require);
}

/* Its second upvalue is the table `package`. */
static int l_require(lua_State *L) {
  luaL_checkstring(L, NAME);
  lua_settop(L, NAME);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  return k_require(L, LUA_OK, 0);
}

void ta_open_require(struct ta_runner *runner, lua_State *L) {
  lua_createtable(L, 0, 2);
  ta_push_function(runner, L, l_end_loading);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__gc"); /* for coroutines that die where we do not see it */
  lua_setfield(L, -2, "__close");
  ta_registry_set(runner, L, TA_REGISTRY_CLOSER);
  lua_pushglobaltable(L);
  ta_push_runner(runner, L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_remove(L, -2);
  lua_pushcclosure(L, l_require, 2);
  ta_replace(runner, L, -2, "require");
  lua_pop(L, 1);
  ta_lets_wait(runner, L, l_require);
  ta_name_action(runner, L, "require");
}
