/* SPDX-License-Identifier: MIT */
#include "core/task.h"

#include <errno.h>

#include "core/kit.h"

struct ta_task *ta_to_task(struct ta_runner *runner, lua_State *L, int index) {
  return ta_to_kind(runner, L, index, TA_REGISTRY_META);
}

struct ta_task *ta_check_task(lua_State *L) {
  return ta_check_kind(L, TA_REGISTRY_META, "Task");
}

void ta_task_push(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  ta_registry_push(runner, L, TA_REGISTRY_TASKS);
  lua_rawgeti(L, -1, (lua_Integer)ta_task_slot(task));
  lua_replace(L, -2);
}

bool ta_task_is_awaited(const struct ta_task *task) {
  return task->scope || (task->more && !ta_list_empty(&task->more->awaiters));
}

struct ta_task_more *ta_task_make_more(struct ta_runner *runner, struct ta_task *task) {
  if (task->more) return task->more;
  struct ta_task_more *more = runner->alloc(runner->alloc_data, NULL, 0, sizeof *more);
  if (!more) return NULL;
  ta_list_init(&more->awaiters);
  ta_list_init(&more->attached);
  return task->more = more;
}

struct ta_task_more *ta_task_need_more(struct ta_runner *runner, lua_State *L,
                                       struct ta_task *task) {
  struct ta_task_more *more = ta_task_make_more(runner, task);
  if (TA_UNLIKELY(!more)) ta_raise_memory(L);
  return more;
}

static void empty(struct ta_list *list) {
  struct ta_link *link;
  while ((link = ta_list_first(list))) ta_list_leave(link);
}

void ta_task_drop_more(struct ta_runner *runner, struct ta_task *task) {
  struct ta_task_more *more = task->more;
  if (!more) return;
  task->more = NULL;
  empty(&more->awaiters);
  empty(&more->attached);
  runner->alloc(runner->alloc_data, more, sizeof *more, 0);
}

int ta_attach(struct ta_runner *runner, struct ta_attachment *attachment,
              const struct ta_attachment_kind *kind) {
  return runner->current ? ta_attach_to(runner, runner->current, attachment, kind) : 0;
}

int ta_attach_to(struct ta_runner *runner, struct ta_task *task, struct ta_attachment *attachment,
                 const struct ta_attachment_kind *kind) {
  struct ta_task_more *more = ta_task_make_more(runner, task);
  if (!more) return -ENOMEM;
  ta_list_leave(&attachment->link);
  attachment->kind = kind;
  ta_list_append(&more->attached, &attachment->link);
  return 0;
}

struct ta_task *ta_task_at(struct ta_runner *runner, lua_State *L, int index) {
  struct ta_task *task = ta_to_task(runner, L, index);
  return task && !ta_task_has_ended(task) ? task : NULL;
}

void ta_detach(struct ta_attachment *attachment) {
  ta_list_leave(&attachment->link);
}
