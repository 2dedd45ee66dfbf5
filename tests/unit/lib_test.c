/* SPDX-License-Identifier: MIT
 *
 * What else tinyasync_lib.h offers: events and channels that C completes, calls that come
 * too late or with wrong arguments, and what hosts do that offer a library.
 */
#include <string.h>

#include "tinyasync_lib.h"
#include "unit/world.h"

/* --------------------------------------------------- events and channels */

static void an_event_that_c_sets_is_set_from_outside(void) {
  WITH_WORLD(world);
  struct ta_event_flag *event = ta_push_event(world.runner, world.L, "bell");
  lua_setglobal(world.L, "bell");
  world_add(&world, "bell:wait() log 'rung'");
  world_add(&world, "log(async.select{async.event(), bell})");
  CHECK(world_pass(&world) == TA_WAITING && ta_outside(world.runner) == 2);
  ta_set_event(world.runner, event);
  CHECK(ta_outside(world.runner) == 0);
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "rung 2");
  world_add(&world, "async.event():wait()");
  CHECK(world_pass(&world) == TA_STUCK);
  world_close(&world);
}

static void a_channel_that_c_fills_is_filled_from_outside(void) {
  WITH_WORLD(world);
  lua_State *L = world.L;
  ta_push_channel(world.runner, L, 1, "post");
  lua_pushvalue(L, -1);
  lua_setglobal(L, "post");
  world_add(&world, "for letter in post:iter() do log(letter) end");
  world_add(&world, "log(async.select{post})");
  CHECK(world_pass(&world) == TA_WAITING && ta_outside(world.runner) == 2);
  lua_pushliteral(L, "one");
  CHECK(ta_try_send(world.runner, L, -2));
  lua_pushliteral(L, "two");
  CHECK(ta_try_send(world.runner, L, -2));
  world_settle(&world);
  CHECK_TEXT(world.log, "one 1 two");
  lua_pushliteral(L, "three");
  CHECK(ta_try_send(world.runner, L, -2));
  lua_pushliteral(L, "four");
  CHECK(ta_try_send(world.runner, L, -2));
  lua_pushliteral(L, "five");
  CHECK(!ta_try_send(world.runner, L, -2)); /* three is received, four lies there */
  world_settle(&world);
  world_do(&world, "post:close()");
  lua_pushliteral(L, "late");
  CHECK(!ta_try_send(world.runner, L, -2));
  lua_pop(L, 1);
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "one 1 two three four");
  world_close(&world);
}

static int l_push_event(lua_State *L) {
  ta_push_event(ta_upvalue_runner(L), L, NULL);
  return 1;
}

static int l_push_channel(lua_State *L) {
  ta_push_channel(ta_upvalue_runner(L), L, lua_tointeger(L, 1), "post");
  return 1;
}

static const struct ta_function pushes[] = {
    {"push_event", l_push_event}, {"push_channel", l_push_channel}, {NULL, NULL}};

static void add_pushes(struct world *world) {
  lua_pushglobaltable(world->L);
  ta_set_functions(world->runner, world->L, pushes);
  lua_pop(world->L, 1);
}

static void events_and_channels_want_the_library_open(void) {
  struct world world;
  world_open(&world, TA_OPEN_COROUTINE);
  add_pushes(&world);
  world_do(&world, "log(pcall(push_event)) log(pcall(push_channel, 1)) collectgarbage()");
  CHECK_TEXT(world.log, "false the library is not open false the library is not open");
  lua_newtable(world.L);
  ta_open_table(world.runner, world.L);
  lua_pop(world.L, 1);
  world_do(&world, "log(push_event(), push_channel(1))");
  CHECK(strstr(world.log, "open event channel 'post' (0 of 1)"));
  world_close(&world);
}

static int l_post(lua_State *L) {
  lua_settop(L, 2);
  lua_pushboolean(L, ta_try_send(ta_upvalue_runner(L), L, 1));
  return 1;
}

static void what_c_sends_and_where_is_checked(void) {
  WITH_WORLD(world);
  add_pushes(&world);
  ta_push_function(world.runner, world.L, l_post);
  lua_setglobal(world.L, "post");
  world_do(&world, "log(pcall(post, {}, 1)) log(pcall(post, io.stdout, 1))");
  CHECK_TEXT(world.log, "false ta_try_send: expected a channel, got table "
                        "false ta_try_send: expected a channel, got userdata");
  world.log[0] = '\0';
  world_do(&world, "log(pcall(post, push_channel(1), nil)) log(pcall(push_channel, -1))");
  CHECK_TEXT(world.log, "false ta_try_send: cannot send nil "
                        "false ta_push_channel: the capacity is negative: -1");
  world.log[0] = '\0';
  world_do(&world, "local channel = push_channel(math.maxinteger) "
                   "for i = 1, 3 do log(post(channel, i)) end log(channel)");
  CHECK_TEXT(world.log, "true true true channel 'post' (3 of inf)");
  world_close(&world);
}

static int l_call(lua_State *L) {
  lua_callk(L, 0, 0, 0, NULL);
  return 0;
}

static void a_name_is_taken_and_a_function_lets_others_wait(void) {
  WITH_WORLD(world);
  lua_register(world.L, "call", l_call);
  world_add(&world, "log(pcall(call, function() table.sort({2, 1}, sleep) end))");
  world_do(&world, "async.actions.read = print async.actions.read = nil");
  ta_name_action(world.runner, world.L, "read");
  world_do(&world, "log(pcall(function() async.actions.read = print end))");
  ta_lets_wait(world.runner, world.L, l_call);
  world_run(&world);
  CHECK(strstr(world.log, "actions: 'read' is built in"));
  world_close(&world);
}

/* ------------------------------------------------------------ late and wrong calls */

static int l_lets_wait(lua_State *L) {
  ta_lets_wait(ta_upvalue_runner(L), L, l_call);
  return 0;
}

static int l_name_action(lua_State *L) {
  ta_name_action(ta_upvalue_runner(L), L, "read");
  return 0;
}

static int l_push_function(lua_State *L) {
  ta_push_function(ta_upvalue_runner(L), L, l_call);
  return 1;
}

static int l_set_functions(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, pushes);
  return 1;
}

static int l_push_environment(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  return 1;
}

static const char *const empty[] = {"return {}\n", NULL};
static const char *const no_names[] = {NULL};

static int l_push_chunk(lua_State *L) {
  ta_push_chunk(ta_upvalue_runner(L), L, empty);
  return 1;
}

static int l_offer_chunk(lua_State *L) {
  lua_newtable(L);
  ta_offer_chunk(ta_upvalue_runner(L), L, no_names, empty);
  return 1;
}

static int l_push_object(lua_State *L) {
  static const struct ta_object_kind kind = {.name = "Kind"};
  ta_push_object(ta_upvalue_runner(L), L, &kind, 1, 0);
  return 1;
}

static void what_comes_after_the_runner_was_freed_raises(void) {
  static const struct ta_function late[] = {
      {"lets_wait", l_lets_wait},
      {"name_action", l_name_action},
      {"push_function", l_push_function},
      {"set_functions", l_set_functions},
      {"push_environment", l_push_environment},
      {"push_chunk", l_push_chunk},
      {"offer_chunk", l_offer_chunk},
      {"push_object", l_push_object},
      {NULL, NULL},
  };
  WITH_WORLD(world);
  lua_newtable(world.L);
  ta_set_functions(world.runner, world.L, late);
  lua_setglobal(world.L, "late");
  world_do(&world, "kept = async");
  world_do(&world,
           "for name, f in pairs(late) do local ok = pcall(f) if not ok then log(name) end end");
  CHECK_TEXT(world.log, "");
  ta_runner_free(world.runner);
  world.runner = NULL;
  world_do(&world, "for name, f in pairs(late) do local ok, problem = pcall(f) "
                   "if ok or not problem:find 'the Runner was closed' then log(name, problem) end "
                   "end log(pcall(function() return kept.every end))");
  CHECK_TEXT(world.log, "false test:1: the Runner was closed");
  world_close(&world);
}

static int l_unpack(lua_State *L) {
  lua_settop(L, 1);
  return ta_unpack(L);
}

static void a_wrong_number_of_packed_values_raises(void) {
  WITH_WORLD(world);
  lua_register(world.L, "unpack", l_unpack);
  world_do(&world, "log(select('#', unpack{n = 0}), unpack{'a', nil, 'c', n = 3}) "
                   "for _, n in ipairs{1 << 40, (1 << 32) + 1, 1 << 31, 1 << 30, -1, "
                   "math.mininteger, 1.5, 'x', false} do "
                   "local ok, problem = pcall(unpack, {n = n}) "
                   "if ok or not problem:find '^unpack: ' and "
                   "not problem:find 'too many results' then log(n, ok, problem) end end "
                   "log(pcall(unpack, {})) log(pcall(unpack, {n = -1}))");
  CHECK_TEXT(world.log, "0 a nil c false unpack: n must be a whole number from 0 on, got nil "
                        "false unpack: n must be a whole number from 0 on, got -1");
  world_close(&world);
}

/* ------------------------------------------------- hosts that offer a library */

static void what_has_call_can_be_called(void) {
  WITH_WORLD(world);
  lua_State *L = world.L;
  CHECK(luaL_loadstring(L, "return print, setmetatable({}, {__call = 1}), {}, 'print'") == LUA_OK);
  lua_call(L, 0, 4);
  CHECK(ta_is_callable(L, 1) && ta_is_callable(L, 2));
  CHECK(!ta_is_callable(L, 3) && !ta_is_callable(L, 4));
  CHECK(lua_gettop(L) == 4);
  lua_settop(L, 0);
  world_close(&world);
}

/* Sets the global to "ours". */
static void replace_global(struct world *world, const char *name) {
  lua_pushglobaltable(world->L);
  lua_pushliteral(world->L, "ours");
  ta_replace(world->runner, world->L, -2, name);
  lua_pop(world->L, 1);
}

static void what_is_replaced_is_put_back_unless_it_is_newer(void) {
  WITH_WORLD(world);
  world_do(&world, "mine, other = 'mine', 'other' "
                   "setmetatable(_G, {__newindex = error})");
  replace_global(&world, "mine");
  replace_global(&world, "other");
  replace_global(&world, "absent");
  world_do(&world, "log(mine, other, absent) other = 'newer'");
  ta_runner_free(world.runner);
  world.runner = NULL;
  world_do(&world, "log(mine, other, rawget(_G, 'absent'))");
  CHECK_TEXT(world.log, "ours ours ours mine newer nil");
  world_close(&world);
}

/* Calls the global `before`. */
static void call_before(void *data, lua_State *L) {
  struct world *world = data;
  CHECK(world->runner != NULL);
  lua_getglobal(L, "before");
  lua_call(L, 0, 0);
}

static void who_is_called_before_a_spawn_may_refuse_it(void) {
  WITH_WORLD(world);
  ta_before_spawn(world.runner, call_before, &world);
  world_do(&world, "function before() error('no', 0) end "
                   "log(pcall(spawn, log)) log(pcall(runner.add_task, log))");
  CHECK(ta_live(world.runner) == 0);
  world_do(&world, "function before() log 'asked' end spawn(log, 'one')");
  world_add(&world, "async.scope(function(s) s:spawn(log, 'two') end)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "false no false no asked one asked two");
  ta_before_spawn(world.runner, NULL, NULL);
  world_do(&world, "spawn(log, 'three')");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "false no false no asked one asked two three");
  world_close(&world);
}

static void who_is_called_before_a_spawn_may_cancel_its_scope_or_change_its_options(void) {
  WITH_WORLD(world);
  ta_before_spawn(world.runner, call_before, &world);
  world_do(&world, "options = {name = ('n'):rep(50)} "
                   "function before() options.name = nil collectgarbage() end "
                   "log(spawn(options, log, 'named').name == 'log') "
                   "function before() scope:cancel() before = log end");
  world_add(&world, "async.scope(function(s) scope = s sleep(1) end)");
  world_settle(&world);
  world_do(&world, "scope:spawn(log, 'never')");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true named");
  world_close(&world);
}

static void nobody_is_called_before_a_spawn_once_the_runner_is_gone(void) {
  WITH_WORLD(world);
  ta_before_spawn(world.runner, call_before, &world);
  world_do(&world, "keep = spawn");
  ta_runner_free(world.runner);
  world.runner = NULL;
  world_do(&world, "log(pcall(keep, log))");
  CHECK_TEXT(world.log, "false the Runner was closed");
  world_close(&world);
}

static void write_to_log(void *data, const char *text, size_t length) {
  world_log(data, "<%.*s>", (int)length, text);
}

static void write_failure(void *data, const struct ta_failure *failure) {
  ta_write_failure(failure, write_to_log, data);
  ta_write_failure_lines(failure, write_to_log, data);
}

static void a_failure_is_written_in_pieces(void) {
  WITH_WORLD(world);
  const struct ta_failure bare = {.id = 7, .name = "bare", .message = "m", .message_length = 1};
  ta_on_failure(world.runner, write_failure, &world);
  world_do(&world, "spawn({name = 'faulty'}, function() error('a\\0b', 0) end)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "<Error in task: > <a"));
  CHECK(strstr(world.log, "<task > <#1 faulty> <\n> <stack traceback:\n"));
  *world.log = '\0';
  write_failure(&world, &bare);
  CHECK_TEXT(world.log, "<Error in task: > <m> <task #7 > <bare> <\n>");
  world_close(&world);
}

const struct test lib_tests[] = {
    TEST(an_event_that_c_sets_is_set_from_outside),
    TEST(a_channel_that_c_fills_is_filled_from_outside),
    TEST(events_and_channels_want_the_library_open),
    TEST(what_c_sends_and_where_is_checked),
    TEST(a_name_is_taken_and_a_function_lets_others_wait),
    TEST(what_comes_after_the_runner_was_freed_raises),
    TEST(a_wrong_number_of_packed_values_raises),
    TEST(what_has_call_can_be_called),
    TEST(what_is_replaced_is_put_back_unless_it_is_newer),
    TEST(who_is_called_before_a_spawn_may_refuse_it),
    TEST(who_is_called_before_a_spawn_may_cancel_its_scope_or_change_its_options),
    TEST(nobody_is_called_before_a_spawn_once_the_runner_is_gone),
    TEST(a_failure_is_written_in_pieces),
    TESTS_END,
};
