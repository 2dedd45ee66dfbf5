/* SPDX-License-Identifier: MIT
 *
 * inspect.c -- what each task is doing.
 */
#include "core/describe.h"
#include "core/task.h"

static int l_find_name(lua_State *L) {
  struct ta_runner *runner = lua_touserdata(L, 1);
  ta_task_push(runner, L, lua_touserdata(L, 2));
  ta_push_task_name(L, -1);
  return 0;
}

/* Has the task's name found out, if memory allows. */
static const char *name_of(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  if (task->name) return task->name;
  lua_pushcfunction(L, l_find_name);
  lua_pushlightuserdata(L, runner);
  lua_pushlightuserdata(L, task);
  if (lua_pcall(L, 2, 0, 0) != LUA_OK) lua_pop(L, 1);
  return task->name ? task->name : "?";
}

void ta_visit_tasks(struct ta_runner *runner,
                    void (*visit)(void *data, const struct ta_task_info *info), void *data) {
  for (struct ta_task *task = runner->oldest; task; task = task->newer) {
    ta_place place;
    struct ta_task_info info = {.id = ta_task_id(task),
                                .name = name_of(runner, task),
                                .where = ta_where_waiting(runner, task, place) ? place : "?"};
    if (task->state == TA_TASK_WAITING) {
      info.action = task->action;
      info.subject = task->subject;
    }
    visit(data, &info);
  }
}
