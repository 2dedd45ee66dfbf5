/* SPDX-License-Identifier: MIT
 *
 * Messages between threads, and the channels that they wait in.
 */
#include "io/flat.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hatch.h"
#include "io/crossing.h"
#include "unit/system.h"
#include "unit/test.h"

#define MOST_REQUESTS 2000 /* for memory, in a sweep */

static const char sample[] =
    "local shared = {1, 2.5, 'text', n = {}}\n"
    "local t = {shared, shared, x = {[shared] = true, [false] = ('long'):rep(200)}}\n"
    "for i = 1, 100 do t[i + 2] = {i, tostring(i)} end\n"
    "t.me = t\n"
    "return t";

static const char comparison[] =
    "local a, b = ...\n"
    "assert(a ~= b and b.me == b and b[1] == b[2] and b[1][3] == 'text' and b[1].n)\n"
    "assert(b.x[b[1]] == true and b.x[false] == a.x[false] and math.type(b[1][1]) == 'integer')\n"
    "for i = 1, 100 do assert(b[i + 2][1] == i and b[i + 2][2] == a[i + 2][2]) end";

static lua_State *open_state(void) {
  lua_State *L = luaL_newstate();
  CHECK(L != NULL);
  luaL_openlibs(L);
  return L;
}

/* (sample): there and back in one state */
static int l_there_and_back(lua_State *L) {
  struct ta_flat flat = {.bytes = NULL};
  struct ta_complaint complaint = {.text = ""};
  int error = ta_flat_pack(NULL, L, 1, 1, "value", 0, &flat, &complaint);
  CHECK(lua_gettop(L) == 1);
  if (error) ta_flat_free(&flat);
  if (error) return luaL_error(L, error == -ENOMEM ? "not enough memory" : complaint.text);
  return ta_flat_move(NULL, L, &flat);
}

static void compare(lua_State *L) {
  CHECK(luaL_loadstring(L, comparison) == LUA_OK);
  lua_insert(L, 1);
  if (lua_pcall(L, 2, 0, 0) != LUA_OK) CHECK_TEXT(lua_tostring(L, -1), "");
}

/* Tries with the n-th request refused.  True: there were not so many. */
static bool try_short_of_memory(lua_State *L, unsigned nth) {
  lua_settop(L, 0);
  CHECK(luaL_dostring(L, sample) == LUA_OK);
  lua_pushcfunction(L, l_there_and_back);
  lua_pushvalue(L, 1);
  system_fail(SYSTEM_ALLOCATE, nth, ENOMEM);
  int status = lua_pcall(L, 1, 1, 0);
  bool over = system_go_well() < nth;
  CHECK(lua_gc(L, LUA_GCISRUNNING));
  if (status == LUA_OK)
    compare(L);
  else
    CHECK_TEXT(lua_tostring(L, -1), "not enough memory");
  return over;
}

static void memory_refused_to_a_message_is_an_error_of_its_call(void) {
  lua_State *L = open_state();
  unsigned nth = 1, step = test_quick() ? 10 : 1;
  while (!try_short_of_memory(L, nth) && nth < MOST_REQUESTS) nth += step;
  CHECK(nth > 10 && nth < MOST_REQUESTS);
  lua_close(L);
}

static void a_message_of_many_megabytes_arrives(void) {
  lua_State *L = open_state();
  size_t size = (size_t)(test_quick() ? 1 : 64) << 20;
  char *text = malloc(size);
  CHECK(text != NULL);
  memset(text, 'x', size);
  lua_pushcfunction(L, l_there_and_back);
  lua_newtable(L);
  lua_pushlstring(L, text, size);
  lua_rawseti(L, -2, 1);
  CHECK(lua_pcall(L, 1, 1, 0) == LUA_OK);
  lua_rawgeti(L, -1, 1);
  CHECK(lua_rawlen(L, -1) == size && memcmp(lua_tostring(L, -1), text, size) == 0);
  lua_close(L);
  free(text);
}

/* ---------------------------------------------------------------- crossings */

enum { SENDERS = 3, PARCELS = 2000 };

struct scene {
  struct ta_crossing *crossing;
  struct ta_loop loop;
  struct ta_crossing_end end;
};

static struct ta_parcel *new_parcel(uint32_t number) {
  struct ta_parcel *parcel = calloc(1, sizeof *parcel);
  CHECK(parcel != NULL);
  parcel->flat.values = number;
  return parcel;
}

/* Sends numbers, each as an offer that it waits for if there is no room. */
static void *send_all(void *data) {
  struct scene *scene = data;
  for (uint32_t i = 1; i <= PARCELS; i++) {
    struct ta_offer offer = {.end = &scene->end};
    int error = ta_crossing_put(scene->crossing, new_parcel(i), &offer, false);
    while (error == -EAGAIN && !ta_crossing_accepted(scene->crossing, &offer))
      ta_loop_wait(&scene->loop, 1);
  }
  ta_crossing_part(&scene->end);
  ta_loop_close(&scene->loop);
  return NULL;
}

static void open_end(struct scene *scene, struct ta_crossing *crossing) {
  scene->crossing = crossing;
  CHECK(ta_loop_open(&scene->loop, NULL) == 0);
  ta_crossing_join(crossing, &scene->end, &scene->loop);
}

static uint64_t receive_all(struct scene *scene, unsigned count) {
  uint64_t sum = 0;
  while (count > 0) {
    struct ta_parcel *parcel;
    ta_crossing_await(&scene->end, true);
    if (ta_crossing_take(scene->crossing, &parcel)) {
      sum += parcel->flat.values;
      count--;
      ta_parcel_free(parcel);
    } else {
      ta_loop_wait(&scene->loop, 1);
    }
  }
  return sum;
}

static void all_that_threads_send_arrives_once(void) {
  struct ta_crossing *crossing = ta_crossing_new(2, "numbers");
  struct scene mine, theirs[SENDERS];
  pthread_t threads[SENDERS];
  CHECK(crossing != NULL);
  open_end(&mine, crossing);
  for (int i = 0; i < SENDERS; i++) {
    open_end(&theirs[i], crossing);
    CHECK(pthread_create(&threads[i], NULL, send_all, &theirs[i]) == 0);
  }
  uint64_t sum = receive_all(&mine, SENDERS * PARCELS);
  CHECK(sum == (uint64_t)SENDERS * PARCELS * (PARCELS + 1) / 2);
  for (int i = 0; i < SENDERS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  ta_crossing_leave(crossing);
  CHECK(ta_crossing_look(crossing).alone);
  CHECK(ta_crossing_has_changed(&mine.end));
  ta_crossing_part(&mine.end);
  ta_loop_close(&mine.loop);
}

static void an_offer_that_is_withdrawn_is_not_taken(void) {
  struct ta_crossing *crossing = ta_crossing_new(0, NULL);
  struct scene scene;
  CHECK(crossing != NULL);
  open_end(&scene, crossing);
  ta_crossing_leave(crossing);
  struct ta_offer first = {.end = &scene.end}, second = first;
  CHECK(ta_crossing_put(crossing, new_parcel(1), &first, false) == -EAGAIN);
  CHECK(ta_crossing_put(crossing, new_parcel(2), &second, false) == -EAGAIN);
  struct ta_parcel *parcel = ta_crossing_withdraw(crossing, &first);
  CHECK(parcel && parcel->flat.values == 1);
  ta_parcel_free(parcel);
  CHECK(ta_crossing_take(crossing, &parcel));
  CHECK(parcel && parcel->flat.values == 2);
  ta_parcel_free(parcel);
  CHECK(ta_crossing_accepted(crossing, &second));
  CHECK(ta_crossing_withdraw(crossing, &second) == NULL);
  CHECK(!ta_crossing_take(crossing, &parcel));
  ta_crossing_close(crossing);
  CHECK(ta_crossing_take(crossing, &parcel) && !parcel);
  ta_crossing_part(&scene.end);
  ta_loop_close(&scene.loop);
}

/* -------------------------------------------------------------------- hatches */

struct said {
  char last[16];
  unsigned count;
};

static void note(void *data, int kind, const char *text, size_t size) {
  struct said *said = data;
  CHECK(kind == 7 && size < sizeof said->last);
  memcpy(said->last, text, size);
  said->last[size] = '\0';
  said->count++;
}

static void *say_all(void *data) {
  char text[16];
  for (int i = 1; i <= PARCELS; i++) {
    snprintf(text, sizeof text, "%d", i);
    CHECK(ta_hatch_put(data, 7, text, strlen(text)) == 0);
  }
  ta_hatch_leave(data);
  return NULL;
}

static void what_threads_say_comes_in_order(void) {
  struct ta_loop loop;
  struct ta_hatch *hatch;
  struct said said = {.count = 0};
  pthread_t thread;
  CHECK(ta_loop_open(&loop, NULL) == 0);
  CHECK(ta_hatch_open(&loop, note, &said, &hatch) == 0);
  CHECK(pthread_create(&thread, NULL, say_all, ta_hatch_share(hatch)) == 0);
  while (said.count < PARCELS) ta_loop_wait(&loop, 1);
  CHECK_TEXT(said.last, "2000");
  CHECK(pthread_join(thread, NULL) == 0);
  ta_hatch_share(hatch);
  ta_hatch_close(hatch);
  CHECK(ta_hatch_put(hatch, 7, "nobody", 6) == 0);
  CHECK(said.count == PARCELS);
  ta_hatch_leave(hatch);
  ta_loop_close(&loop);
}

const struct test flat_tests[] = {
    TEST(memory_refused_to_a_message_is_an_error_of_its_call),
    TEST(a_message_of_many_megabytes_arrives),
    TEST(all_that_threads_send_arrives_once),
    TEST(an_offer_that_is_withdrawn_is_not_taken),
    TEST(what_threads_say_comes_in_order),
    TESTS_END,
};
