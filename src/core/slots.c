/* SPDX-License-Identifier: MIT */
#include "core/slots.h"

/* A slot that was given back holds the number of the next one, marked as such. */
static struct ta_task *mark_free(size_t next) {
  return (struct ta_task *)(next << 1 | 1);
}

static bool reserve(struct ta_runner *runner, size_t slot) {
  size_t old = runner->slot_capacity;
  size_t size = sizeof *runner->slots;
  if (slot < old) return true;
  size_t capacity = old + old / 2 < slot + 16 ? slot + 16 : old + old / 2;
  struct ta_task **slots =
      runner->alloc(runner->alloc_data, runner->slots, old * size, capacity * size);
  if (!slots) return false;
  runner->slots = slots;
  runner->slot_capacity = capacity;
  return true;
}

size_t ta_slot_reserve(struct ta_runner *runner) {
  size_t slot = runner->free_slot ? runner->free_slot : runner->slots_used + 1;
  return reserve(runner, slot) ? slot : 0;
}

void ta_slot_take(struct ta_runner *runner, size_t slot) {
  if (runner->free_slot)
    runner->free_slot = (uintptr_t)runner->slots[slot] >> 1;
  else
    runner->slots_used++;
  runner->slots[slot] = NULL;
}

void ta_slots_close(struct ta_runner *runner) {
  size_t size = runner->slot_capacity * sizeof *runner->slots;
  if (runner->slots) runner->alloc(runner->alloc_data, runner->slots, size, 0);
  runner->slots = NULL;
  runner->slot_capacity = runner->slots_used = runner->free_slot = 0;
}

void ta_task_release_here(struct ta_runner *runner, struct ta_task *task) {
  lua_State *L = runner->L;
  ta_list_leave(&task->sibling);
  lua_pushnil(L);
  lua_rawseti(L, -2, (lua_Integer)ta_task_slot(task));
  runner->slots[ta_task_slot(task)] = mark_free(runner->free_slot);
  runner->free_slot = ta_task_slot(task);
}

void ta_task_release(struct ta_runner *runner, struct ta_task *task) {
  ta_registry_push(runner, runner->L, TA_REGISTRY_TASKS);
  ta_task_release_here(runner, task);
  lua_pop(runner->L, 1);
}
