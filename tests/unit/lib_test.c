/* SPDX-License-Identifier: MIT
 *
 * What tinyasync_lib.h offers, and with it a small library: a stream over a pipe, whose
 * read_some() waits for the loop of the host.
 */
#include "tinyasync_lib.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/watch.h"
#include "unit/world.h"

/* ------------------------------------------------------------ a box to select */

/* An object that is full or not, for whoever waits to open it. */
struct box {
  struct ta_list waiting;
  struct ta_attachment attachment;
  struct world *world;
  bool full;
  bool bottomless; /* it is full for ever */
};

static bool box_is_full(struct ta_runner *runner, void *object) {
  (void)runner;
  return ((const struct box *)object)->full;
}

static struct ta_list *box_queue(void *object) {
  return &((struct box *)object)->waiting;
}

static int open_box(struct ta_runner *runner, lua_State *L, int index) {
  struct box *box = lua_touserdata(L, index);
  (void)runner;
  box->full = box->bottomless;
  lua_pushliteral(L, "a present");
  return 1;
}

static int l_box_get(lua_State *L);

static int l_box_fill(lua_State *L);

static int l_box_peek(lua_State *L);

static int l_box_gc(lua_State *L);

static const struct ta_function box_methods[] = {
    {"get", l_box_get}, {"fill", l_box_fill}, {"peek", l_box_peek}, {NULL, NULL}};
static const struct ta_selectable box_selectable = {
    .ready = box_is_full, .queue = box_queue, .give = open_box};
static const struct ta_function box_meta[] = {{"__gc", l_box_gc}, {NULL, NULL}};
static const struct ta_object_kind box_kind = {
    .name = "Box", .methods = box_methods, .meta = box_meta, .select = &box_selectable};
static const struct ta_object_kind other_kind = {.name = "Other"};
static const struct ta_wait_kind box_wait = {.action = "box"};

static int k_box_got(lua_State *L, int status, lua_KContext context);

/* Without a look at whether the task was cancelled: who was woken first takes what it was
 * woken for, or nobody would. */
static int take_or_wait(struct ta_runner *runner, lua_State *L, struct box *box) {
  if (box->full) return open_box(runner, L, 1);
  return ta_wait_in(runner, L, "get", &box_wait, box, &box->waiting, k_box_got);
}

/* Somebody may have been faster. */
static int k_box_got(lua_State *L, int status, lua_KContext context) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  (void)status, (void)context;
  ta_check_wait_end(runner, L);
  return take_or_wait(runner, L, lua_touserdata(L, 1));
}

static int l_box_get(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct box *box = ta_check_object(L, 1, &box_kind);
  ta_enter(runner, L);
  if (box->full && ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, l_box_get);
  lua_settop(L, 1);
  return take_or_wait(runner, L, box);
}

static int l_box_fill(lua_State *L) {
  struct box *box = ta_check_object(L, 1, &box_kind);
  box->full = true;
  ta_wake_first(ta_upvalue_runner(L), &box->waiting);
  return 0;
}

/* What can be told at once, each time. */
static int l_box_peek(lua_State *L) {
  const struct box *box = ta_check_object(L, 1, &box_kind);
  lua_pushboolean(L, box->full);
  return ta_return_at_once(ta_upvalue_runner(L), L, 1);
}

/* A task has its attachment, and does not keep it. */
static int l_box_gc(lua_State *L) {
  struct box *box = ta_check_object(L, 1, &box_kind);
  ta_detach(&box->attachment);
  return 0;
}

/* Makes the global `name` a new box. */
static struct box *add_box(struct world *world, const char *name) {
  struct box *box = ta_push_object(world->runner, world->L, &box_kind, sizeof *box, 0);
  ta_list_init(&box->waiting);
  box->world = world;
  lua_setglobal(world->L, name);
  return box;
}

static void objects_have_methods_and_are_checked(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  ta_push_object(world.runner, world.L, &other_kind, 1, 0);
  lua_setglobal(world.L, "other");
  world_add(&world, "log(box:get()) log(pcall(box.get, other))");
  world_pass(&world);
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a present false bad argument #1 to '?' (Box expected, got Other)");
  world_close(&world);
}

static void an_object_of_another_runner_is_none_of_ours(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  const struct ta_host host = {.data = &world, .now = world_clock};
  struct ta_runner *second = ta_runner_new(world.L, &host);
  CHECK(ta_runner_of(world.L) == second);
  lua_getglobal(world.L, "box");
  CHECK(ta_to_object(world.runner, world.L, -1, &box_kind));
  CHECK(!ta_to_object(second, world.L, -1, &box_kind));
  CHECK(!ta_to_object(world.runner, world.L, -1, &other_kind));
  ta_runner_free(second);
  CHECK(ta_runner_of(world.L) == world.runner);
  ta_runner_free(world.runner);
  CHECK(ta_runner_of(world.L) == NULL);
  CHECK(ta_to_object(world.runner, world.L, -1, &box_kind)); /* its memory is Lua's */
  lua_pop(world.L, 1);
  world.runner = NULL;
  world_close(&world);
}

static void select_takes_objects_of_libraries(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, "local channel = async.channel() "
                    "log(async.select{channel, box, timeout = 1}) "
                    "log(async.select{channel, box}) box:fill() log(async.select{channel, box})");
  world_pass(&world);
  CHECK(ta_outside(world.runner) == 1);
  world.now = 2;
  world_settle(&world);
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nil timeout 2 a present 2 a present");
  world_close(&world);
}

/* A box is filled for whoever waits for it so, and emptied before that runs; then filled
 * once more. */
static void expect_to_ask_again(const char *wait, const char *log) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, wait);
  world_pass(&world);
  world_add(&world, "box:fill() log('thief', box:get())");
  world_settle(&world);
  CHECK_TEXT(world.log, "thief a present");
  CHECK(ta_outside(world.runner) == 1);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, log);
  world_close(&world);
}

static void who_was_woken_asks_again(void) {
  expect_to_ask_again("log(box:get())", "thief a present a present");
  expect_to_ask_again("log(async.select{box})", "thief a present 1 a present");
  expect_to_ask_again("log(async.select{async.event(), box, timeout = 9})",
                      "thief a present 2 a present");
}

static void who_was_cancelled_when_it_was_woken_takes_what_it_was_woken_for(void) {
  static const char *const waits[] = {"log(box:get())", "log(async.select{box})"};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    WITH_WORLD(world);
    add_box(&world, "box");
    char code[200];
    snprintf(code, sizeof code, "waiter = async.current() %s sleep(1) log 'not'", waits[i]);
    world_add(&world, code);
    world_pass(&world);
    world_do(&world, "box:fill() waiter:cancel()");
    CHECK(world_run(&world) == TA_DONE);
    CHECK(strstr(world.log, "a present") && !strstr(world.log, "not"));
    world_close(&world);
  }
}

static void a_select_that_asks_again_keeps_its_time_out(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_add(&world, "log(async.select{box, timeout = 2})");
  world_add(&world, "sleep(1) box:fill() box:get()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(world.now == 2);
  world_add(&world, "log(async.select{box, timeout = 2})");
  world_pass(&world);
  world_add(&world, "box:fill() box:get() work(5)"); /* it is over when it runs */
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "nil timeout nil timeout");
  world_close(&world);
}

static void a_select_that_asks_again_takes_what_is_ready_now(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  world_do(&world, "channel = async.channel(1) event = async.event()");
  world_add(&world, "log(async.select{box, channel, timeout = 2})");
  world_pass(&world);
  world_add(&world, "box:fill() box:get() channel:send 'new' work(5)");
  CHECK(world_settle(&world) == TA_DONE);
  world_add(&world, "log(async.select{box, event})");
  world_pass(&world);
  world_do(&world, "event:set() event:clear()"); /* an event that was set has been set */
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "2 new 2");
  world_close(&world);
}

static void who_need_not_wait_gives_up_the_turn_at_times(void) {
  static const char *const calls[] = {"get", "peek"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    char code[200];
    WITH_WORLD(world);
    struct box *box = add_box(&world, "box");
    box->full = box->bottomless = true;
    snprintf(code, sizeof code,
             "local left = 100000 while not stop and left > 0 do box:%s() left = left - 1 end "
             "log(left > 0, box:%s())",
             calls[i], calls[i]);
    world_add(&world, code);
    world_add(&world, "stop = true log 'other'");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, i == 0 ? "other true a present" : "other true true");
    world_close(&world);
  }
}

static void who_has_given_up_the_turn_can_be_cancelled(void) {
  WITH_WORLD(world);
  struct box *box = add_box(&world, "box");
  box->full = box->bottomless = true;
  world_add(&world, "endless = async.current() for _ = 1, 1000 do box:get() end log 'not'");
  world_add(&world, "endless:cancel()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "");
  world_close(&world);
}

/* Lua's own coroutine library is open: the first is robbed of its coroutine. */
static void expect_to_be_passed_over(const char *wait, const char *robbery) {
  char code[200];
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  add_box(&world, "box");
  snprintf(code, sizeof code, "victim = coroutine.running() %s", wait);
  world_add(&world, code);
  world_add(&world, "log(box:get())");
  world_pass(&world);
  world_do(&world, robbery);
  world_do(&world, "box:fill()");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "a present"));
  CHECK(world.failures == 1);
  world_close(&world);
}

static void a_wake_passes_over_who_was_robbed(void) {
  static const char *const waits[] = {"box:get()", "async.select{async.event(), box}"};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    expect_to_be_passed_over(waits[i], "coroutine.resume(victim)");
    expect_to_be_passed_over(waits[i], "coroutine.close(victim)");
  }
}

static int l_wait_for_another(lua_State *L) {
  static struct box another;
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_list_init(&another.waiting);
  return ta_wait_in(runner, L, "wait", &box_wait, &another, &another.waiting, k_box_got);
}

static void who_waits_has_the_object_at_index_1(void) {
  WITH_WORLD(world);
  ta_push_function(world.runner, world.L, l_wait_for_another);
  lua_setglobal(world.L, "wait");
  world_add(&world, "log(pcall(wait, 1))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "false") && strstr(world.log, "is not at index 1"));
  world_close(&world);
}

/* ------------------------------------------------------------- attachments */

static void log_end(struct ta_runner *runner, struct ta_task *task,
                    struct ta_attachment *attachment) {
  struct box *box = (struct box *)(void *)((char *)attachment - offsetof(struct box, attachment));
  (void)runner, (void)task;
  world_log(box->world, "ended");
}

static void log_forgotten(struct ta_attachment *attachment) {
  struct box *box = (struct box *)(void *)((char *)attachment - offsetof(struct box, attachment));
  world_log(box->world, "forgotten");
}

static const struct ta_attachment_kind box_attachment = {log_end, log_forgotten};

static int l_attach(lua_State *L) {
  struct ta_runner *runner = ta_runner_of(L);
  struct box *box = ta_to_object(runner, L, 1, &box_kind);
  if (ta_attach(runner, &box->attachment, &box_attachment)) return luaL_error(L, "no memory");
  return 0;
}

static int l_attach_without_memory(lua_State *L) {
  struct ta_runner *runner = ta_runner_of(L);
  struct box *box = ta_to_object(runner, L, 1, &box_kind);
  box->world->most = 1;
  CHECK(ta_attach(runner, &box->attachment, &box_attachment) == -ENOMEM);
  box->world->most = 0;
  return 0;
}

static int l_detach(lua_State *L) {
  struct box *box = ta_to_object(ta_runner_of(L), L, 1, &box_kind);
  ta_detach(&box->attachment);
  return 0;
}

static void a_task_gives_back_what_is_attached_however_it_ends(void) {
  static const char *const ends[] = {"", "error 'no'", "async.current():cancel() sleep(1)",
                                     "sleep(9)"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    char code[100];
    WITH_WORLD(world);
    add_box(&world, "box");
    lua_register(world.L, "attach", l_attach);
    snprintf(code, sizeof code, "attach(box) sleep(1) %s", ends[i]);
    world_add(&world, code);
    world_pass(&world);
    if (i == 3) ta_close_all(world.runner);
    world_run(&world);
    CHECK(strstr(world.log, "ended") && !strstr(strstr(world.log, "ended") + 1, "ended"));
    world_close(&world);
  }
}

static void what_cannot_be_attached_for_want_of_memory_is_where_it_was(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  lua_register(world.L, "attach", l_attach);
  lua_register(world.L, "attach_without_memory", l_attach_without_memory);
  world_add(&world, "attach(box) sleep(2)");
  world_add(&world, "sleep(1) attach_without_memory(box)");
  world_run(&world);
  CHECK_TEXT(world.log, "ended"); /* of the first alone */
  world_add(&world, "attach(box)");
  world_run(&world);
  CHECK_TEXT(world.log, "ended ended");
  world_close(&world);
}

static void what_is_detached_is_no_affair_of_the_task(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  add_box(&world, "other");
  lua_register(world.L, "attach", l_attach);
  lua_register(world.L, "detach", l_detach);
  world_do(&world, "attach(box) detach(box)"); /* outside a task */
  world_add(&world, "attach(box) attach(other) detach(box) sleep(9)");
  world_pass(&world);
  CHECK_TEXT(world.log, "");
  ta_runner_free(world.runner);
  CHECK_TEXT(world.log, "forgotten");
  world.runner = NULL;
  world_close(&world);
}

static void an_attachment_hangs_on_whoever_attached_it_last(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  lua_register(world.L, "attach", l_attach);
  world_add(&world, "attach(box) attach(box) sleep(1) log 'first'");
  world_add(&world, "attach(box) sleep(2) log 'second'");
  world_pass(&world);
  world_do(&world, "attach(box)"); /* outside a task */
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "first second ended");
  world_close(&world);
}

static void an_object_that_is_collected_is_detached(void) {
  WITH_WORLD(world);
  add_box(&world, "box");
  lua_register(world.L, "attach", l_attach);
  world_add(&world, "attach(box) box = nil sleep(1) collectgarbage() collectgarbage() "
                    "log 'over'");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "over");
  world_close(&world);
}

/* What a task has of a library's own memory. */
struct piece {
  struct ta_attachment attachment;
};

static int pieces;

static void free_piece(struct ta_attachment *attachment) {
  pieces--;
  free((struct piece *)(void *)attachment);
}

static void end_piece(struct ta_runner *runner, struct ta_task *task,
                      struct ta_attachment *attachment) {
  (void)runner, (void)task;
  free_piece(attachment);
}

static const struct ta_attachment_kind piece_kind = {end_piece, free_piece};

static int l_take_piece(lua_State *L) {
  struct piece *piece = calloc(1, sizeof *piece);
  CHECK(piece);
  pieces++;
  ta_attach(ta_runner_of(L), &piece->attachment, &piece_kind);
  return 0;
}

static void a_state_that_is_closed_forgets_what_tasks_have(void) {
  for (int frees = 0; frees < 2; frees++) {
    WITH_WORLD(world);
    add_box(&world, "box");
    lua_register(world.L, "attach", l_attach);
    lua_register(world.L, "take_piece", l_take_piece);
    world_add(&world, "take_piece() attach(box) take_piece() sleep(9)");
    world_pass(&world);
    CHECK(pieces == 2);
    if (frees) ta_runner_free(world.runner);
    world.runner = NULL;
    world_close(&world);
    CHECK(pieces == 0);
    CHECK_TEXT(world.log, frees ? "forgotten" : ""); /* the box was finalized before */
  }
}

/* -------------------------------------------------- events, channels, chunks */

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

/* What is made of each kind, and used after the library was opened once more. */
static const char made_before[] =
    "for _, name in ipairs{false, 'named'} do local name = name or nil "
    "local event, channel = async.event(name), async.channel(1, name) "
    "local lock, places = async.lock(name), async.semaphore(1, name) "
    "spawn(function() local guard <close> = lock:acquire() sleep(1) "
    "event:set() event:wait() channel:send 'x' places:acquire() places:release() "
    "log(again.select{channel}, async.select{event}, again.select{event}) end) end "
    "spawn(function() local locals = async.task_local(7) locals:set(5) sleep(1) "
    "log(locals:get()) end) "
    "spawn(function() local guard <close> = async.defer(function() log 'deferred' end) "
    "sleep(1) end) "
    "spawn(async.scope, function(scope) sleep(1) scope:spawn(log, 'child') end) "
    "spawn(function() for _ in async.as_completed{function() sleep(1) end} do "
    "log 'completed' end end)";

static void to_open_again_leaves_what_was_made_before_alone(void) {
  for (int globals = 0; globals < 2; globals++) {
    WITH_WORLD(world);
    lua_State *L = world.L;
    world_add(&world, made_before);
    world_pass(&world);
    lua_newtable(L);
    ta_open_table(world.runner, L);
    lua_setglobal(L, "again");
    if (globals) ta_open(world.runner, L, TA_OPEN_LIBRARY);
    world_do(&world, "collectgarbage()");
    CHECK(world_run(&world) == TA_DONE);
    CHECK_TEXT(world.log, "1 1 1 1 1 1 5 deferred child completed");
    world_close(&world);
  }
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

static const char *const greeting[] = {
    "local chunk = {}\n", "function chunk.greet(name) sleep(1) return 'hello ' .. name end\n",
    "function chunk.now() return async.now() end\n", "return chunk\n", NULL};
static const char *const greeting_names[] = {"greet", "now_too", NULL};

static void a_chunk_is_loaded_when_something_of_it_is_looked_for(void) {
  WITH_WORLD(world);
  lua_State *L = world.L;
  ta_push_environment(world.runner, L);
  lua_getglobal(L, "sleep");
  lua_setfield(L, -2, "sleep");
  lua_pop(L, 1);
  lua_getglobal(L, "async");
  ta_offer_chunk(world.runner, L, greeting_names, greeting);
  lua_pop(L, 1);
  world_add(&world, "log(rawget(async, 'greet') == nil, async.unknown == nil, "
                    "rawget(async, 'all') == nil) "
                    "log(async.greet 'you', async.now()) log(rawget(async, 'all') == nil) "
                    "local found = {} for name in pairs(async) do found[name] = true end "
                    "log(found.greet, found.all, getmetatable(async))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true true true hello you 1.0 true true true nil");
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

/* Offers the greeting to the global table of that name. */
static void offer_greeting(struct world *world, const char *table) {
  lua_getglobal(world->L, table);
  ta_offer_chunk(world->runner, world->L, greeting_names, greeting);
  lua_pop(world->L, 1);
}

static void let_chunks_sleep(struct world *world) {
  ta_push_environment(world->runner, world->L);
  lua_getglobal(world->L, "sleep");
  lua_setfield(world->L, -2, "sleep");
  lua_pop(world->L, 1);
}

static void an_offer_keeps_the_metatable_and_its_functions(void) {
  WITH_WORLD(world);
  let_chunks_sleep(&world);
  world_do(&world,
           "meta = {__name = 'Strict', "
           "__index = function(_, key) sleep(1) return 'no ' .. key end, "
           "__pairs = function() sleep(1) return function(_, n) return not n and 1 or nil end end} "
           "index, each = meta.__index, meta.__pairs strict = setmetatable({}, meta)");
  offer_greeting(&world, "strict");
  world_add(&world, "local twin = setmetatable({}, meta) "
                    "log(twin.greet, strict.greeting, async.now(), getmetatable(strict) == meta) "
                    "log(meta.__index == index, strict.greet 'you', twin.greet) "
                    "log(meta.__index == index, meta.__pairs == each, strict.hello)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "no greet no greeting 2.0 true false hello you no greet "
                        "true true no hello");
  world_close(&world);
}

static void pairs_of_what_is_offered_calls_what_it_replaced(void) {
  WITH_WORLD(world);
  world_do(&world, "each = function(t) sleep(1) return next, {rawget(t, 'greet') and 'greet'} end "
                   "fallback = {found = 'there'} meta = {__index = fallback, __pairs = each} "
                   "strict = setmetatable({}, meta)");
  offer_greeting(&world, "strict");
  offer_greeting(&world, "strict");
  world_add(&world, "log(strict.found, strict.lost, getmetatable(strict) == meta) "
                    "for _, name in pairs(strict) do log(name, async.now()) end "
                    "log(meta.__index == fallback, meta.__pairs == each, strict.found)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "there nil true greet 1.0 true true there");
  world_close(&world);
}

static void what_a_script_does_to_the_metatable_of_an_offer_stays(void) {
  WITH_WORLD(world);
  world_do(&world, "changed, other, empty = {}, {}, setmetatable({}, {})");
  offer_greeting(&world, "changed");
  offer_greeting(&world, "other");
  offer_greeting(&world, "empty");
  world_do(&world, "getmetatable(changed).__newindex = error "
                   "local old = getmetatable(other) theirs = {} setmetatable(other, theirs) "
                   "log(other.greet, old.__index(other, 'greet') ~= nil, changed.greet ~= nil) "
                   "log(getmetatable(changed).__newindex == error, getmetatable(changed).__index) "
                   "log(getmetatable(other) == theirs, next(theirs), empty.greet ~= nil) "
                   "log(next(getmetatable(empty)))");
  CHECK_TEXT(world.log, "nil true true true nil true nil true nil");
  world_close(&world);
}

/* A script that makes itself strict has replaced our function: what comes is offered anew. */
static void offers_come_through_a_function_that_replaced_ours(void) {
  WITH_WORLD(world);
  world_do(&world, "getmetatable(async).__index = function(_, key) return 'no ' .. key end");
  offer_greeting(&world, "async");
  world_do(&world, "log(async.zip, type(async.greet), async.zip)");
  CHECK_TEXT(world.log, "no zip function no zip");
  world_close(&world);
}

static void what_a_script_has_under_an_offered_name_stays(void) {
  EXPECT("async.all = 'mine' log(type(async.any), async.all) "
         "for name, value in pairs(async) do if name == 'all' then log(value) end end",
         "function mine mine");
}

static const char *const other_greeting[] = {"return {greet = function() return 'bye' end}\n",
                                             NULL};
static const char *const other_names[] = {"greet", NULL};

static void of_two_offers_of_a_name_the_last_counts(void) {
  WITH_WORLD(world);
  world_do(&world, "twice = {}");
  offer_greeting(&world, "twice");
  lua_getglobal(world.L, "twice");
  ta_offer_chunk(world.runner, world.L, other_names, other_greeting);
  lua_pop(world.L, 1);
  world_do(&world, "log(twice.now_too, rawget(twice, 'greet'), twice.greet())");
  CHECK_TEXT(world.log, "nil nil bye");
  world_close(&world);
}

/* ------------------------------------------------------- what chunks see */

static const char *const seeing[] = {
    "local chunk = {}\n",
    "function chunk.both(f, g) return async.all{f, g} end\n",
    "function chunk.sees(name) return async[name] ~= nil end\n",
    "function chunk.spoil() async.all = nil async.current = nil async.defer = nil end\n",
    "return chunk\n",
    NULL};
static const char *const seeing_names[] = {"both", "sees", "spoil", NULL};

static void offer_seeing(struct world *world) {
  lua_getglobal(world->L, "async");
  ta_offer_chunk(world->runner, world->L, seeing_names, seeing);
  lua_pop(world->L, 1);
}

static void chunks_see_all_of_async(void) {
  WITH_WORLD(world);
  offer_seeing(&world);
  world_add(&world,
            "for _, name in ipairs{'any', 'race', 'map', 'settle', 'as_completed', 'retry', "
            "'every', 'scope', 'select'} do if not async.sees(name) then log(name) end end "
            "local both = async.both(function() sleep(1) return 'a' end, "
            "function() return 'b' end) log(both[1], both[2], async.now())");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b 1.0");
  world_close(&world);
}

static void what_libraries_set_is_not_seen_by_our_chunks(void) {
  static const char *const names[] = {"type",   "outcome", "is_task", "error", "ipairs",
                                      "format", "async",   "pack",    "pcall", "unpack",
                                      "concat", "collect", "first",   "next",  "tostring"};
  WITH_WORLD(world);
  offer_seeing(&world);
  world_do(&world, "async.spoil()");
  ta_push_environment(world.runner, world.L);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    lua_pushliteral(world.L, "theirs");
    lua_setfield(world.L, -2, names[i]);
  }
  lua_pop(world.L, 1);
  world_add(&world, "log(async.all{function() return 'one' end}[1]) "
                    "log(select(2, pcall(async.all, 1))) log((async.tree():match '^#1'))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "one all: expected a list, got number; put them in a list: all{f, g} #1");
  world_close(&world);
}

/* As tinyasync(3) has them. */
static void chunks_see_so_many_functions_of_lua(void) {
  WITH_WORLD(world);
  ta_push_environment(world.runner, world.L);
  lua_setglobal(world.L, "seen");
  world_do(&world, "local names = {} "
                   "for name in pairs(seen) do if type(name) == 'string' then "
                   "names[#names + 1] = name end end "
                   "table.sort(names) log(table.concat(names, ' '))");
  CHECK_TEXT(world.log, "async concat error floor format gsub huge ipairs max min next pack pcall "
                        "random remove rep tointeger tostring type unpack");
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
  ta_set_functions(ta_upvalue_runner(L), L, box_methods);
  return 1;
}

static int l_push_environment(lua_State *L) {
  ta_push_environment(ta_upvalue_runner(L), L);
  return 1;
}

static int l_push_chunk(lua_State *L) {
  ta_push_chunk(ta_upvalue_runner(L), L, greeting);
  return 1;
}

static int l_offer_chunk(lua_State *L) {
  lua_newtable(L);
  ta_offer_chunk(ta_upvalue_runner(L), L, greeting_names, greeting);
  return 1;
}

static int l_push_object(lua_State *L) {
  ta_push_object(ta_upvalue_runner(L), L, &other_kind, 1, 0);
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

static const char *const plain[] = {"local chunk = {}\n",
                                    "function chunk.seen() return type(given), print, async end\n",
                                    "return chunk\n", NULL};

static void a_chunk_needs_no_runner(void) {
  struct world world;
  world_open_bare(&world);
  lua_State *L = world.L;
  ta_push_basics(L);
  lua_pushinteger(L, 5);
  lua_setfield(L, -2, "given");
  ta_load_chunk(L, plain);
  lua_getfield(L, -1, "seen");
  lua_call(L, 0, 3);
  CHECK_TEXT(lua_tostring(L, -3), "number");
  CHECK(lua_isnil(L, -2) && lua_isnil(L, -1));
  lua_settop(L, 0);
  world_close(&world);
}

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

/* -------------------------------------------------------- a stream over a pipe */

struct pipe {
  struct ta_watch watch;
  struct ta_runner *runner;
  struct ta_ticket reader;
};

static void pipe_is_ready(struct ta_watch *watch, unsigned directions) {
  struct pipe *pipe = (struct pipe *)watch;
  (void)directions;
  ta_unpark(pipe->runner, pipe->reader);
}

static void disarm_pipe(void *subject) {
  struct pipe *pipe = subject;
  ta_watch_unwant(&pipe->watch, TA_MAY_READ);
}

static const struct ta_wait_kind read_kind = {.action = "read", .disarm = disarm_pipe};

static int l_pipe_close(lua_State *L);

static int l_read_some(lua_State *L);

static const struct ta_function pipe_methods[] = {
    {"read_some", l_read_some}, {"close", l_pipe_close}, {NULL, NULL}};
static const struct ta_function pipe_meta[] = {
    {"__gc", l_pipe_close}, {"__close", l_pipe_close}, {NULL, NULL}};
static const struct ta_object_kind pipe_kind = {
    .name = "Pipe", .methods = pipe_methods, .meta = pipe_meta};

static int k_read_some(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  lua_settop(L, 1);
  return l_read_some(L);
}

static int refuse(lua_State *L, int error, const char *code) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(error));
  lua_pushstring(L, code);
  return 3;
}

/* Results before wakes: it asks again after each wait. */
static int l_read_some(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct pipe *pipe = ta_check_object(L, 1, &pipe_kind);
  char bytes[64];
  ta_enter(runner, L);
  if (pipe->watch.fd < 0) return refuse(L, ECANCELED, "ECANCELED");
  ssize_t count = read(pipe->watch.fd, bytes, sizeof bytes);
  if (count > 0) lua_pushlstring(L, bytes, (size_t)count);
  if (count == 0) lua_pushnil(L);
  if (count >= 0) return 1;
  if (errno != EAGAIN) return refuse(L, errno, "EIO");
  ta_watch_blocked(&pipe->watch, TA_MAY_READ);
  pipe->reader = ta_take_ticket(runner, L, &read_kind, pipe);
  if (ta_watch_want(&pipe->watch, TA_MAY_READ) < 0) return refuse(L, ENOMEM, "ENOMEM");
  return ta_park(runner, L, pipe->reader, 0, k_read_some);
}

static int l_pipe_close(lua_State *L) {
  struct pipe *pipe = ta_check_object(L, 1, &pipe_kind);
  struct ta_ticket reader = pipe->reader;
  ta_watch_close(&pipe->watch);
  pipe->watch.fd = -1;
  ta_unpark(pipe->runner, reader);
  return 0;
}

/* A world whose outside is a loop of the host's. */
struct place {
  struct world world;
  struct ta_loop loop;
  int writing;
};

/* False: memory was refused. */
static bool open_pipe(struct place *place) {
  int fds[2];
  CHECK(pipe(fds) == 0 && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0);
  place->writing = fds[1];
  lua_State *L = place->world.L;
  struct pipe *pipe = ta_push_object(place->world.runner, L, &pipe_kind, sizeof *pipe, 0);
  pipe->runner = place->world.runner;
  pipe->watch.fd = -1;
  CHECK(ta_watch_open(&place->loop, TA_EDGE, fds[0], pipe_is_ready, &pipe->watch) == 0);
  lua_setglobal(L, "pipe");
  return true;
}

static void open_place(struct place *place) {
  *place = (struct place){.writing = -1};
  world_open(&place->world, TA_OPEN_ALL | TA_OPEN_REUSE);
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  open_pipe(place);
}

static void close_place(struct place *place) {
  close(place->writing);
  world_close(&place->world);
  ta_loop_close(&place->loop);
}

/* Passes until nothing is left to do.  What has come is looked at before time goes on, and
 * the loop waited for while nobody sleeps. */
static enum ta_pass_result live(struct place *place) {
  int waits = 3; /* that may end for nothing: whoever writes is in this process */
  for (int left = 10000; left > 0; left--) {
    enum ta_pass_result result = world_pass(&place->world);
    bool sleeps = place->world.deadline < HUGE_VAL;
    if (result != TA_BUSY && result != TA_WAITING) return result;
    ta_loop_wait(&place->loop, result == TA_WAITING && !sleeps ? 0.001 : 0);
    if (result == TA_WAITING && !sleeps && waits-- == 0) break;
    if (result == TA_WAITING && sleeps) place->world.now = place->world.deadline;
  }
  return TA_BUSY;
}

static int l_write(lua_State *L) {
  const struct place *place = lua_touserdata(L, lua_upvalueindex(1));
  size_t length;
  const char *text = luaL_checklstring(L, 1, &length);
  CHECK(write(place->writing, text, length) == (ssize_t)length);
  return 0;
}

static void add_write(struct place *place) {
  lua_pushlightuserdata(place->world.L, place);
  lua_pushcclosure(place->world.L, l_write, 1);
  lua_setglobal(place->world.L, "write");
}

static void a_stream_waits_for_the_loop_in_straight_lines(void) {
  struct place place;
  open_place(&place);
  add_write(&place);
  world_add(&place.world, "log(pipe:read_some()) log(pipe:read_some()) "
                          "for text in coroutine.wrap(function() "
                          "coroutine.yield(pipe:read_some()) end) do log(text) break end");
  world_add(&place.world, "write 'a' sleep(1) write 'b' sleep(1) write 'c'");
  CHECK(live(&place) == TA_DONE);
  CHECK_TEXT(place.world.log, "a b c");
  close_place(&place);
}

static void a_deadline_and_a_close_end_the_wait(void) {
  struct place place;
  open_place(&place);
  add_write(&place);
  world_add(&place.world, "log(async.move_on_after(1, pipe.read_some, pipe)) "
                          "spawn(function() write 'late' end) log(pipe:read_some()) "
                          "spawn(function() pipe:close() end) log(pipe:read_some()) "
                          "log(select('#', pipe:read_some()))");
  CHECK(live(&place) == TA_DONE);
  CHECK_TEXT(place.world.log, "nil timeout late nil Operation canceled ECANCELED 3");
  close_place(&place);
}

/* What each step of the cancelled run is told by. */
static const char reading[] =
    "local reader = spawn(function() local guard <close> = async.defer(log, 'clean') "
    "for _ = 1, 3 do pipe:read_some() end end) "
    "spawn(function() for _ = 1, 3 do write 'x' async.checkpoint() end end) "
    "for _ = 1, steps do async.checkpoint() end reader:cancel() write 'yyy' "
    "local text = async.move_on_after(1, pipe.read_some, pipe) log(text and 'read' or 'empty')";

static void a_cancellation_at_any_step_leaves_the_stream_usable(void) {
  for (int steps = 0; steps < 12; steps++) {
    struct place place;
    open_place(&place);
    add_write(&place);
    lua_pushinteger(place.world.L, steps);
    lua_setglobal(place.world.L, "steps");
    world_add(&place.world, reading);
    CHECK(live(&place) == TA_DONE);
    CHECK(ta_outside(place.world.runner) == 0);
    CHECK(strstr(place.world.log, "read"));
    close_place(&place);
  }
}

/* Each request for memory is refused once, and nothing is lost by it. */
static void refused_memory_leaves_no_wait_behind(void) {
  for (size_t room = 0; room < 40000; room += test_quick() ? 2000 : 200) {
    struct place place;
    open_place(&place);
    add_write(&place);
    world_add(&place.world, "pcall(pipe.read_some, pipe) pcall(pipe.read_some, pipe)");
    world_add(&place.world, "write 'x' sleep(1) write 'x'");
    place.world.most = place.world.memory.bytes + room;
    live(&place);
    place.world.most = 0;
    ta_close_all(place.world.runner);
    CHECK(ta_outside(place.world.runner) == 0);
    close_place(&place);
  }
}

static void a_stream_outlives_its_runner_and_its_state_closes_it(void) {
  struct place place;
  open_place(&place);
  world_add(&place.world, "pipe:read_some()");
  world_pass(&place.world);
  CHECK(ta_outside(place.world.runner) == 1);
  ta_runner_free(place.world.runner);
  place.world.runner = NULL;
  CHECK(write(place.writing, "x", 1) == 1);
  ta_loop_wait(&place.loop, 0); /* nobody waits for it any more */
  close_place(&place);
}

const struct test lib_tests[] = {
    TEST(objects_have_methods_and_are_checked),
    TEST(an_object_of_another_runner_is_none_of_ours),
    TEST(select_takes_objects_of_libraries),
    TEST(who_was_woken_asks_again),
    TEST(who_was_cancelled_when_it_was_woken_takes_what_it_was_woken_for),
    TEST(a_select_that_asks_again_keeps_its_time_out),
    TEST(a_select_that_asks_again_takes_what_is_ready_now),
    TEST(who_need_not_wait_gives_up_the_turn_at_times),
    TEST(who_has_given_up_the_turn_can_be_cancelled),
    TEST(a_wake_passes_over_who_was_robbed),
    TEST(who_waits_has_the_object_at_index_1),
    TEST(a_task_gives_back_what_is_attached_however_it_ends),
    TEST(what_cannot_be_attached_for_want_of_memory_is_where_it_was),
    TEST(what_is_detached_is_no_affair_of_the_task),
    TEST(an_attachment_hangs_on_whoever_attached_it_last),
    TEST(an_object_that_is_collected_is_detached),
    TEST(a_state_that_is_closed_forgets_what_tasks_have),
    TEST(an_event_that_c_sets_is_set_from_outside),
    TEST(a_channel_that_c_fills_is_filled_from_outside),
    TEST(events_and_channels_want_the_library_open),
    TEST(to_open_again_leaves_what_was_made_before_alone),
    TEST(what_c_sends_and_where_is_checked),
    TEST(a_chunk_is_loaded_when_something_of_it_is_looked_for),
    TEST(a_name_is_taken_and_a_function_lets_others_wait),
    TEST(an_offer_keeps_the_metatable_and_its_functions),
    TEST(pairs_of_what_is_offered_calls_what_it_replaced),
    TEST(what_a_script_does_to_the_metatable_of_an_offer_stays),
    TEST(offers_come_through_a_function_that_replaced_ours),
    TEST(what_a_script_has_under_an_offered_name_stays),
    TEST(of_two_offers_of_a_name_the_last_counts),
    TEST(chunks_see_all_of_async),
    TEST(what_libraries_set_is_not_seen_by_our_chunks),
    TEST(chunks_see_so_many_functions_of_lua),
    TEST(what_comes_after_the_runner_was_freed_raises),
    TEST(a_wrong_number_of_packed_values_raises),
    TEST(a_chunk_needs_no_runner),
    TEST(what_has_call_can_be_called),
    TEST(what_is_replaced_is_put_back_unless_it_is_newer),
    TEST(who_is_called_before_a_spawn_may_refuse_it),
    TEST(who_is_called_before_a_spawn_may_cancel_its_scope_or_change_its_options),
    TEST(nobody_is_called_before_a_spawn_once_the_runner_is_gone),
    TEST(a_failure_is_written_in_pieces),
    TEST(a_stream_waits_for_the_loop_in_straight_lines),
    TEST(a_deadline_and_a_close_end_the_wait),
    TEST(a_cancellation_at_any_step_leaves_the_stream_usable),
    TEST(refused_memory_leaves_no_wait_behind),
    TEST(a_stream_outlives_its_runner_and_its_state_closes_it),
    TESTS_END,
};
