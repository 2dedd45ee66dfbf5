/* SPDX-License-Identifier: MIT
 *
 * Coroutines of tasks: when there are any, and which are used again.
 */
#include "core/task.h"
#include "unit/world.h"

static void a_task_that_has_not_started_has_no_coroutine(void) {
  WITH_WORLD(world);
  struct ta_task *task = world_add(&world, "sleep(1)");
  CHECK(!task->co);
  world_pass(&world);
  CHECK(task->co);
  world_close(&world);
}

static void one_that_lies_idle_is_taken_when_a_task_is_spawned(void) {
  WITH_WORLD(world);
  world_add(&world, "sleep(0)");
  world_run(&world);
  size_t idle = world.runner->pool.count;
  const struct ta_task *first = world_add(&world, "log(...)");
  const struct ta_task *second = world_add(&world, "log(...)");
  CHECK(idle == 1 && first->co && !second->co);
  world_do(&world, "t = spawn(log, 'never') t:cancel()");
  world_run(&world);
  world_do(&world, "t = spawn(log, 'never') t:cancel() t = spawn(log, 1, nil, nil)");
  CHECK(world.runner->pool.count == 0);
  world_run(&world);
  CHECK(world.runner->pool.count == 1);
  CHECK_TEXT(world.log, "1 nil nil");
  world_close(&world);
}

/* Tasks one after the other: on how many coroutines do they run? */
static void check_coroutines(const char *body, unsigned count) {
  WITH_WORLD(world);
  const lua_State *seen[4] = {NULL};
  unsigned different = 0;
  for (int i = 0; i < 4; i++) {
    struct ta_task *task = world_add(&world, "async.checkpoint() step()");
    world_do(&world, "function step() end");
    world_do(&world, body);
    world_pass(&world);
    bool known = false;
    for (unsigned k = 0; k < different; k++) known |= seen[k] == task->co;
    if (!known) seen[different++] = task->co;
    world_run(&world);
  }
  CHECK(different == count);
  world_close(&world);
}

static void coroutines_of_ended_tasks_are_used_again(void) {
  check_coroutines("", 1);
  check_coroutines("function step() error 'x' end", 1);
  check_coroutines("function step() local f = coroutine.wrap(coroutine.running) f() end", 1);
}

/* An older library may have kept Lua's own coroutine.running. */
static void without_leave_no_coroutine_is_used_again(void) {
  struct world world;
  world_open(&world, TA_OPEN_ALL);
  world_do(&world, "kept = {}");
  for (int i = 0; i < 3; i++) {
    const struct ta_task *task = world_add(&world, "async.checkpoint()");
    world_pass(&world);
    lua_State *co = task->co;
    lua_pushthread(co); /* as a C function may, and Lua's own running */
    lua_xmove(co, world.L, 1);
    lua_setglobal(world.L, "co");
    world_do(&world, "log(kept[co] == nil) kept[co] = true");
    world_run(&world);
  }
  CHECK_TEXT(world.log, "true true true");
  world_close(&world);
}

static void a_coroutine_that_a_script_named_is_not_used_again(void) {
  check_coroutines("kept = kept or {} function step() kept[#kept + 1] = coroutine.running() end",
                   4);
}

static void a_coroutine_with_a_debug_hook_is_not_used_again(void) {
  check_coroutines("kept = kept or {} function step() debug.sethook(function() end, '', 1000) end"
                   " collectgarbage 'stop'",
                   4);
}

static void a_named_coroutine_stays_dead(void) {
  EXPECT("local co spawn(function() co = coroutine.running() end) sleep(0) "
         "spawn(function() sleep(1) end) sleep(0) "
         "log(coroutine.status(co), coroutine.resume(co))",
         "dead false cannot resume dead coroutine");
}

static void running_is_as_luas_own(void) {
  EXPECT("local co, main = coroutine.running() log(type(co), main, coroutine.status(co)) "
         "local inner = coroutine.wrap(function() return coroutine.running() end) "
         "local other, m = inner() log(other ~= co, m)",
         "thread false running true false");
}

static void where_a_hook_is_set_a_task_inherits_it(void) {
  EXPECT("debug.sethook(function() end, '', 12345) "
         "spawn(function() local _, mask, count = debug.gethook() log(count) end) "
         "debug.sethook() spawn(function() log(debug.gethook()) end)",
         "12345 nil");
}

/* ------------------------------------------- function and arguments in the task */

static void arguments_come_as_they_were_given(void) {
  EXPECT("local function show(...) log(select('#', ...), ...) end "
         "spawn(show) spawn(show, 1) spawn(show, nil) spawn(show, 1, nil) spawn(show, nil, nil, 3) "
         "spawn({name = 'n'}, show) spawn({name = 'n'}, show, 'a', 'b')",
         "0 1 1 1 nil 2 1 nil 3 nil nil 3 0 2 a b");
}

static void a_name_asked_for_early_costs_no_argument(void) {
  EXPECT("local function show(...) log(select('#', ...), ...) end "
         "local a, b, c = spawn(show), spawn(show, 'x'), spawn(show, 'x', 'y') "
         "log(a.name == b.name, b.name == c.name, tostring(a) ~= '')",
         "true true true 0 1 x 2 x y");
}

static void arguments_are_let_go_of_at_the_start(void) {
  EXPECT("local weak = setmetatable({}, {__mode = 'v'}) "
         "local function task(t) t = nil sleep(0) collectgarbage() log(weak[1]) end "
         "do local t = {} weak[1] = t spawn(task, t) end sleep(0) sleep(0)",
         "nil");
}

static void arguments_of_a_task_that_never_starts_are_no_outcome(void) {
  EXPECT("local t = spawn(log, 'never') t:cancel() sleep(0) log(t:status(), t.error.kind, t.name)"
         "local u = spawn(log, 'never', 'ever') u:cancel() sleep(0) "
         "log(u:status(), u.error.kind, u.name)",
         "cancelled cancelled log cancelled cancelled log");
}

static void many_arguments_are_no_hindrance(void) {
  EXPECT("local list = {} for i = 1, 10000 do list[i] = i end "
         "log(await(spawn(select, -1, table.unpack(list))))",
         "10000");
}

static void idle_coroutines_do_not_pile_up(void) {
  WITH_WORLD(world);
  world_do(&world, "for i = 1, 20000 do spawn(function() sleep(0) end) end");
  world_run(&world);
  CHECK(world.memory.bytes && world_settled_bytes(&world) < 16u << 20);
  CHECK(world.runner && ta_live(world.runner) == 0);
  world_close(&world);
}

/* An allocator that refuses to let the table of slots grow, when it is told to. */
struct picky {
  lua_Alloc alloc;
  void *data;
  bool refuses;
};

static void *refuse_slots(void *data, void *block, size_t old, size_t size) {
  struct picky *picky = data;
  bool grows = block && old == 17 * sizeof(void *) && size > old;
  if (picky->refuses && grows) return NULL;
  return picky->alloc(picky->data, block, old, size);
}

static void do_nothing(lua_State *L, lua_Debug *ar) {
  (void)L, (void)ar;
}

static void a_spawn_that_is_refused_under_a_hook_leaves_no_coroutine(void) {
  struct world world;
  world_open_bare(&world);
  struct picky picky = {.refuses = false};
  picky.alloc = lua_getallocf(world.L, &picky.data);
  lua_setallocf(world.L, refuse_slots, &picky);
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  lua_sethook(world.L, do_nothing, LUA_MASKCOUNT, 1000000);
  world_do(&world, "function refused() return not pcall(spawn, log) end "
                   "for i = 1, 16 do spawn(log) end"); /* the slots are full */
  picky.refuses = true;
  world_do(&world, "log(refused())");
  CHECK_TEXT(world.log, "true");
  size_t before = world_settled_bytes(&world);
  world_do(&world, "for i = 1, 100 do assert(refused()) end");
  CHECK(world_settled_bytes(&world) < before + 1000);
  picky.refuses = false;
  lua_sethook(world.L, NULL, 0, 0);
  world_close(&world);
}

/* An allocator that refuses everything from the request of a number on; 0: nothing. */
struct limited {
  lua_Alloc alloc;
  void *data;
  lua_Integer left;
};

static void *refuse_late(void *data, void *block, size_t old, size_t size) {
  struct limited *limited = data;
  bool asks = size > 0 && (!block || size > old);
  if (asks && limited->left == 1) return NULL;
  if (asks && limited->left > 1) limited->left--;
  return limited->alloc(limited->data, block, old, size);
}

static int l_limit(lua_State *L) {
  struct limited *limited = lua_touserdata(L, lua_upvalueindex(1));
  limited->left = lua_tointeger(L, 1);
  return 0;
}

/* Under a hook its coroutine is kept last, and that may be refused. */
static void a_spawn_that_is_refused_leaves_no_locals(void) {
  struct world world;
  world_open_bare(&world);
  struct limited limited = {.left = 0};
  limited.alloc = lua_getallocf(world.L, &limited.data);
  lua_setallocf(world.L, refuse_late, &limited);
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  lua_pushlightuserdata(world.L, &limited);
  lua_pushcclosure(world.L, l_limit, 1);
  lua_setglobal(world.L, "limit");
  world_do(&world, "local own, never, made = async.task_local('none'), async.event() "
                   "local function wait() never:wait() end "
                   "local function attempt(number) "
                   "  own:set('mine') debug.sethook(print, '', 1 << 30) "
                   "  limit(number) made = pcall(spawn, wait) limit(0) end "
                   "local function look() if own:get() ~= 'none' then log(own:get()) end end "
                   "spawn(function() for count = 1, 40 do local number = 2 "
                   "  repeat spawn(attempt, number) sleep(0) number = number + 1 "
                   "    spawn(look) spawn(look) sleep(0) "
                   "  until made end log 'done' end)");
  world_run(&world);
  CHECK_TEXT(world.log, "done");
  world_close(&world);
}

/* Each refusal costs a collection. */
static void tasks_that_memory_keeps_from_starting_do_not_all_ask_for_it(void) {
  WITH_WORLD(world);
  world_do(&world, "for i = 1, 20000 do spawn(function() sleep(1) end) end");
  lua_gc(world.L, LUA_GCCOLLECT);
  world.most = world.memory.bytes + (256 << 10);
  CHECK(world_settle(&world) == TA_WAITING);
  CHECK(world.failures > 5000 && world.failures < 20000);
  CHECK(ta_live(world.runner) == 20000 - world.failures);
  CHECK(world.refusals > 1 && world.refusals < 500);
  world.most = 0;
  CHECK(world_run(&world) == TA_DONE);
  world_close(&world);
}

const struct test pool_tests[] = {
    TEST(a_task_that_has_not_started_has_no_coroutine),
    TEST(one_that_lies_idle_is_taken_when_a_task_is_spawned),
    TEST(coroutines_of_ended_tasks_are_used_again),
    TEST(without_leave_no_coroutine_is_used_again),
    TEST(a_coroutine_that_a_script_named_is_not_used_again),
    TEST(a_coroutine_with_a_debug_hook_is_not_used_again),
    TEST(a_named_coroutine_stays_dead),
    TEST(running_is_as_luas_own),
    TEST(where_a_hook_is_set_a_task_inherits_it),
    TEST(arguments_come_as_they_were_given),
    TEST(a_name_asked_for_early_costs_no_argument),
    TEST(arguments_are_let_go_of_at_the_start),
    TEST(arguments_of_a_task_that_never_starts_are_no_outcome),
    TEST(many_arguments_are_no_hindrance),
    TEST(idle_coroutines_do_not_pile_up),
    TEST(a_spawn_that_is_refused_under_a_hook_leaves_no_coroutine),
    TEST(a_spawn_that_is_refused_leaves_no_locals),
    TEST(tasks_that_memory_keeps_from_starting_do_not_all_ask_for_it),
    TESTS_END,
};
