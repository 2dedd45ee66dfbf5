/* SPDX-License-Identifier: MIT
 *
 * Objects that are lost: Lua frees them when it was refused the memory to call their
 * finalizers.  What tasks have of them is still there when the tasks end.
 */
#include "unit/box.h"
#include "unit/lose.h"

static int l_attach(lua_State *L);
static int l_detach(lua_State *L);

static void open_lossy(struct world *world) {
  world_open_bare(world);
  world_do(world, "own = {} for k, v in pairs(coroutine) do own[k] = v end");
  world->runner = world_new_runner(world);
  ta_open(world->runner, world->L, TA_OPEN_ALL | TA_OPEN_REUSE);
  world_tell_failures(world);
  add_lose(world);
  lua_register(world->L, "attach", l_attach);
  lua_register(world->L, "detach", l_detach);
  add_box(world, "box");
}

/* A task that runs the code loses so many objects and logs so much. */
static void expect_lost(const char *code, int losses, const char *log) {
  struct world world;
  open_lossy(&world);
  world_add(&world, code);
  CHECK(world_run(&world) == TA_DONE);
  CHECK(count_lost() == losses);
  CHECK_TEXT(world.log, log);
  world_close(&world);
}

/* --------------------------------------------------------------------- ours */

static void the_task_ends_that_has_a_lost_lock(void) {
  expect_lost("local lock = async.lock('l' .. 1) lock:acquire() lock = nil lose() sleep(1)", 1,
              "[ended while it held lock 'l1']");
  expect_lost("local lock, other = async.lock(), async.lock() lock:acquire() other:acquire() "
              "lock = nil lose() other:release() sleep(1)",
              1, "[ended while it held lock]");
}

static void the_task_ends_that_has_permits_of_a_lost_semaphore(void) {
  expect_lost("local s = async.semaphore(3, 's' .. 1) s:acquire() s:acquire() s = nil lose() "
              "sleep(1)",
              1, "");
  expect_lost("local s, t = async.semaphore(3), async.semaphore(1) s:acquire() t:acquire() "
              "s = nil lose() t:release() t:acquire()",
              1, "");
}

static void the_task_ends_that_has_left_a_loop_which_is_lost(void) {
  expect_lost("local co = coroutine.wrap(function() "
              "  for x in async.as_completed{function() return {} end, function() sleep(9) end} do "
              "    coroutine.yield() end end) "
              "spawn(function() co() co = nil lose() sleep(1) end) sleep(2) log(async.now())",
              1, "2.0");
}

/* Its own task ends before those that it watched do. */
static void tasks_end_that_a_lost_loop_has_watched(void) {
  expect_lost("local function sleeper() sleep(5) log 'slept' end "
              "local task = spawn(sleeper) "
              "local co = coroutine.wrap(function() "
              "  for x in async.as_completed{function() end, task} do coroutine.yield() end end) "
              "co() co = nil lose() sleep(9)",
              1, "slept");
}

static void the_task_ends_that_loads_a_module_in_a_lost_coroutine(void) {
  expect_lost("package.preload['m' .. 1] = function() own.yield() end "
              "local co = own.wrap(function() require('m' .. 1) end) co() co = nil lose() "
              "sleep(1) spawn(function() sleep(1) package.loaded.m1 = 7 end)",
              1, "");
}

/* These have no finalizers: tasks keep them. */
static void what_a_task_waits_for_is_not_lost(void) {
  expect_lost("local t = spawn(function() coroutine.wrap(function() "
              "  async.select{async.channel(), async.event(), box} end)() end) "
              "sleep(1) lose() t:cancel()",
              0, "");
  expect_lost("local t = spawn(function() async.with_timeout(9, function() "
              "  async.scope(function(s) s:spawn(sleep, 5) async.event():wait() end) end) end) "
              "sleep(1) lose() t:cancel()",
              0, "");
}

/* ---------------------------------------------------------------- libraries */

static struct box *its_box(struct ta_attachment *attachment) {
  return (struct box *)(void *)((char *)attachment - offsetof(struct box, attachment));
}

static void log_end(struct ta_runner *runner, struct ta_task *task,
                    struct ta_attachment *attachment) {
  while (ta_wake_first(runner, &its_box(attachment)->waiting)) continue;
  (void)task;
  world_log(its_box(attachment)->world, "ended");
}

static void log_forgotten(struct ta_attachment *attachment) {
  world_log(its_box(attachment)->world, "forgotten");
}

static const struct ta_attachment_kind box_attachment = {log_end, log_forgotten};

static int l_attach(lua_State *L) {
  struct box *box = ta_to_object(ta_runner_of(L), L, 1, &box_kind);
  CHECK(ta_attach(ta_runner_of(L), &box->attachment, &box_attachment) == 0);
  return 0;
}

static int l_detach(lua_State *L) {
  struct box *box = ta_to_object(ta_runner_of(L), L, 1, &box_kind);
  ta_detach(&box->attachment);
  return 0;
}

static void the_task_ends_that_has_a_lost_object_of_a_library(void) {
  expect_lost("attach(box) box = nil lose() sleep(1)", 1, "ended");
  expect_lost("attach(box) detach(box) box = nil lose() sleep(1)", 1, "");
}

static void the_runner_is_freed_that_has_a_lost_object(void) {
  for (int frees = 0; frees < 2; frees++) {
    struct world world;
    open_lossy(&world);
    world_add(&world, "attach(box) box = nil lose() sleep(1)");
    world_pass(&world);
    if (frees) ta_runner_free(world.runner);
    CHECK_TEXT(world.log, frees ? "forgotten" : "");
    world.runner = NULL;
    world_close(&world);
    CHECK(count_lost() == 1);
  }
}

/* ------------------------------------------------------------- brought back */

/* A finalizer older than `kept.it` brings it back: Lua has called its own by then, and calls
 * that only once. */
#define BRING_BACK(it)                                                                             \
  "local kept = setmetatable({}, {__gc = function(t) saved = t.it end}) kept.it = " it " "         \
  "box = nil kept = nil collectgarbage() "

static void a_lock_that_was_brought_back_is_finalized_again(void) {
  expect_lost(BRING_BACK("async.lock('l' .. 1)") "saved:acquire() saved:release() "
                                                 "saved:acquire() saved = nil collectgarbage() "
                                                 "collectgarbage() sleep(1)",
              0, "[ended while it held lock 'l1', which is gone]");
  expect_lost(BRING_BACK("async.lock()") "saved:acquire() saved = nil lose() sleep(1)", 1,
              "[ended while it held lock]");
}

static void a_semaphore_that_was_brought_back_is_finalized_again(void) {
  expect_lost(BRING_BACK("async.semaphore(2)") "saved:acquire() saved = nil "
                                               "collectgarbage() collectgarbage() sleep(1)",
              0, "");
  expect_lost(BRING_BACK("async.semaphore(2)") "saved:acquire() saved = nil lose() sleep(1)", 1,
              "");
}

static void an_object_of_a_library_that_was_brought_back_is_finalized_again(void) {
  expect_lost(BRING_BACK("box") "saved:fill() attach(saved) saved = nil "
                                "collectgarbage() collectgarbage() sleep(1) log 'detached'",
              0, "detached");
  expect_lost(BRING_BACK("box") "saved:fill() attach(saved) saved = nil lose() sleep(1)", 1,
              "ended");
}

static void what_was_brought_back_is_freed_in_the_end(void) {
  struct world world;
  open_lossy(&world);
  world_add(&world, BRING_BACK("box") "saved:fill() saved = nil");
  world_run(&world);
  size_t bytes = world_settled_bytes(&world);
  for (int i = 0; i < 50; i++) {
    add_box(&world, "box");
    world_do(&world, BRING_BACK("box") "saved:fill() saved = nil async.lock()");
  }
  CHECK(world_settled_bytes(&world) < bytes + 2000);
  world_close(&world);
}

/* ---------------------------------------------------- finalizers that misbehave */

static int l_raise(lua_State *L) {
  return luaL_error(L, "no");
}

/* Nothing keeps it. */
static void make_attached(struct world *world, const struct ta_object_kind *kind) {
  struct box *box = ta_push_object(world->runner, world->L, kind, sizeof *box, 0);
  ta_list_init(&box->waiting);
  box->world = world;
  CHECK(ta_attach(world->runner, &box->attachment, &box_attachment) == 0);
  lua_pop(world->L, 1);
}

static const struct ta_function raising_meta[] = {{"__gc", l_raise}, {NULL, NULL}};
static const struct ta_object_kind raising_kind = {.name = "Raising", .meta = raising_meta};

static int l_make_raising(lua_State *L) {
  make_attached(lua_touserdata(L, lua_upvalueindex(1)), &raising_kind);
  return 0;
}

/* It may have done half of what it does. */
static void an_object_whose_finalizer_raises_is_kept(void) {
  struct world world;
  open_lossy(&world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_make_raising, 1);
  lua_setglobal(world.L, "make");
  world_add(&world, "make() make() collectgarbage() collectgarbage() sleep(1)");
  world_run(&world);
  CHECK(count_lost() == 2);
  CHECK_TEXT(world.log, "ended ended");
  world_close(&world);
}

static int l_drop_all(lua_State *L);

static const struct ta_function dropping_meta[] = {{"__gc", l_drop_all}, {NULL, NULL}};
static const struct ta_object_kind dropping_kind = {.name = "Dropping", .meta = dropping_meta};

/* Memory is out, and Lua collects what nothing keeps. */
static int l_drop_all(lua_State *L) {
  struct box *box = ta_check_object(L, 1, &dropping_kind);
  struct world *world = box->world;
  ta_detach(&box->attachment);
  lua_settop(L, 0);
  world->most = 1;
  lua_pushcfunction(L, l_raise);
  CHECK(lua_pcall(L, 0, 0, 0) != LUA_OK);
  world->most = 0;
  world_log(world, "dropped");
  return 0;
}

static void a_finalizer_may_empty_its_stack(void) {
  struct world world;
  open_lossy(&world);
  for (int i = 0; i < 3; i++) make_attached(&world, &dropping_kind);
  lua_gc(world.L, LUA_GCCOLLECT);
  CHECK_TEXT(world.log, "dropped dropped dropped");
  world_close(&world);
}

const struct test lost_tests[] = {
    TEST(the_task_ends_that_has_a_lost_lock),
    TEST(the_task_ends_that_has_permits_of_a_lost_semaphore),
    TEST(the_task_ends_that_has_left_a_loop_which_is_lost),
    TEST(tasks_end_that_a_lost_loop_has_watched),
    TEST(the_task_ends_that_loads_a_module_in_a_lost_coroutine),
    TEST(what_a_task_waits_for_is_not_lost),
    TEST(the_task_ends_that_has_a_lost_object_of_a_library),
    TEST(the_runner_is_freed_that_has_a_lost_object),
    TEST(a_lock_that_was_brought_back_is_finalized_again),
    TEST(a_semaphore_that_was_brought_back_is_finalized_again),
    TEST(an_object_of_a_library_that_was_brought_back_is_finalized_again),
    TEST(what_was_brought_back_is_freed_in_the_end),
    TEST(an_object_whose_finalizer_raises_is_kept),
    TEST(a_finalizer_may_empty_its_stack),
    TESTS_END,
};
