/* SPDX-License-Identifier: MIT
 *
 * threads.c -- ta_wake() from many threads at once: no wake is lost.
 *
 * A task waits for letters that threads write; what a thread has written stands
 * under a lock, and so does the ticket of whoever waits for it.
 */
#include <lauxlib.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tinyasync.h"

#define THREADS 4
#define LETTERS 10000 /* of each thread */

struct office {
  struct ta_runner *runner;
  int pipe[2];
  pthread_mutex_t lock;
  int written;
  struct ta_ticket reader;
  int read;
};

static double now(void *data) {
  struct timespec time;
  (void)data;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void wake(void *data) {
  struct office *office = data;
  if (write(office->pipe[1], "", 1) != 1) abort();
}

/* Every tenth time there is nobody to wake, or no more. */
static void *write_letters(void *data) {
  struct office *office = data;
  struct ta_ticket stale = {0};
  for (int i = 0; i < LETTERS; i++) {
    pthread_mutex_lock(&office->lock);
    office->written++;
    struct ta_ticket reader = office->reader;
    pthread_mutex_unlock(&office->lock);
    if (ta_wake(office->runner, reader) != 0) abort();
    if (i % 10 == 0 && ta_wake(office->runner, stale) != 0) abort();
    stale = reader;
  }
  return NULL;
}

static const struct ta_wait_kind letter_kind = {.action = "letter"};

static int l_receive(lua_State *L);

static int k_receive(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return l_receive(L);
}

/* receive(): waits for letters that were not read yet. */
static int l_receive(lua_State *L) {
  struct office *office = lua_touserdata(L, lua_upvalueindex(1));
  ta_check_wait(office->runner, L, "letter"); /* nothing raises under the lock */
  pthread_mutex_lock(&office->lock);
  bool is_new = office->written > office->read;
  office->read = office->written;
  if (!is_new) office->reader = ta_take_ticket(office->runner, L, &letter_kind, office);
  pthread_mutex_unlock(&office->lock);
  return is_new ? 0 : ta_park(office->runner, L, office->reader, 0, k_receive);
}

static int l_is_over(lua_State *L) {
  const struct office *office = lua_touserdata(L, lua_upvalueindex(1));
  lua_pushboolean(L, office->read == THREADS * LETTERS);
  return 1;
}

/* (office) */
static int l_open(lua_State *L) {
  struct office *office = lua_touserdata(L, 1);
  const struct ta_host host = {.data = office, .now = now, .wake = wake};
  office->runner = ta_runner_new(L, &host);
  const char *code = "local receive, is_over = ... while not is_over() do receive() end";
  if (luaL_loadstring(L, code) != LUA_OK) return lua_error(L);
  lua_pushlightuserdata(L, office);
  lua_pushcclosure(L, l_receive, 1);
  lua_pushlightuserdata(L, office);
  lua_pushcclosure(L, l_is_over, 1);
  ta_add_task(office->runner, L, 2, NULL);
  return 0;
}

/* Passes only when a byte has come: a lost one is a wait for ever. */
static bool run(struct office *office) {
  char bytes[64];
  struct pollfd from_pipe = {.fd = office->pipe[0], .events = POLLIN};
  while (ta_pass(office->runner, NULL) != TA_DONE)
    if (poll(&from_pipe, 1, 20000) != 1 || read(office->pipe[0], bytes, sizeof bytes) <= 0)
      return false;
  return true;
}

static bool run_with_threads(struct office *office) {
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&threads[i], NULL, write_letters, office) != 0) abort();
  bool finished = run(office);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return finished;
}

int main(void) {
  struct office office = {.lock = PTHREAD_MUTEX_INITIALIZER};
  lua_State *L = luaL_newstate();
  if (!L || pipe(office.pipe) != 0) return EXIT_FAILURE;
  lua_pushcfunction(L, l_open);
  lua_pushlightuserdata(L, &office);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) return EXIT_FAILURE;
  bool finished = run_with_threads(&office);
  if (!finished) printf("a wake was lost after %d letters\n", office.read);
  ta_runner_free(office.runner);
  lua_close(L);
  return finished ? EXIT_SUCCESS : EXIT_FAILURE;
}
