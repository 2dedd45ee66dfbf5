/* SPDX-License-Identifier: MIT
 *
 * What is left of a Runner that was freed, or closed with its state: all that scripts
 * kept of it answers or raises.
 */
#include <string.h>

#include "unit/world.h"

/* Leaves numbers above the stack: whoever takes one for a pointer crashes. */
static const char dirty[] = "local t = {} for i = 1, 200 do t[i] = i end "
                            "function dirty() return select('#', table.unpack(t)) end dirty()";

/* Opens everything, frees the Runner, then runs code that kept our functions in
 * locals of `kept`. */
static void expect_after_free(const char *kept, const char *code, const char *log) {
  WITH_WORLD(world);
  world_do(&world, kept);
  world_add(&world, "sleep(0) task = async.current() sleep(1)");
  world_pass(&world);
  world_pass(&world);
  ta_close_all(world.runner);
  ta_runner_free(world.runner);
  world.runner = NULL;
  lua_gc(world.L, LUA_GCCOLLECT);
  world_do(&world, dirty);
  world_do(&world, code);
  CHECK_TEXT(world.log, log);
  world_close(&world);
}

static void names_of_ended_tasks_outlive_the_runner(void) {
  WITH_WORLD(world);
  world_do(&world, "local function work() end list = {} "
                   "function start() for i = 1, 3 do list[#list + 1] = spawn(work) end end");
  for (int i = 0; i < 3; i++) {
    world_do(&world, "start()");
    world_run(&world);
  }
  ta_runner_free(world.runner);
  world.runner = NULL;
  world_do(&world, "start, list = nil, {list[8], list[9]} collectgarbage() collectgarbage()");
  world_do(&world, "for i = 1, 1000 do local _ = ('x'):rep(i % 50) .. i end");
  world_do(&world, "local name = list[1].name "
                   "for i = 2, #list do if list[i].name ~= name then log(i) end end "
                   "log(#list, (name:gsub('%W', '')))");
  CHECK_TEXT(world.log, "2 test1");
  world_close(&world);
}

static void waits_kept_after_freeing_raise(void) {
  expect_after_free("s, a = sleep, async", "log(pcall(s, 1)) log(pcall(a.checkpoint))",
                    "false the Runner was closed false the Runner was closed");
}

/* Functions of the prelude as well, loaded before or not. */
static void whatever_could_wait_or_make_something_says_that_the_runner_was_closed(void) {
  static const char code[] =
      "local function try(name, fn, ...) local ok, message = pcall(fn, ...) "
      "  if ok or not tostring(message):find('the Runner was closed', 1, true) then "
      "    log(name, ok, message) end end "
      "local function lazy(name, ...) "
      "  try(name, function(...) return a[name](...) end, ...) end "
      "for _, name in ipairs {'all', 'any', 'race'} do lazy(name, {print}) end "
      "lazy('map', {1}, print) lazy('retry', 2, print) lazy('every', 1, print)"
      "for _, name in ipairs {'scope', 'checkpoint', 'now', 'tree', 'channel', 'event', 'lock', "
      "  'task_local', 'defer'} do try(name, a[name], name == 'scope' and print or nil) end "
      "try('semaphore', a.semaphore, 1) try('select', a.select, {ch}) try('defer', a.defer, print) "
      "try('with_timeout', a.with_timeout, 1, print) try('await', w, {action = 'sleep', delay = 1})"
      "for _, name in ipairs {'recv', 'send'} do try(name, ch[name], ch, 1) end "
      "try('iter', function() for v in ch:iter() do end end) try('wait', ev.wait, ev) "
      "try('with', sem.with, sem, print) try('acquire', lk.acquire, lk) log 'all'";
  expect_after_free("a, w, ch, ev = async, await, async.channel(), async.event() "
                    "lk, sem = async.lock(), async.semaphore(1)",
                    code, "all");
  expect_after_free("a, w, ch, ev = async, await, async.channel(), async.event() "
                    "lk, sem = async.lock(), async.semaphore(1) local _ = async.all",
                    code, "all");
}

static void spawn_kept_after_freeing_raises(void) {
  expect_after_free("s, r = spawn, runner", "log(pcall(s, log)) log(pcall(r.add_task, log))",
                    "false the Runner was closed false the Runner was closed");
}

/* For each function of the library and each method arguments that would do.  Logs the
 * names of those that say something else, and how many were asked. */
static const char call_all[] =
    "local arguments = {scope = {log}, with_timeout = {1, log}, move_on_after = {1, log}, "
    "  shield = {log}, defer = {log}, all = {{log}}, any = {{log}}, race = {{log}}, "
    "  map = {{1}, log}, retry = {1, log}, every = {1, log}, settle = {{log}}, "
    "  as_completed = {{log}}, channel = {1}, semaphore = {1}, select = {{ch}}, send = {1}, "
    "  try_send = {1}, with = {log}, spawn = {log}, set = {1}, await = {{action = 'x'}}, "
    "  sleep = {1}} "
    "local count = 0 "
    "local function call(name, fn, ...) "
    "  local ok, why = pcall(fn, ...) count = count + 1 "
    "  if ok or not tostring(why):find 'the Runner was closed' then log(name, ok, why) end end "
    "local function call_with(name, fn, object) local more = arguments[name] or {} "
    "  if object then call(name, fn, object, table.unpack(more)) "
    "  else call(name, fn, table.unpack(more)) end end "
    "for name, fn in pairs(functions) do call_with(name, fn) end "
    "for object, names in pairs {[ch] = 'send recv close iter', [ev] = 'set clear wait is_set', "
    "  [lk] = 'acquire release with', [sem] = 'acquire release with', [loc] = 'get set', "
    "  [sc] = 'spawn cancel', [task] = 'cancel'} do "
    "  for name in names:gmatch '%S+' do call_with(name, object[name], object) end end "
    "call('#', function() return #ch end) call('pairs', pairs, acts) "
    "call('actions', function() acts.y = log end) "
    "log(count > 35, ch, lk, task:status())";

static void every_call_after_freeing_says_that_the_runner_was_closed(void) {
  expect_after_free("functions = {sleep = sleep, spawn = spawn, await = await} "
                    "for name, fn in pairs(async) do "
                    "  if type(fn) == 'function' then functions[name] = fn end end "
                    "ch, ev, lk, sem = async.channel(1), async.event(), async.lock(), "
                    "  async.semaphore(1) loc, acts = async.task_local(1), async.actions "
                    "spawn(async.scope, function(s) sc = s end)",
                    call_all, "true channel (0 of 1) lock cancelled");
}

static void tasks_kept_after_freeing_answer_or_raise(void) {
  expect_after_free("get = function(key) return task[key] end",
                    "dirty() pcall(get, 'id') dirty() pcall(get, 'name') dirty() pcall(get, 'x')"
                    "dirty() pcall(tostring, task) log 'on'",
                    "on");
}

static void coroutines_kept_after_freeing_work_as_luas(void) {
  expect_after_free("co = {} for k, v in pairs(coroutine) do co[k] = v end "
                    "gen = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)",
                    "log(gen(), gen()) local c = co.create(function() co.yield(1) end)"
                    "log(co.resume(c)) log(co.status(c)) log(co.close(c))"
                    "log(co.wrap(function() return 5 end)())",
                    "1 2 true 1 suspended true 5");
}

static void a_require_kept_after_freeing_works_or_raises(void) {
  expect_after_free("r = require package.preload.m = function() return 7 end",
                    "log(r 'string' == string) dirty() pcall(r, 'm') log 'on'", "true on");
}

static void closing_the_state_frees_the_runner_too(void) {
  WITH_WORLD(world);
  world_add(&world, "spawn(sleep, 5) local x <close> = setmetatable({}, {__close = log}) sleep(1)");
  world_add(&world, "coroutine.wrap(park)()");
  world_add(&world, "package.preload.m = function() sleep(1) end require 'm'");
  world_pass(&world);
  world.runner = NULL; /* world_close checks that every byte came back */
  world_close(&world);
}

/* Finalizers run while the state is being closed, after the Runner's own. */
static void finalizers_at_the_end_of_the_state_meet_no_runner(void) {
  WITH_WORLD(world);
  world_do(&world,
           "for i = 1, 3 do local s, a = spawn, async "
           "keep = {keep, setmetatable({}, {__gc = function() pcall(s, log, 'x')"
           " pcall(sleep, 1) pcall(a.now) pcall(coroutine.wrap(function() end)) end})} end");
  world_add(&world,
            "local g = setmetatable({}, {__gc = function() pcall(spawn, log) end}) sleep(1)");
  world_pass(&world);
  world.runner = NULL;
  world_close(&world);
}

/* Waits, queues and cancel scopes of every kind. */
static const char everything[] =
    "ch, full, ev = async.channel(0, 'ch'), async.channel(1), async.event 'ev' "
    "lk, sem, loc = async.lock 'lk', async.semaphore(1, 'sem'), async.task_local(1) "
    "async.actions.act = function(_, wake, fail) w, f = wake, fail return log end "
    "package.preload.m = function() sleep(9) return {} end "
    "tasks = {} local function task(fn) tasks[#tasks + 1] = spawn(fn) end "
    "full:send(1) "
    "task(function() guard = lk:acquire() sem:acquire() loc:set(2) sleep(9) end) "
    "task(function() ch:recv() end) task(function() full:send(2) end) "
    "task(function() lk:with(log) end) task(function() sem:acquire() end) "
    "task(function() ev:wait() end) task(function() async.select {ch, ev, tasks[1], timeout = 5} "
    "end) task(function() async.scope(function(s) sc = s for i = 1, 3 do s:spawn(ch.recv, ch) end "
    "  s:spawn(error, 'x') async.shield(sleep, 9) end) end) "
    "task(function() async.with_timeout(3, async.move_on_after, 4, async.shield, sleep, 9) end) "
    "task(function() async.all {function() sleep(9) end, tasks[1]} end) "
    "task(function() async.race {function() sleep(9) end, tasks[1]} end) "
    "task(function() tasks[1]:await() end) task(function() await {action = 'act'} end) "
    "task(function() require 'm' end) task(function() require 'm' end) "
    "task(function() sleep(math.huge) end) task(function() park() end) "
    "task(function() coroutine.wrap(function() pcall(ch.recv, ch) end)() end) "
    "task(function() await(setmetatable({}, {__await = function() coroutine.yield {action = "
    "  'sleep', delay = 9} end})) end) "
    "task(function() local d <close> = async.defer(function() async.shield(sleep, 9) end) "
    "  async.current():cancel() sleep(0) end) "
    "task(function() async.every(1, log) end) task(function() async.retry(3, sleep) end)";

/* Tries all that scripts may still hold. */
static const char try_everything[] =
    "local function try(object, name, ...) local found, method = pcall(function() "
    "  return object[name] end) if found then pcall(method, object, ...) end "
    "  pcall(tostring, object) end "
    "for _, name in ipairs {'recv', 'close', 'iter', 'name', 'send'} do try(ch, name, 1) "
    "  try(full, name, 1) end "
    "for _, name in ipairs {'set', 'clear', 'wait', 'is_set', 'name'} do try(ev, name) end "
    "for _, name in ipairs {'release', 'acquire', 'with', 'name'} do try(lk, name, log) "
    "  try(sem, name, log) end "
    "for _, name in ipairs {'get', 'set'} do try(loc, name, 1) end "
    "for _, name in ipairs {'spawn', 'cancel'} do try(sc, name, log) end "
    "for _, t in ipairs(tasks) do for _, name in ipairs {'cancel', 'await', 'pawait', 'status', "
    "  'name', 'id', 'error'} do try(t, name) end end "
    "pcall(w, 1) pcall(f, 1) pcall(function() return #ch end) pcall(function() local g <close> = "
    "guard end) "
    "for _, name in ipairs {'all', 'any', 'race', 'map', 'retry', 'every', 'scope', 'select', "
    "  'with_timeout', 'move_on_after', 'shield', 'checkpoint', 'tree', 'tasks', 'current', "
    "  'channel', 'event', 'lock', 'semaphore', 'task_local', 'defer'} do "
    "  pcall(a[name], {log, ch}) pcall(a[name], log, log) pcall(a[name], 1, log) end "
    "log 'on'";

static void a_runner_freed_in_the_middle_of_everything_leaves_nothing_that_bites(void) {
  for (int collect = 0; collect < 2; collect++) {
    WITH_WORLD(world);
    world_do(&world, "a = async");
    world_add(&world, everything);
    world_pass(&world);
    world_pass(&world);
    ta_runner_free(world.runner);
    world.runner = NULL;
    *world.log = '\0';
    if (collect) lua_gc(world.L, LUA_GCCOLLECT);
    world_do(&world, dirty);
    world_do(&world, try_everything);
    CHECK(strstr(world.log, "on"));
    lua_gc(world.L, LUA_GCCOLLECT);
    world_do(&world, "tasks = nil");
    lua_gc(world.L, LUA_GCCOLLECT);
    world_do(&world, "ch, full, ev, lk, sem, loc, sc, guard, w, f = nil");
    lua_gc(world.L, LUA_GCCOLLECT);
    world_close(&world);
  }
}

static void a_runner_closed_in_the_middle_of_everything_answers_or_raises(void) {
  WITH_WORLD(world);
  world_do(&world, "a = async");
  world_add(&world, everything);
  world_pass(&world);
  world_pass(&world);
  ta_close_all(world.runner);
  CHECK(ta_live(world.runner) == 0);
  *world.log = '\0';
  world_do(&world, try_everything);
  CHECK(strstr(world.log, "on"));
  lua_gc(world.L, LUA_GCCOLLECT);
  world_settle(&world);
  world_close(&world);
}

static void a_state_closed_in_the_middle_of_everything_gives_all_back(void) {
  for (int passes = 0; passes < 4; passes++) {
    WITH_WORLD(world);
    world_add(&world, everything);
    world_do(&world, "finalizer = setmetatable({}, {__gc = function() pcall(ch.send, ch, 1) "
                     "pcall(lk.release, lk) pcall(ev.set, ev) pcall(tasks[1].cancel, tasks[1]) "
                     "pcall(w, 1) end})");
    for (int i = 0; i < passes; i++) world_pass(&world);
    if (passes == 3) ta_cancel_all(world.runner, "over");
    world.runner = NULL; /* world_close checks that every byte came back */
    world_close(&world);
  }
}

/* They run after the Runner's own, in whose middle the state may be closed. */
static void finalizers_older_than_the_runner_meet_ended_tasks(void) {
  for (int passes = 1; passes < 4; passes++) {
    struct world world;
    world_open_bare(&world);
    lua_pushlstring(world.L, try_everything, sizeof try_everything - 1);
    lua_setglobal(world.L, "try_everything");
    world_do(&world, "old = setmetatable({}, {__gc = load(try_everything)})");
    world.runner = world_new_runner(&world);
    ta_open(world.runner, world.L, TA_OPEN_ALL);
    world_do(&world, "a = async park = sleep");
    world_add(&world, everything);
    for (int i = 0; i < passes; i++) world_pass(&world);
    if (passes == 3) ta_cancel_all(world.runner, "over");
    world.runner = NULL;
    lua_close(world.L);
    CHECK(world.memory.bytes == 0);
    CHECK(strstr(world.log, "on"));
  }
}

const struct test freed_tests[] = {
    TEST(names_of_ended_tasks_outlive_the_runner),
    TEST(waits_kept_after_freeing_raise),
    TEST(whatever_could_wait_or_make_something_says_that_the_runner_was_closed),
    TEST(spawn_kept_after_freeing_raises),
    TEST(every_call_after_freeing_says_that_the_runner_was_closed),
    TEST(tasks_kept_after_freeing_answer_or_raise),
    TEST(coroutines_kept_after_freeing_work_as_luas),
    TEST(a_require_kept_after_freeing_works_or_raises),
    TEST(closing_the_state_frees_the_runner_too),
    TEST(finalizers_at_the_end_of_the_state_meet_no_runner),
    TEST(a_runner_freed_in_the_middle_of_everything_leaves_nothing_that_bites),
    TEST(a_runner_closed_in_the_middle_of_everything_answers_or_raises),
    TEST(a_state_closed_in_the_middle_of_everything_gives_all_back),
    TEST(finalizers_older_than_the_runner_meet_ended_tasks),
    TESTS_END,
};
