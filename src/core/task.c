/* SPDX-License-Identifier: MIT */
#include "core/task.h"

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
  return task->scope || !ta_list_empty(&task->awaiters);
}

void ta_attach(struct ta_runner *runner, struct ta_attachment *attachment,
               const struct ta_attachment_kind *kind) {
  if (!runner->current) return;
  ta_list_leave(&attachment->link);
  attachment->kind = kind;
  ta_list_append(&runner->current->attached, &attachment->link);
}

void ta_detach(struct ta_attachment *attachment) {
  ta_list_leave(&attachment->link);
}
