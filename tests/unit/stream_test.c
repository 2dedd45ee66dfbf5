/* SPDX-License-Identifier: MIT
 *
 * Streams, as scripts have them, over pipes, sockets, terminals and files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/stream.h"
#include "io/waiting.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
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

/* ------------------------------------------------------------------- reading */

/* What each of these leaves is to be what Lua leaves: the model compares them at random. */
static void lines_take_formats_and_raise_what_is_refused(void) {
  EXPECT_OUTSIDE("local s, fd = tcp() put(fd, '1 2\\n3 4\\n5 ') "
                 "for a, b in s:lines('n', 'n') do log(a + b) if a == 3 then break end end "
                 "reset(fd) log(pcall(function() for _ in s:lines() do end end)) "
                 "log(s:read_some(), s:read_some())",
                 "3 7 false test:1: cannot read a connection: connection reset by peer "
                 "5  nil cannot read a connection: connection reset by peer ECONNRESET");
}

static void misuse_is_raised(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() put(fd, 'x\\n') "
                 "local function try(call) log((select(2, pcall(load('local s = ... ' .. call), s))"
                 ":match '%(([^(]-)%)$')) end "
                 "for _, f in ipairs{'\"q\"', '\"\"', '\"*\"', -1, 1.5, '{}'} do "
                 "try('s:read(' .. f .. ')') end "
                 "try 's:read_some(0)' try 's:read_until \"\"' try 's:write(\"a\", {})' "
                 "try 's:copy_to(1)' try 's:lines \"x\"' try 's:copy_to(s, -1)' try 's.read(1)' "
                 "try 's:lines(table.unpack({}, 1, 250))' log(s:read(), got(fd) == '')",
                 "invalid format invalid format invalid format a count cannot be negative "
                 "number has no integer representation string expected, got table "
                 "expected a number of bytes from 1 on expected a text, got an empty one "
                 "string expected, got table Stream expected, got number invalid format "
                 "a count cannot be negative Stream expected, got number too many arguments "
                 "x true");
}

static void a_read_that_is_cancelled_loses_nothing(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() put(fd, 'one\\ntwo') "
                 "log(async.move_on_after(1, s.read, s, 'l', 'l')) "
                 "log(async.move_on_after(1, s.read, s, 100)) "
                 "log(async.move_on_after(1, s.read_until, s, '!')) "
                 "log(async.move_on_after(1, s.read, s, 'a')) "
                 "log(async.move_on_after(1, s.read, s, 'L', 'L')) "
                 "put(fd, '\\n') log(s:read('l', 'l'))",
                 "nil timeout nil timeout nil timeout nil timeout nil timeout one two");
}

static void a_second_reader_is_told_of_the_first(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() put(fd, 'a') "
                 "local first = spawn({name = 'first'}, function() log(s:read(2)) end) sleep(1) "
                 "for _, name in ipairs{'read', 'read_some'} do log(pcall(s[name], s)) end "
                 "log(pcall(s.copy_to, s, s)) log(pcall(s:lines())) put(fd, 'bcd') "
                 "log(pcall(s.read, s)) sleep(1) log(s:read(1), first:status()) "
                 "first = spawn(s.read, s) sleep(1) first:cancel() sleep(1) put(fd, 'e') "
                 "log(s:read(2))",
                 "false task #2 first is in the middle of reading a socket "
                 "false task #2 first is in the middle of reading a socket "
                 "false task #2 first is in the middle of reading a socket "
                 "false task #2 first is in the middle of reading a socket "
                 "false task #2 first is in the middle of reading a socket ab c done de");
}

static void the_end_and_a_reset_are_told_apart(void) {
  EXPECT_OUTSIDE(
      "local s, fd = tcp() put(fd, 'ab\\ncd') end_of(fd) log(s:read(), s:read(), s:read()) "
      "log(s:write('x') == s, got(fd)) "
      "local s, fd = tcp() put(fd, 'ab\\ncd') reset(fd) log(s:read()) log(s:read()) "
      "log(s:read('a')) log(s:read(2), s:read_some(1)) ",
      "ab cd nil true x ab nil cannot read a connection: connection reset by peer "
      "ECONNRESET nil cannot read a connection: connection reset by peer ECONNRESET "
      "cd nil cannot read a connection: connection reset by peer ECONNRESET");
}

/* The system tells of it once. */
static void a_reset_that_a_write_was_told_of_is_no_end(void) {
  EXPECT_OUTSIDE("local s, fd = tcp() put(fd, 'ab') reset(fd) log(select(3, s:write('x'))) "
                 "log(select(3, s:write('x'))) log(s:read_some()) log(select(3, s:read_some()))",
                 "ECONNRESET EPIPE ab ECONNRESET");
}

static void a_text_is_read_up_to_and_with_it(void) {
  EXPECT_OUTSIDE(
      "local s, fd = sockets() put(fd, 'GET /\\r\\nHost: x\\r') "
      "spawn(function() put(fd, '\\n\\r') sleep(1) put(fd, '\\nrest') sleep(1) hang_up(fd) "
      "end) log(#s:read_until('\\r\\n\\r\\n'), s:read_until('x'), s:read('a'))",
      "18 nil rest");
}

static void a_line_that_is_too_long_stays_to_be_read_otherwise(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() limit(s, 4) put(fd, '1234\\n12345\\n') log(s:read()) "
                 "log(s:read()) log(s:read_until('\\n')) log(s:read(6)) "
                 "put(fd, '12345') log(s:read('L')) "
                 "log(pcall(s:lines())) end_of(fd) log(s:read()) log(s:read('a'))",
                 "1234 nil line longer than 4 bytes EMSGSIZE nil line longer than 4 bytes EMSGSIZE "
                 "12345\n nil line longer than 4 bytes EMSGSIZE false line longer than 4 bytes "
                 "nil line longer than 4 bytes EMSGSIZE 12345");
}

static void a_count_beyond_all_bounds_asks_for_no_memory(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() put(fd, 'abc') hang_up(fd) "
                 "log(s:read(1 << 40), s:read(math.maxinteger))",
                 "abc nil");
}

/* ------------------------------------------------------------------- the buffer */

static void an_empty_stream_has_no_buffer(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() log(held(s)) put(fd, 'ab\\n') log(s:read(1), held(s)) "
                 "log(s:read(), held(s)) log(async.move_on_after(1, s.read, s), held(s)) "
                 "hang_up(fd) log(s:read(), held(s))",
                 "0 0 a 2 69632 b 0 0 nil 0 0 nil 0 0");
}

static void a_buffer_that_a_long_line_has_made_large_becomes_small_again(void) {
  EXPECT_OUTSIDE(
      "local s, fd = sockets() spawn(function() local text = ('x'):rep(1000) .. '\\n' "
      "for i = 1, 200 do put(fd, ('x'):rep(1000)) sleep(0.1) end put(fd, '\\nyy') sleep(1) "
      "put(fd, '\\nz') end) log(#s:read()) log(s:read(1), select(2, held(s)) > 200000) "
      "log(s:read(), held(s))",
      "200000 y true y 1 69632");
}

/* ------------------------------------------------------------------- writing */

static void a_write_cancelled_before_its_first_byte_has_not_happened(void) {
  EXPECT_OUTSIDE(
      "local r, w = both() local first = ('1'):rep(1000000) "
      "local one = spawn(function() log(w:write(first) == w) end) sleep(1) "
      "log(async.move_on_after(1, w.write, w, 'two')) "
      "local three = spawn(function() log(w:write('three') == w) w:close() end) sleep(1) "
      "local all = r:read('a') log(all == first .. 'three')",
      "nil timeout true true true");
}

static void a_write_that_is_cut_short_tears_the_stream(void) {
  EXPECT_OUTSIDE("local r, w = both() put(select(2, sockets()), 'x') "
                 "local one = spawn(w.write, w, ('1'):rep(1000000)) sleep(1) "
                 "local two = spawn(function() log(w:write 'two') end) sleep(1) one:cancel() "
                 "sleep(1) log(w:write 'three') log(w:flush() == w) log(r:write 'back' == r) "
                 "log(w:read(4)) log(r:copy_to(w)) w:close() log(#r:read('a') > 0)",
                 "nil an earlier write was cut short ECANCELED "
                 "nil an earlier write was cut short ECANCELED true true back "
                 "nil an earlier write was cut short ECANCELED true");
}

static void a_reader_that_is_gone_is_told_by_its_code(void) {
  EXPECT_OUTSIDE("local s, fd = writing() local big = ('x'):rep(1000000) "
                 "spawn(function() sleep(1) hang_up(fd) end) log(s:write(big)) log(s:write 'x')",
                 "nil cannot write to a pipe: broken pipe EPIPE "
                 "nil cannot write to a pipe: broken pipe EPIPE");
}

static void numbers_are_written_as_lua_s_files_write_them(void) {
  EXPECT_OUTSIDE("local s, fd = writing() local file <close> = io.tmpfile() "
                 "local list = {1, 1.0, -0.0, 2^53, 1e100, 0.1, 1/0, -1/0, math.mininteger, '2'} "
                 "for _, n in ipairs(list) do s:write(n, ' ') file:write(n, ' ') end "
                 "file:seek('set') log(got(fd) == file:read('a')) s:write(table.unpack(list)) "
                 "log((got(fd):gsub('inf', '')))",
                 "true 11-09.007199254741e+151e+1000.1--92233720368547758082");
}

static void flush_and_shutdown_come_after_the_writes_under_way(void) {
  EXPECT_OUTSIDE("local r, w = both() log(w:flush() == w) "
                 "spawn(function() w:write(('1'):rep(1000000)) log 'written' end) sleep(1) "
                 "spawn(function() w:flush() log 'flushed' end) sleep(1) "
                 "spawn(function() w:shutdown() log 'shut' log(w:shutdown() == w) "
                 "log(select(3, w:write('x'))) end) sleep(1) "
                 "log(#r:read('a')) r:write('still') sleep(1) log(w:read(5))",
                 "true written flushed shut true EPIPE 1000000 still");
}

static void a_pipe_that_is_shut_down_ends(void) {
  EXPECT_OUTSIDE(
      "local s, fd = writing() s:write('a') log(s:shutdown() == s) log(got(fd), got(fd)) "
      "log(select(3, s:write('b'))) log(select(3, s:read())) log(s:shutdown() == s) "
      "log(s:close(), s:close()) local t = terminal() log(select(3, t:shutdown()))",
      "true a nil EPIPE EBADF true true true EOPNOTSUPP");
}

/* ------------------------------------------------------------------- closing */

static void close_waits_for_writes_under_way(void) {
  EXPECT_OUTSIDE(
      "local r, w = both() spawn(function() w:write(('1'):rep(1000000)) log 'written' end) "
      "sleep(1) spawn(function() log(w:close()) end) sleep(1) log(pcall(w.write, w, '')) "
      "spawn(function() log(w:close()) end) sleep(1) log(#r:read('a'), tostring(w))",
      "false the stream is closed written true 1000000 stream the writer (closed) true");
}

static void whoever_waits_on_it_hears_of_a_close(void) {
  EXPECT_OUTSIDE(
      "local r, w = both() local s, fd = sockets() "
      "spawn(function() log(w:write(('1'):rep(1000000))) end) "
      "spawn(function() log(w:write('two')) end) spawn(function() log(w:flush()) end) "
      "spawn(function() log(w:read()) end) "
      "spawn(function() local i, s = async.select{w} log(i, s == w) end) sleep(1) "
      "do local guard <close> = w end sleep(1) log(r:read(1), pcall(w.read, w))",
      "nil closed ECANCELED nil closed ECANCELED nil closed ECANCELED nil closed ECANCELED "
      "1 true 1 false the stream is closed");
}

/* They have given up their turns, and wait for nothing of the stream's. */
static void whoever_has_given_up_the_turn_hears_of_a_close_as_who_waits(void) {
  EXPECT_OUTSIDE("local nothing = null() local function often(make, f) "
                 "local s = make(('line\\n'):rep(100000)) local ok, result, why "
                 "spawn(function() repeat ok, result, why = pcall(f, s) until not ok or not result "
                 "log(why or result) end) sleep(0) do local c <close> = s end sleep(1) end "
                 "often(file, function(s) return s:read() end) "
                 "often(file, function(s) return s:read_some() end) "
                 "often(file, function(s) return s:read_until('\\n') end) "
                 "often(file, function(s) return s:copy_to(nothing, 1) end) "
                 "often(null, function(s) return s:write('x') end) "
                 "often(file, function(s) for _ in s:lines() do end end)",
                 "closed closed closed closed closed test:1: closed");
}

static void a_close_that_is_cancelled_closes_at_once(void) {
  EXPECT_OUTSIDE(
      "local r, w = both() spawn(function() log(w:write(('1'):rep(1000000))) end) sleep(1) "
      "log(async.move_on_after(1, w.close, w)) log(tostring(w)) sleep(0) "
      "local again = spawn(function() local s = sockets() async.current():cancel() "
      "s:close() log(tostring(s)) end) sleep(1) log(again:status())",
      "nil timeout stream the writer (closed) nil closed ECANCELED "
      "stream a socket (closed) done");
}

static void a_stream_that_is_forgotten_is_closed(void) {
  EXPECT_OUTSIDE("local fd = select(2, sockets()) collectgarbage() collectgarbage() log(got(fd))",
                 "nil");
}

static void who_knows_that_nobody_writes_any_more_ends_it(void) {
  EXPECT_OUTSIDE(
      "local s, fd = sockets() put(fd, 'ab\\nc') end_stream(s) log(s:read(), s:read(), "
      "s:read()) local s, fd = sockets() spawn(function() log(s:read('a')) end) sleep(1) "
      "put(fd, 'ab') sleep(1) end_stream(s) sleep(1) log(s:read())",
      "ab c nil ab nil");
}

/* Memory is asked for in the middle of a read, and that collects all garbage there is. */
static void a_finalizer_that_reads_in_the_middle_of_a_read_takes_nothing_twice(void) {
  EXPECT_OUTSIDE(
      "local s, fd = sockets() put(fd, 'abcdef\\n' .. ('x'):rep(1000) .. '\\nyz') "
      "log(s:read(1)) collectgarbage 'stop' local armed = true "
      "setmetatable({}, {__gc = function() if armed then log(s:read(2)) end end}) "
      "collectgarbage('incremental', 100, 100, 50) collectgarbage 'restart' "
      "log(pcall(s.read, s, 'l', 'l')) armed = false log(s:read(), #s:read(), s:read(2))",
      "a bc false somebody else has read a socket meanwhile def 1000 yz");
}

/* The same in the middle of a write. */
static void a_finalizer_that_writes_in_the_middle_of_a_write_is_refused(void) {
  EXPECT_OUTSIDE(
      "local r, w = both() local text = ('x'):rep(1000000) collectgarbage 'stop' "
      "setmetatable({}, {__gc = function() log(w:write('!')) end}) "
      "spawn(function() collectgarbage('incremental', 100, 100, 50) collectgarbage 'restart' "
      "w:write(text) w:close() end) log(r:read('a') == text)",
      "nil an earlier write was cut short ECANCELED true");
}

static void a_finalizer_may_close_the_stream_in_the_middle(void) {
  EXPECT_OUTSIDE("local function arm(s) setmetatable({}, {__gc = function() log(s:close()) end}) "
                 "collectgarbage 'restart' end "
                 "local r, w = both() local text = ('x'):rep(1000000) collectgarbage 'stop' "
                 "collectgarbage('incremental', 100, 100, 50) arm(w) log(w:write(text)) "
                 "collectgarbage 'stop' local s, fd = sockets() put(fd, 'ab\\ncd\\n') arm(s) "
                 "log(s:read('l', 'l', 'l')) log(tostring(s))",
                 "true nil closed ECANCELED true nil closed ECANCELED stream a socket (closed)");
}

/* ------------------------------------------------- terminals, files, inherited ones */

static void an_inherited_descriptor_keeps_its_mode_and_never_waits(void) {
  for (int lacks = 0; lacks < 2; lacks++) {
    system_lack_nowait(lacks);
    EXPECT_OUTSIDE(
        "local s, fd = inherited() log(waits(s)) "
        "log(async.move_on_after(1, s.read_some, s)) put(fd, 'ab\\nc') log(s:read()) "
        "spawn(function() log(s:read(3)) end) sleep(1) put(fd, 'd') log(steal(s)) "
        "sleep(1) put(fd, 'e') log(steal(s)) sleep(0) put(fd, 'fg') sleep(1) hang_up(fd) "
        "log(s:read(), waits(s))",
        "true nil timeout ab d e cfg nil true");
  }
  system_lack_nowait(false);
}

static void an_inherited_descriptor_is_written_in_what_it_takes(void) {
  for (int lacks = 0; lacks < 2; lacks++) {
    system_lack_nowait(lacks);
    EXPECT_OUTSIDE("local s, fd = inherited_writing() local text = ('0123456789'):rep(50000) "
                   "local all = {} spawn(function() log(s:write(text) == s) s:close() end) "
                   "repeat sleep(0.1) local t = got(fd) all[#all + 1] = t until not t "
                   "log(table.concat(all) == text)",
                   "true true");
  }
  system_lack_nowait(false);
}

static void a_terminal_goes_on_after_its_end(void) {
  EXPECT_OUTSIDE("local s, fd = terminal() log(waits(s)) put(fd, 'one\\ntw') log(s:read()) "
                 "put(fd, 'o\\n') log(s:read()) put(fd, '\\4') log(s:read()) "
                 "put(fd, 'three\\n') log(s:read())",
                 "true one two nil three");
}

static void a_terminal_that_all_have_left_has_ended(void) {
  EXPECT_OUTSIDE(
      "local s, fd = master() put(fd, 'out\\n') log((s:read())) hang_up(fd) log(s:read())",
      "out\r nil");
}

static void a_file_never_waits_and_may_grow(void) {
  EXPECT_OUTSIDE("local s = file 'one\\ntwo' log(s:read(), s:read(), s:read()) "
                 "s:write('three\\n') log(s:read()) seek(s, 7) log(s:read())",
                 "one two nil nil three");
}

/* ------------------------------------------------------------------ selecting */

static void a_stream_is_selected_when_it_can_be_read(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() local t, other = sockets() "
                 "log(async.select{s, t, timeout = 1}) put(other, 'x') "
                 "local i, what = async.select{s, t} log(i, what == t, t:read(1)) "
                 "spawn(function() sleep(1) put(fd, 'ab') end) local i = async.select{t, s} "
                 "log(i, held(s)) log(async.select{s} == 1, s:read(2)) hang_up(fd) "
                 "log(async.select{s, t} == 1, s:read())",
                 "nil timeout 2 true x 2 2 69632 true ab true nil");
}

static void all_who_select_a_stream_are_woken(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() for i = 1, 3 do spawn(function() async.select{s} log(i) "
                 "end) end sleep(1) put(fd, 'x') sleep(1) log(s:read(1))",
                 "1 2 3 x");
}

/* What a select has read into the buffer, the kernel tells of no more. */
static void a_select_robs_no_reader_of_its_wake(void) {
  EXPECT_OUTSIDE("local s, fd = inherited() spawn(function() log(s:read(2)) end) sleep(1) "
                 "put(fd, 'ab') log(async.select{s, timeout = 0} == 1) sleep(1) log 'later'",
                 "true ab later");
}

static void a_cancelled_reader_leaves_who_selects_its_event(void) {
  EXPECT_OUTSIDE(
      "local s, fd = sockets() local reader = spawn(s.read, s) "
      "spawn(function() log(async.select{s} == 1) end) sleep(1) reader:cancel() sleep(1) "
      "put(fd, 'x') sleep(1) log(s:read(1))",
      "true x");
}

/* -------------------------------------------------------------------- copies */

static void a_stream_is_copied_to_its_end_or_so_far(void) {
  EXPECT_OUTSIDE("local s, fd = sockets() local t, other = sockets() put(fd, 'abcdef') "
                 "log(s:copy_to(t, 2), s:copy_to(t, 0), got(other)) hang_up(fd) "
                 "log(s:copy_to(t), got(other), s:copy_to(t)) "
                 "put(other, 'echo') end_of(other) log(t:copy_to(t), got(other))",
                 "2 0 ab 4 cdef 0 4 echo");
}

static void a_copy_says_what_has_failed(void) {
  EXPECT_OUTSIDE("local s, fd = tcp() local t, other = writing() put(fd, 'abc') hang_up(other) "
                 "log(s:copy_to(t)) log(s:read(3)) reset(fd) log(s:copy_to(t)) "
                 "t:close() log(pcall(s.copy_to, s, t)) s:close() log(pcall(s.copy_to, s, t))",
                 "nil cannot write to a pipe: broken pipe EPIPE abc "
                 "nil cannot read a connection: connection reset by peer ECONNRESET "
                 "false the stream is closed false the stream is closed");
}

static void a_copy_that_waits_hears_of_either_close(void) {
  EXPECT_OUTSIDE(
      "local big = ('x'):rep(1000000) for i = 1, 3 do local far, near = both() "
      "local r, w = both() spawn(function() far:write(big) end) "
      "spawn(function() log(near:copy_to(w)) end) sleep(1) "
      "log(pcall(near.read, near)) "
      "if i == 1 then near:close() elseif i == 2 then local c <close> = w end "
      "if i == 3 then log(#r:read(1000000)) near:close() end sleep(1) local c <close> = far "
      "end",
      "false task #3 test:1 is in the middle of reading the writer nil closed ECANCELED "
      "false task #5 test:1 is in the middle of reading the writer nil closed ECANCELED "
      "false task #7 test:1 is in the middle of reading the writer 1000000 "
      "nil closed ECANCELED");
}

static void a_copy_that_is_cancelled_lets_others_read_and_write(void) {
  EXPECT_OUTSIDE("local big = ('x'):rep(1000000) local far, near = both() local r, w = both() "
                 "spawn(function() far:write(big) far:shutdown() end) "
                 "log(async.move_on_after(1, near.copy_to, near, w)) "
                 "log(async.move_on_after(1, near.copy_to, near, w)) "
                 "spawn(function() w:write('!') w:close() end) "
                 "local some = r:read('a') log(some:sub(-1), #some + #near:read('a'))",
                 "nil timeout nil timeout ! 1000001");
}

/* ----------------------------------------------------------------- everybody else */

static void who_always_finds_something_lets_others_have_their_turns(void) {
  EXPECT_OUTSIDE(
      "local s = file(('line\\n'):rep(200000)) local turns, busy = 0, true "
      "spawn(function() while busy do turns = turns + 1 async.checkpoint() end end) "
      "local function least(n, f) local before = turns f() if turns - before < n then "
      "log('only', turns - before) end seek(s, 0) end "
      "least(14, function() s:read('a') end) least(14, function() s:read(1000000) end) "
      "least(14, function() while s:read_some() do end end) "
      "least(1000, function() for _ in s:lines() do end end) "
      "least(14, function() s:read_until('no') end) s:read('a') "
      "local null = null() least(14, function() null:write(('x'):rep(1000000)) end) "
      "least(14, function() for _ = 1, 100 do null:write(('x'):rep(10000)) end end) "
      "least(14, function() s:copy_to(null) end) "
      "least(7, function() for _ = 1, 1000 do null:write('x') end end) busy = false log 'ok'",
      "ok");
}

static void waits_say_what_they_are_for(void) {
  EXPECT_OUTSIDE("local s = sockets() local r, w = both() spawn(s.read, s) "
                 "spawn(w.write, w, ('x'):rep(1000000)) spawn(w.write, w, 'y') "
                 "spawn(w.shutdown, w) sleep(1) "
                 "for wait in async.tree():gmatch('waiting, (%l+ %l+ %l+)') do log(wait) end "
                 "for _, t in ipairs(async.tasks()) do if t ~= async.current() then t:cancel() end "
                 "end",
                 "read a socket write the writer write the writer write the writer");
}

static void a_stream_has_a_label_and_words(void) {
  EXPECT_OUTSIDE("local s = sockets() log(s, s.label, s.name, type(s.read)) "
                 "log(pcall(function() s:reed() end)) log(getmetatable(s))",
                 "stream a socket a socket nil function "
                 "false test:1: attempt to call a nil value (method 'reed') Stream");
}

/* A program that waits for the outside is not stuck. */
static void who_reads_waits_for_the_outside(void) {
  struct outside outside;
  outside_open(&outside, NULL);
  world_add(&outside.world, "local s = sockets() s:read()");
  CHECK(world_pass(&outside.world) == TA_WAITING);
  CHECK(ta_outside(outside.world.runner) == 1);
  ta_close_all(outside.world.runner);
  outside_close(&outside);
}

static void outside_of_tasks_streams_do_what_needs_no_wait(void) {
  struct outside outside;
  outside_open(&outside, NULL);
  world_do(&outside.world,
           "local s, fd = sockets() put(fd, 'ab\\n') log(s:read()) log(pcall(s.read, s)) "
           "log(s:write('x') == s, got(fd)) log(pcall(s.write, s, ('x'):rep(10000000))) "
           "log(s:write('y')) log(s:close())");
  CHECK(strstr(outside.world.log, "ab false "));
  CHECK(strstr(outside.world.log, "true x false "));
  CHECK(strstr(outside.world.log, "nil an earlier write was cut short ECANCELED true"));
  outside_close(&outside);
}

/* --------------------------------------------------------------- ends of worlds */

static const char all_wait[] =
    "s, fd = sockets() r, w = both() far, near = both() p = reading() q, v = joined() "
    "spawn(function() local g <close> = s s:read() end) spawn(async.select, {s, p}) "
    "spawn(w.write, w, ('x'):rep(1000000)) spawn(w.write, w, 'y') spawn(w.close, w) "
    "spawn(far.write, far, ('x'):rep(1000000)) spawn(near.copy_to, near, near) "
    "spawn(function() for l in p:lines() do end end) spawn(v.write, v, ('x'):rep(1000000)) "
    "spawn(v.shutdown, v) sleep(math.huge)";

static void open_all_wait(struct outside *outside) {
  outside_open(outside, NULL);
  world_add(&outside->world, all_wait);
  outside_run(outside);
  CHECK(ta_outside(outside->world.runner) == 10);
}

static void a_state_that_is_closed_closes_its_streams_under_who_waits(void) {
  struct outside outside;
  open_all_wait(&outside);
  lua_close(outside.world.L);
  CHECK(outside.world.memory.bytes == 0);
  outside_close_rest(&outside);
}

static void streams_outlive_their_runner(void) {
  struct outside outside;
  open_all_wait(&outside);
  lua_getglobal(outside.world.L, "fd");
  int fd = (int)lua_tointeger(outside.world.L, -1);
  lua_pop(outside.world.L, 1);
  ta_runner_free(outside.world.runner);
  outside.world.runner = NULL;
  CHECK(write(fd, "x", 1) == 1);
  ta_loop_wait(&outside.loop, 0);
  world_do(&outside.world,
           "log(pcall(s.read, s)) log(pcall(s.write, s, 'x')) log(pcall(s.close, s)) "
           "log(pcall(w.close, w)) log(tostring(s), s.label)");
  outside_close(&outside);
}

static void all_can_be_closed_while_they_wait(void) {
  struct outside outside;
  open_all_wait(&outside);
  ta_close_all(outside.world.runner);
  outside_close(&outside);
}

static void a_loop_that_is_closed_first_does_no_harm(void) {
  struct outside outside;
  open_all_wait(&outside);
  ta_close_all(outside.world.runner);
  ta_loop_close(&outside.loop);
  world_close(&outside.world);
  outside_close_rest(&outside);
}

static void a_stream_of_another_runner_is_none_of_ours(void) {
  struct outside one;
  outside_open(&one, NULL);
  lua_State *L = one.world.L;
  struct ta_host host = {.data = &one.world, .now = world_clock};
  struct ta_runner *other = ta_runner_new(L, &host);
  struct ta_io io = {.runner = other, .loop = &one.loop};
  lua_newtable(L);
  ta_open_table(other, L);
  lua_setglobal(L, "other");
  ta_io_keep(&io, L);
  CHECK(ta_io_of(other, L) == &io && ta_io_of(one.world.runner, L) == &one.io);
  ta_push_stream(&io, L, "theirs");
  CHECK(!ta_to_stream(one.world.runner, L, -1) && ta_to_stream(other, L, -1));
  lua_setglobal(L, "theirs");
  world_do(&one.world,
           "local s = sockets() log(pcall(s.read, theirs)) log(pcall(s.copy_to, s, theirs)) "
           "log(pcall(theirs.read, theirs))");
  CHECK_TEXT(one.world.log,
             "false bad argument #1 to '?' (Stream of this Runner expected, got Stream) "
             "false bad argument #2 to '?' (Stream of this Runner expected, got Stream) "
             "false the stream is closed");
  ta_runner_free(other);
  outside_close(&one);
}

/* --------------------------------------------------------------- below scripts */

static void nobody_is_told(struct ta_watch *watch, unsigned directions) {
  (void)watch, (void)directions;
}

static void open_plain(struct ta_loop *loop, int fds[2], struct ta_stream *stream) {
  CHECK(ta_loop_open(loop, NULL) == 0);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
  CHECK(ta_stream_open(loop, TA_EDGE, fds[0], nobody_is_told, stream) == 0);
}

static void a_read_takes_what_is_held_before_it_asks_the_system(void) {
  struct ta_loop loop;
  struct ta_stream stream;
  int fds[2];
  char bytes[8];
  open_plain(&loop, fds, &stream);
  CHECK(write(fds[1], "abcd", 4) == 4 && ta_stream_fill(&stream) == 4);
  CHECK(write(fds[1], "ef", 2) == 2);
  CHECK(ta_stream_read(&stream, bytes, 3) == 3 && memcmp(bytes, "abc", 3) == 0);
  CHECK(ta_stream_read(&stream, bytes, 8) == 1 && *bytes == 'd' && !stream.bytes);
  CHECK(ta_stream_read(&stream, bytes, 8) == -EAGAIN); /* it was drained, as far as one knows */
  ta_loop_poll(&loop);
  CHECK(ta_stream_read(&stream, bytes, 8) == 2 && stream.received == 6);
  close(fds[1]);
  ta_loop_poll(&loop);
  CHECK(ta_stream_read(&stream, bytes, 8) == 0 && stream.at_end);
  ta_stream_close(&stream);
  ta_stream_close(&stream);
  CHECK(ta_stream_read(&stream, bytes, 8) == 0 && ta_stream_write(&stream, "x", 1) == -EBADF);
  ta_loop_close(&loop);
}

/* A writer that fills it again and again waits less then. */
static void a_pipe_that_is_full_again_and_again_is_widened(void) {
  static char bytes[TA_STREAM_CHUNK];
  struct ta_loop loop;
  struct ta_stream stream;
  int fds[2];
  CHECK(ta_loop_open(&loop, NULL) == 0 && pipe2(fds, O_NONBLOCK) == 0);
  int before = fcntl(fds[0], F_GETPIPE_SZ);
  CHECK(ta_stream_open(&loop, TA_EDGE, fds[0], nobody_is_told, &stream) == 0);
  for (int i = 0; i < 8; i++) {
    CHECK(write(fds[1], bytes, 100) == 100);
    ta_loop_poll(&loop);
    CHECK(ta_stream_read(&stream, bytes, sizeof bytes) == 100);
  }
  CHECK(fcntl(fds[0], F_GETPIPE_SZ) == before);
  for (int i = 0; i < 8; i++) {
    CHECK(write(fds[1], bytes, sizeof bytes) == sizeof bytes);
    ta_loop_poll(&loop);
    CHECK(ta_stream_read(&stream, bytes, sizeof bytes) == sizeof bytes);
  }
  CHECK(fcntl(fds[0], F_GETPIPE_SZ) > before);
  ta_stream_close(&stream);
  ta_loop_close(&loop);
  CHECK(close(fds[1]) == 0);
}

static void what_cannot_be_opened_stays_the_caller_s(void) {
  struct ta_loop loop;
  struct ta_stream stream;
  int fds[2];
  CHECK(ta_loop_open(&loop, NULL) == 0 && pipe(fds) == 0);
  system_fail(SYSTEM_ALLOCATE, 1, ENOMEM);
  CHECK(ta_stream_open(&loop, TA_EDGE, fds[0], nobody_is_told, &stream) == -ENOMEM);
  system_go_well();
  CHECK(ta_stream_fill(&stream) == -EBADF && ta_stream_write(&stream, "x", 1) == -EBADF);
  system_fail(SYSTEM_EPOLL_CTL, 1, ENOSPC);
  CHECK(ta_stream_open(&loop, TA_EDGE, fds[0], nobody_is_told, &stream) == -ENOSPC);
  system_go_well();
  ta_stream_close(&stream);
  CHECK(close(fds[0]) == 0 && close(fds[1]) == 0 && loop.members == 0);
  ta_loop_close(&loop);
}

static void a_stream_whose_loop_is_gone_gives_its_memory_back(void) {
  struct ta_loop loop;
  struct ta_stream stream;
  int fds[2];
  open_plain(&loop, fds, &stream);
  CHECK(write(fds[1], "abcd", 4) == 4 && ta_stream_fill(&stream) == 4);
  ta_loop_close(&loop);
  ta_stream_close(&stream);
  CHECK(!stream.bytes && !loop.spare && close(fds[1]) == 0);
}

/* A transport whose reads have to write first, as those of TLS may. */
static bool may_read;

static ssize_t read_crossed(struct ta_stream *stream, void *bytes, size_t size) {
  stream->needs_to_read = TA_MAY_WRITE;
  if (!may_read) ta_watch_blocked(&stream->watch, TA_MAY_WRITE);
  return may_read ? read(stream->watch.fd, bytes, size) : -EAGAIN;
}

static ssize_t write_crossed(struct ta_stream *stream, const void *bytes, size_t size) {
  return write(stream->watch.fd, bytes, size);
}

static int shutdown_crossed(struct ta_stream *stream) {
  stream->needs_to_write = TA_MAY_READ;
  if (!may_read) ta_watch_blocked(&stream->watch, TA_MAY_READ);
  return may_read ? shutdown(stream->watch.fd, SHUT_WR) : -EAGAIN;
}

static void close_crossed(struct ta_stream *stream) {
  may_read = false;
  (void)stream;
}

static int l_cross(lua_State *L) {
  static const struct ta_transport crossed = {.read = read_crossed,
                                              .write = write_crossed,
                                              .shutdown = shutdown_crossed,
                                              .close = close_crossed};
  struct outside *outside = lua_touserdata(L, lua_upvalueindex(1));
  ta_stream_of(ta_to_stream(outside->world.runner, L, 1))->transport = &crossed;
  return 0;
}

static int l_uncross(lua_State *L) {
  may_read = lua_toboolean(L, 1);
  return 0;
}

static void a_transport_may_have_readers_wait_for_the_other_direction(void) {
  struct outside outside;
  may_read = false;
  outside_open(&outside, NULL);
  lua_pushlightuserdata(outside.world.L, &outside);
  lua_pushcclosure(outside.world.L, l_cross, 1);
  lua_setglobal(outside.world.L, "cross");
  lua_register(outside.world.L, "uncross", l_uncross);
  world_add(&outside.world,
            "local s, fd = sockets() cross(s) put(fd, 'ab') sleep(1) "
            "local reader = spawn(function() log(s:read(2)) end) sleep(1) log((reader:status())) "
            "uncross(true) put(fd, 'c') sleep(1) log(reader:status()) uncross(false) "
            "local ending = spawn(function() log(s:shutdown() == s) end) sleep(1) "
            "log(ending:status()) uncross(true) put(fd, 'd') sleep(1) "
            "log(ending:status(), got(fd)) s:close()");
  CHECK(outside_run(&outside) == TA_DONE);
  CHECK_TEXT(outside.world.log, "waiting ab done waiting write a socket true done nil");
  CHECK(!may_read); /* it was closed */
  outside_close(&outside);
}

/* ------------------------------------------------------- when something fails */

/* Reads, writes and copies until each has failed three times, or is done.  What has come is
 * the beginning of what was sent, whatever fails, and all of it if nothing is told. */
static const char swept[] =
    "if not lenient then collectgarbage 'stop' end local told = lenient and 1 or 0 "
    "local function try(most, f, ...) for i = 1, most do "
    "local results = table.pack(pcall(f, ...)) "
    "if results[1] and not results[4] then return results[2] end told = told + 1 end end "
    "local function check(what, got, want) local may_be = told > 0 and "
    "(got == want:sub(1, #got) or got == '!') "
    "if got ~= want and not may_be then log('WRONG', what, #got) end end "
    "local text = ('0123456789\\n'):rep(20000) "
    "local function write(s) local g <close> = s try(1, s.write, s, text) try(1, s.write, s, '!') "
    "try(1, s.flush, s) end "
    "local function read(most, read, s) local all = {} repeat local part = "
    "try(most, read, s) all[#all + 1] = part until not part "
    "check('read', table.concat(all), text .. '!') end "
    "local function copy(s, t) local g <close> = t try(3, s.copy_to, s, t) end "
    "local function lines(s, fd) put(fd, 'one\\n') sleep(1) put(fd, 'two') hang_up(fd) "
    "pcall(async.select, {s, timeout = 1}) local one, two = try(3, s.read, s), try(3, s.read, s) "
    "check('lines', (one or '') .. (two or ''), 'onetwo') end "
    "for _, make in ipairs{both, joined} do local r, w = make() local far, near = both() "
    "spawn(write, w) spawn(copy, r, near) read(3, far.read_some, far) end "
    "local s, fd = inherited_writing() spawn(write, s) "
    "read(1, function(fd) sleep(0.01) return got(fd) end, fd) "
    "lines(inherited()) lines(reading()) log 'ended'";

/* False: so many calls are not made. */
static bool sweep(enum system_call call, unsigned nth, int error) {
  struct outside outside;
  outside_open(&outside, NULL);
  lua_pushboolean(outside.world.L, call == SYSTEM_ALLOCATE); /* the script's own requests too */
  lua_setglobal(outside.world.L, "lenient");
  world_add(&outside.world, swept);
  system_fail(call, nth, error);
  outside_run(&outside);
  bool reached = system_go_well() >= nth;
  if (strstr(outside.world.log, "WRONG")) CHECK_TEXT(outside.world.log, "");
  if (!reached) CHECK_TEXT(outside.world.log, "ended");
  CHECK(call == SYSTEM_ALLOCATE || strstr(outside.world.log, "ended") ||
        strstr(outside.world.log, "cannot open it"));
  ta_close_all(outside.world.runner);
  outside_close(&outside);
  return reached;
}

/* Each one up to 30, where they are all different, and then some. */
static void sweep_all(enum system_call call, int error, unsigned most) {
  unsigned nth = 1, step = test_quick() ? 20 : 1, number = 0;
  while (nth < most && (!part_has(number++) || sweep(call, nth, error)))
    nth += nth < 30 ? step : step + nth / 50;
  CHECK(nth > 5);
}

static void a_call_of_the_system_that_fails_loses_no_byte(void) {
  sweep_all(SYSTEM_READ, EIO, 2000);
  sweep_all(SYSTEM_WRITE, ENOSPC, 2000);
  sweep_all(SYSTEM_EPOLL_CTL, ENOMEM, 2000);
  system_lack_nowait(true);
  sweep_all(SYSTEM_READ, EINTR, 2000);
  sweep_all(SYSTEM_EPOLL_CTL, ENOSPC, 2000);
  system_lack_nowait(false);
}

static void memory_that_is_refused_loses_no_byte(void) {
  sweep_all(SYSTEM_ALLOCATE, ENOMEM, 100000);
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
  for (int seed = first; seed < first + count; seed++)
    if (part_has((uint64_t)seed)) run_seed(seed);
}

static int losses;

static void count_loss(void *data, const char *message, int to_be_continued) {
  (void)data, (void)to_be_continued;
  losses += strcmp(message, "error in ") == 0;
}

/* Of the objects that are garbage the newest is lost: its finalizer cannot be called. */
static int l_collect_in_want(lua_State *L) {
  system_fail(SYSTEM_ALLOCATE, 1, ENOMEM);
  for (int i = 0; i < 3; i++) lua_gc(L, LUA_GCCOLLECT);
  system_go_well();
  return 0;
}

/* A new coroutine has room for one call. */
static int l_lose_newest(lua_State *L) {
  lua_gc(L, LUA_GCSTOP);
  lua_State *co = lua_newthread(L);
  lua_pushcfunction(co, l_collect_in_want);
  lua_gc(L, LUA_GCRESTART);
  CHECK(lua_pcall(co, 0, 0, 0) == LUA_OK);
  return 0;
}

/* (target, source or nil): the task has a turn, which nothing keeps. */
static int l_arm_turn(lua_State *L) {
  lua_settop(L, 2);
  struct ta_turn *turn = ta_push_turn(L, 1, false);
  if (!lua_isnil(L, 2)) {
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 2);
    turn->source = ta_object_at(L, 2);
  }
  CHECK(ta_arm_turn(L, turn) == 0);
  return 0;
}

/* The script has so many objects lost. */
static void run_with_turns(const char *code, int lost) {
  struct outside outside;
  outside_open(&outside, NULL);
  lua_State *L = outside.world.L;
  losses = 0;
  lua_setwarnf(L, count_loss, NULL);
  lua_register(L, "lose", l_lose_newest);
  lua_register(L, "arm", l_arm_turn);
  world_add(&outside.world, code);
  outside_run(&outside);
  CHECK_TEXT(outside.world.log, "end");
  CHECK(losses == lost);
  outside_close(&outside);
}

static void a_turn_that_was_lost_outlives_its_stream(void) {
  run_with_turns("local s = writing() arm(s) s = nil lose() log 'end'", 1);
  run_with_turns("local s = writing() arm(s) do local c <close> = s end s = nil lose() log 'end'",
                 1);
  run_with_turns("local s, t = writing(), reading() arm(s, t) s, t = nil lose() log 'end'", 1);
  run_with_turns("local s, t = writing(), reading() arm(s, t) s = nil lose() log 'end'", 1);
}

/* Its turn was collected with the target. */
static void who_copies_no_more_reads_no_more(void) {
  run_with_turns("local s = writing() local t, fd = sockets() put(fd, 'end') arm(s, t) s = nil "
                 "collectgarbage() collectgarbage() log(t:read_some())",
                 0);
}

const struct test stream_tests[] = {
    TEST(formats_read_what_lua_s_files_read),
    TEST(a_task_waits_for_what_is_not_there_yet),
    TEST(what_is_written_arrives),
    TEST(a_large_write_goes_out_whole),
    TEST(lines_come_one_by_one),
    TEST(a_stream_that_is_closed_is_refused),
    TEST(lines_take_formats_and_raise_what_is_refused),
    TEST(misuse_is_raised),
    TEST(a_read_that_is_cancelled_loses_nothing),
    TEST(a_second_reader_is_told_of_the_first),
    TEST(the_end_and_a_reset_are_told_apart),
    TEST(a_reset_that_a_write_was_told_of_is_no_end),
    TEST(a_text_is_read_up_to_and_with_it),
    TEST(a_line_that_is_too_long_stays_to_be_read_otherwise),
    TEST(a_count_beyond_all_bounds_asks_for_no_memory),
    TEST(an_empty_stream_has_no_buffer),
    TEST(a_buffer_that_a_long_line_has_made_large_becomes_small_again),
    TEST(a_write_cancelled_before_its_first_byte_has_not_happened),
    TEST(a_write_that_is_cut_short_tears_the_stream),
    TEST(a_reader_that_is_gone_is_told_by_its_code),
    TEST(numbers_are_written_as_lua_s_files_write_them),
    TEST(flush_and_shutdown_come_after_the_writes_under_way),
    TEST(a_pipe_that_is_shut_down_ends),
    TEST(close_waits_for_writes_under_way),
    TEST(whoever_waits_on_it_hears_of_a_close),
    TEST(whoever_has_given_up_the_turn_hears_of_a_close_as_who_waits),
    TEST(a_close_that_is_cancelled_closes_at_once),
    TEST(a_stream_that_is_forgotten_is_closed),
    TEST(who_knows_that_nobody_writes_any_more_ends_it),
    TEST(a_finalizer_that_reads_in_the_middle_of_a_read_takes_nothing_twice),
    TEST(a_finalizer_that_writes_in_the_middle_of_a_write_is_refused),
    TEST(a_finalizer_may_close_the_stream_in_the_middle),
    TEST(an_inherited_descriptor_keeps_its_mode_and_never_waits),
    TEST(an_inherited_descriptor_is_written_in_what_it_takes),
    TEST(a_terminal_goes_on_after_its_end),
    TEST(a_terminal_that_all_have_left_has_ended),
    TEST(a_file_never_waits_and_may_grow),
    TEST(a_stream_is_selected_when_it_can_be_read),
    TEST(all_who_select_a_stream_are_woken),
    TEST(a_select_robs_no_reader_of_its_wake),
    TEST(a_cancelled_reader_leaves_who_selects_its_event),
    TEST(a_stream_is_copied_to_its_end_or_so_far),
    TEST(a_copy_says_what_has_failed),
    TEST(a_copy_that_waits_hears_of_either_close),
    TEST(a_copy_that_is_cancelled_lets_others_read_and_write),
    TEST(who_always_finds_something_lets_others_have_their_turns),
    TEST(waits_say_what_they_are_for),
    TEST(a_stream_has_a_label_and_words),
    TEST(who_reads_waits_for_the_outside),
    TEST(outside_of_tasks_streams_do_what_needs_no_wait),
    TEST(a_state_that_is_closed_closes_its_streams_under_who_waits),
    TEST(streams_outlive_their_runner),
    TEST(all_can_be_closed_while_they_wait),
    TEST(a_loop_that_is_closed_first_does_no_harm),
    TEST(a_stream_of_another_runner_is_none_of_ours),
    TEST(a_read_takes_what_is_held_before_it_asks_the_system),
    TEST(a_pipe_that_is_full_again_and_again_is_widened),
    TEST(what_cannot_be_opened_stays_the_caller_s),
    TEST(a_stream_whose_loop_is_gone_gives_its_memory_back),
    TEST(a_transport_may_have_readers_wait_for_the_other_direction),
    TEST(a_call_of_the_system_that_fails_loses_no_byte),
    TEST(memory_that_is_refused_loses_no_byte),
    TEST(a_turn_that_was_lost_outlives_its_stream),
    TEST(who_copies_no_more_reads_no_more),
    TEST(random_programs_read_what_a_queue_of_bytes_has),
    TESTS_END,
};
