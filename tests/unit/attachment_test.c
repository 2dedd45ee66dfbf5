/* SPDX-License-Identifier: MIT
 *
 * What tasks have of a library: attachments.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/box.h"

static void log_of_its_box(struct ta_attachment *attachment, const char *word) {
  char *box = (char *)attachment - offsetof(struct box, attachment);
  world_log(((struct box *)(void *)box)->world, "%s", word);
}

static void log_end(struct ta_runner *runner, struct ta_task *task,
                    struct ta_attachment *attachment) {
  (void)runner, (void)task;
  log_of_its_box(attachment, "ended");
}

static void log_forgotten(struct ta_attachment *attachment) {
  log_of_its_box(attachment, "forgotten");
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
  CHECK(ta_attach(ta_runner_of(L), &piece->attachment, &piece_kind) == 0);
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

/* ------------------------------------------------- what a completed wait holds */

static char endings[64]; /* of the wait and its attachment, in order */
static struct ta_ticket held_ticket;
static struct ta_attachment held;

static void note(const char *word) {
  CHECK(strlen(endings) + strlen(word) + 2 < sizeof endings);
  strcat(endings, *endings ? " " : "");
  strcat(endings, word);
}

static void disarm_held(void *subject) {
  (void)subject;
  note("disarm");
}

static const struct ta_wait_kind held_wait = {.action = "hold", .disarm = disarm_held};

static void held_ended(struct ta_runner *runner, struct ta_task *task,
                       struct ta_attachment *attachment) {
  (void)runner, (void)task, (void)attachment;
  note("end");
}

static void held_forgotten(struct ta_attachment *attachment) {
  (void)attachment;
  note("forget");
}

static const struct ta_attachment_kind held_kind = {held_ended, held_forgotten};

static int k_held(lua_State *L, int status, lua_KContext context) {
  (void)L, (void)status, (void)context;
  note("k");
  return 0;
}

static int l_hold(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  held_ticket = ta_take_ticket(runner, L, &held_wait, NULL);
  CHECK(ta_attach(runner, &held, &held_kind) == 0);
  return ta_park(runner, L, held_ticket, 0, k_held);
}

static void rob(struct world *world) {
  world_do(world, "close(victim)");
  world_pass(world);
}

static void free_runner(struct world *world) {
  ta_runner_free(world->runner);
  world->runner = NULL;
}

static void forget_runner(struct world *world) {
  world->runner = NULL; /* it goes with the state */
}

static void close_tasks(struct world *world) {
  ta_close_all(world->runner);
}

static void cancel_tasks(struct world *world) {
  ta_cancel_all(world->runner, "over");
  world_pass(world);
}

static void expect_endings(void (*end)(struct world *world), bool completed, const char *want) {
  struct world world;
  *endings = '\0';
  held = (struct ta_attachment){0};
  world_open_bare(&world);
  world_do(&world, "close, running = coroutine.close, coroutine.running");
  world.runner = world_new_runner(&world);
  ta_open(world.runner, world.L, TA_OPEN_ALL);
  ta_push_function(world.runner, world.L, l_hold);
  lua_setglobal(world.L, "hold");
  world_add(&world, "victim = running() hold()");
  world_pass(&world);
  if (completed) CHECK(ta_unpark(world.runner, held_ticket));
  end(&world);
  world_close(&world);
  CHECK_TEXT(endings, want);
}

static void a_wait_ends_before_what_the_task_has_and_at_most_once(void) {
  expect_endings(close_tasks, false, "disarm end");
  expect_endings(cancel_tasks, false, "disarm end");
  expect_endings(free_runner, false, "disarm forget");
  expect_endings(forget_runner, false, "disarm forget");
  expect_endings(rob, false, "disarm end");
}

static void of_a_completed_wait_that_does_not_go_on_the_attachment_hears(void) {
  expect_endings(close_tasks, true, "k end");
  expect_endings(cancel_tasks, true, "k end");
  expect_endings(free_runner, true, "forget");
  expect_endings(forget_runner, true, "forget");
  expect_endings(rob, true, "end");
}

const struct test attachment_tests[] = {
    TEST(a_task_gives_back_what_is_attached_however_it_ends),
    TEST(what_cannot_be_attached_for_want_of_memory_is_where_it_was),
    TEST(what_is_detached_is_no_affair_of_the_task),
    TEST(an_attachment_hangs_on_whoever_attached_it_last),
    TEST(an_object_that_is_collected_is_detached),
    TEST(a_state_that_is_closed_forgets_what_tasks_have),
    TEST(a_wait_ends_before_what_the_task_has_and_at_most_once),
    TEST(of_a_completed_wait_that_does_not_go_on_the_attachment_hears),
    TESTS_END,
};
