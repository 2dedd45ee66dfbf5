/* SPDX-License-Identifier: MIT
 *
 * kit_test.c -- the kit where the system refuses what it asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define MOST 20000 /* requests; more is a mistake */

#define FOLDER "/tmp/kit_test.XXXXXX"

static char folder[] = FOLDER;
static const char *const names[] = {"table.csv", "env", "jobs.log", "out.csv"};

static const char *path_of(const char *name) {
  static char path[sizeof folder + 20];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void write_file(const char *name, const char *text) {
  FILE *file = fopen(path_of(name), "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void open_kit(struct outside *place) {
  outside_open(place, NULL);
  lua_State *L = place->world.L;
  lua_getglobal(L, "async");
  ta_offer_kit(place->world.runner, L);
  lua_pushstring(L, folder);
  lua_setglobal(L, "folder");
  lua_settop(L, 0);
}

/* Says "done" when the job has been done and noted, as far as it was told. */
static const char use_all[] =
    "async.args({'About.', {'-j, --jobs=N', 'how many', type = 'integer', env = 'NO_SUCH'}, "
    "  {'FILE...'}}, {'-j3', 'a', 'b'}) "
    "async.args({{'--x', 'y'}}, {'--help'}) "
    "local rows = async.csv.rows(folder .. '/table.csv', {header = true}) "
    "if rows then for row in rows do end end "
    "async.dotenv(folder .. '/env') "
    "async.stale({folder .. '/none'}, {folder .. '/env'}) "
    "local jobs = async.jobs(folder .. '/jobs.log') "
    "if jobs and jobs:run('one', function() end) then log 'done' end";

/* The log can be read afterwards, and knows of what it said it had noted. */
static void check_log(bool is_noted) {
  struct outside place;
  open_kit(&place);
  world_add(&place.world, "local jobs = assert(async.jobs(folder .. '/jobs.log')) "
                          "log(tostring(jobs:done 'one')) jobs:run('two', function() end) "
                          "log(tostring(jobs:done 'two'))");
  CHECK(outside_live(&place, NULL));
  bool knows = strcmp(place.world.log, "true true") == 0;
  CHECK(knows || strcmp(place.world.log, "false true") == 0);
  CHECK(knows || !is_noted);
  outside_close(&place);
}

/* False: there are not so many calls. */
static bool refuse_at(enum system_call call, unsigned nth, int error) {
  struct outside place;
  unlink(path_of("jobs.log"));
  open_kit(&place);
  world_add(&place.world, use_all);
  system_fail(call, nth, error);
  CHECK(outside_live(&place, NULL));
  bool reached = system_go_well() >= nth;
  bool is_noted = strstr(place.world.log, "done") != NULL;
  CHECK(reached || is_noted);
  outside_close(&place);
  check_log(is_noted);
  return reached;
}

static void open_folder(void) {
  strcpy(folder, FOLDER);
  CHECK(mkdtemp(folder) != NULL);
  write_file("table.csv", "a,b\n1,2\n\"x\ny\",4\n");
  write_file("env", "A=1\nB=\"$A\"\n");
}

static void close_folder(void) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(path_of(names[i]));
  CHECK(rmdir(folder) == 0);
}

static void memory_that_is_refused_to_the_kit_leaves_nothing(void) {
  unsigned nth = 1, step = test_quick() ? 101 : 23;
  part_take(&nth, &step);
  open_folder();
  while (nth < MOST && refuse_at(SYSTEM_ALLOCATE, nth, ENOMEM)) nth += step;
  CHECK(nth > 200 && nth < MOST);
  close_folder();
}

static void a_call_that_fails_in_the_kit_leaves_nothing(void) {
  static const struct {
    enum system_call call;
    int error;
    unsigned least; /* calls that there are */
  } kinds[] = {{SYSTEM_OPEN, EMFILE, 3},
               {SYSTEM_READ, EIO, 3},
               {SYSTEM_WRITE, ENOSPC, 1},
               {SYSTEM_FCNTL, EINVAL, 0},
               {SYSTEM_FSYNC, EIO, 0}};
  open_folder();
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    unsigned nth = 1, step = 1;
    part_take(&nth, &step);
    while (nth < MOST && refuse_at(kinds[i].call, nth, kinds[i].error)) nth += step;
    CHECK(nth > kinds[i].least && nth < MOST);
  }
  close_folder();
}

/* ------------------------------------------------------------- logs of jobs */

#define HEADER "started\tseconds\tresult\tjob\terror\n"
#define LINE(result, job) "2026-11-27T14:01:02Z\t0.000\t" result "\t" job "\t\n"

/* The last run was killed in the middle of a line.  What is logged at last is what was told. */
static const char use_log[] =
    "local function try(jobs, name, fn) "
    "  local ok, ran, why = pcall(jobs.run, jobs, name, fn) "
    "  log(name .. (ok and ran and '=done' or '=' .. tostring(why or ran))) end "
    "local jobs, why = async.jobs(folder .. '/jobs.log') "
    "if not jobs then return log('nil=' .. why) end "
    "local again, why = async.jobs(folder .. '/jobs.log') "
    "if not again then return log('nil=' .. why) end "
    "if not jobs:done 'zero' or jobs:done 'torn' then log 'forgotten' end "
    "try(jobs, 'one', function() end) "
    "try(jobs, 'two', function() return nil, 'meant' end) "
    "try(again, 'three', function() end)";

/* Who was told that a job is done finds it in the log, and all that was there. */
static void check_told(const char *told) {
  static const char *const jobs[] = {"one", "three"};
  char code[300], word[20];
  for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
    struct outside place;
    open_kit(&place);
    snprintf(
        code, sizeof code,
        "local jobs = assert(async.jobs(folder .. '/jobs.log')) "
        "log(tostring(jobs:done '%s'), tostring(jobs:done 'zero'), tostring(jobs:done 'torn'))",
        jobs[i]);
    world_add(&place.world, code);
    CHECK(outside_live(&place, NULL));
    snprintf(word, sizeof word, "%s=done", jobs[i]);
    if (strstr(told, word)) CHECK_TEXT(place.world.log, "true true false");
    CHECK(strstr(place.world.log, " true false"));
    outside_close(&place);
  }
}

static bool refuse_log_at(enum system_call call, unsigned nth, int error, const char *may_say) {
  struct outside place;
  char told[sizeof place.world.log];
  write_file("jobs.log", HEADER LINE("done", "zero") "2026-11-27T14:01:02Z\t0.000\tdone\ttorn");
  open_kit(&place);
  world_add(&place.world, use_log);
  system_fail(call, nth, error);
  CHECK(outside_live(&place, NULL));
  bool reached = system_go_well() >= nth;
  strcpy(told, place.world.log);
  outside_close(&place);
  bool is_well = strcmp(told, "one=done two=meant three=done") == 0;
  CHECK(is_well || reached);
  CHECK(is_well || strstr(told, may_say) || !*may_say);
  check_told(told);
  return reached;
}

static void a_call_that_fails_under_a_log_of_jobs_loses_nothing_that_was_told(void) {
  static const struct {
    enum system_call call;
    int error;
    const char *may_say; /* if it was not all done */
    unsigned least;
  } kinds[] = {{SYSTEM_OPEN, EMFILE, "too many open files", 1},
               {SYSTEM_FSTAT, EIO, "input/output error", 1},
               {SYSTEM_FLOCK, EWOULDBLOCK, "in use by another run", 1},
               {SYSTEM_FLOCK, ENOLCK, "nothing", 1},
               {SYSTEM_FLOCK, EINTR, "nothing", 1},
               {SYSTEM_LSEEK, EIO, "input/output error", 1},
               {SYSTEM_READ, EIO, "input/output error", 2},
               {SYSTEM_FTRUNCATE, EIO, "cannot shorten", 1},
               {SYSTEM_WRITE, ENOSPC, "no space left on device", 3},
               {SYSTEM_FSYNC, EIO, "nothing", 0},
               {SYSTEM_FCNTL, EINVAL, "", 0}};
  open_folder();
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    unsigned nth = 1;
    while (nth < MOST && refuse_log_at(kinds[i].call, nth, kinds[i].error, kinds[i].may_say)) nth++;
    CHECK(nth > kinds[i].least && nth < MOST);
  }
  close_folder();
}

static int l_may_grow(lua_State *L) {
  struct rlimit limit;
  CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  limit.rlim_cur = lua_isnoneornil(L, 1) ? limit.rlim_max : (rlim_t)luaL_checkinteger(L, 1);
  CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  return 0;
}

/* False: that is enough for all. */
static bool fill_at(unsigned size) {
  struct outside place;
  char code[500];
  snprintf(code, sizeof code,
           "local jobs = assert(async.jobs(folder .. '/jobs.log')) "
           "may_grow(%u) local ok = pcall(jobs.run, jobs, 'one', function() end) may_grow() "
           "log(ok and 'fits' or 'full') "
           "jobs:run('two', function() end) "
           "local again = assert(async.jobs(folder .. '/jobs.log')) "
           "log(tostring(again:done 'one'), tostring(again:done 'two'))",
           size);
  unlink(path_of("jobs.log"));
  open_kit(&place);
  lua_register(place.world.L, "may_grow", l_may_grow);
  world_add(&place.world, code);
  CHECK(outside_live(&place, NULL));
  bool is_full = strcmp(place.world.log, "full false true") == 0;
  if (!is_full) CHECK_TEXT(place.world.log, "fits true true");
  outside_close(&place);
  return is_full;
}

/* The first line and its header may have been torn anywhere. */
static void a_log_of_jobs_on_a_disk_that_was_full_goes_on(void) {
  unsigned size = 0;
  signal(SIGXFSZ, SIG_IGN);
  open_folder();
  while (fill_at(size)) size++;
  CHECK(size == strlen(HEADER LINE("done", "one")));
  close_folder();
  signal(SIGXFSZ, SIG_DFL);
}

const struct test kit_tests[] = {
    TEST(memory_that_is_refused_to_the_kit_leaves_nothing),
    TEST(a_call_that_fails_in_the_kit_leaves_nothing),
    TEST(a_call_that_fails_under_a_log_of_jobs_loses_nothing_that_was_told),
    TEST(a_log_of_jobs_on_a_disk_that_was_full_goes_on),
    TESTS_END,
};
