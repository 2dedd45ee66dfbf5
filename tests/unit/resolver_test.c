/* SPDX-License-Identifier: MIT
 *
 * Names, in threads and for scripts, without a network.
 */
#include "host/resolver.h"

#include <errno.h>
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/clock.h"
#include "unit/names.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONG_ENOUGH 60.0 /* seconds */
#define LANE 32          /* threads */
#define MOST 64          /* lookups of a test */
#define MOST_CALLS 100000

/* A resolver, and what those who ask were told. */
struct scene {
  struct ta_loop loop;
  struct ta_workers *workers;
  struct ta_resolver *resolver;
  struct asker {
    struct scene *scene;
    struct ta_lookup lookup;
    int told;
    struct asker *victim;  /* closed when this one is told */
    const char *next_name; /* and this is asked for */
  } askers[MOST];
};

static void open_scene(struct scene *scene) {
  *scene = (struct scene){.workers = NULL};
  CHECK(ta_loop_open(&scene->loop, NULL) == 0);
  CHECK(ta_workers_open(&scene->loop, &scene->workers) == 0);
  CHECK(ta_resolver_open(scene->workers, &scene->resolver) == 0);
  for (int i = 0; i < MOST; i++) scene->askers[i].scene = scene;
}

static void close_scene(struct scene *scene) {
  for (int i = 0; i < MOST; i++) ta_lookup_close(&scene->askers[i].lookup);
  names_open_gate();
  CHECK(ta_workers_drain(scene->workers, LONG_ENOUGH));
  names_close();
  ta_resolver_close(scene->resolver);
  ta_workers_close(scene->workers);
  ta_loop_close(&scene->loop);
}

static void tell(void *data);

static int ask(struct scene *scene, int number, const char *name, int family) {
  struct asker *asker = &scene->askers[number];
  return ta_lookup_start(scene->resolver, name, family, tell, asker, &asker->lookup);
}

static void tell(void *data) {
  struct asker *asker = data;
  CHECK(ta_lookup_answer(&asker->lookup) != NULL);
  asker->told++;
  if (asker->victim) ta_lookup_close(&asker->victim->lookup);
  if (!asker->next_name) return;
  ta_lookup_close(&asker->lookup);
  const char *name = asker->next_name;
  asker->next_name = NULL;
  CHECK(ask(asker->scene, (int)(asker - asker->scene->askers), name, AF_UNSPEC) == 0);
}

static const struct ta_answer *answer_of(struct scene *scene, int number) {
  return ta_lookup_answer(&scene->askers[number].lookup);
}

static void wait_told(struct scene *scene, int number, int times) {
  double end = ta_monotonic() + LONG_ENOUGH;
  while (scene->askers[number].told < times && ta_monotonic() < end) ta_loop_wait(&scene->loop, 1);
  CHECK(scene->askers[number].told == times);
}

static void check_address(const struct ta_address *address, const char *want) {
  char text[TA_ADDRESS_TEXT];
  ta_address_write(address, false, text, sizeof text);
  CHECK_TEXT(text, want);
}

/* ------------------------------------------------------------------------ answers */

static void each_address_of_a_name_is_given_once(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  CHECK(ask(&scene, 0, "good", AF_UNSPEC) == 0 && !answer_of(&scene, 0));
  CHECK(ask(&scene, 1, "good", AF_INET6) == 0);
  wait_told(&scene, 0, 1);
  wait_told(&scene, 1, 1);
  CHECK(answer_of(&scene, 0)->error == 0 && answer_of(&scene, 0)->count == 2);
  check_address(&answer_of(&scene, 0)->addresses[0], "192.0.2.1");
  check_address(&answer_of(&scene, 0)->addresses[1], "2001:db8::1");
  CHECK(answer_of(&scene, 1)->count == 1);
  check_address(&answer_of(&scene, 1)->addresses[0], "2001:db8::1");
  close_scene(&scene);
}

static void an_address_has_a_name_or_none(void) {
  struct scene scene;
  struct ta_address address;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 2; i++) {
    struct asker *asker = &scene.askers[i];
    CHECK(ta_address_read(i ? "192.0.2.9" : "192.0.2.1", AF_UNSPEC, 0, &address) == 0);
    CHECK(ta_lookup_start_back(scene.resolver, &address, tell, asker, &asker->lookup) == 0);
    wait_told(&scene, i, 1);
  }
  CHECK_TEXT(answer_of(&scene, 0)->name, "good.example");
  CHECK(answer_of(&scene, 1)->error == EAI_NONAME && !answer_of(&scene, 1)->name);
  close_scene(&scene);
}

static void errors_are_told(void) {
  static const struct {
    const char *name;
    int error, cause;
  } cases[] = {{"none", EAI_NONAME, 0},
               {"again", EAI_AGAIN, 0},
               {"broken", EAI_SYSTEM, EIO},
               {"full", EAI_MEMORY, 0}};
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 4; i++) {
    CHECK(ask(&scene, i, cases[i].name, AF_UNSPEC) == 0);
    wait_told(&scene, i, 1);
    CHECK(answer_of(&scene, i)->error == cases[i].error);
    CHECK(answer_of(&scene, i)->cause == cases[i].cause);
  }
  close_scene(&scene);
}

/* The system would say that it knows no such name: it cannot read its files. */
static void without_descriptors_that_is_what_is_told(void) {
  struct scene scene;
  open_scene(&scene);
  struct rlimit before;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit limit = {.rlim_cur = 3, .rlim_max = before.rlim_max};
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(ask(&scene, 0, "no-such-name.invalid", AF_UNSPEC) == 0);
  wait_told(&scene, 0, 1);
  CHECK(answer_of(&scene, 0)->error == EAI_SYSTEM && answer_of(&scene, 0)->cause == EMFILE);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  close_scene(&scene);
}

/* ------------------------------------------------------------------------ sharing */

static void equal_questions_share_one_job(void) {
  struct scene scene;
  struct ta_address address;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 40; i++) CHECK(ask(&scene, i, "dead", AF_UNSPEC) == 0);
  names_wait_asked(1);
  CHECK(ta_resolver_busy(scene.resolver) == 1);
  names_open_gate();
  for (int i = 0; i < 40; i++) wait_told(&scene, i, 1);
  CHECK(names_asked() == 1 && answer_of(&scene, 0) == answer_of(&scene, 39));
  CHECK(ask(&scene, 40, "good", AF_INET) == 0 && ask(&scene, 41, "good", AF_INET6) == 0);
  CHECK(ask(&scene, 42, "good2", AF_INET) == 0);
  CHECK(ta_address_read("192.0.2.1", AF_UNSPEC, 0, &address) == 0);
  CHECK(ask(&scene, 43, "192.0.2.1", AF_INET) == 0);
  struct asker *asker = &scene.askers[44];
  CHECK(ta_lookup_start_back(scene.resolver, &address, tell, asker, &asker->lookup) == 0);
  for (int i = 40; i < 45; i++) wait_told(&scene, i, 1);
  CHECK(names_asked() == 6);
  close_scene(&scene);
}

static void what_was_answered_is_asked_anew(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 2; i++) {
    CHECK(ask(&scene, i, "good", AF_UNSPEC) == 0);
    wait_told(&scene, i, 1);
  }
  CHECK(names_asked() == 2);
  close_scene(&scene);
}

static void a_name_that_is_not_answered_holds_up_no_other(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < LANE - 1; i++) {
    char name[20];
    snprintf(name, sizeof name, "dead%d", i);
    CHECK(ask(&scene, i, name, AF_UNSPEC) == 0);
  }
  CHECK(ask(&scene, LANE, "good", AF_UNSPEC) == 0);
  wait_told(&scene, LANE, 1);
  CHECK(scene.askers[0].told == 0 && ta_resolver_busy(scene.resolver) == LANE - 1);
  close_scene(&scene);
}

/* ------------------------------------------------------------------------- closing */

static void who_closes_hears_nothing_more(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  CHECK(ask(&scene, 0, "dead", AF_UNSPEC) == 0 && ask(&scene, 1, "dead", AF_UNSPEC) == 0);
  ta_lookup_close(&scene.askers[0].lookup);
  ta_lookup_close(&scene.askers[0].lookup);
  names_open_gate();
  wait_told(&scene, 1, 1);
  CHECK(scene.askers[0].told == 0 && !answer_of(&scene, 0));
  close_scene(&scene);
}

static void what_nobody_wants_and_no_thread_has_is_not_asked(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < LANE; i++) {
    char name[20];
    snprintf(name, sizeof name, "dead%d", i);
    CHECK(ask(&scene, i, name, AF_UNSPEC) == 0);
  }
  names_wait_busy(LANE);
  CHECK(ask(&scene, LANE, "good", AF_UNSPEC) == 0);
  CHECK(ask(&scene, LANE + 1, "good", AF_UNSPEC) == 0);
  ta_lookup_close(&scene.askers[LANE].lookup);
  CHECK(ta_resolver_busy(scene.resolver) == LANE + 1);
  ta_lookup_close(&scene.askers[LANE + 1].lookup);
  CHECK(ta_resolver_busy(scene.resolver) == LANE && ta_workers_busy(scene.workers) == LANE);
  names_open_gate();
  wait_told(&scene, 0, 1);
  close_scene(&scene);
  CHECK(names_asked() == LANE);
}

/* Or who tries a dead name again and again would soon have all threads. */
static void what_a_thread_is_busy_with_is_joined_again(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 40; i++) {
    CHECK(ask(&scene, i, "dead", AF_UNSPEC) == 0);
    names_wait_asked(1);
    ta_lookup_close(&scene.askers[i].lookup);
  }
  CHECK(ask(&scene, 40, "dead", AF_UNSPEC) == 0);
  names_open_gate();
  wait_told(&scene, 40, 1);
  CHECK(names_asked() == 1 && scene.askers[0].told == 0);
  CHECK(ta_resolver_busy(scene.resolver) == 0);
  close_scene(&scene);
}

static int told_of(const struct scene *scene, int askers) {
  int told = 0;
  for (int i = 0; i < askers; i++) told += scene->askers[i].told;
  return told;
}

static void who_is_told_may_close_others_and_ask_again(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 4; i++) CHECK(ask(&scene, i, "dead", AF_UNSPEC) == 0);
  for (int i = 0; i < 4; i++) {
    scene.askers[i].victim = &scene.askers[i ^ 1];
    scene.askers[i].next_name = "dead";
  }
  names_open_gate();
  double end = ta_monotonic() + LONG_ENOUGH;
  while (told_of(&scene, 4) < 4 && ta_monotonic() < end) ta_loop_wait(&scene.loop, 1);
  for (int i = 0; i < 4; i += 2) { /* one of two, and of its second question too */
    int told = scene.askers[i].told;
    CHECK((told == 0 || told == 2) && told + scene.askers[i + 1].told == 2);
  }
  close_scene(&scene);
}

static void at_the_end_nobody_waits_for_a_thread(void) {
  struct scene scene;
  names_open();
  open_scene(&scene);
  for (int i = 0; i < 4; i++) {
    char name[20];
    snprintf(name, sizeof name, "dead%d", i / 2);
    CHECK(ask(&scene, i, name, AF_UNSPEC) == 0);
  }
  CHECK(ask(&scene, 4, "good", AF_UNSPEC) == 0);
  wait_told(&scene, 4, 1);
  names_wait_asked(3);
  ta_resolver_close(scene.resolver); /* of those that are open, too */
  ta_workers_close(scene.workers);
  CHECK(names_busy() == 2);
  for (int i = 0; i < 5; i++) CHECK(!answer_of(&scene, i));
  ta_lookup_close(&scene.askers[0].lookup);
  ta_loop_close(&scene.loop);
  names_open_gate();
  names_wait_busy(0);
  names_close();
  CHECK(scene.askers[0].told == 0);
}

/* --------------------------------------------------------------------- for scripts */

/* Until all has ended, as long as it takes. */
static void run(struct outside *place) {
  double end = ta_monotonic() + LONG_ENOUGH;
  while (ta_monotonic() < end) {
    enum ta_pass_result result = world_pass(&place->world);
    if (result != TA_BUSY && result != TA_WAITING) return;
    bool sleeps = place->world.deadline < HUGE_VAL;
    if (result == TA_WAITING && sleeps)
      place->world.now = fmax(place->world.now, place->world.deadline);
    ta_loop_wait(&place->loop, result == TA_WAITING && !sleeps ? 0.05 : 0);
  }
  test_failed(__FILE__, __LINE__, "the script ended");
}

static void close_place(struct outside *place) {
  ta_close_all(place->world.runner);
  ta_runner_free(place->world.runner);
  place->world.runner = NULL;
  lua_close(place->world.L);
  CHECK(place->world.memory.bytes == 0);
  names_open_gate();
  if (place->io.workers) CHECK(ta_workers_drain(place->io.workers, LONG_ENOUGH));
  names_close();
  outside_close_rest(place);
}

static int l_open_gate(lua_State *L) {
  (void)L;
  names_open_gate();
  return 0;
}

static int l_asked(lua_State *L) {
  lua_pushinteger(L, names_asked());
  return 1;
}

static void open_place(struct outside *place, const char *code) {
  names_open();
  outside_open(place, NULL);
  lua_register(place->world.L, "open_gate", l_open_gate);
  lua_register(place->world.L, "asked", l_asked);
  world_add(&place->world, code);
}

static void expect(const char *code, const char *log) {
  struct outside place;
  open_place(&place, code);
  run(&place);
  CHECK_TEXT(place.world.log, log);
  close_place(&place);
}

static void scripts_get_a_list_or_a_refusal(void) {
  expect("local dns = async.dns log(table.concat(dns.resolve 'good.example', ' ')) "
         "log(table.concat(dns.resolve('good.example', 'inet6'), ' ')) "
         "log(table.concat(dns.resolve('good.example', 'both'), ' ')) "
         "log(dns.resolve 'none') log(dns.resolve 'again') log(dns.resolve 'broken') "
         "log(dns.resolve 'full') log(dns.reverse '192.0.2.1') "
         "log(dns.reverse '192.0.2.1:80') log(dns.reverse '[2001:db8::7]:80')",
         "192.0.2.1 2001:db8::1 2001:db8::1 192.0.2.1 2001:db8::1 "
         "nil cannot resolve none: name or service not known EAI_NONAME "
         "nil cannot resolve again: temporary failure in name resolution EAI_AGAIN "
         "nil cannot resolve broken: input/output error EIO "
         "nil cannot resolve full: cannot allocate memory ENOMEM "
         "good.example good.example "
         "nil cannot find the name of [2001:db8::7]:80: name or service not known EAI_NONAME");
}

static void numbers_are_answered_at_once(void) {
  expect("local dns = async.dns log(dns.resolve('192.0.2.7')[1], dns.resolve('::1', 'inet6')[1]) "
         "log(dns.resolve('fe80::1%lo')[1]) log(dns.resolve('::1', 'inet')) "
         "log(dns.reverse 'somebody') log(asked())",
         "192.0.2.7 ::1 fe80::1%lo "
         "nil cannot resolve ::1: address family for hostname not supported EAI_ADDRFAMILY "
         "nil cannot find the name of somebody: it is no address EINVAL 0");
}

static void numbers_do_not_keep_others_from_their_turn(void) {
  expect("local ended = false spawn(function() ended = true end) "
         "for i = 1, 1000 do async.dns.resolve '127.0.0.1' if ended then break end end log(ended)",
         "true");
}

static void who_is_cancelled_asks_no_more(void) {
  expect("local log, dns = log, async.dns "
         "local task = spawn(function() return dns.resolve 'dead.a' end) sleep(0) task:cancel() "
         "log(pcall(await, task)) "
         "log(pcall(async.with_timeout, 1, dns.resolve, 'dead.a')) "
         "local other = spawn(function() return #dns.resolve 'dead.a' end) sleep(0) open_gate() "
         "log(await(other)) log(asked())",
         "false cancelled false timed out after 1 second 2 1");
}

static void who_is_cancelled_before_a_thread_asks_is_forgotten(void) {
  expect("local dns, tasks = async.dns, {} "
         "for i = 1, 32 do spawn(dns.resolve, 'dead.' .. i) end "
         "while asked() < 32 do sleep(0) end "
         "for i = 1, 5 do tasks[i] = spawn(dns.resolve, 'good.' .. i) end sleep(0) "
         "for i = 1, 5 do tasks[i]:cancel() end sleep(0) open_gate() "
         "dns.resolve 'good.6' log(asked())",
         "33");
}

/* It had not been closed when the datagram was to be sent. */
static void a_socket_that_is_closed_meanwhile_says_so(void) {
  expect("local socket = async.net.udp '127.0.0.1' "
         "local task = spawn(function() return socket:send('x', 'dead.a', 9) end) sleep(0) "
         "socket:close() open_gate() log(task:await()) "
         "log((select(2, pcall(socket.send, socket, 'x', 'good', 9)):gsub('^.-: ', '')))",
         "nil closed ECANCELED the socket is closed");
}

static void waits_are_named(void) {
  expect("spawn(async.dns.resolve, 'dead.a') spawn(async.dns.reverse, '192.0.2.66') sleep(0) "
         "local tree = async.tree() "
         "log(tree:find('resolve dead.a', 1, true) ~= nil, "
         "tree:find('reverse 192.0.2.66', 1, true) ~= nil) open_gate()",
         "true true");
}

/* ------------------------------------------------------------------------ bad weather */

static char where[60];

/* Each call gives what is right, or is refused in words. */
static const char scene_of_all[] =
    "local dns = async.dns\n"
    "local function try(what, fn, ...)\n"
    "  local ok, got, message, code = pcall(fn, ...)\n"
    "  if ok and got == nil and (type(message) ~= 'string' or type(code) ~= 'string') then\n"
    "    log('WRONG', what, message, code) end\n"
    "  if not ok and tostring(got) == '' then log('WRONG', what, type(got)) end\n"
    "end\n"
    "try('resolve', dns.resolve, 'good')\n"
    "try('number', dns.resolve, '127.0.0.1')\n"
    "try('reverse', dns.reverse, '192.0.2.1')\n"
    "try('two', all, {function() return dns.resolve 'good' end,\n"
    "  function() return dns.resolve 'good' end})\n"
    "try('none', dns.resolve, 'none')\n"
    "try('late', async.with_timeout, 1, dns.resolve, 'dead.a')\n"
    "log 'ended'\n";

static bool try_at(enum system_call call, unsigned nth, int error) {
  struct outside place;
  snprintf(where, sizeof where, "call %d, the %u. fails by %d", call, nth, error);
  open_place(&place, scene_of_all);
  system_fail(call, nth, error);
  run(&place);
  bool reached = system_go_well() >= nth;
  if (strstr(place.world.log, "WRONG")) CHECK_TEXT(place.world.log, where);
  if (!reached) CHECK_TEXT(place.world.log, "ended");
  close_place(&place);
  return reached;
}

static void sweep(enum system_call call, int error, unsigned least) {
  unsigned nth = 1, step = test_quick() ? 11 : 1;
  while (nth < MOST_CALLS && try_at(call, nth, error)) nth += step;
  if (nth <= least) CHECK_TEXT(where, "so few calls");
}

static void memory_that_is_refused_leaves_nothing(void) {
  sweep(SYSTEM_ALLOCATE, ENOMEM, 50);
}

static void a_thread_that_cannot_be_made_is_an_error_of_the_call(void) {
  sweep(SYSTEM_THREAD, EAGAIN, 1);
}

const struct test resolver_tests[] = {
    TEST(each_address_of_a_name_is_given_once),
    TEST(an_address_has_a_name_or_none),
    TEST(errors_are_told),
    TEST(without_descriptors_that_is_what_is_told),
    TEST(equal_questions_share_one_job),
    TEST(what_was_answered_is_asked_anew),
    TEST(a_name_that_is_not_answered_holds_up_no_other),
    TEST(who_closes_hears_nothing_more),
    TEST(what_nobody_wants_and_no_thread_has_is_not_asked),
    TEST(what_a_thread_is_busy_with_is_joined_again),
    TEST(who_is_told_may_close_others_and_ask_again),
    TEST(at_the_end_nobody_waits_for_a_thread),
    TEST(scripts_get_a_list_or_a_refusal),
    TEST(numbers_are_answered_at_once),
    TEST(numbers_do_not_keep_others_from_their_turn),
    TEST(who_is_cancelled_asks_no_more),
    TEST(who_is_cancelled_before_a_thread_asks_is_forgotten),
    TEST(a_socket_that_is_closed_meanwhile_says_so),
    TEST(waits_are_named),
    TEST(memory_that_is_refused_leaves_nothing),
    TEST(a_thread_that_cannot_be_made_is_an_error_of_the_call),
    TESTS_END,
};
