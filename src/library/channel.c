/* SPDX-License-Identifier: MIT */
#include "library/channel.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "core/kit.h"
#include "core/queue.h"
#include "core/wait.h"
#include "library/select.h"

/* Where on the stack of its function a waiting task has its value: one that sends, and
 * one that receives. */
enum { SENT = 2, RECEIVED = 2 };

/* Takes the Runner from who has looked it up: these functions are called often. */
static struct ta_channel *check_channel_of(struct ta_runner *runner, lua_State *L) {
  struct ta_channel *channel = ta_to_named(runner, L, 1, TA_REGISTRY_CHANNEL);
  if (TA_UNLIKELY(!channel)) luaL_typeerror(L, 1, "Channel");
  return channel;
}

static struct ta_channel *check_channel(lua_State *L) {
  return check_channel_of(ta_upvalue_runner(L), L);
}

/* ------------------------------------------------------------------- buffer */

/* The index of the buffer's value number `index` from 0 on. */
static lua_Integer index_of(const struct ta_channel *channel, lua_Integer index) {
  lua_Integer at = channel->first + index;
  if (channel->capacity == LUA_MAXINTEGER) return at + 1;
  return at % channel->capacity + 1;
}

/* Appends the value on top of L and pops it; the channel is at `index`. */
static void push_back(lua_State *L, struct ta_channel *channel, int index) {
  lua_getiuservalue(L, index, 2);
  lua_insert(L, -2);
  lua_rawseti(L, -2, index_of(channel, channel->count));
  lua_pop(L, 1);
  channel->count++;
}

static void pop_front(lua_State *L, struct ta_channel *channel, int index) {
  lua_getiuservalue(L, index, 2);
  lua_rawgeti(L, -1, index_of(channel, 0));
  lua_pushnil(L);
  lua_rawseti(L, -3, index_of(channel, 0));
  lua_remove(L, -2);
  channel->count--;
  if (channel->capacity < LUA_MAXINTEGER)
    channel->first = (channel->first + 1) % channel->capacity;
  else
    channel->first = channel->count > 0 ? channel->first + 1 : 0;
}

/* -------------------------------------------------------------- handing over */

/* The first who stands in the queue, or NULL.  May run Lua unless it was called just
 * before: the channel is looked at afterwards. */
static struct ta_waiter *first_of(struct ta_runner *runner, const struct ta_list *queue) {
  return ta_list_empty(queue) ? NULL : ta_first_standing(runner, queue);
}

/* Lies in the place of a value that was taken. */
static const char taken;

/* Takes the value of a waiting sender, who is then to be woken, and pushes it. */
static void push_sent(lua_State *L, const struct ta_waiter *sender) {
  lua_State *co = ta_task_stopped(sender->task);
  lua_pushvalue(co, SENT);
  lua_xmove(co, L, 1);
  lua_pushlightuserdata(co, (void *)&taken);
  lua_replace(co, SENT);
}

/* Gives the value on top of L, which is popped, to a waiting receiver. */
static void give_to_receiver(struct ta_runner *runner, lua_State *L, struct ta_waiter *receiver) {
  lua_State *co = ta_task_stopped(receiver->task);
  lua_xmove(L, co, 1);
  lua_replace(co, receiver == &receiver->task->waiter ? RECEIVED : TA_SELECTED);
  ta_wake_waiter(runner, &receiver->link);
}

/* Could a value, or the end, be received at once? */
static bool is_ready(struct ta_runner *runner, void *object) {
  const struct ta_channel *channel = object;
  if (TA_UNLIKELY(channel->far)) return channel->far->kind->ready(channel->far);
  const struct ta_waiter *sender = first_of(runner, &channel->senders);
  return sender || channel->count > 0 || channel->closed;
}

/* Takes what can be had at once from the channel at `index`: pushes it, nil at the end.
 * False when there is nothing yet.  Who is woken is woken last: the host's call_later may
 * be Lua. */
static bool take(struct ta_runner *runner, lua_State *L, int index) {
  struct ta_channel *channel = lua_touserdata(L, index);
  struct ta_waiter *sender = first_of(runner, &channel->senders);
  if (channel->count > 0) {
    runner->polls = false;
    pop_front(L, channel, index);
    if (!sender) return true;
    push_sent(L, sender);
    push_back(L, channel, index); /* where room was made: asks for no memory */
  } else if (sender) {
    push_sent(L, sender);
  } else {
    if (channel->closed) lua_pushnil(L);
    return channel->closed;
  }
  ta_wake_waiter(runner, &sender->link);
  return true;
}

/* ------------------------------------------------------------------ selecting */

static struct ta_list *receivers_of(void *object) {
  struct ta_channel *channel = object;
  return channel->far ? &channel->far->receivers : &channel->named.waiting;
}

static int give(struct ta_runner *runner, lua_State *L, int index) {
  const struct ta_channel *channel = lua_touserdata(L, index);
  if (channel->far) return channel->far->kind->give(L, channel->far);
  if (!take(runner, L, index)) lua_pushnil(L);
  return 1;
}

static void waits(void *object) {
  struct ta_far *far = ((const struct ta_channel *)object)->far;
  if (far && far->kind->waits) far->kind->waits(far);
}

static bool by_tasks(const void *object) {
  const struct ta_far *far = ((const struct ta_channel *)object)->far;
  if (far) return far->kind->by_tasks(far);
  return !((const struct ta_channel *)object)->named.outside;
}

static const struct ta_selectable selectable = {
    .ready = is_ready, .queue = receivers_of, .give = give, .by_tasks = by_tasks, .waits = waits};

/* -------------------------------------------------------------------- words */

static lua_Integer count_of(const struct ta_channel *channel) {
  return channel->far ? (lua_Integer)channel->far->kind->count(channel->far) : channel->count;
}

static void describe_channel(const void *subject, char *text, size_t size) {
  const struct ta_channel *channel = subject;
  char name[200], limit[32] = "inf";
  ta_describe_name(&channel->named, name, sizeof name);
  if (channel->capacity < LUA_MAXINTEGER)
    snprintf(limit, sizeof limit, "%lld", (long long)channel->capacity);
  snprintf(text, size, "%s (%lld of %s)", name, (long long)count_of(channel), limit);
}

static void describe_wait(const void *subject, char *text, size_t size) {
  char words[256];
  describe_channel(subject, words, sizeof words);
  snprintf(text, size, "on channel%s", words);
}

static const struct ta_wait_kind recv_kind = {
    .action = "recv", .describe = describe_wait, .by_tasks = true};
static const struct ta_wait_kind iter_kind = {
    .action = "recv",
    .describe = describe_wait,
    .by_tasks = true,
    .advice = "iter() goes on until the channel is closed, and nobody can send any more: "
              "was close() forgotten?"};
static const struct ta_wait_kind send_kind = {
    .action = "send", .describe = describe_wait, .by_tasks = true};
static const struct ta_wait_kind rendezvous_kind = {
    .action = "send",
    .describe = describe_wait,
    .by_tasks = true,
    .advice = "a channel of capacity 0 holds nothing: send waits for a receiver"};

/* ----------------------------------------------------------- recv and send */

static int k_received(lua_State *L, int status, lua_KContext context) {
  const struct ta_channel *channel = lua_touserdata(L, 1);
  (void)status;
  ta_check_cut_short((struct ta_runner *)context, L);
  ta_settop(L, RECEIVED);
  if (TA_UNLIKELY(channel->far) && lua_isnil(L, RECEIVED))
    return channel->far->kind->recv(L, channel->far);
  return 1;
}

/* `function` is the one that the script has called. */
static int receive(lua_State *L, const struct ta_wait_kind *kind, lua_CFunction function) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  if (TA_UNLIKELY(channel->far)) return channel->far->kind->recv(L, channel->far);
  ta_enter(runner, L);
  ta_settop(L, 1);
  if (is_ready(runner, channel)) {
    if (ta_has_to_pause(runner, L)) return ta_give_turn_before(runner, L, function);
    take(runner, L, 1);
    return 1;
  }
  ta_check_wait(runner, L, "recv");
  lua_pushnil(L); /* for the value */
  ta_anchor_wait(runner, L, 1, channel);
  ta_queue_wait(ta_begin_wait(runner, L, kind, channel), &channel->named.waiting);
  if (channel->named.outside) ta_count_outside(runner, runner->current);
  return ta_park_here(runner, L, (lua_KContext)runner, k_received);
}

static int l_recv(lua_State *L) {
  return receive(L, &recv_kind, l_recv);
}

/* What iter() gives to the loop. */
static int l_next(lua_State *L) {
  return receive(L, &iter_kind, l_next);
}

static int raise_closed(lua_State *L, const struct ta_channel *channel) {
  char name[200];
  ta_describe_name(&channel->named, name, sizeof name);
  if (!channel->named.name) return luaL_error(L, "send: the channel is closed");
  return luaL_error(L, "send: channel%s is closed", name);
}

/* Nil lies in the place of a value that nobody will take.  One that is still there is to be sent
 * anew: the channel leads elsewhere since. */
static int k_sent(lua_State *L, int status, lua_KContext context) {
  const struct ta_channel *channel = lua_touserdata(L, 1);
  (void)status;
  ta_check_cut_short((struct ta_runner *)context, L);
  if (TA_UNLIKELY(lua_isnil(L, SENT))) return raise_closed(L, channel);
  if (TA_LIKELY(!channel->far || lua_touserdata(L, SENT) == &taken)) return 0;
  return channel->far->kind->send(L, channel->far);
}

/* Gives the value on top, which is popped, to a receiver, or NULL: there is room for it in
 * the channel at `index`. */
static void hand_over(struct ta_runner *runner, lua_State *L, struct ta_channel *channel, int index,
                      struct ta_waiter *receiver) {
  runner->polls = false;
  if (receiver)
    give_to_receiver(runner, L, receiver);
  else
    push_back(L, channel, index);
}

static int l_send(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  ta_enter(runner, L);
  ta_settop(L, SENT);
  if (lua_isnil(L, SENT)) return luaL_error(L, "send: cannot send nil");
  if (TA_UNLIKELY(channel->far)) return channel->far->kind->send(L, channel->far);
  struct ta_waiter *receiver = first_of(runner, &channel->named.waiting);
  if (channel->closed) return raise_closed(L, channel);
  if (receiver || channel->count < channel->capacity) {
    if (ta_has_to_pause(runner, L)) return ta_give_turn_before(runner, L, l_send);
    hand_over(runner, L, channel, 1, receiver);
    return 0;
  }
  ta_check_wait(runner, L, "send");
  const struct ta_wait_kind *kind = channel->capacity == 0 ? &rendezvous_kind : &send_kind;
  ta_anchor_wait(runner, L, 1, channel);
  ta_queue_wait(ta_begin_wait(runner, L, kind, channel), &channel->senders);
  return ta_park_here(runner, L, (lua_KContext)runner, k_sent);
}

/* -------------------------------------------------------- without waiting */

static int give_reason(lua_State *L, const char *reason) {
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
}

static int l_try_recv(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  ta_check_open(runner, L);
  lua_settop(L, 1);
  if (channel->far) return channel->far->kind->try_recv(L, channel->far);
  if (take(runner, L, 1) && !lua_isnil(L, -1)) return 1;
  return give_reason(L, channel->closed ? "closed" : "empty");
}

static int l_try_send(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  ta_check_open(runner, L);
  lua_settop(L, SENT);
  if (lua_isnil(L, SENT)) return luaL_error(L, "try_send: cannot send nil");
  ta_check_open(runner, L);
  if (channel->far) return channel->far->kind->try_send(L, channel->far);
  struct ta_waiter *receiver = first_of(runner, &channel->named.waiting);
  if (channel->closed) return give_reason(L, "closed");
  if (!receiver && channel->count >= channel->capacity) return give_reason(L, "full");
  hand_over(runner, L, channel, 1, receiver);
  lua_pushboolean(L, true);
  return 1;
}

/* ------------------------------------------------------------ the other ones */

static int l_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel(L);
  struct ta_waiter *waiter;
  ta_check_open(runner, L);
  channel->closed = true;
  if (channel->far) channel->far->kind->close(channel->far);
  while ((waiter = first_of(runner, &channel->named.waiting)))
    ta_wake_waiter(runner, &waiter->link);
  while ((waiter = first_of(runner, &channel->senders))) {
    lua_State *co = ta_task_stopped(waiter->task);
    lua_pushnil(co);
    lua_replace(co, SENT);
    ta_wake_waiter(runner, &waiter->link);
  }
  return 0;
}

/* For the generic for: the next function, channel */
static int l_iter(lua_State *L) {
  check_channel(L);
  ta_check_open(ta_upvalue_runner(L), L);
  lua_pushvalue(L, lua_upvalueindex(1)); /* the Runner, also when it was freed */
  lua_pushcclosure(L, l_next, 1);
  lua_pushvalue(L, 1);
  return 2;
}

static int l_length(lua_State *L) {
  const struct ta_channel *channel = check_channel(L);
  ta_check_open(ta_upvalue_runner(L), L);
  lua_pushinteger(L, count_of(channel));
  return 1;
}

static int l_tostring(lua_State *L) {
  char text[256];
  describe_channel(check_channel(L), text, sizeof text);
  lua_pushfstring(L, "channel%s", text);
  return 1;
}

static lua_Integer check_capacity(lua_State *L) {
  int is_integer;
  lua_Integer capacity = lua_tointegerx(L, 1, &is_integer);
  if (lua_isnoneornil(L, 1)) return 0;
  if (lua_type(L, 1) == LUA_TNUMBER && lua_tonumber(L, 1) == HUGE_VAL) return LUA_MAXINTEGER;
  if (!is_integer && lua_type(L, 1) != LUA_TNUMBER)
    luaL_error(L, "channel: expected a capacity, got %s; it comes first: channel(1, name)",
               luaL_typename(L, 1));
  if (!is_integer || capacity < 0)
    luaL_error(L, "channel: capacity must be a whole number from 0 on, or math.huge, got %s",
               ta_push_shown(L, 1));
  return capacity;
}

static struct ta_channel *push_channel(struct ta_runner *runner, lua_State *L, lua_Integer capacity,
                                       int name_index) {
  struct ta_channel *channel =
      ta_push_named(runner, L, sizeof *channel, name_index, TA_REGISTRY_CHANNEL);
  ta_list_init(&channel->senders);
  channel->capacity = capacity;
  lua_newtable(L);
  lua_setiuservalue(L, -2, 2);
  return channel;
}

static int l_channel(lua_State *L) {
  push_channel(ta_upvalue_runner(L), L, check_capacity(L), 2);
  return 1;
}

/* ------------------------------------------------------------------- from C */

void ta_push_channel(struct ta_runner *runner, lua_State *L, lua_Integer capacity,
                     const char *name) {
  ta_check_stack(L, LUA_MINSTACK);
  if (capacity < 0)
    luaL_error(L, "ta_push_channel: the capacity is negative: %I", (LUAI_UACINT)capacity);
  lua_pushstring(L, name);
  push_channel(runner, L, capacity, lua_gettop(L))->named.outside = true;
  lua_remove(L, -2);
}

bool ta_try_send(struct ta_runner *runner, lua_State *L, int index) {
  index = lua_absindex(L, index);
  struct ta_channel *channel = ta_to_named(runner, L, index, TA_REGISTRY_CHANNEL);
  if (!channel) luaL_error(L, "ta_try_send: expected a channel, got %s", luaL_typename(L, index));
  if (lua_isnil(L, -1)) luaL_error(L, "ta_try_send: cannot send nil");
  struct ta_waiter *receiver = first_of(runner, &channel->named.waiting);
  bool sent = !channel->closed && (receiver || channel->count < channel->capacity);
  if (!sent)
    lua_pop(L, 1);
  else
    hand_over(runner, L, channel, index, receiver);
  return sent;
}

/* ------------------------------------------------------------------ elsewhere */

bool ta_look_at_channel(struct ta_runner *runner, lua_State *L, int index,
                        struct ta_channel_about *about) {
  const struct ta_channel *channel = ta_to_named(runner, L, index, TA_REGISTRY_CHANNEL);
  if (!channel) return false;
  *about = (struct ta_channel_about){.far = channel->far,
                                     .capacity = channel->capacity,
                                     .count = channel->count,
                                     .name = channel->named.name,
                                     .closed = channel->closed};
  return true;
}

void ta_push_channel_value(struct ta_runner *runner, lua_State *L, int index, lua_Integer number) {
  const struct ta_channel *channel = ta_to_named(runner, L, index, TA_REGISTRY_CHANNEL);
  lua_getiuservalue(L, index, 2);
  lua_rawgeti(L, -1, index_of(channel, number - 1));
  lua_remove(L, -2);
}

void ta_send_channel_far(struct ta_runner *runner, lua_State *L, int index, struct ta_far *far) {
  struct ta_channel *channel = ta_to_named(runner, L, index, TA_REGISTRY_CHANNEL);
  struct ta_waiter *waiter;
  lua_setiuservalue(L, index, 2);
  channel->far = far;
  channel->count = channel->first = 0;
  while ((waiter = first_of(runner, &channel->named.waiting)))
    ta_wake_waiter(runner, &waiter->link);
  while ((waiter = first_of(runner, &channel->senders))) ta_wake_waiter(runner, &waiter->link);
}

struct ta_far *ta_far_of_channel(const void *channel) {
  return ((const struct ta_channel *)channel)->far;
}

void ta_describe_channel(const void *channel, char *text, size_t size) {
  describe_wait(channel, text, size);
}

void ta_open_channel(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"recv", l_recv},         {"send", l_send},         {"close", l_close}, {"iter", l_iter},
      {"try_recv", l_try_recv}, {"try_send", l_try_send}, {NULL, NULL},
  };
  ta_new_named_kind(runner, L, "Channel", methods);
  ta_set_function(runner, L, "__len", l_length);
  ta_set_function(runner, L, "__tostring", l_tostring);
  ta_keep_named_kind(runner, L, TA_REGISTRY_CHANNEL, &selectable);
  ta_set_function(runner, L, "channel", l_channel);
  ta_name_action(runner, L, "recv");
  ta_name_action(runner, L, "send");
}
