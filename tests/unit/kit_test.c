/* SPDX-License-Identifier: MIT
 *
 * kit_test.c -- the kit where the system refuses what it asks for.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
  outside_run(&place);
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
  outside_run(&place);
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

const struct test kit_tests[] = {
    TEST(memory_that_is_refused_to_the_kit_leaves_nothing),
    TEST(a_call_that_fails_in_the_kit_leaves_nothing),
    TESTS_END,
};
