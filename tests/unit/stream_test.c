/* SPDX-License-Identifier: MIT
 *
 * Streams, as scripts have them, over pipes, sockets, terminals and files.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/stream.h"
#include "unit/outside.h"
#include "unit/test.h"

static void formats_read_what_lua_s_files_read(void) {
  EXPECT_OUTSIDE("local s, fd = reading() put(fd, 'one\\ntwo\\n 12 0x1fxyz\\nrest\\nend') "
                 "hang_up(fd) log(s:read(), s:read('L')) log(s:read('n', 'n', 2, 0)) "
                 "log(s:read('*l', 'l')) log(s:read('a'), s:read('a'), s:read(0), s:read(1), "
                 "s:read('l'), s:read('n'))",
                 "one two\n 12 31 xy  z rest end  nil nil nil nil");
}

static void a_task_waits_for_what_is_not_there_yet(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() spawn(function() log 'wrote' put(fd, 'a') sleep(1) "
                 "put(fd, 'b\\nc') end) log(s:read()) log(s:read_some())",
                 "wrote ab c");
}

static void what_is_written_arrives(void) {
  EXPECT_OUTSIDE("local s, fd = writing() log(s:write('a', 1, '-', 2.5, 1.0) == s, s:write() == s) "
                 "log(got(fd)) s:close() log(got(fd))",
                 "true true a1-2.51 nil");
}

static void a_large_write_goes_out_whole(void) {
  EXPECT_OUTSIDE("local r, w = both() local text = ('0123456789'):rep(100000) "
                 "spawn(function() log(w:write(text, text) == w) w:close() end) "
                 "log(r:read('a') == text .. text)",
                 "true true");
}

static void lines_come_one_by_one(void) {
  EXPECT_OUTSIDE("local s, fd = reading() spawn(function() for _, t in ipairs{'a\\nb', 'c', "
                 "'\\n\\n', 'd'} do put(fd, t) sleep(1) end hang_up(fd) end) "
                 "for l in s:lines() do log('<' .. l .. '>') end",
                 "<a> <bc> <> <d>");
}

static void a_stream_that_is_closed_is_refused(void) {
  EXPECT_OUTSIDE("local s = reading() log(s:close(), s:close()) log(pcall(s.read, s)) "
                 "log(pcall(s.write, s, 'x')) log(tostring(s))",
                 "true true false the stream is closed false the stream is closed "
                 "stream a pipe (closed)");
}

/* ------------------------------------------------------------------- the model */

extern const char *const unit_streams[];

static const char *next_line(lua_State *L, void *data, size_t *size) {
  const char *const **line = data;
  (void)L;
  *size = **line ? strlen(**line) : 0;
  return *size ? *(*line)++ : NULL;
}

static void run_seed(int seed) {
  const char *const *line = unit_streams;
  struct outside outside;
  outside_open(&outside, seed % 8 ? NULL : &ta_poller_poll);
  lua_State *L = outside.world.L;
  CHECK(lua_load(L, next_line, &line, "=streams.lua", "t") == LUA_OK);
  lua_setglobal(L, "load_program");
  lua_pushinteger(L, seed);
  lua_setglobal(L, "seed");
  world_add(&outside.world, "local run = load_program() local ok, fault = pcall(run, seed) "
                            "log('seed', seed, ok and 'agrees' or fault)");
  char agrees[32];
  snprintf(agrees, sizeof agrees, "seed %d agrees", seed);
  enum ta_pass_result result = outside_run(&outside);
  CHECK_TEXT(outside.world.log, agrees);
  CHECK(result == TA_DONE);
  outside_close(&outside);
}

/* TA_TEST_SEED: the first; TA_TEST_SEEDS: how many. */
static int number_from(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

static void random_programs_read_what_a_queue_of_bytes_has(void) {
  int first = number_from("TA_TEST_SEED", 1);
  int count = number_from("TA_TEST_SEEDS", test_quick() ? 20 : 300);
  for (int seed = first; seed < first + count; seed++) run_seed(seed);
}

const struct test stream_tests[] = {
    TEST(formats_read_what_lua_s_files_read),
    TEST(a_task_waits_for_what_is_not_there_yet),
    TEST(what_is_written_arrives),
    TEST(a_large_write_goes_out_whole),
    TEST(lines_come_one_by_one),
    TEST(a_stream_that_is_closed_is_refused),
    TEST(random_programs_read_what_a_queue_of_bytes_has),
    TESTS_END,
};
