/* SPDX-License-Identifier: MIT
 *
 * What a program that embeds us relies on: nothing is changed unasked, all is
 * put back, and Runners do not meet.
 */
#include <string.h>

#include "unit/world.h"

/* A script that remembers every field of every loaded module, and later tells
 * which are not what they were, in alphabetical order. */
static const char remember[] =
    "local function all() local fields = {} "
    "  for name, module in pairs(package.loaded) do fields['loaded ' .. name] = module "
    "    if type(module) == 'table' then for key, value in pairs(module) do "
    "      if not (module == _G and (key == 'before' or key == 'changes')) then "
    "        fields[name .. '.' .. tostring(key)] = value end end end end "
    "  return fields end "
    "before = all() "
    "function changes() local list, now = {}, all() "
    "  for key, value in pairs(now) do if before[key] ~= value then list[#list + 1] = key end end "
    "  for key in pairs(before) do if now[key] == nil then list[#list + 1] = key end end "
    "  table.sort(list) return table.concat(list, ' ') end";

#define LIBRARY_FIELDS                                                                             \
  "tinyasync.actions tinyasync.all tinyasync.any tinyasync.as_completed tinyasync.channel "        \
  "tinyasync.checkpoint "                                                                          \
  "tinyasync.current tinyasync.defer tinyasync.event tinyasync.every tinyasync.lock "              \
  "tinyasync.map tinyasync.move_on_after tinyasync.now tinyasync.race tinyasync.retry "            \
  "tinyasync.scope tinyasync.select tinyasync.semaphore tinyasync.settle tinyasync.shield "        \
  "tinyasync.task_local "                                                                          \
  "tinyasync.tasks tinyasync.tree tinyasync.with_timeout"
#define COROUTINE                                                                                  \
  "coroutine.close coroutine.resume coroutine.running coroutine.status coroutine.wrap "            \
  "coroutine.yield"

static double still_clock(void *data) {
  (void)data;
  return 0;
}

static void make_runner(struct world *world) {
  struct ta_host host = {.now = still_clock};
  world->runner = ta_runner_new(world->L, &host);
}

static void check_changes(struct world *world, const char *changes) {
  *world->log = '\0';
  world_do(world, "log(changes())");
  CHECK_TEXT(world->log, changes);
}

static void making_a_runner_changes_nothing(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, remember);
  make_runner(&world);
  check_changes(&world, "");
  world_close(&world);
}

static void each_flag_opens_its_part_only(void) {
  static const struct {
    unsigned flags;
    const char *changes;
  } cases[] = {
      {0, ""},
      {TA_OPEN_LIBRARY,
       "_G.async _G.await _G.runner _G.sleep _G.spawn loaded tinyasync " LIBRARY_FIELDS},
      {TA_OPEN_COROUTINE, COROUTINE},
      {TA_OPEN_REQUIRE, "_G.require"},
      {TA_OPEN_PCALL, "_G.pcall _G.xpcall"},
      {TA_OPEN_ALL,
       "_G.async _G.await _G.pcall _G.require _G.runner _G.sleep _G.spawn _G.xpcall " COROUTINE
       " loaded tinyasync " LIBRARY_FIELDS},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct world world;
    world_open_bare(&world);
    world_do(&world, remember);
    make_runner(&world);
    ta_open(world.runner, world.L, cases[i].flags);
    check_changes(&world, cases[i].changes);
    world_close(&world);
  }
}

static void the_extra_space_is_the_runners_only_if_given(void) {
  for (unsigned flags = TA_OPEN_ALL; flags <= (TA_OPEN_ALL | TA_OPEN_SPACE);
       flags += TA_OPEN_SPACE) {
    struct world world;
    world_open_bare(&world);
    void **space = lua_getextraspace(world.L);
    *space = &world;
    make_runner(&world);
    ta_open(world.runner, world.L, flags);
    world_do(&world, "local next = coroutine.wrap(function() coroutine.yield(1) end) log(next())");
    CHECK_TEXT(world.log, "1");
    CHECK(*space == (flags & TA_OPEN_SPACE ? (void *)world.runner : (void *)&world));
    world_close(&world);
  }
}

static void generators_wait_where_the_extra_space_is_given(void) {
  world_expect(
      TA_OPEN_ALL | TA_OPEN_SPACE,
      "local co = coroutine.create(function() sleep(0) coroutine.yield('a') end)"
      "log(coroutine.resume(co))"
      " for v in coroutine.wrap(function() sleep(0) coroutine.yield('b') end) do log(v) end"
      " log(pcall(coroutine.wrap(function() error('c', 0) end)))",
      "true a b false c", __FILE__, __LINE__);
}

static void freeing_puts_back_all_that_was_replaced(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "sleep = 'mine' package.loaded.tinyasync = 'mine too'");
  world_do(&world, remember);
  make_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  ta_open(world.runner, world.L, TA_OPEN_ALL); /* a second time changes nothing */
  ta_runner_free(world.runner);
  world.runner = NULL;
  check_changes(&world, "");
  world_close(&world);
}

static void a_state_without_libraries_can_be_opened(void) {
  struct world world;
  world_open_bare(&world);
  world_do(&world, "for k in pairs(package.loaded) do package.loaded[k] = nil end "
                   "coroutine, require, package = nil");
  make_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_do(&world, "log(type(sleep), type(coroutine))");
  CHECK_TEXT(world.log, "function nil");
  world_close(&world);
}

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
    make_runner(&world);
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

/* ------------------------------------------------------------ several Runners */

static double clock_of(void *data) {
  return ((struct world *)data)->now;
}

static void note_failure(void *data, const struct ta_failure *failure) {
  world_log(data, "[%s]", failure->message);
}

/* A second Runner on the state of the world, with the functions that it opens. */
static struct ta_runner *add_runner(struct world *world) {
  struct ta_host host = {.data = world, .now = clock_of};
  struct ta_runner *runner = ta_runner_new(world->L, &host);
  ta_open(runner, world->L, TA_OPEN_LIBRARY);
  ta_on_failure(runner, note_failure, world);
  return runner;
}

static void add_to(struct ta_runner *runner, struct world *world, const char *code) {
  world_load(world, code);
  ta_add_task(runner, world->L, 0, NULL);
  lua_pop(world->L, 1);
}

static int l_open(lua_State *L) {
  ta_open(lua_touserdata(L, 1), L, (unsigned)lua_tointeger(L, 2));
  return 0;
}

/* If it does not open, the error is on top. */
static bool opens(struct world *world, struct ta_runner *runner, unsigned flags) {
  lua_pushcfunction(world->L, l_open);
  lua_pushlightuserdata(world->L, runner);
  lua_pushinteger(world->L, (lua_Integer)flags);
  return lua_pcall(world->L, 2, 0, 0) == LUA_OK;
}

static void two_runners_in_one_state_do_not_meet(void) {
  double deadline;
  WITH_WORLD(world);
  world_do(&world, "one = {async = async, spawn = spawn, sleep = sleep, pcall = pcall, co = {}} "
                   "for k, v in pairs(coroutine) do one.co[k] = v end");
  struct ta_runner *second = add_runner(&world);
  world_add(&world, "one.async.scope(function(s) s:spawn(one.co.wrap(function()"
                    "  one.sleep(1) log('a', one.async.current().id) end)) end) log 'b'"
                    "local g <close> = one.async.defer(function() log 'closed' end) one.sleep(9)");
  add_to(second, &world,
         "sleep(1) log('c', async.current().id)"
         "log(pcall(one.sleep, 1)) log(one.async.current())");
  world_pass(&world);
  CHECK(ta_pass(second, &deadline) == TA_WAITING);
  world.now = 1;
  CHECK(ta_pass(second, &deadline) == TA_DONE);
  CHECK_TEXT(world.log, "c 1 false sleep: only a task can wait nil");
  *world.log = '\0';
  ta_cancel_all(second, "over");
  world_settle(&world);
  CHECK_TEXT(world.log, "a 2 b");
  CHECK(ta_live(world.runner) == 1 && ta_live(second) == 0);
  ta_runner_free(second);
  ta_cancel_all(world.runner, "over");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a 2 b closed");
  world_close(&world);
}

/* Each of the functions works for one Runner. */
static void the_second_runner_of_a_state_may_not_replace_functions_too(void) {
  static const unsigned flags[] = {TA_OPEN_COROUTINE, TA_OPEN_REQUIRE, TA_OPEN_PCALL, TA_OPEN_ALL};
  for (size_t first = 0; first < sizeof flags / sizeof *flags; first++)
    for (size_t second = 0; second < sizeof flags / sizeof *flags; second++) {
      struct world world;
      world_open(&world, TA_OPEN_LIBRARY | flags[first]);
      struct ta_runner *other = add_runner(&world);
      CHECK(!opens(&world, other, flags[second]));
      CHECK(strstr(lua_tostring(world.L, -1), "another Runner of this state has replaced"));
      lua_pop(world.L, 1);
      ta_open(world.runner, world.L, flags[second]); /* the first may, and do it again */
      ta_runner_free(world.runner);
      world.runner = other;
      CHECK(opens(&world, other, flags[second]));
      world_close(&world);
    }
}

static void what_one_runner_made_is_nothing_to_another(void) {
  double deadline;
  WITH_WORLD(world);
  world_do(&world, "ch, ev, lk = async.channel(), async.event(), async.lock() one = async");
  world_add(&world, "t = async.current() w, f = nil log(ch:recv()) ev:wait() log 'set'");
  world_pass(&world);
  struct ta_runner *second = add_runner(&world);
  add_to(second, &world,
         "log(pcall(async.select, {ch, ev, t})) log(pcall(await, t)) log(pcall(ch.recv, ch))"
         "log(pcall(lk.acquire, lk)) log(pcall(t.await, t)) ch:send(7)"); /* any may complete it */
  while (ta_pass(second, &deadline) == TA_BUSY) continue;
  CHECK(strstr(world.log, "false select: expected a channel, an event or a task at index 1"));
  CHECK(strstr(world.log, "false await: cannot await a userdata"));
  CHECK(strstr(world.log, "false recv: only a task can wait"));
  CHECK(strstr(world.log, "false acquire: only a task can hold a lock"));
  CHECK(strstr(world.log, "false await: only a task can wait"));
  *world.log = '\0';
  world_settle(&world);
  add_to(second, &world, "ev:set()");
  while (ta_pass(second, &deadline) == TA_BUSY) continue;
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "7 set");
  ta_close_all(second);
  ta_runner_free(second);
  world_close(&world);
}

/* Both Runners' tasks wait in yields that only the debug hook can end. */
static void foreign_yields_of_two_runners_in_one_state_are_cancelled(void) {
  double deadline;
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  struct ta_host host = {.data = &world, .now = clock_of};
  struct ta_runner *second = ta_runner_new(world.L, &host);
  static const char code[] = "local g <close> = setmetatable({}, {__close = function(_, e) "
                             "log('closed', e) end}) "
                             "coroutine.yield {action = 'sleep', delay = 9} log 'no'";
  world_add(&world, code);
  add_to(second, &world, code);
  world_pass(&world);
  CHECK(ta_pass(second, &deadline) == TA_WAITING);
  ta_cancel_all(world.runner, "one");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "closed cancelled: one");
  ta_cancel_all(second, "two");
  CHECK(ta_pass(second, &deadline) == TA_DONE);
  CHECK_TEXT(world.log, "closed cancelled: one closed cancelled: two");
  ta_runner_free(second);
  world_close(&world);
}

static void two_runners_in_two_states_do_not_meet(void) {
  WITH_WORLD(one);
  WITH_WORLD(two);
  world_add(&one, "for i = 1, 3 do sleep(1) log('one' .. i) end park() log(async.current().id)");
  world_add(&two, "for i = 1, 3 do sleep(2) log('two' .. i) end");
  world_add(&two, "park() log(async.current().id)");
  for (int second = 0; second <= 6; second++) {
    one.now = two.now = second;
    world_settle(&one);
    world_settle(&two);
  }
  CHECK_TEXT(one.log, "one1 one2 one3");
  CHECK_TEXT(two.log, "two1 two2 two3");
  CHECK(ta_unpark(two.runner, two.tickets[0]));
  CHECK(world_pass(&one) == TA_STUCK);
  CHECK(world_pass(&two) == TA_DONE);
  CHECK_TEXT(two.log, "two1 two2 two3 2");
  world_close(&one);
  world_close(&two);
}

/* A pass of one Runner may drive another one: a step of it is a C call. */
static int l_drive_other(lua_State *L) {
  struct world *other = lua_touserdata(L, lua_upvalueindex(1));
  world_settle(other);
  return 0;
}

static void a_task_may_drive_another_runner(void) {
  WITH_WORLD(one);
  WITH_WORLD(two);
  lua_pushlightuserdata(one.L, &two);
  lua_pushcclosure(one.L, l_drive_other, 1);
  lua_setglobal(one.L, "drive_other");
  world_add(&one, "drive_other() log 'driven' sleep(1) drive_other() log(async.current().id)");
  world_add(&two, "log 'a' sleep(0) log 'b'");
  CHECK(world_run(&one) == TA_DONE);
  CHECK_TEXT(one.log, "driven 1");
  CHECK_TEXT(two.log, "a b");
  world_close(&one);
  world_close(&two);
}

/* --------------------------------------- the article's protocol, unreplaced */

static void luas_own_yield_speaks_the_articles_protocol(void) {
  world_expect(TA_OPEN_LIBRARY,
               "coroutine.yield {action = 'sleep', delay = 1} log(async.now())"
               "spawn(log, 'other') coroutine.yield() log 'mine' coroutine.yield(nil)",
               "1.0 other mine", __FILE__, __LINE__);
}

static void a_bad_yield_of_luas_own_fails_the_task(void) {
  world_expect(TA_OPEN_LIBRARY,
               "spawn(function() local g <close> = setmetatable({}, {__close = function()"
               "  log 'closed' end}) coroutine.yield {action = 'fly'} log 'never' end) log 'on'",
               "on closed [Unknown async action 'fly'.]", __FILE__, __LINE__);
  world_expect(TA_OPEN_LIBRARY, "coroutine.yield(12)",
               "[a task must yield a table with an action, got a number]", __FILE__, __LINE__);
  world_expect(TA_OPEN_LIBRARY, "coroutine.yield {action = 'sleep', delay = 'x'}",
               "[sleep: delay must be a number of seconds, got string]", __FILE__, __LINE__);
}

static void without_our_resume_a_nested_wait_raises(void) {
  world_expect(TA_OPEN_LIBRARY,
               "log(coroutine.resume(coroutine.create(function() sleep(1) end))) sleep(1) log 'on'",
               "false test:1: sleep: cannot wait in a coroutine that a C function resumed on",
               __FILE__, __LINE__);
}

/* Lua's own resume and close can get at a task's coroutine: not a good idea, but
 * no crash either.  The task is told to have failed. */
static void expect_survival(const char *meddle, const char *task) {
  struct world world;
  world_open(&world, TA_OPEN_LIBRARY);
  world_add(&world, task);
  world_pass(&world);
  world_do(&world, meddle);
  world_add(&world, meddle);
  CHECK(world_run(&world) == TA_DONE);
  CHECK(strstr(world.log, "survived"));
  world_close(&world);
}

static void a_tasks_coroutine_in_other_hands_is_survived(void) {
  static const char *const meddles[] = {
      "log(coroutine.resume(co)) log 'survived'",
      "log(coroutine.resume(co, 1, 2)) log(coroutine.resume(co)) log 'survived'",
      "log(coroutine.close(co)) log 'survived'",
  };
  static const char *const tasks[] = {
      "co = coroutine.running() sleep(1) return 'end'",
      "co = coroutine.running() sleep(1) error('x', 0)",
      "co = coroutine.running() sleep(1) sleep(1)",
      "co = coroutine.running() coroutine.yield() coroutine.yield()",
      "co = coroutine.running() local g <close> = setmetatable({}, {__close = log}) sleep(1)",
  };
  for (size_t i = 0; i < sizeof meddles / sizeof *meddles; i++)
    for (size_t k = 0; k < sizeof tasks / sizeof *tasks; k++) expect_survival(meddles[i], tasks[k]);
}

static void a_runner_without_the_library_runs_tasks(void) {
  struct world world;
  world_open_bare(&world);
  make_runner(&world);
  world_add(&world, "log 'a' coroutine.yield() log 'b'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b");
  world_close(&world);
}

static void a_runner_may_be_driven_from_a_protected_call(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_drive_other, 1);
  world_add(&world, "sleep(0) log 'a' error('x', 0)");
  CHECK(lua_pcall(world.L, 0, 0, 0) == LUA_OK);
  CHECK_TEXT(world.log, "a [x]");
  world_close(&world);
}

/* pass(): a host that calls ta_pass() from a Lua function. */
static int l_pass(lua_State *L) {
  struct world *world = lua_touserdata(L, lua_upvalueindex(1));
  world_pass(world);
  return 0;
}

static void a_pass_inside_a_coroutine_of_the_hosts_is_a_pass(void) {
  WITH_WORLD(world);
  lua_pushlightuserdata(world.L, &world);
  lua_pushcclosure(world.L, l_pass, 1);
  lua_setglobal(world.L, "pass");
  world_add(&world, "sleep(0) coroutine.yield() log 'a'");
  world_do(&world, "local co = coroutine.wrap(function() pass() pass() pass() log 'b' end) co()");
  CHECK_TEXT(world.log, "a b");
  world_close(&world);
}

static void a_strict_global_table_is_no_hindrance(void) {
  struct world world;
  world_open_bare(&world);
  make_runner(&world);
  world_do(&world, "setmetatable(_G, {__index = error, __newindex = error})");
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  world_add(&world, "sleep(0) log 'a'");
  CHECK(world_settle(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a");
  world_close(&world);
}

const struct test embed_tests[] = {
    TEST(making_a_runner_changes_nothing),
    TEST(each_flag_opens_its_part_only),
    TEST(the_extra_space_is_the_runners_only_if_given),
    TEST(generators_wait_where_the_extra_space_is_given),
    TEST(freeing_puts_back_all_that_was_replaced),
    TEST(a_state_without_libraries_can_be_opened),
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
    TEST(two_runners_in_one_state_do_not_meet),
    TEST(the_second_runner_of_a_state_may_not_replace_functions_too),
    TEST(what_one_runner_made_is_nothing_to_another),
    TEST(foreign_yields_of_two_runners_in_one_state_are_cancelled),
    TEST(two_runners_in_two_states_do_not_meet),
    TEST(a_task_may_drive_another_runner),
    TEST(luas_own_yield_speaks_the_articles_protocol),
    TEST(a_bad_yield_of_luas_own_fails_the_task),
    TEST(without_our_resume_a_nested_wait_raises),
    TEST(a_tasks_coroutine_in_other_hands_is_survived),
    TEST(a_runner_without_the_library_runs_tasks),
    TEST(a_runner_may_be_driven_from_a_protected_call),
    TEST(a_pass_inside_a_coroutine_of_the_hosts_is_a_pass),
    TEST(a_strict_global_table_is_no_hindrance),
    TESTS_END,
};
