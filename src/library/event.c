/* SPDX-License-Identifier: MIT */
#include "library/event.h"

#include "core/wait.h"

static struct ta_event_flag *check_event(lua_State *L) {
  return ta_check_kind(L, TA_REGISTRY_EVENT, "Event");
}

static int l_event(lua_State *L) {
  ta_push_named(ta_upvalue_runner(L), L, sizeof(struct ta_event_flag), 1, TA_REGISTRY_EVENT);
  return 1;
}

struct ta_event_flag *ta_push_event(struct ta_runner *runner, lua_State *L, const char *name) {
  ta_check_stack(L, LUA_MINSTACK);
  lua_pushstring(L, name);
  struct ta_event_flag *event =
      ta_push_named(runner, L, sizeof *event, lua_gettop(L), TA_REGISTRY_EVENT);
  event->named.outside = true;
  lua_remove(L, -2);
  return event;
}

void ta_set_event(struct ta_runner *runner, struct ta_event_flag *event) {
  event->is_set = true;
  while (ta_wake_first(runner, &event->named.waiting)) continue;
}

static int l_event_set(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_event_flag *event = check_event(L);
  ta_check_open(runner, L);
  ta_set_event(runner, event);
  return 0;
}

static int l_event_clear(lua_State *L) {
  struct ta_event_flag *event = check_event(L);
  ta_check_open(ta_upvalue_runner(L), L);
  event->is_set = false;
  return 0;
}

static int l_event_is_set(lua_State *L) {
  const struct ta_event_flag *event = check_event(L);
  ta_check_open(ta_upvalue_runner(L), L);
  lua_pushboolean(L, event->is_set);
  return 1;
}

static void describe_event(const void *subject, char *text, size_t size) {
  ta_describe_name(subject, text, size);
}

static const struct ta_wait_kind event_kind = {
    .action = "event", .describe = describe_event, .by_tasks = true};
static const struct ta_wait_kind outside_kind = {.action = "event", .describe = describe_event};

static int k_event(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_cut_short(ta_upvalue_runner(L), L);
  return 0;
}

static int l_event_wait(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_event_flag *event = check_event(L);
  ta_enter(runner, L);
  lua_settop(L, 1);
  if (event->is_set)
    return ta_has_to_pause(runner, L) ? ta_give_turn_before(runner, L, l_event_wait) : 0;
  const struct ta_wait_kind *kind = event->named.outside ? &outside_kind : &event_kind;
  return ta_wait_in(runner, L, "wait", kind, event, &event->named.waiting, k_event);
}

static int l_event_tostring(lua_State *L) {
  char name[200];
  ta_describe_name(&check_event(L)->named, name, sizeof name);
  lua_pushfstring(L, "event%s", name);
  return 1;
}

static bool is_set(struct ta_runner *runner, void *object) {
  (void)runner;
  return ((const struct ta_event_flag *)object)->is_set;
}

static struct ta_list *queue_of(void *object) {
  return &((struct ta_event_flag *)object)->named.waiting;
}

static int give_nothing(struct ta_runner *runner, lua_State *L, int index) {
  (void)runner, (void)L, (void)index;
  return 0;
}

static bool by_tasks(const void *object) {
  return !((const struct ta_event_flag *)object)->named.outside;
}

static const struct ta_selectable selectable = {.ready = is_set,
                                                .queue = queue_of,
                                                .give = give_nothing,
                                                .by_tasks = by_tasks,
                                                .woken_has_it = true};

void ta_open_event(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"set", l_event_set},   {"clear", l_event_clear},
      {"wait", l_event_wait}, {"is_set", l_event_is_set},
      {NULL, NULL},
  };
  ta_new_named_kind(runner, L, "Event", methods);
  ta_set_function(runner, L, "__tostring", l_event_tostring);
  ta_keep_named_kind(runner, L, TA_REGISTRY_EVENT, &selectable);
  ta_set_function(runner, L, "event", l_event);
  ta_name_action(runner, L, "event");
}
