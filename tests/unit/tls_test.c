/* SPDX-License-Identifier: MIT
 *
 * tls_test.c -- TLS on streams, with the module linked in: what fails in turn is its own too.
 */
#include "unit/test.h"

#if defined(HAVE_TLS)

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/certificate.h"
#include "unit/outside.h"
#include "unit/system.h"

extern const char *const unit_tls[], *const unit_streams[];

/* --------------------------------------------------------------------- scripts */

static const char *next_line(lua_State *L, void *data, size_t *size) {
  const char *const **line = data;
  (void)L;
  *size = **line ? strlen(**line) : 0;
  return *size ? *(*line)++ : NULL;
}

static void load(lua_State *L, const char *const *lines, const char *name) {
  if (lua_load(L, next_line, &lines, name, "t") != LUA_OK) CHECK_TEXT(lua_tostring(L, -1), "");
}

/* A peer that OpenSSL alone plays, on the other side of a socket. */
static SSL *other;

/* (fd) -> whether it has shaken hands, as a client: to be asked again */
static int l_shake(lua_State *L) {
  if (!other) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    CHECK(fcntl((int)luaL_checkinteger(L, 1), F_SETFL, O_NONBLOCK) == 0);
    CHECK((other = SSL_new(context)) && SSL_set_fd(other, (int)luaL_checkinteger(L, 1)));
    SSL_CTX_free(context);
    SSL_set_connect_state(other);
  }
  lua_pushboolean(L, SSL_do_handshake(other) == 1);
  return 1;
}

/* (text): with new keys, which the other side is to answer with its own */
static int l_renew(lua_State *L) {
  size_t size, count;
  const char *text = luaL_checklstring(L, 1, &size);
  CHECK(SSL_key_update(other, SSL_KEY_UPDATE_REQUESTED) && SSL_do_handshake(other) == 1);
  CHECK(SSL_write_ex(other, text, size, &count) && count == size);
  return 0;
}

/* -> what has come; or nil: no more comes */
static int l_take(lua_State *L) {
  char bytes[20000];
  int count = SSL_read(other, bytes, sizeof bytes);
  bool waits = count < 0 && SSL_get_error(other, count) == SSL_ERROR_WANT_READ;
  if (count <= 0 && !waits) {
    SSL_free(other);
    other = NULL;
    return 0;
  }
  lua_pushlstring(L, bytes, waits ? 0 : (size_t)count);
  return 1;
}

static void open_secure(struct outside *outside, const struct ta_poller_kind *kind) {
  outside_open(outside, kind);
  lua_State *L = outside->world.L;
  add_tls(&outside->world);
  lua_register(L, "shake", l_shake);
  lua_register(L, "renew", l_renew);
  lua_register(L, "take", l_take);
  load(L, unit_tls, "=tls.lua");
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) CHECK_TEXT(lua_tostring(L, -1), "");
}

static void expect_over(const struct ta_poller_kind *kind, const char *code, const char *log,
                        int line) {
  struct outside outside;
  open_secure(&outside, kind);
  world_add(&outside.world, code);
  enum ta_pass_result result = outside_run(&outside);
  if (!test_same_text(outside.world.log, log))
    test_texts_differ(__FILE__, line, outside.world.log, log);
  if (result != TA_DONE) test_failed(__FILE__, line, "the script ended");
  outside_close(&outside);
}

#define EXPECT_TLS(code, log)                                                                      \
  (expect_over(NULL, code, log, __LINE__), expect_over(&ta_poller_poll, code, log, __LINE__))

static void bytes_go_both_ways_at_once(void) {
  EXPECT_TLS("local s, t = pair() local text = ('0123456789'):rep(50000) "
             "local function send(a) a:write(text) a:shutdown() end spawn(send, s) spawn(send, t) "
             "local other = spawn(function() return s:read('a') end) "
             "log(t:read('a') == text, other:await() == text, s:read(), t:read())",
             "true true nil nil");
  EXPECT_TLS("local s, t = pair() log(s.tls.version, s.tls.certificate, t.tls.certificate.subject, "
             "t.tls.resumed, s.tls.server_name) s:close() t:close() log(s.tls)",
             "TLSv1.3 nil CN=db false db nil");
}

static void what_was_read_before_goes_to_the_handshake(void) {
  EXPECT_TLS("local s, t = plain_pair() local client = spawn(function() t:write('STARTTLS\\n') "
             "assert(t:start_tls(CLIENT)) t:write('hello\\n') return t:read() end) sleep(1) "
             "log(s:read(), (held(s)) > 100) log(s:start_tls(SERVER) == s, s:read()) "
             "s:write('bye\\n') log(client:await())",
             "STARTTLS true true hello bye");
  /* What somebody has slipped in before the hello is no part of what was said in secret. */
  EXPECT_TLS(
      "local s, t = plain_pair() spawn(function() s:write('OK\\n', 'evil\\n') s:start_tls(SERVER) "
      "end) log(t:read()) sleep(1) local _, message, code = t:start_tls(CLIENT) log(message, code) "
      "t:close()",
      "OK cannot start TLS with db: what came is not TLS TLS");
}

/* So is what a copy has left in the middle, in a pipe. */
static void what_a_copy_has_left_goes_to_the_handshake(void) {
  EXPECT_TLS("local a, b = plain_pair() local c, d = plain_pair() "
             "spawn(function() b:write(('x'):rep(2000000)) end) "
             "log(async.move_on_after(1, a.copy_to, a, c)) local _, message = a:start_tls(CLIENT) "
             "log(message, a:read_some() == nil) a:close() b:close() d:close()",
             "nil timeout cannot start TLS with db: what came is not TLS true");
}

static void writes_under_way_come_before_the_handshake(void) {
  EXPECT_TLS(
      "local s, t = plain_pair() local text = ('x'):rep(1000000) "
      "spawn(function() log(s:write(text) == s) end) "
      "local server = spawn(function() log(s:start_tls(SERVER) == s) s:write('secret\\n') end) "
      "local later = spawn(function() s:write('later\\n') end) sleep(1) "
      "log(#t:read(1000000)) assert(t:start_tls(CLIENT)) log(t:read(), t:read())",
      "true 1000000 true later secret");
}

/* It gives its turn up in between, and the kernel has nothing more to tell. */
static void a_reader_goes_on_with_what_openssl_has(void) {
  EXPECT_TLS("local right = 0 for size = 900, 1100, 20 do local s, t = pair() "
             "local count = 66000 // size + 2 for _ = 1, count do s:write(('x'):rep(size)) end "
             "sleep(1) local done, text = async.move_on_after(1, t.read, t, count * size) "
             "text = text or done right = right + (#text == count * size and 1 or 0) "
             "s:close() t:close() end log(right)",
             "11");
}

static void a_record_that_was_cut_short_tears_the_stream(void) {
  EXPECT_TLS("local s, t = pair() local whole = -1 "
             "repeat whole = whole + 1 local done = async.move_on_after(1, s.write, s, "
             "('x'):rep(1000)) until not done log(whole > 50) log(s:write('other')) "
             "local reader = spawn(function() local count = 0 while true do "
             "local part, message, code = t:read_some() if not part then "
             "return count == whole * 1000, message, code end count = count + #part end end) "
             "sleep(1) s:close() log(reader:await())",
             "true nil an earlier write was cut short ECANCELED "
             "true cannot read the writer: unexpected eof TLS");
}

/* A ticket of the server's lies unread with the client, whose system would reset the connection and
 * drop what was not sent yet. */
static void who_closes_a_torn_stream_resets_no_connection(void) {
  EXPECT_TLS("local s, t = pair(connected) local whole = -1 "
             "repeat whole = whole + 1 local done = async.move_on_after(1, t.write, t, "
             "('x'):rep(100000)) until not done t:close() local count, part, message = 0 "
             "repeat part, message = s:read_some() count = count + #(part or '') "
             "until not part local more = count - whole * 100000 log(whole > 0, more >= 0, "
             "more == 0 or message) s:close()",
             "true true cannot read the reader: unexpected eof");
}

static void a_bare_end_is_an_error_after_the_bytes_that_came(void) {
  EXPECT_TLS(
      "local a, d = between(function(bytes, number, way) "
      "if way == 'to the first' or not bytes then return bytes end "
      "if number > 1 and cut then return nil end return bytes end) "
      "secure(a, d) a:write('one\\n') log(d:read()) a:write('two') sleep(1) cut = true "
      "a:shutdown() log(d:read(3)) log(d:read()) log(d:read()) log(d:write('x') == d) a:close() "
      "d:close()",
      "one two nil cannot read the writer: unexpected eof TLS "
      "nil cannot read the writer: unexpected eof TLS false");
}

static void a_peer_may_change_its_keys_while_a_write_waits(void) {
  EXPECT_TLS("local s, fd = sockets() local text = ('0123456789'):rep(100000) "
             "local task = spawn(function() assert(s:start_tls(SERVER)) end) "
             "repeat sleep(1) until shake(fd) task:await() "
             "local writer = spawn(function() local done = s:write(text) s:shutdown() "
             "return done == s end) sleep(1) log(writer:status()) "
             "for i = 1, 100 do renew('round ' .. i .. '\\n') if i % 50 == 0 then log(s:read()) "
             "else s:read() end end "
             "local got = {} for part in take do got[#got + 1] = part sleep(1) end "
             "log(table.concat(got) == text, writer:await())",
             "waiting write a socket round 50 round 100 true true");
}

/* More answers than are kept: whoever reads waits until the peer takes them, and loses nothing. */
static void a_flood_of_new_keys_has_the_reader_wait(void) {
  EXPECT_TLS("local s, fd = sockets() local text = ('0123456789'):rep(100000) "
             "local task = spawn(function() assert(s:start_tls(SERVER)) end) "
             "repeat sleep(1) until shake(fd) task:await() "
             "local writer = spawn(function() local done = s:write(text) s:shutdown() "
             "return done == s end) sleep(1) log(writer:status()) "
             "local count, line = 0 repeat count = count + 1 renew('round ' .. count .. '\\n') "
             "line = async.move_on_after(1, s.read, s) until not line or count == 5000 "
             "log(count > 1000, count < 5000) local reader = spawn(function() return s:read() end) "
             "local got = {} for part in take do got[#got + 1] = part sleep(1) end "
             "log(table.concat(got) == text, writer:await(), reader:await() == 'round ' .. count)",
             "waiting write a socket true true true true true");
}

static void a_half_that_was_ended_leaves_the_other(void) {
  EXPECT_TLS("local s, t = pair() t:write('a question') t:shutdown() log(s:read('a'), s:read()) "
             "log(s:write('an answer') == s) s:close() log(t:read('a'), t:read()) "
             "log(t:write('x'))",
             "a question nil true an answer nil nil cannot write to the writer: broken pipe EPIPE");
}

static void a_record_that_was_altered_is_refused(void) {
  EXPECT_TLS("local a, d = between(function(bytes, number, way) if not alter then return bytes end "
             "local at = #bytes // 2 return bytes:sub(1, at) .. "
             "string.char(bytes:byte(at + 1) ~ 1) .. bytes:sub(at + 2) end) "
             "secure(a, d) a:write('one\\n') log(d:read()) alter = true a:write('two\\n') "
             "log(d:read()) log(a:read() == nil) a:close() d:close()",
             "one nil cannot read the writer: what came was altered on its way TLS true");
}

static void garbage_is_no_handshake(void) {
  EXPECT_TLS(
      "local function try(text) local s, fd = sockets() put(fd, text) "
      "local _, message, code = s:start_tls(CLIENT) log((message:gsub('.*: ', '')), code) "
      "local _, again, same = s:read() log(again:match(message:gsub('.*: ', '')) ~= nil, same) end "
      "try 'HTTP/1.1 400 Bad Request\\r\\n' try(('\\0'):rep(100)) "
      "try('\\22\\3\\3\\0\\4\\2\\0\\0\\0') try '220 mail.example ESMTP\\r\\n'",
      "what came is not TLS TLS true TLS what came is not TLS TLS true TLS "
      "length mismatch TLS true TLS what came is not TLS TLS true TLS");
  EXPECT_TLS("local function try(text) local s, fd = sockets() if text then put(fd, text) end "
             "end_of(fd) local _, message, code = s:start_tls(SERVER) log((message:gsub('.*: ', "
             "'')), code) "
             "end try 'GET / HTTP/1.0\\r\\n\\r\\n' try 'SSH-2.0-x\\r\\n' try '\\22\\3\\1' try(nil)",
             "what came is not TLS but HTTP TLS what came is not TLS TLS "
             "the connection ended in the middle of the handshake TLS "
             "the connection ended before anything came EOF");
}

static void a_handshake_that_never_ends_can_be_given_up(void) {
  EXPECT_TLS("local s, fd = sockets() log(async.move_on_after(2, s.start_tls, s, CLIENT)) "
             "log(async.now()) log(async.move_on_after(2, s.read, s)) "
             "local task = spawn(function() return s:read() end) sleep(1) s:close() "
             "log(task:await())",
             "nil timeout 2.0 nil timeout nil closed ECANCELED");
  /* What was given up goes on with the next call. */
  EXPECT_TLS("local s, t = plain_pair() log(async.move_on_after(2, s.start_tls, s, SERVER)) "
             "local client = spawn(function() assert(t:start_tls(CLIENT)) t:write('hi\\n') end) "
             "log(s:read()) client:await() log(s.tls.version)",
             "nil timeout hi TLSv1.3");
  EXPECT_TLS(
      "local s, t = plain_pair() local task = spawn(function() return s:start_tls(SERVER) end) "
      "local second = spawn(function() local ok, message = pcall(s.read, s) return message end) "
      "sleep(1) log((second:await():gsub('.*is in', 'is in'))) "
      "local writer = spawn(function() return s:write('x') end) sleep(1) s:close() "
      "log(task:await()) log(writer:await())",
      "is in the middle of reading the reader nil closed ECANCELED "
      "nil closed ECANCELED");
}

/* Whoever is served has 30 seconds, and then is turned away; others are served meanwhile. */
static void who_says_nothing_is_served_no_longer(void) {
  EXPECT_TLS("local server = async.net.listen('127.0.0.1', 0, {tls = {certificate = PEM}}) "
             "local serving = spawn(function() server:serve(function(c) c:write('hello') end) end) "
             "local mute = async.net.connect('127.0.0.1', server.port) "
             "local s = async.net.connect('127.0.0.1', server.port, {tls = CLIENT}) "
             "log(s:read('a'), async.now() < 30) s:close() log(mute:read('a'), async.now() >= 30) "
             "mute:close() server:close() serving:await()",
             "hello true  true");
}

static void waits_say_what_they_are_for(void) {
  EXPECT_TLS(
      "local s, fd = sockets() local task = spawn(function() return s:start_tls(CLIENT) end) "
      "sleep(1) log(task:status()) task:cancel() task:pawait() "
      "local function say(f, ...) log((select(2, pcall(f, ...)):gsub('^.-: ', ''))) end "
      "say(s.start_tls, s, CLIENT) local r = reading() say(r.start_tls, r, CLIENT) "
      "local t = sockets() say(t.start_tls, t, {server = true}) say(t.start_tls, t) "
      "say(t.start_tls, t, {verfy = false}) say(t.start_tls, t, {key = PEM}) "
      "say(t.start_tls, t, {alpn = {}}) say(t.start_tls, t, {alpn = ''}) "
      "say(t.start_tls, t, {server_name = 'a b'}) say(t.start_tls, t, {ca = ''}) "
      "say(t.start_tls, t, 5)",
      "waiting handshake a socket start_tls: a socket has TLS already "
      "start_tls: a pipe is no socket start_tls: a server needs a certificate "
      "start_tls: server_name is missing, whose certificate it has to be "
      "start_tls: unknown option 'verfy', did you mean 'verify'? "
      "start_tls: there is a key, but no certificate "
      "start_tls: alpn must be a list of names of protocols, got 0 "
      "start_tls: alpn must be names of protocols, as \"http/1.1\", got \"\" "
      "start_tls: server_name must be the name of a host, got \"a b\" "
      "start_tls: ca must be the path of a file, got \"\" "
      "start_tls: options must be a table, got number");
}

/* ------------------------------------------------------- when something fails */

/* Both ways, a half that ends, a copy.  What has come is the beginning of what was sent. */
static const char swept[] =
    "if not lenient then collectgarbage 'stop' end local text = ('0123456789\\n'):rep(6000) "
    "local function try(f, ...) local results = table.pack(pcall(f, ...)) "
    "return results[1] and results[2] end "
    "local function check(got) if got ~= text:sub(1, #got) then log('WRONG', #got) end end "
    "local ok, s, t = pcall(plain_pair) if not ok then log 'ended' return end "
    "local server = spawn(function() local done = try(s.start_tls, s, SERVER) "
    "if not done then s:close() end return done end) local client = try(t.start_tls, t, CLIENT) if "
    "not client then t:close() end "
    "local _, both_do = server:pawait() if not both_do then s:close() end "
    "if not client or not both_do then log 'ended' return end try(function() return t.tls end) "
    "spawn(function() local g <close> = s try(s.write, s, text) try(s.shutdown, s) "
    "try(s.read, s, 'a') end) "
    "local all = {} repeat local part = try(t.read_some, t) all[#all + 1] = part or nil "
    "until not part check(table.concat(all)) try(t.write, t, 'bye') try(t.close, t) log 'ended'";

static bool sweep(enum system_call call, unsigned nth, int error) {
  struct outside outside;
  open_secure(&outside, NULL);
  lua_pushboolean(outside.world.L, call == SYSTEM_ALLOCATE);
  lua_setglobal(outside.world.L, "lenient");
  world_add(&outside.world, swept);
  system_fail(call, nth, error);
  outside_run(&outside);
  bool reached = system_go_well() >= nth;
  if (strstr(outside.world.log, "WRONG")) CHECK_TEXT(outside.world.log, "");
  if (!reached) CHECK_TEXT(outside.world.log, "ended");
  ta_close_all(outside.world.runner);
  outside_close(&outside);
  return reached;
}

static void sweep_all(enum system_call call, int error, unsigned most) {
  unsigned nth = 1, step = test_quick() ? 20 : 1;
  while (nth < most && sweep(call, nth, error)) nth += nth < 30 ? step : step + nth / 20;
  CHECK(nth > 5);
}

static void a_call_of_the_system_that_fails_under_tls_loses_no_byte(void) {
  sweep_all(SYSTEM_READ, EIO, 2000);
  sweep_all(SYSTEM_READ, EINTR, 2000);
  sweep_all(SYSTEM_WRITE, ECONNRESET, 2000);
  sweep_all(SYSTEM_WRITE, EAGAIN, 2000);
}

static void memory_that_is_refused_under_tls_loses_no_byte(void) {
  sweep_all(SYSTEM_ALLOCATE, ENOMEM, 100000);
}

/* What OpenSSL asks for. */
static struct { unsigned nth, count; } refused;

static bool refuses(void) {
  return ++refused.count == refused.nth;
}

static void *openssl_malloc(size_t size, const char *file, int line) {
  (void)file, (void)line;
  return refuses() ? NULL : malloc(size);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line) {
  (void)file, (void)line;
  return refuses() ? NULL : realloc(block, size);
}

static void openssl_free(void *block, const char *file, int line) {
  (void)file, (void)line;
  free(block);
}

/* False: so many requests are not made. */
static bool refuse_openssl(unsigned nth) {
  struct outside outside;
  open_secure(&outside, NULL);
  world_add(&outside.world, swept);
  refused.count = 0;
  refused.nth = nth;
  outside_run(&outside);
  bool reached = refused.count >= nth;
  refused.nth = 0;
  CHECK_TEXT(outside.world.log, "ended");
  outside_close(&outside);
  return reached;
}

/* Only in a process that has not used OpenSSL yet.  The first time it makes what stays. */
static void memory_that_openssl_is_refused_is_an_error_of_the_call(void) {
  if (!CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free)) return;
  refuse_openssl(0);
  unsigned nth = 1, step = test_quick() ? 200 : 7;
  while (nth < 100000 && refuse_openssl(nth)) nth += step + nth / 50;
  CHECK(nth > 200);
}

/* ------------------------------------------------------------------- the model */

static int number_from(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

static void run_seed(int seed, const char *const *lines, const char *code) {
  struct outside outside;
  open_secure(&outside, seed % 8 ? NULL : &ta_poller_poll);
  lua_State *L = outside.world.L;
  if (lines) {
    load(L, lines, "=streams.lua");
    lua_setglobal(L, "load_program");
  }
  lua_pushinteger(L, seed);
  lua_setglobal(L, "seed");
  world_add(&outside.world, code);
  char agrees[32];
  snprintf(agrees, sizeof agrees, "seed %d agrees", seed);
  if (outside_run(&outside) != TA_DONE) {
    ta_push_report(outside.world.runner, L, TA_REPORT_TREE);
    CHECK_TEXT(lua_tostring(L, -1), agrees);
  }
  CHECK_TEXT(outside.world.log, agrees);
  outside_close(&outside);
}

static void run_seeds(int count, const char *const *lines, const char *code) {
  int first = number_from("TA_TEST_SEED", 1);
  count = number_from("TA_TEST_SEEDS", test_quick() ? count / 10 : count);
  for (int seed = first; seed < first + count; seed++) run_seed(seed, lines, code);
}

/* Over sockets or TCP, with the handshake before it or in its reads and writes, and packets that
 * are split at random, or not. */
static void random_programs_read_bytes_over_tls_as_they_were_written(void) {
  run_seeds(60, unit_streams,
            "math.randomseed(seed) local all, make = {}, number(2) == 1 and both or connected "
            "sizes = {1, 7, 300, 20000} "
            "never_closes = make == connected "
            "local function keep(s, t) "
            "all[#all + 1], all[#all + 2] = s, t return s, t end "
            "local function split() return between(function(bytes) "
            "if number(3) == 1 then sleep(0.001) end return bytes end, make) end "
            "kinds = {function() return keep(pair(make)) end, "
            "function() return keep(pair(split)) end, function() return keep(later(make)) end, "
            "function() return keep(later(split)) end} "
            "local run = load_program() local ok, fault = pcall(run, seed) "
            "for _, s in ipairs(all) do s:close() end "
            "log('seed', seed, ok and 'agrees' or fault)");
}

/* At any place of the handshake or after it: what is read is what was written, or its beginning. */
static void nothing_is_read_that_was_altered_on_their_way(void) {
  run_seeds(
      120, NULL,
      "math.randomseed(seed) local at, how, seen = number(0, 3000), number(5), 0 "
      "sizes = {number(20000), 20000} "
      "local function change(bytes) local from = seen seen = seen + #bytes "
      "if at < from or at >= seen then return bytes end local i = at - from + 1 "
      "local before, one, after = bytes:sub(1, i - 1), bytes:byte(i), bytes:sub(i + 1) "
      "if how == 1 then return before .. string.char(one ~ 1 << number(0, 7)) .. after end "
      "if how == 2 then return before .. after end "
      "if how == 3 then return before .. string.char(one, number(0, 255)) .. after end "
      "if how == 4 then return before .. string.char(number(0, 255)):rep(number(300)) end "
      "return nil end "
      "local a, d = between(change) local fault "
      "local function use(s, options, mine, other) local c <close> = s "
      "local done, message, code = s:start_tls(options) "
      "if not done then fault = fault or type(message) ~= 'string' and 'no message' return end "
      "local writer = spawn(function() s:write(mine) s:shutdown() end) "
      "local all = {} repeat local part, _, why = s:read_some() all[#all + 1] = part until not "
      "part "
      "local got = table.concat(all) if got ~= other:sub(1, #got) then fault = 'WRONG' end "
      "writer:await() end "
      "local x, y = ('x'):rep(900), ('y'):rep(900) "
      "local server = spawn(function() async.move_on_after(5, use, a, SERVER, x, y) end) "
      "async.move_on_after(5, use, d, CLIENT, y, x) server:await() "
      "log('seed', seed, fault or 'agrees')");
}

const struct test tls_tests[] = {
    TEST(bytes_go_both_ways_at_once),
    TEST(what_was_read_before_goes_to_the_handshake),
    TEST(what_a_copy_has_left_goes_to_the_handshake),
    TEST(writes_under_way_come_before_the_handshake),
    TEST(a_reader_goes_on_with_what_openssl_has),
    TEST(a_record_that_was_cut_short_tears_the_stream),
    TEST(who_closes_a_torn_stream_resets_no_connection),
    TEST(a_bare_end_is_an_error_after_the_bytes_that_came),
    TEST(a_peer_may_change_its_keys_while_a_write_waits),
    TEST(a_flood_of_new_keys_has_the_reader_wait),
    TEST(a_half_that_was_ended_leaves_the_other),
    TEST(a_record_that_was_altered_is_refused),
    TEST(garbage_is_no_handshake),
    TEST(a_handshake_that_never_ends_can_be_given_up),
    TEST(who_says_nothing_is_served_no_longer),
    TEST(waits_say_what_they_are_for),
    TEST(a_call_of_the_system_that_fails_under_tls_loses_no_byte),
    TEST(memory_that_is_refused_under_tls_loses_no_byte),
    TEST(memory_that_openssl_is_refused_is_an_error_of_the_call),
    TEST(random_programs_read_bytes_over_tls_as_they_were_written),
    TEST(nothing_is_read_that_was_altered_on_their_way),
    TESTS_END,
};

#else

const struct test tls_tests[] = {TESTS_END};

#endif
