/* SPDX-License-Identifier: MIT
 *
 * Commands, when what they need fails.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/signals.h"
#include "kit/part.h"
#include "unit/lose.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define MOST 100000 /* calls of a sort */

/* -------------------------------------------------------------------- a place */

static void open_place(struct outside *place) {
  outside_open(place, NULL);
  ta_signals_open(&place->loop);
  ta_children_open(&place->io.children, &place->loop, NULL);
}

/* The call that fails, for whoever looks for the fault. */
static char where[60];

/* What is done to a run at one of its waits. */
enum disturbance { CANCEL_SCENE, FAIL_BESIDE, CANCEL_ALL, CLOSE_ALL, DISTURBANCES };

static void disturb(struct world *world, int disturbance) {
  if (disturbance == CANCEL_SCENE) world_do(world, "scene_task:cancel()");
  if (disturbance == FAIL_BESIDE) world_do(world, "beside:set()");
  if (disturbance == CANCEL_ALL) ta_cancel_all(world->runner, "planned");
  if (disturbance == CLOSE_ALL) ta_close_all(world->runner);
}

/* False: it had ended before so many waits, 0: it is not disturbed. */
static bool run(struct outside *place, unsigned waits, enum disturbance disturbance) {
  struct outside_event event = {disturb, (int)disturbance, waits};
  if (!outside_live(place, &event)) CHECK_TEXT(where, "ended in time");
  return waits > 0 && event.waits == 0;
}

/* Nobody is left, not even a zombie. */
static void close_place(struct outside *place) {
  struct ta_children *children = &place->io.children;
  ta_close_all(place->world.runner);
  ta_runner_free(place->world.runner);
  place->world.runner = NULL;
  lua_close(place->world.L);
  CHECK(place->world.memory.bytes == 0);
  CHECK(ta_children_close(children, SIGKILL, 0) == 0);
  CHECK(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
  outside_close_rest(place);
  ta_signals_close();
}

/* ------------------------------------------------------------------ the scene */

/* Each command is tried, and what it gives is right or an error is told: a message and a name,
 * or want of memory. */
static const char scene[] =
    "local p, told = async.process, 0\n"
    "local function check(what, got, want)\n"
    "  if got ~= want then log('WRONG', what, tostring(got)) end\n"
    "end\n"
    "local function is_error(e, code)\n"
    "  return type(e) == 'string' and (code ~= nil or e:find 'memory' or e:find 'cannot wait')\n"
    "    or type(e) == 'table' and type(e.message) == 'string'\n"
    "end\n"
    "local function try(what, fn, ...)\n"
    "  local r = table.pack(pcall(fn, ...))\n"
    "  if r[1] and r[2] ~= nil then return r[2] end\n"
    "  told = told + 1\n"
    "  local e, code = r[r[1] and 3 or 2], r[r[1] and 4 or 0]\n"
    "  if not is_error(e, code) then log('WRONG', what, tostring(e), tostring(code)) end\n"
    "end\n"
    "local r = try('try', p.try, {'sh', '-c', 'echo out; echo err >&2; exit 3'})\n"
    "if r and sure then check('status', r.status, 3) check('out', r.stdout, 'out\\n')\n"
    "  check('err', r.stderr, 'err\\n') end\n"
    "local text = ('0123456789\\n'):rep(10000)\n"
    "local read = try('read', p.read, {'cat', stdin = text})\n"
    "if read and sure then check('read', #read, #text - 1) end\n"
    "r = try('pipe', p.try, p.pipe({'echo', 'a'}, function(i, o)\n"
    "  for line in i:lines() do o:write(line, 'b\\n') end end, {'cat', stderr = 'stdout'}))\n"
    "if r and r.ok and sure then check('pipe', r.stdout, 'ab\\n') end\n"
    "local lines = {}\n"
    "r = try('run', p.run, {'printf', 'x\\ny', stdout = {function(l) lines[#lines + 1] = "
    "l end, 'null'}})\n"
    "if r and sure then check('lines', table.concat(lines), 'xy') end\n"
    "pcall(function() for line in p.lines{'echo', 'z'} do if sure then check('line', line, 'z') "
    "end end end)\n"
    "local child = try('spawn', p.spawn, {'cat', stdin = 'pipe', stdout = 'pipe', grace = 0.1})\n"
    "if child then\n"
    "  local guard <close> = child\n"
    "  if try('write', child.stdin.write, child.stdin, 'one\\n') then\n"
    "    local line = try('read', child.stdout.read, child.stdout)\n"
    "    if line and sure then check('said', line, 'one') end end\n"
    "  child.stdin:close() child.stdout:close()\n"
    "end\n"
    "r, e, c = p.try{'there-is-no-such'}\n"
    "check('missing', r, nil)\n"
    "r = try('timeout', p.try, {'sleep', '60', timeout = 0.01, grace = 0.1})\n"
    "if r and sure then check('timed out', r.timed_out, true) end\n"
    "async.move_on_after(0.01, p.run, {'sleep', '60', grace = 0.1, stdout = {'null', print}})\n"
    "log(told == 0 and 'ended' or 'ended, and told')";

/* Are the results of calls that go on after a failure right? */
static const char sure[] = "sure = true ", unsure[] = "sure = false ";

/* False: so many calls are not made. */
static bool try_at(enum system_call call, unsigned nth, int error, bool is_sure) {
  struct outside place;
  char code[sizeof scene + sizeof unsure];
  snprintf(code, sizeof code, "%s%s", is_sure ? sure : unsure, scene);
  snprintf(where, sizeof where, "call %d, the %u. fails by %d", call, nth, error);
  open_place(&place);
  world_add(&place.world, code);
  system_fail(call, nth, error);
  run(&place, 0, CANCEL_ALL);
  bool reached = system_go_well() >= nth;
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  if (!reached) CHECK_TEXT(place.world.log, "ended");
  close_place(&place);
  return reached;
}

static unsigned number_from(const char *name, unsigned otherwise) {
  const char *text = getenv(name);
  return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* TA_TEST_SEED: the first that fails; TA_TEST_EVERY: how many calls to go on by. */
static void sweep(enum system_call call, int error, bool is_sure, unsigned least) {
  unsigned nth = number_from("TA_TEST_SEED", 1);
  unsigned step = number_from("TA_TEST_EVERY", call == SYSTEM_ALLOCATE ? 97 : 5);
  if (test_quick()) step *= 10;
  part_take(&nth, &step);
  while (nth < MOST && try_at(call, nth, error, is_sure)) nth += step;
  if (!test_quick() && nth <= least) CHECK_TEXT(where, "so few calls");
}

/* ------------------------------------------------------------------- disturbed */

/* The scene in a scope, beside one who may fail. */
static const char in_scope[] =
    "beside = async.event()\n"
    "scene_task = spawn(function() async.scope(function(s)\n"
    "  local other = s:spawn(function() beside:wait() error 'planned' end)\n"
    "  s:spawn(function() sure = true %s other:cancel() end)\n"
    "end) end)";

static bool disturb_at(unsigned waits, enum disturbance disturbance) {
  struct outside place;
  char code[sizeof scene + sizeof in_scope];
  snprintf(code, sizeof code, in_scope, scene);
  snprintf(where, sizeof where, "disturbance %d at wait %u", disturbance, waits);
  open_place(&place);
  world_add(&place.world, code);
  bool disturbed = run(&place, waits, disturbance);
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  close_place(&place);
  return disturbed;
}

static void wherever_commands_are_disturbed_nothing_is_left(void) {
  unsigned step = number_from("TA_TEST_EVERY", test_quick() ? 50 : 3);
  for (int disturbance = 0; disturbance < DISTURBANCES; disturbance++) {
    unsigned waits = number_from("TA_TEST_SEED", 1) + (unsigned)disturbance, stride = step;
    part_take(&waits, &stride);
    while (disturb_at(waits, (enum disturbance)disturbance)) waits += stride;
    CHECK(test_quick() || waits > 10);
  }
}

/* ---------------------------------------------------------------- what fails */

static void a_call_that_fails_while_commands_start_leaves_nothing(void) {
  sweep(SYSTEM_PIPE2, EMFILE, true, 10);
  sweep(SYSTEM_OPEN, EMFILE, true, 2);
  sweep(SYSTEM_FCNTL, EINVAL, true, 10);
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, true, 10);
  sweep(SYSTEM_SETPGID, EPERM, true, 8);
  sweep(SYSTEM_DUP2, EBADF, true, 20);
  sweep(SYSTEM_EXECVE, ENOMEM, true, 8);
  sweep(SYSTEM_CLOSE_RANGE, ENOSYS, true, 8);
}

static void a_call_that_fails_while_commands_run_leaves_nothing(void) {
  sweep(SYSTEM_READ, EINTR, true, 10);
  sweep(SYSTEM_WRITE, EINTR, true, 2);
  sweep(SYSTEM_READ, EIO, false, 10);
  sweep(SYSTEM_WRITE, EPIPE, false, 2);
  sweep(SYSTEM_PIDFD_OPEN, ENOSYS, true, 8);
  sweep(SYSTEM_PIDFD_OPEN, EMFILE, true, 8);
  sweep(SYSTEM_PIDFD_SIGNAL, EINVAL, true, 3);
  sweep(SYSTEM_WAIT4, EINTR, true, 8);
}

static void memory_that_is_refused_to_commands_leaves_nothing(void) {
  sweep(SYSTEM_ALLOCATE, ENOMEM, false, 100);
}

static int l_refuse_memory(lua_State *L) {
  system_fail(SYSTEM_ALLOCATE, (unsigned)luaL_checkinteger(L, 1), ENOMEM);
  return 0;
}

/* False: the call does not ask for memory so often. */
static bool refuse_helpers_at(const char *call, unsigned nth) {
  struct outside place;
  char code[400];
  snprintf(where, sizeof where, "%.30s, the %u.", call, nth);
  snprintf(code, sizeof code,
           "local p, f = async.process, function(i, o) i:copy_to(o) end p.which 'sh' "
           "refuse_memory(%u) pcall(function() %s end) log 'ended'",
           nth, call);
  open_place(&place);
  lua_register(place.world.L, "refuse_memory", l_refuse_memory);
  world_add(&place.world, code);
  run(&place, 0, CANCEL_ALL);
  bool reached = system_go_well() >= nth;
  close_place(&place);
  return reached;
}

/* The tasks that help a command may not begin then: nobody reads, writes, or stops it in time. */
static void memory_that_is_refused_to_helpers_ends_their_command(void) {
  static const char *const calls[] = {
      "p.run{'sh', '-c', 'echo x 2>&-', stdout = function() end}",
      "p.run(p.pipe({'sh', '-c', 'echo a 2>&-'}, f, {'cat', stdout = 'null'}))",
      "for _ in p.lines(p.pipe({'sh', '-c', 'echo a 2>&-'}, f, {'cat'})) do end",
      "p.spawn{'sleep', '99', timeout = 0.01, grace = 0.1}:wait()"};
  unsigned step = number_from("TA_TEST_EVERY", test_quick() ? 5 : 1);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    unsigned nth = number_from("TA_TEST_SEED", 1), stride = step;
    part_take(&nth, &stride);
    while (nth < MOST && refuse_helpers_at(calls[i], nth)) nth += stride;
    CHECK(nth > 50);
  }
}

/* ------------------------------------------------------ what is another user's */

static int l_forbid(lua_State *L) {
  system_forbid_signals(lua_toboolean(L, 1));
  return 0;
}

static int l_kill(lua_State *L) {
  system_forbid_signals(false);
  pid_t pid = (pid_t)luaL_checkinteger(L, 1);
  siginfo_t info;
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
  return 0;
}

static void add_text(void *data, const char *text, size_t length) {
  char line[200] = "";
  size_t end = 0;
  for (size_t i = 0; i < length && end + 1 < sizeof line; i++) {
    bool digit = isdigit((unsigned char)text[i]);
    if (!digit || end == 0 || line[end - 1] != 'N') line[end++] = digit ? 'N' : text[i];
  }
  world_log(data, "%s", line);
}

static void run_forbidden(const char *code, const char *log) {
  struct outside place;
  open_place(&place);
  place.io.report = add_text;
  place.io.data = &place.world;
  lua_register(place.world.L, "forbid", l_forbid);
  lua_register(place.world.L, "kill", l_kill);
  world_add(&place.world, code);
  run(&place, 0, CANCEL_SCENE);
  system_forbid_signals(false);
  CHECK_TEXT(place.world.log, log);
  close_place(&place);
}

static void who_stops_what_may_not_be_signalled_is_told(void) {
  run_forbidden("local c = async.process.spawn{'sleep', '300'} forbid(true) "
                "local r = c:stop(0) kill(c.pid) log(r.ok, r.status, r.code)",
                "false nil EPERM");
  run_forbidden(
      "forbid(true) "
      "local ok, r = pcall(async.process.run, {'sleep', '300', timeout = 0.02, grace = 0}) "
      "kill(r.pid) log(r.timed_out, (tostring(r):gsub('%d%d+', 'N')))",
      "true command 'sleep N' could not be stopped: process N may not be signalled "
      "(Operation not permitted)");
  run_forbidden(
      "local pid local t = spawn(function() local c <close> = async.process.spawn{'sleep', "
      "'300', grace = 0} pid = c.pid sleep(9) end) forbid(true) sleep(0.01) t:cancel() "
      "t:pawait() kill(pid) log(t:status())",
      "command 'sleep N' could not be stopped: process N may not be signalled "
      "(Operation not permitted)\n cancelled");
}

/* ------------------------------------------------------------------ what is lost */

static int l_flush_all(lua_State *L) {
  lua_pushboolean(L, fflush(NULL) == 0);
  return 1;
}

/* So many objects are lost. */
static void run_lossy(const char *code, int losses, const char *log) {
  struct outside place;
  open_place(&place);
  add_lose(&place.world);
  lua_register(place.world.L, "flush_all", l_flush_all);
  world_add(&place.world, code);
  run(&place, 0, CANCEL_SCENE);
  CHECK(count_lost() == losses);
  CHECK_TEXT(place.world.log, log);
  close_place(&place);
}

/* Waits until what is given is true. */
#define UNTIL                                                                                      \
  "local function until_it(f) for i = 1, 1000 do if f() then break end sleep(.01) end end "

static void a_lost_command_is_fed_to_its_end(void) {
  run_lossy(UNTIL
            "local name = os.tmpname() local text = ('0123456789\\n'):rep(100000) "
            "local c = async.process.spawn{'cat', stdin = text:sub(1, -2), stdout = {file = name}} "
            "collectgarbage() c = nil lose() local same = ('abcdefghij\\n'):rep(100000) "
            "local function got() local f <close> = io.open(name) return f:read 'a' end "
            "until_it(function() return #got() >= #text - 1 end) log(got() == text:sub(1, -2)) "
            "os.remove(name)",
            1, "true");
}

static void what_a_lost_file_of_popen_has_in_its_buffer_is_written(void) {
  run_lossy(UNTIL
            "local name = os.tmpname() local f = io.popen('cat >' .. name, 'w') f:write 'text' "
            "collectgarbage() f = nil lose() local all = {} for i = 1, 2000 do all[i] = {i} end "
            "log(flush_all()) local function got() local f <close> = io.open(name) "
            "return f:read 'a' end until_it(function() return #got() > 0 end) log(got()) "
            "os.remove(name)",
            1, "true text");
}

static void the_task_ends_that_has_opened_a_lost_file_of_popen(void) {
  run_lossy(
      "for _, cancels in ipairs{true, false} do local t = spawn(function() "
      "local f = io.popen('exec sleep 9', 'w') f:write 'text' collectgarbage() f = nil lose() "
      "local all = {} for i = 1, 2000 do all[i] = {i} end if cancels then sleep(9) end end) "
      "sleep(0.05) t:cancel() t:pawait() log(t:status()) end",
      2, "cancelled done");
}

/* -------------------------------------------------------- io.popen, its buffer */

/* `here` calls a function where nothing can wait. */
static void run_unwaiting(const char *code, const char *log) {
  struct outside place;
  char whole[2000];
  snprintf(whole, sizeof whole,
           "local function here(f) table.sort({1, 2}, function() f() return false end) end "
           "local name = os.tmpname() local f = io.popen('exec cat >' .. name, 'w') "
           "local function got(least) local text for i = 1, 500 do local f <close> = io.open(name) "
           "text = f and f:read 'a' or '' if #text >= least then break end sleep(0.01) end "
           "return text end %s f:close() log(got(2)) os.remove(name)",
           code);
  open_place(&place);
  world_add(&place.world, whole);
  run(&place, 0, CANCEL_SCENE);
  CHECK_TEXT(place.world.log, log);
  close_place(&place);
}

static void where_nothing_can_wait_a_file_s_mode_counts_too(void) {
  run_unwaiting("f:setvbuf 'no' here(function() f:write('a', 1) end) log(got(2))", "a1 a1");
  run_unwaiting("f:write 'a' here(function() f:setvbuf 'no' f:write 'b' end) log(got(2))", "ab ab");
  run_unwaiting("f:setvbuf 'line' here(function() f:write 'a\\nb\\n' f:write 'c' end) log(got(4))",
                "a\nb\n a\nb\nc");
  run_unwaiting(
      "f:setvbuf 'no' f:setvbuf 'full' here(function() f:write 'a' end) log('<' .. got(0) .. '>') "
      "f:write 'b'",
      "<> ab");
}

const struct test process_tests[] = {
    TEST(memory_that_is_refused_to_helpers_ends_their_command),
    TEST(what_a_lost_file_of_popen_has_in_its_buffer_is_written),
    TEST(the_task_ends_that_has_opened_a_lost_file_of_popen),
    TEST(where_nothing_can_wait_a_file_s_mode_counts_too),
    TEST(a_lost_command_is_fed_to_its_end),
    TEST(who_stops_what_may_not_be_signalled_is_told),
    TEST(wherever_commands_are_disturbed_nothing_is_left),
    TEST(a_call_that_fails_while_commands_start_leaves_nothing),
    TEST(a_call_that_fails_while_commands_run_leaves_nothing),
    TEST(memory_that_is_refused_to_commands_leaves_nothing),
    TESTS_END,
};
