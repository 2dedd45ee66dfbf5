/* SPDX-License-Identifier: MIT
 *
 * Lua beside C: what chunks see, and what is offered to tables.
 */
#include "tinyasync_lib.h"
#include "unit/world.h"

static const char *const greeting[] = {
    "local chunk = {}\n", "function chunk.greet(name) sleep(1) return 'hello ' .. name end\n",
    "function chunk.now() return async.now() end\n", "return chunk\n", NULL};
static const char *const greeting_names[] = {"greet", "now_too", NULL};

/* Offers a chunk to the global table of that name. */
static void offer(struct world *world, const char *table, const char *const *names,
                  const char *const *chunk) {
  lua_getglobal(world->L, table);
  ta_offer_chunk(world->runner, world->L, names, chunk);
  lua_pop(world->L, 1);
}

static void offer_greeting(struct world *world, const char *table) {
  offer(world, table, greeting_names, greeting);
}

static void let_chunks_sleep(struct world *world) {
  ta_push_environment(world->runner, world->L);
  lua_getglobal(world->L, "sleep");
  lua_setfield(world->L, -2, "sleep");
  lua_pop(world->L, 1);
}

static void a_chunk_is_loaded_when_something_of_it_is_looked_for(void) {
  WITH_WORLD(world);
  let_chunks_sleep(&world);
  offer_greeting(&world, "async");
  world_add(&world, "log(rawget(async, 'greet') == nil, async.unknown == nil, "
                    "rawget(async, 'all') == nil) "
                    "log(async.greet 'you', async.now()) log(rawget(async, 'all') == nil) "
                    "local found = {} for name in pairs(async) do found[name] = true end "
                    "log(found.greet, found.all, getmetatable(async))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "true true true hello you 1.0 true true true nil");
  world_close(&world);
}

static void an_offer_keeps_the_metatable_and_its_functions(void) {
  WITH_WORLD(world);
  let_chunks_sleep(&world);
  world_do(&world,
           "meta = {__name = 'Strict', "
           "__index = function(_, key) sleep(1) return 'no ' .. key end, "
           "__pairs = function() sleep(1) return function(_, n) return not n and 1 or nil end end} "
           "index, each = meta.__index, meta.__pairs strict = setmetatable({}, meta)");
  offer_greeting(&world, "strict");
  world_add(&world, "local twin = setmetatable({}, meta) "
                    "log(twin.greet, strict.greeting, async.now(), getmetatable(strict) == meta) "
                    "log(meta.__index == index, strict.greet 'you', twin.greet) "
                    "log(meta.__index == index, meta.__pairs == each, strict.hello)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "no greet no greeting 2.0 true false hello you no greet "
                        "true true no hello");
  world_close(&world);
}

static void pairs_of_what_is_offered_calls_what_it_replaced(void) {
  WITH_WORLD(world);
  world_do(&world, "each = function(t) sleep(1) return next, {rawget(t, 'greet') and 'greet'} end "
                   "fallback = {found = 'there'} meta = {__index = fallback, __pairs = each} "
                   "strict = setmetatable({}, meta)");
  offer_greeting(&world, "strict");
  offer_greeting(&world, "strict");
  world_add(&world, "log(strict.found, strict.lost, getmetatable(strict) == meta) "
                    "for _, name in pairs(strict) do log(name, async.now()) end "
                    "log(meta.__index == fallback, meta.__pairs == each, strict.found)");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "there nil true greet 1.0 true true there");
  world_close(&world);
}

static void what_a_script_does_to_the_metatable_of_an_offer_stays(void) {
  WITH_WORLD(world);
  world_do(&world, "changed, other, empty = {}, {}, setmetatable({}, {})");
  offer_greeting(&world, "changed");
  offer_greeting(&world, "other");
  offer_greeting(&world, "empty");
  world_do(&world, "getmetatable(changed).__newindex = error "
                   "local old = getmetatable(other) theirs = {} setmetatable(other, theirs) "
                   "log(other.greet, old.__index(other, 'greet') ~= nil, changed.greet ~= nil) "
                   "log(getmetatable(changed).__newindex == error, getmetatable(changed).__index) "
                   "log(getmetatable(other) == theirs, next(theirs), empty.greet ~= nil) "
                   "log(next(getmetatable(empty)))");
  CHECK_TEXT(world.log, "nil true true true nil true nil true nil");
  world_close(&world);
}

/* A script that makes itself strict has replaced our function: what comes is offered anew. */
static void offers_come_through_a_function_that_replaced_ours(void) {
  WITH_WORLD(world);
  world_do(&world, "getmetatable(async).__index = function(_, key) return 'no ' .. key end");
  offer_greeting(&world, "async");
  world_do(&world, "log(async.zip, type(async.greet), async.zip)");
  CHECK_TEXT(world.log, "no zip function no zip");
  world_close(&world);
}

static void what_a_script_has_under_an_offered_name_stays(void) {
  EXPECT("async.all = 'mine' log(type(async.any), async.all) "
         "for name, value in pairs(async) do if name == 'all' then log(value) end end",
         "function mine mine");
}

static const char *const other_greeting[] = {"return {greet = function() return 'bye' end}\n",
                                             NULL};
static const char *const other_names[] = {"greet", NULL};

static void of_two_offers_of_a_name_the_last_counts(void) {
  WITH_WORLD(world);
  world_do(&world, "twice = {}");
  offer_greeting(&world, "twice");
  offer(&world, "twice", other_names, other_greeting);
  world_do(&world, "log(twice.now_too, rawget(twice, 'greet'), twice.greet())");
  CHECK_TEXT(world.log, "nil nil bye");
  world_close(&world);
}

/* ------------------------------------------------------- what chunks see */

static const char *const seeing[] = {
    "local chunk = {}\n",
    "function chunk.both(f, g) return async.all{f, g} end\n",
    "function chunk.sees(name) return async[name] ~= nil end\n",
    "function chunk.spoil() async.all = nil async.current = nil async.defer = nil end\n",
    "return chunk\n",
    NULL};
static const char *const seeing_names[] = {"both", "sees", "spoil", NULL};

static void offer_seeing(struct world *world) {
  offer(world, "async", seeing_names, seeing);
}

static void chunks_see_all_of_async(void) {
  WITH_WORLD(world);
  offer_seeing(&world);
  world_add(&world,
            "for _, name in ipairs{'any', 'race', 'map', 'settle', 'as_completed', 'retry', "
            "'every', 'scope', 'select'} do if not async.sees(name) then log(name) end end "
            "local both = async.both(function() sleep(1) return 'a' end, "
            "function() return 'b' end) log(both[1], both[2], async.now())");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "a b 1.0");
  world_close(&world);
}

static void what_libraries_set_is_not_seen_by_our_chunks(void) {
  static const char *const names[] = {"type",   "outcome", "is_task", "error", "ipairs",
                                      "format", "async",   "pack",    "pcall", "unpack",
                                      "concat", "collect", "first",   "next",  "tostring"};
  WITH_WORLD(world);
  offer_seeing(&world);
  world_do(&world, "async.spoil()");
  ta_push_environment(world.runner, world.L);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    lua_pushliteral(world.L, "theirs");
    lua_setfield(world.L, -2, names[i]);
  }
  lua_pop(world.L, 1);
  world_add(&world, "log(async.all{function() return 'one' end}[1]) "
                    "log(select(2, pcall(async.all, 1))) log((async.tree():match '^#1'))");
  CHECK(world_run(&world) == TA_DONE);
  CHECK_TEXT(world.log, "one all: expected a list, got number; put them in a list: all{f, g} #1");
  world_close(&world);
}

/* As tinyasync(3) has them. */
static void chunks_see_so_many_functions_of_lua(void) {
  WITH_WORLD(world);
  ta_push_environment(world.runner, world.L);
  lua_setglobal(world.L, "seen");
  world_do(&world, "local names = {} "
                   "for name in pairs(seen) do if type(name) == 'string' then "
                   "names[#names + 1] = name end end "
                   "table.sort(names) log(table.concat(names, ' '))");
  CHECK_TEXT(world.log, "async byte concat error find floor format gsub huge ipairs match max min "
                        "next pack pcall random remove rep setmetatable sub tointeger tostring "
                        "type unpack");
  world_close(&world);
}

static const char *const plain[] = {"local chunk = {}\n",
                                    "function chunk.seen() return type(given), print, async end\n",
                                    "return chunk\n", NULL};

static void a_chunk_needs_no_runner(void) {
  struct world world;
  world_open_bare(&world);
  lua_State *L = world.L;
  ta_push_basics(L);
  lua_pushinteger(L, 5);
  lua_setfield(L, -2, "given");
  ta_load_chunk(L, plain);
  lua_getfield(L, -1, "seen");
  lua_call(L, 0, 3);
  CHECK_TEXT(lua_tostring(L, -3), "number");
  CHECK(lua_isnil(L, -2) && lua_isnil(L, -1));
  lua_settop(L, 0);
  world_close(&world);
}

const struct test chunk_tests[] = {
    TEST(a_chunk_is_loaded_when_something_of_it_is_looked_for),
    TEST(an_offer_keeps_the_metatable_and_its_functions),
    TEST(pairs_of_what_is_offered_calls_what_it_replaced),
    TEST(what_a_script_does_to_the_metatable_of_an_offer_stays),
    TEST(offers_come_through_a_function_that_replaced_ours),
    TEST(what_a_script_has_under_an_offered_name_stays),
    TEST(of_two_offers_of_a_name_the_last_counts),
    TEST(chunks_see_all_of_async),
    TEST(what_libraries_set_is_not_seen_by_our_chunks),
    TEST(chunks_see_so_many_functions_of_lua),
    TEST(a_chunk_needs_no_runner),
    TESTS_END,
};
