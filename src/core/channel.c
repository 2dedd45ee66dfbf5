/* SPDX-License-Identifier: MIT */
#include "core/channel.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>

#include "core/await.h"
#include "core/cancel.h"
#include "core/library.h"
#include "core/wait.h"

enum { SENT = 2 }; /* the value on the stack of send() */

/* Takes the Runner from who has looked it up: these functions are called often. */
static struct ta_channel *check_channel_of(struct ta_runner *runner, lua_State *L) {
  struct ta_channel *channel = ta_to_kind(runner, L, 1, TA_KEEPS_CHANNEL);
  if (TA_UNLIKELY(!channel)) luaL_typeerror(L, 1, "Channel");
  return channel;
}

static struct ta_channel *check_channel(lua_State *L) {
  return check_channel_of(ta_upvalue_runner(L), L);
}

/* ------------------------------------------------------------------- buffer */

/* The place of the buffer's value number `index` from 0 on. */
static lua_Integer place_of(const struct ta_channel *channel, lua_Integer index) {
  lua_Integer place = channel->first + index;
  if (channel->capacity == LUA_MAXINTEGER) return place + 1;
  return place % channel->capacity + 1;
}

/* Appends the value on top of L and pops it; the channel is at `index`. */
static void push_back(lua_State *L, struct ta_channel *channel, int index) {
  lua_getiuservalue(L, index, 2);
  lua_insert(L, -2);
  lua_rawseti(L, -2, place_of(channel, channel->count));
  lua_pop(L, 1);
  channel->count++;
}

static void pop_front(lua_State *L, struct ta_channel *channel, int index) {
  lua_getiuservalue(L, index, 2);
  lua_rawgeti(L, -1, place_of(channel, 0));
  lua_pushnil(L);
  lua_rawseti(L, -3, place_of(channel, 0));
  lua_remove(L, -2);
  channel->count--;
  if (channel->capacity < LUA_MAXINTEGER)
    channel->first = (channel->first + 1) % channel->capacity;
  else
    channel->first = channel->count > 0 ? channel->first + 1 : 0;
}

/* -------------------------------------------------------------- handing over */

/* Pushes the value of the first waiting sender, and wakes it. */
static void take_from_sender(struct ta_runner *runner, lua_State *L, struct ta_channel *channel) {
  struct ta_link *link = ta_list_first(&channel->senders);
  lua_State *co = TA_HOLDER(link, struct ta_waiter, link)->task->stopped;
  lua_pushvalue(co, SENT);
  lua_xmove(co, L, 1);
  ta_wake_waiter(runner, link);
}

/* Gives the value on top of L, which is popped, to the first waiting receiver. */
static void give_to_receiver(struct ta_runner *runner, lua_State *L, struct ta_channel *channel) {
  struct ta_link *link = ta_list_first(&channel->sync.waiting);
  const struct ta_waiter *waiter = TA_HOLDER(link, struct ta_waiter, link);
  lua_State *co = waiter->task->stopped;
  lua_xmove(L, co, 1);
  lua_replace(co, waiter == &waiter->task->waiter ? TA_RECEIVED : TA_SELECTED);
  ta_wake_waiter(runner, link);
}

bool ta_channel_ready(const struct ta_channel *channel) {
  return channel->count > 0 || channel->closed || !ta_list_empty(&channel->senders);
}

void ta_channel_take(struct ta_runner *runner, lua_State *L, int index) {
  struct ta_channel *channel = lua_touserdata(L, index);
  if (channel->count == 0) {
    if (ta_list_empty(&channel->senders))
      lua_pushnil(L);
    else
      take_from_sender(runner, L, channel);
    return;
  }
  pop_front(L, channel, index);
  if (ta_list_empty(&channel->senders)) return;
  take_from_sender(runner, L, channel);
  push_back(L, channel, index); /* into the place that was freed: asks for no memory */
}

/* -------------------------------------------------------------------- words */

static void describe_channel(const void *subject, char *text, size_t size) {
  const struct ta_channel *channel = subject;
  char name[200], limit[32] = "inf";
  ta_describe_name(&channel->sync, name, sizeof name);
  if (channel->capacity < LUA_MAXINTEGER)
    snprintf(limit, sizeof limit, "%lld", (long long)channel->capacity);
  snprintf(text, size, "%s (%lld of %s)", name, (long long)channel->count, limit);
}

static void describe_wait(const void *subject, char *text, size_t size) {
  char words[256];
  describe_channel(subject, words, sizeof words);
  snprintf(text, size, "on channel%s", words);
}

static const struct ta_wait_kind recv_kind = {.action = "recv", .describe = describe_wait};
static const struct ta_wait_kind send_kind = {.action = "send", .describe = describe_wait};

/* ----------------------------------------------------------- recv and send */

static int k_received(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_given_up((struct ta_runner *)context, L);
  lua_settop(L, TA_RECEIVED);
  return 1;
}

static int l_recv(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  ta_enter(runner, L);
  lua_settop(L, 1);
  if (ta_channel_ready(channel)) {
    ta_channel_take(runner, L, 1);
    return 1;
  }
  ta_check_wait(runner, L, "recv");
  lua_pushnil(L); /* for the value */
  ta_queue_wait(ta_begin_wait(runner, L, &recv_kind, channel), &channel->sync.waiting);
  return ta_park_here(runner, L, (lua_KContext)runner, k_received);
}

static int raise_closed(lua_State *L, const struct ta_channel *channel) {
  char name[200];
  ta_describe_name(&channel->sync, name, sizeof name);
  if (!channel->sync.name) return luaL_error(L, "send: the channel is closed");
  return luaL_error(L, "send: channel%s is closed", name);
}

/* A value that was not taken has been replaced by nil. */
static int k_sent(lua_State *L, int status, lua_KContext context) {
  (void)status;
  ta_check_given_up((struct ta_runner *)context, L);
  return lua_isnil(L, SENT) ? raise_closed(L, lua_touserdata(L, 1)) : 0;
}

static int l_send(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel_of(runner, L);
  ta_enter(runner, L);
  lua_settop(L, SENT);
  if (lua_isnil(L, SENT)) return luaL_error(L, "send: cannot send nil");
  if (channel->closed) return raise_closed(L, channel);
  if (!ta_list_empty(&channel->sync.waiting)) {
    give_to_receiver(runner, L, channel);
    return 0;
  }
  if (channel->count < channel->capacity) {
    push_back(L, channel, 1);
    return 0;
  }
  ta_check_wait(runner, L, "send");
  ta_queue_wait(ta_begin_wait(runner, L, &send_kind, channel), &channel->senders);
  return ta_park_here(runner, L, (lua_KContext)runner, k_sent);
}

/* ------------------------------------------------------------ the other ones */

static int l_close(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_channel *channel = check_channel(L);
  struct ta_link *link;
  channel->closed = true;
  while ((link = ta_list_first(&channel->sync.waiting))) ta_wake_waiter(runner, link);
  while ((link = ta_list_first(&channel->senders))) {
    lua_State *co = TA_HOLDER(link, struct ta_waiter, link)->task->stopped;
    lua_pushnil(co);
    lua_replace(co, SENT);
    ta_wake_waiter(runner, link);
  }
  return 0;
}

/* For the generic for: recv, channel */
static int l_iter(lua_State *L) {
  check_channel(L);
  ta_push_function(ta_upvalue_runner(L), L, l_recv);
  lua_pushvalue(L, 1);
  return 2;
}

static int l_length(lua_State *L) {
  lua_pushinteger(L, check_channel(L)->count);
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
  if (!is_integer || capacity < 0)
    luaL_error(L, "channel: capacity must be a whole number from 0 on, or math.huge, got %s",
               ta_push_shown(L, 1));
  return capacity;
}

static int l_channel(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_Integer capacity = check_capacity(L);
  struct ta_channel *channel = ta_push_sync(runner, L, sizeof *channel, 2, TA_KEEPS_CHANNEL);
  ta_list_init(&channel->senders);
  channel->capacity = capacity;
  lua_newtable(L);
  lua_setiuservalue(L, -2, 2);
  return 1;
}

void ta_open_channel(struct ta_runner *runner, lua_State *L) {
  static const struct ta_function methods[] = {
      {"recv", l_recv}, {"send", l_send}, {"close", l_close}, {"iter", l_iter}, {NULL, NULL},
  };
  ta_new_sync_kind(runner, L, "Channel", methods);
  ta_set_function(runner, L, "__len", l_length);
  ta_set_function(runner, L, "__tostring", l_tostring);
  ta_keep_sync_kind(runner, L, TA_KEEPS_CHANNEL);
  ta_set_function(runner, L, "channel", l_channel);
}
