/* SPDX-License-Identifier: MIT */
#include "embed/host.h"

#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

double host_now(void *data) {
  struct timespec now;
  (void)data;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int host_milliseconds(double delay) {
  return (int)ceil(fmin(fmax(delay, 0), 86400) * 1e3);
}

/* ------------------------------------------------ awaitables of the host's */

static struct host *host_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(1));
}

/* alarm(seconds): waits for a timer of the loop's. */
static const struct ta_wait_kind alarm_kind = {.action = "alarm"};

static int k_alarm(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  lua_settop(L, 1);
  return 1;
}

static int l_alarm(lua_State *L) {
  struct host *host = host_of(L);
  double seconds = luaL_checknumber(L, 1);
  struct ta_ticket ticket = ta_take_ticket(host->runner, L, &alarm_kind, NULL);
  host_unpark_later(host, seconds, ticket);
  return ta_park(host->runner, L, ticket, 0, k_alarm);
}

/* double(number): computed by a thread of its own.  The job is a value on the
 * stack of the task, and outlives the thread: whoever gives up joins it first. */
struct job {
  struct ta_runner *runner;
  struct ta_ticket ticket;
  pthread_t thread;
  lua_Integer number;
};

static void *compute(void *data) {
  struct job *job = data;
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  job->number *= 2;
  while (ta_wake(job->runner, job->ticket) != 0) continue;
  return NULL;
}

static void join_job(void *data) {
  struct job *job = data;
  pthread_join(job->thread, NULL);
}

static const struct ta_wait_kind double_kind = {.action = "double", .disarm = join_job};

static int k_double(lua_State *L, int status, lua_KContext context) {
  struct job *job = lua_touserdata(L, -1);
  (void)status, (void)context;
  join_job(job);
  lua_pushinteger(L, job->number);
  return 1;
}

static int l_double(lua_State *L) {
  struct host *host = host_of(L);
  lua_Integer number = luaL_checkinteger(L, 1);
  ta_check_wait(host->runner, L, "double");
  struct job *job = lua_newuserdatauv(L, sizeof *job, 0);
  *job = (struct job){.runner = host->runner, .number = number};
  job->ticket = ta_take_ticket(host->runner, L, &double_kind, job);
  if (pthread_create(&job->thread, NULL, compute, job) != 0) return luaL_error(L, "no thread");
  return ta_park(host->runner, L, job->ticket, 0, k_double);
}

/* ------------------------------------------------------------ open and close */

static void on_failure(void *data, const struct ta_failure *failure) {
  (void)data;
  printf("Error in task: %s\n", failure->message);
}

/* (host, its functions, name of the script): whatever may raise. */
static int l_open(lua_State *L) {
  struct host *host = lua_touserdata(L, 1);
  static const luaL_Reg functions[] = {{"alarm", l_alarm}, {"double", l_double}, {NULL, NULL}};
  luaL_openlibs(L);
  host->runner = ta_runner_new(L, lua_touserdata(L, 2));
  ta_open(host->runner, L, TA_OPEN_ALL);
  ta_on_failure(host->runner, on_failure, host);
  if (luaL_loadfile(L, lua_tostring(L, 3)) != LUA_OK) return lua_error(L);
  luaL_newlibtable(L, functions);
  lua_pushlightuserdata(L, host);
  luaL_setfuncs(L, functions, 1);
  ta_add_task(host->runner, L, 1, NULL);
  return 0;
}

void host_open(struct host *host, struct ta_host functions, const char *script) {
  functions.data = host;
  functions.now = host_now;
  host->L = luaL_newstate();
  if (!host->L) abort();
  lua_pushcfunction(host->L, l_open);
  lua_pushlightuserdata(host->L, host);
  lua_pushlightuserdata(host->L, &functions);
  lua_pushstring(host->L, script);
  if (lua_pcall(host->L, 3, 0, 0) == LUA_OK) return;
  fprintf(stderr, "%s\n", lua_tostring(host->L, -1));
  exit(EXIT_FAILURE);
}

void host_pass(struct host *host) {
  if (ta_pass(host->runner, NULL) == TA_DONE) host->done = true;
}

void host_close(struct host *host) {
  ta_close_all(host->runner);
  ta_runner_free(host->runner);
  lua_close(host->L);
}
