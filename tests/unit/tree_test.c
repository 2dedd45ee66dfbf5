/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/copying.h"
#include "host/pattern.h"
#include "host/removal.h"
#include "host/walker.h"
#include "kit/part.h"
#include "unit/lose.h"
#include "unit/outside.h"
#include "unit/system.h"

#define LEVELS 5000
#define MANY 130            /* long names */
#define BATCHES 100         /* levels that a walk does not find at once */
#define MOST_DESCRIPTORS 64 /* while trees are deep */
#define LONG_ENOUGH 20      /* seconds */
#define TURN 0.02           /* seconds for which the outside may be quiet */
#define MOST_TURNS 1000

/* A directory of the test's, in which paths of these lie. */
static char scratch[40];

static const char *at(const char *name) {
  static char paths[16][200]; /* meddlers ask for some in between */
  static unsigned turn;
  char *path = paths[turn++ % 16];
  snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
  return path;
}

static void make_scratch(void) {
  bool is_fast = access("/dev/shm", W_OK) == 0; /* others wait for their disks */
  snprintf(scratch, sizeof scratch, "%s/tinyasync-XXXXXX", is_fast ? "/dev/shm" : "/tmp");
  CHECK(mkdtemp(scratch));
}

static int remove_tree(const char *path) {
  atomic_bool stop = false;
  struct ta_trouble trouble = {.stop = &stop};
  ta_remove_tree(path, path, &trouble);
  free(trouble.where);
  return trouble.error;
}

static int copy_tree(const char *path, const char *to) {
  atomic_bool stop = false;
  struct ta_trouble trouble = {.stop = &stop};
  const struct ta_copy copy = {
      .path = path, .place = path, .to = to, .target = to, .notes = -1, .trouble = &trouble};
  ta_copy_tree(&copy);
  free(trouble.where);
  free(trouble.to);
  return trouble.error;
}

static void drop_scratch(void) {
  CHECK(remove_tree(scratch) == 0);
}

static void make_directory(const char *name) {
  CHECK(mkdir(at(name), 0755) == 0);
}

static void make_file(const char *name) {
  int fd = open(at(name), O_WRONLY | O_CREAT | O_EXCL, 0644);
  CHECK(fd >= 0 && write(fd, name, strlen(name)) > 0 && close(fd) == 0);
}

static bool is_there(const char *name) {
  struct stat about;
  return lstat(at(name), &about) == 0;
}

static int count_open(void) {
  int count = 0;
  for (int fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

/* Walks it, and counts what is found; a trouble ends it. */
static int walk(const char *path, unsigned flags, unsigned *count) {
  struct ta_walker walker = {.path = strdup(path), .place = strdup(path), .types = ~0U};
  struct ta_walked entry = {.error = 0};
  int error = 0;
  walker.flags = flags;
  *count = 0;
  do {
    size_t place = 0;
    ta_walker_fill(&walker);
    while (ta_walked(walker.bytes, walker.size, &place, &entry)) {
      if (entry.error)
        error = entry.error;
      else
        ++*count;
    }
  } while (walker.size > 0);
  if (walker.lacks_memory) error = -ENOMEM;
  ta_walker_close(&walker);
  return error;
}

/* ------------------------------------------------------------------- deep trees */

static void make_levels(const char *name) {
  make_directory(name);
  int fd = open(at(name), O_RDONLY | O_DIRECTORY);
  for (int i = 1; i < LEVELS; i++) {
    CHECK(mkdirat(fd, "level", 0755) == 0);
    int next = openat(fd, "level", O_RDONLY | O_DIRECTORY);
    CHECK(next >= 0 && close(fd) == 0);
    fd = next;
  }
  close(fd);
}

static void a_tree_of_5000_levels_needs_few_descriptors(void) {
  struct rlimit limit, few;
  unsigned count;
  make_scratch();
  make_levels("deep");
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  few = limit;
  few.rlim_cur = MOST_DESCRIPTORS;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK(walk(at("deep"), TA_WALK_HIDDEN, &count) == 0 && count == LEVELS - 1);
  CHECK(walk(at("deep"), TA_WALK_SORTED | TA_WALK_FOLLOW, &count) == 0 && count == LEVELS - 1);
  CHECK(copy_tree(at("deep"), at("copy")) == 0);
  CHECK(walk(at("copy"), 0, &count) == 0 && count == LEVELS - 1);
  CHECK(remove_tree(at("deep")) == 0 && remove_tree(at("copy")) == 0);
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(!is_there("deep") && !is_there("copy"));
  drop_scratch();
}

/* At every level there is more than the directory that goes on. */
static void make_wide_levels(const char *name, int levels) {
  make_directory(name);
  int fd = open(at(name), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < levels; i++) {
    const char *names[] = {"a", "level", "z"};
    for (int k = 0; k < 3; k++) CHECK(mkdirat(fd, names[k], 0755) == 0);
    CHECK(close(openat(fd, "file", O_WRONLY | O_CREAT, 0644)) == 0);
    int next = openat(fd, "level", O_RDONLY | O_DIRECTORY);
    CHECK(next >= 0 && close(fd) == 0);
    fd = next;
  }
  close(fd);
}

/* Who is no root is kept out by modes. */
static void make_closed(const char *name, const char *in, mode_t mode) {
  make_directory(name);
  make_file(in);
  CHECK(chmod(at(name), mode) == 0);
}

static void what_is_ours_goes_whatever_its_depth_and_its_modes(void) {
  uid_t user = geteuid();
  make_scratch();
  make_file("file");
  if (user == 0) CHECK(chown(scratch, 65534, 65534) == 0 && seteuid(65534) == 0);
  make_levels("deep");
  make_closed("deep/none", "deep/none/a", 0);
  make_closed("deep/read", "deep/read/a", 0400);
  make_closed("deep/fixed", "deep/fixed/a", 0500);
  CHECK(symlink(at("file"), at("deep/link")) == 0 && symlink(at("deep"), at("other")) == 0);
  CHECK(ta_sweep(at("other")) == -ENOTDIR && ta_sweep(at("file")) == -ENOTDIR);
  CHECK(is_there("deep/none") && is_there("file"));
  CHECK(chmod(at("deep"), 0) == 0 && ta_sweep(at("deep")) == 0 && !is_there("deep"));
  CHECK(ta_sweep(at("deep")) == 0 && is_there("file"));
  CHECK(seteuid(user) == 0);
  drop_scratch();
}

static void levels_that_were_closed_go_on_where_they_were(void) {
  unsigned count;
  make_scratch();
  make_wide_levels("wide", 60);
  CHECK(walk(at("wide"), 0, &count) == 0 && count == 240);
  CHECK(walk(at("wide"), TA_WALK_SORTED, &count) == 0 && count == 240);
  CHECK(copy_tree(at("wide"), at("copy")) == 0);
  CHECK(walk(at("copy"), 0, &count) == 0 && count == 240);
  CHECK(remove_tree(at("wide")) == 0 && remove_tree(at("copy")) == 0);
  drop_scratch();
}

/* -------------------------------------------------------------------- meddlers */

/* A tree, and beside it what is nobody's business. */
static void make_scene(void) {
  make_scratch();
  make_directory("tree");
  make_directory("tree/a");
  make_directory("tree/a/b");
  make_file("tree/a/b/file");
  make_file("tree/a/file");
  make_file("tree/file");
  make_directory("outside");
  make_directory("outside/b");
  make_file("outside/secret");
  make_file("outside/b/secret");
}

static const char *swapped;
static unsigned swaps;

/* Puts a link there that leads out of the tree. */
static void swap(void) {
  rename(at(swapped), at("aside"));
  const char *to = "../../outside"; /* an absolute one would cross a mount */
  swaps += symlink(strcmp(swapped, "tree/a/b") == 0 ? to : to + 3, at(swapped)) == 0;
}

static void check_outside(void) {
  unsigned count;
  CHECK(walk(at("outside"), TA_WALK_HIDDEN, &count) == 0 && count == 3);
}

/* False: there are not so many calls. */
static bool remove_while_swapped(unsigned nth) {
  make_scene();
  system_meddle(nth, swap);
  remove_tree(at("tree"));
  bool reached = system_names_given() >= nth;
  system_meddle(0, NULL);
  check_outside();
  CHECK(reached || !is_there("tree"));
  drop_scratch();
  return reached;
}

static bool copy_while_swapped(unsigned nth, bool is_target) {
  make_scene();
  if (is_target) {
    make_directory("copy");
    make_directory("copy/a");
    make_directory("copy/a/b");
  }
  swapped = is_target ? "copy/a" : "tree/a";
  system_meddle(nth, swap);
  copy_tree(at("tree"), at("copy"));
  bool reached = system_names_given() >= nth;
  system_meddle(0, NULL);
  check_outside();
  struct stat about;
  if (lstat(at("copy/a"), &about) == 0 && S_ISDIR(about.st_mode))
    CHECK(!is_there("copy/a/secret") && !is_there("copy/a/b/secret"));
  drop_scratch();
  return reached;
}

static bool walk_while_swapped(unsigned nth) {
  unsigned count;
  make_scene();
  system_meddle(nth, swap);
  walk(at("tree"), 0, &count);
  bool reached = system_names_given() >= nth;
  system_meddle(0, NULL);
  CHECK(count <= 5);
  drop_scratch();
  return reached;
}

static void sweep_swaps(void) {
  unsigned nth = 1;
  swaps = 0;
  for (swapped = "tree/a"; remove_while_swapped(nth); nth++) continue;
  CHECK(nth > 8);
  for (swapped = "tree/a/b", nth = 1; remove_while_swapped(nth); nth++) continue;
  for (nth = 1; copy_while_swapped(nth, false); nth++) continue;
  CHECK(nth > 8);
  for (nth = 1; copy_while_swapped(nth, true); nth++) continue;
  for (swapped = "tree/a", nth = 1; walk_while_swapped(nth); nth++) continue;
  CHECK(nth > 2 && swaps > 40);
}

static void a_link_swapped_in_at_any_call_leads_nowhere(void) {
  sweep_swaps();
  system_lack_openat2(true);
  system_lack_types(true);
  sweep_swaps();
  system_lack_openat2(false);
  system_lack_types(false);
}

/* A directory deep in the tree is moved to somewhere else while we are in it. */
static void a_directory_that_is_moved_away_takes_nobody_along(void) {
  make_scratch();
  make_wide_levels("wide", 40);
  make_file("file"); /* as there is one, and a directory, at each level of the tree */
  make_directory("z");
  make_directory("a");
  swapped = "wide/level/level/level/level";
  for (unsigned nth = 20; nth < 200; nth += 7) {
    system_meddle(nth, swap);
    remove_tree(at("wide"));
    system_meddle(0, NULL);
    CHECK(is_there("file") && is_there("z") && is_there("a"));
    remove_tree(at("wide"));
    remove_tree(at("aside"));
    make_wide_levels("wide", 40);
  }
  drop_scratch();
}

/* --------------------------------------------------------------------- failures */

static void do_all(int errors[4]) {
  unsigned count;
  errors[0] = walk(at("tree"), TA_WALK_SORTED | TA_WALK_FOLLOW, &count);
  errors[1] = copy_tree(at("tree"), at("copy"));
  errors[2] = remove_tree(at("copy"));
  errors[3] = remove_tree(at("tree"));
}

/* False: there are not so many calls. */
static bool fail_at(enum system_call call, unsigned nth, int error) {
  int errors[4], before = count_open();
  make_scene();
  CHECK(symlink("file", at("tree/link")) == 0);
  system_fail(call, nth, error);
  do_all(errors);
  bool reached = system_go_well() >= nth;
  CHECK(count_open() == before);
  if (!errors[3]) CHECK(!is_there("tree"));
  for (int i = 0; !reached && i < 4; i++) CHECK(errors[i] == 0);
  drop_scratch();
  return reached;
}

static void a_call_that_fails_in_a_tree_is_told_of_and_leaves_nothing_open(void) {
  static const struct {
    enum system_call call;
    int error;
    unsigned least;
  } all[] = {{SYSTEM_OPENAT, EMFILE, 8},   {SYSTEM_OPENAT, EACCES, 8}, {SYSTEM_OPENAT, ENOENT, 8},
             {SYSTEM_FSTATAT, EIO, 3},     {SYSTEM_UNLINKAT, EIO, 8},  {SYSTEM_UNLINKAT, ENOENT, 8},
             {SYSTEM_MKDIRAT, ENOSPC, 2},  {SYSTEM_OPEN, EMFILE, 3},   {SYSTEM_SYMLINKAT, EIO, 1},
             {SYSTEM_READLINKAT, EIO, 1},  {SYSTEM_GETDENTS, EIO, 8},  {SYSTEM_GETDENTS, ENOENT, 8},
             {SYSTEM_ALLOCATE, ENOMEM, 20}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    unsigned nth = 1, step = 1;
    part_take(&nth, &step);
    while (fail_at(all[i].call, nth, all[i].error)) nth += step;
    CHECK(nth > all[i].least);
  }
}

static void put(const char *name, const char *text) {
  int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) > 0 && close(fd) == 0);
}

static void check_text(const char *name, const char *wanted) {
  char text[100] = "";
  int fd = open(at(name), O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof text - 1) >= 0 && close(fd) == 0);
  CHECK_TEXT(text, wanted);
}

static unsigned count_names(const char *name) {
  unsigned count = 0;
  DIR *directory = opendir(at(name));
  while (readdir(directory)) count++;
  closedir(directory);
  return count - 2;
}

/* The file, the link or the pipe of that name; and nothing beside them. */
static void a_copy_that_fails_leaves_what_was_there(void) {
  static const struct {
    enum system_call call;
    unsigned nth;
    int error;
  } all[] = {{SYSTEM_COPY, 1, ENOSPC},
             {SYSTEM_RENAME, 1, EIO},
             {SYSTEM_RENAME, 2, EIO},
             {SYSTEM_SYMLINKAT, 1, ENOSPC},
             {SYSTEM_SYMLINKAT, 2, ENOSPC}};
  make_scratch();
  make_directory("tree");
  make_directory("copy");
  put("tree/file", "new");
  CHECK(symlink("new", at("tree/link")) == 0 && symlink("old", at("copy/link")) == 0);
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    put("copy/file", "old");
    system_fail(all[i].call, all[i].nth, all[i].error);
    CHECK(copy_tree(at("tree"), at("copy")) == -all[i].error);
    CHECK(system_go_well() >= all[i].nth && count_names("copy") == 2);
    if (all[i].call == SYSTEM_COPY) check_text("copy/file", "old");
    CHECK(is_there("copy/link"));
  }
  CHECK(copy_tree(at("tree"), at("copy")) == 0 && count_names("copy") == 2);
  check_text("copy/file", "new");
  drop_scratch();
}

static void a_walk_without_memory_is_not_complete(void) {
  unsigned count, nth = 0;
  bool reached;
  make_scratch();
  make_file("file");
  do {
    system_fail(SYSTEM_ALLOCATE, ++nth, ENOMEM);
    int error = walk(scratch, 0, &count);
    reached = system_go_well() >= nth;
    CHECK(reached ? error == -ENOMEM : !error && count == 1);
  } while (reached && nth < 100);
  CHECK(nth > 3);
  drop_scratch();
}

/* ------------------------------------------------------------------- from scripts */

static const char scene[] =
    "local fs, root = async.fs, ...\n"
    "local function try(f, ...) local r = table.pack(pcall(f, ...)) return r[1] and r[2] end\n"
    "local n = 0\n"
    "try(function() for path in fs.walk('%s/tree', {sort = true}) do n = n + 1 end end)\n"
    "try(function() for path in fs.walk('%s/tree') do break end end)\n"
    "try(function() for path in fs.glob('%s/tree/{a,b}/**/*') do n = n + 1 end end)\n"
    "try(fs.copy, '%s/tree', '%s/copy', {recursive = true})\n"
    "try(fs.remove, '%s/copy', {recursive = true})\n"
    "try(fs.remove, '%s/tree', {recursive = true})\n"
    "log(n)";

static void add_scene(struct outside *outside) {
  char code[sizeof scene + 400];
  const char *s = scratch;
  snprintf(code, sizeof code, scene, s, s, s, s, s, s, s);
  world_add(&outside->world, code);
}

/* Threads have memory and descriptors until they have ended. */
static void close_all(struct outside *outside) {
  struct ta_workers *workers = outside->io.workers;
  world_close(&outside->world);
  CHECK(!workers || ta_workers_drain(workers, LONG_ENOUGH));
  outside_close_rest(outside);
}

/* To the end of all tasks. */
static void run_all(struct outside *outside) {
  for (int turns = 0; world_pass(&outside->world) != TA_DONE; turns++) {
    CHECK(turns < MOST_TURNS);
    ta_loop_wait(&outside->loop, TURN);
  }
}

/* More than a walk finds at once, in one directory. */
static void make_many(const char *name) {
  char path[256];
  make_directory(name);
  int fd = open(at(name), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < MANY; i++) {
    snprintf(path, sizeof path, "%0240d", i);
    CHECK(close(openat(fd, path, O_WRONLY | O_CREAT, 0644)) == 0);
  }
  close(fd);
}

static bool script_fails_at(enum system_call call, unsigned nth, int error) {
  struct outside outside;
  make_scene();
  make_many("tree/many");
  outside_open(&outside, NULL);
  add_scene(&outside);
  system_fail(call, nth, error);
  run_all(&outside);
  bool reached = system_go_well() >= nth;
  if (!reached) CHECK_TEXT(outside.world.log, "139");
  close_all(&outside);
  drop_scratch();
  return reached;
}

static void a_script_whose_calls_fail_leaves_nothing_open(void) {
  unsigned first = 1, step = test_quick() ? 40 : 9;
  part_take(&first, &step);
  for (unsigned nth = first; script_fails_at(SYSTEM_ALLOCATE, nth, ENOMEM); nth += step) continue;
  for (unsigned nth = first; script_fails_at(SYSTEM_OPENAT, nth, EMFILE); nth += step) continue;
}

/* Passes, until the task is cancelled in the middle of whatever it does. */
static bool cancel_after(unsigned waits) {
  struct outside outside;
  make_scene();
  make_wide_levels("tree/wide", BATCHES);
  outside_open(&outside, NULL);
  add_scene(&outside);
  bool goes_on = true;
  for (unsigned i = 0; i < waits && goes_on; i++) {
    goes_on = world_pass(&outside.world) != TA_DONE;
    if (goes_on) ta_loop_wait(&outside.loop, 0.002);
  }
  ta_cancel_all(outside.world.runner, "the test");
  run_all(&outside);
  close_all(&outside);
  drop_scratch();
  return goes_on;
}

static void whoever_is_cancelled_in_a_tree_leaves_nothing_open(void) {
  unsigned waits = 1, step = 1;
  part_take(&waits, &step);
  while (cancel_after(waits)) waits += step;
  CHECK(waits > 5);
}

static void a_walk_that_has_lost_its_object_ends_with_the_run(void) {
  char code[200];
  struct outside outside;
  make_scratch();
  make_wide_levels("tree", BATCHES);
  outside_open(&outside, NULL);
  add_lose(&outside.world);
  snprintf(code, sizeof code,
           "local function begin() local next_one = async.fs.walk('%s') next_one() end "
           "begin() sleep(0) lose()",
           at("tree"));
  world_add(&outside.world, code);
  run_all(&outside);
  for (int turns = 0; ta_workers_busy(outside.io.workers) > 0; turns++) {
    CHECK(turns < MOST_TURNS);
    ta_loop_wait(&outside.loop, TURN);
  }
  CHECK(count_lost() > 0);
  close_all(&outside); /* which counts the descriptors */
  drop_scratch();
}

/* Nobody waits for the end of a walk, and its thread ends soon. */
static void a_walk_that_is_not_wanted_ends(void) {
  struct outside outside;
  char code[400];
  make_scene();
  make_wide_levels("wide", 400);
  outside_open(&outside, NULL);
  snprintf(code, sizeof code,
           "local function leave() async.fs.walk('%s/wide')() end for i = 1, 20 do leave() end "
           "log 'left'",
           scratch);
  world_add(&outside.world, code);
  run_all(&outside);
  CHECK_TEXT(outside.world.log, "left");
  lua_gc(outside.world.L, LUA_GCCOLLECT);
  CHECK(ta_workers_busy(outside.io.workers) == 0);
  close_all(&outside);
  drop_scratch();
}

/* --------------------------------------------------------------------- patterns */

static void names_fit_patterns_as_a_shell_has_them(void) {
  static const struct {
    const char *pattern, *name;
    bool fits;
  } all[] = {{"*", "a", true},
             {"*", ".a", false},
             {".*", ".a", true},
             {"a*c", "abbc", true},
             {"a*c", "abbcd", false},
             {"a?c",
              "a\xc3\xa9"
              "c",
              true},
             {"a?c",
              "a\xff"
              "c",
              true},
             {"a??c",
              "a\xc3\xa9"
              "c",
              false},
             {"[a-c]x", "bx", true},
             {"[!a-c]x", "bx", false},
             {"[^a-c]x", "dx", true},
             {"[]]", "]", true},
             {"[!]]", "]", false},
             {"[a", "[a", true},
             {"[a-]", "-", true},
             {"\\*", "*", true},
             {"\\*", "a", false},
             {"[[:digit:]]*", "7x", true},
             {"[[:digit:]]*", "x7", false},
             {"[\\]]", "]", true},
             {"*a*b*c*", "xxaxxbxxcxx", true},
             {"*a*b*c*", "xxaxxcxxbxx", false},
             {"[\xc3\xa0-\xc3\xaf]", "\xc3\xa9", true},
             {"", "", true},
             {"?", "", false},
             {"**", "ab", true},
             {"\\.x", ".x", true},
             {"[.]x", ".x", false},
             {"?x", ".x", false}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (ta_pattern_matches(all[i].pattern, all[i].name, false) != all[i].fits)
      CHECK_TEXT(all[i].pattern, all[i].name);
}

static void a_pattern_of_many_stars_takes_no_age(void) {
  char name[256], pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  memset(name, 'a', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  CHECK(!ta_pattern_matches(pattern, name, false));
}

const struct test tree_tests[] = {
    TEST(a_tree_of_5000_levels_needs_few_descriptors),
    TEST(what_is_ours_goes_whatever_its_depth_and_its_modes),
    TEST(levels_that_were_closed_go_on_where_they_were),
    TEST(a_link_swapped_in_at_any_call_leads_nowhere),
    TEST(a_directory_that_is_moved_away_takes_nobody_along),
    TEST(a_call_that_fails_in_a_tree_is_told_of_and_leaves_nothing_open),
    TEST(a_copy_that_fails_leaves_what_was_there),
    TEST(a_walk_without_memory_is_not_complete),
    TEST(a_script_whose_calls_fail_leaves_nothing_open),
    TEST(whoever_is_cancelled_in_a_tree_leaves_nothing_open),
    TEST(a_walk_that_has_lost_its_object_ends_with_the_run),
    TEST(a_walk_that_is_not_wanted_ends),
    TEST(names_fit_patterns_as_a_shell_has_them),
    TEST(a_pattern_of_many_stars_takes_no_age),
    TESTS_END};
