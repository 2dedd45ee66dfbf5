/* SPDX-License-Identifier: MIT */
#include "io/guest.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/stdio.h"
#include "io/far.h"
#include "io/open.h"

/* The system never sends it, and async.signal does not know it.  No real-time signal: these can
 * fail to be sent. */
#ifdef SIGSTKFLT
#define SIGNAL SIGSTKFLT
#else
#define SIGNAL SIGPWR
#endif

#define LONGEST_LINE ((size_t)1 << 20) /* bytes that are kept until it ends */

/* The guest of this thread, for the handler. */
static _Thread_local struct ta_guest *volatile here;

static void on_signal(int number) {
  struct ta_guest *guest = here;
  (void)number;
  if (!guest || !guest->runner) return;
  ta_interrupt(guest->runner);
  ta_preempt(guest->runner);
}

static void catch_signal(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGNAL, &action, NULL);
}

void ta_guests_setup(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, catch_signal);
}

/* This thread hears of it only while it has a guest. */
static void listen_to_signal(struct ta_guest *guest) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGNAL);
  if (!guest) pthread_sigmask(SIG_BLOCK, &set, NULL);
  here = guest;
  if (guest) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ------------------------------------------------ what the Runner asks for */

static double host_now(void *data) {
  const struct ta_guest *guest = data;
  return ta_monotonic() - guest->origin;
}

static void host_wake(void *data) {
  struct ta_guest *guest = data;
  ta_loop_wake(&guest->loop);
}

static void flush(struct ta_guest *guest) {
  if (guest->out_file) fflush(guest->out_file);
}

static void host_poll(void *data) {
  struct ta_guest *guest = data;
  flush(guest);
  ta_loop_poll(&guest->loop);
}

static bool is_told(const struct ta_guest *guest) {
  return atomic_load_explicit(&guest->told, memory_order_acquire);
}

static void end(struct ta_guest *guest, const char *reason) {
  if (!guest->ending) ta_cancel_all(guest->runner, reason);
  guest->ending = true;
}

static void host_preempted(void *data, lua_State *L) {
  struct ta_guest *guest = data;
  if (guest->starved) ta_ration_relax(&guest->ration);
  if (!is_told(guest) && !guest->starved) return;
  end(guest, guest->starved ? "not enough memory" : "the thread was cancelled");
  if (!ta_is_cancelled(guest->runner) || ta_is_unwinding(guest->runner)) return;
  ta_raise_cancellation(guest->runner, L);
}

/* ------------------------------------------------------------------ failures */

static void append(void *data, const char *bytes, size_t size) {
  struct ta_text *text = data;
  if (text->room - text->size <= size) {
    size_t room = text->room * 2 + size + 256;
    char *more = realloc(text->bytes, room);
    if (!more) return;
    text->bytes = more;
    text->room = room;
  }
  memcpy(text->bytes + text->size, bytes, size);
  text->size += size;
  text->bytes[text->size] = '\0';
}

/* The function's own failure is the caller's to tell of. */
static void on_failure(void *data, const struct ta_failure *failure) {
  struct ta_guest *guest = data;
  struct ta_text text = {.bytes = NULL};
  if (failure->id == guest->body && failure->kind != TA_FAILURE_OTHER) {
    guest->traceback = failure->traceback ? strdup(failure->traceback) : NULL;
    return;
  }
  ta_write_failure(failure, append, &text);
  append(&text, "\n", 1);
  ta_write_failure_lines(failure, append, &text);
  flush(guest);
  if (text.bytes) ta_hatch_put(guest->hatch, TA_HATCH_REPORT, text.bytes, text.size);
  free(text.bytes);
}

/* ------------------------------------------------------------------ printing */

/* Puts out what is printed up to here, and keeps the rest of the line. */
static int put_line(struct ta_guest *guest, size_t size) {
  struct ta_text *line = &guest->line;
  if (size == 0) return 0;
  int error = ta_hatch_put(guest->hatch, TA_HATCH_OUT, line->bytes, size);
  line->size -= size;
  memmove(line->bytes, line->bytes + size, line->size);
  return error;
}

/* Whole lines, but for one that is very long. */
static ssize_t put_out(void *data, const char *bytes, size_t size) {
  struct ta_guest *guest = data;
  size_t before = guest->line.size;
  append(&guest->line, bytes, size);
  if (guest->line.size != before + size) return -ENOMEM;
  const char *last = memrchr(bytes, '\n', size);
  size_t whole = last ? before + (size_t)(last - bytes) + 1 : 0;
  int error = put_line(guest, guest->line.size > LONGEST_LINE ? guest->line.size : whole);
  return error ? error : (ssize_t)size;
}

static ssize_t put_err(void *data, const char *bytes, size_t size) {
  struct ta_guest *guest = data;
  flush(guest);
  int error = ta_hatch_put(guest->hatch, TA_HATCH_ERR, bytes, size);
  return error ? error : (ssize_t)size;
}

static off_t seek(void *data, off_t offset, int whence) {
  (void)data, (void)offset, (void)whence;
  return -ESPIPE;
}

static const struct ta_cfile_kind out_kind = {.write = put_out, .seek = seek};
static const struct ta_cfile_kind err_kind = {.write = put_err, .seek = seek};

void ta_guest_say(void *data, int kind, const char *text, size_t size) {
  const struct ta_io *io = data;
  if (kind == TA_HATCH_REPORT && io->report)
    io->report(io->data, text, size);
  else if (kind == TA_HATCH_LOG)
    ta_stdio_write_lines(STDERR_FILENO, text, size);
  else if (io->print)
    io->print(io->data, kind == TA_HATCH_OUT ? STDOUT_FILENO : STDERR_FILENO, text, size);
}

/* The stream belongs to the guest, and stays open. */
static int l_keep_open(lua_State *L) {
  luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  stream->closef = l_keep_open;
  luaL_pushfail(L);
  lua_pushliteral(L, "cannot close standard file");
  return 2;
}

static void push_file(lua_State *L, FILE *file) {
  luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 0);
  *stream = (luaL_Stream){.f = file, .closef = l_keep_open};
  luaL_setmetatable(L, LUA_FILEHANDLE);
}

/* print, as Lua's own, onto the stream that is the upvalue. */
static int l_print(lua_State *L) {
  struct ta_guest *guest = lua_touserdata(L, lua_upvalueindex(1));
  luaL_Buffer line;
  int count = lua_gettop(L);
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&line);
    luaL_addchar(&line, i < count ? '\t' : '\n');
  }
  if (count == 0) luaL_addchar(&line, '\n');
  luaL_pushresult(&line);
  size_t size;
  const char *text = lua_tolstring(L, -1, &size);
  ta_cfile_write(guest->out_file, text, size);
  return 0;
}

/* Is that level the caller's, who is in another thread? */
static bool is_call(const struct ta_guest *guest, lua_State *L, int level) {
  lua_Debug about;
  if (!guest->call || !lua_getstack(L, level, &about)) return false;
  lua_getinfo(L, "f", &about);
  bool is = lua_tocfunction(L, -1) == guest->call;
  lua_pop(L, 1);
  return is;
}

/* error, as Lua's own; it finds the caller's line as well. */
static int l_error(lua_State *L) {
  const struct ta_guest *guest = lua_touserdata(L, lua_upvalueindex(1));
  int level = (int)luaL_optinteger(L, 2, 1);
  lua_settop(L, 1);
  if (lua_type(L, 1) != LUA_TSTRING || level <= 0) return lua_error(L);
  if (is_call(guest, L, level))
    lua_pushstring(L, guest->place);
  else
    luaL_where(L, level);
  lua_insert(L, 1);
  lua_concat(L, 2);
  return lua_error(L);
}

static void set_output(struct ta_guest *guest, lua_State *L) {
  lua_getglobal(L, LUA_IOLIBNAME);
  push_file(L, guest->err_file);
  lua_setfield(L, -2, "stderr");
  lua_getfield(L, -1, "output");
  push_file(L, guest->out_file);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "stdout");
  lua_call(L, 1, 0);
  lua_getfield(L, -1, "input"); /* from which nothing can be read */
  lua_getfield(L, -2, "stderr");
  lua_call(L, 1, 0);
  lua_pop(L, 1);
  lua_pushlightuserdata(L, guest);
  lua_pushcclosure(L, l_print, 1);
  lua_setglobal(L, "print");
  lua_pushlightuserdata(L, guest);
  lua_pushcclosure(L, l_error, 1);
  lua_setglobal(L, "error");
}

/* ------------------------------------------------------------------ memory */

#define SPARES 4 /* arenas that are kept: 8 MB at most */

/* What guests that were small have left: half of what a call costs is to have memory mapped. */
static struct {
  pthread_mutex_t lock;
  void *spares[SPARES];
  unsigned count;
} memory = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *take_spare(void) {
  pthread_mutex_lock(&memory.lock);
  void *spare = memory.count > 0 ? memory.spares[--memory.count] : NULL;
  pthread_mutex_unlock(&memory.lock);
  return spare;
}

static void leave_spare(void *spare) {
  pthread_mutex_lock(&memory.lock);
  bool keeps = spare && memory.count < SPARES;
  if (keeps) memory.spares[memory.count++] = spare;
  pthread_mutex_unlock(&memory.lock);
  if (!keeps) ta_slab_free_spare(spare);
}

/* --------------------------------------------------------------- open, close */

/* (guest) */
static int l_open(lua_State *L) {
  struct ta_guest *guest = lua_touserdata(L, 1);
  const struct ta_host host = {.data = guest,
                               .now = host_now,
                               .wake = host_wake,
                               .poll = host_poll,
                               .preempted = host_preempted};
  luaL_openlibs(L);
  guest->runner = guest->io.runner = ta_runner_new(L, &host);
  ta_open(guest->runner, L, TA_OPEN_ALL | TA_OPEN_REUSE | TA_OPEN_SPACE);
  ta_on_failure(guest->runner, on_failure, guest);
  ta_io_open_in_thread(&guest->io, L);
  set_output(guest, L);
  return 0;
}

/* In the middle of a request for memory: the hook ends the step. */
static void on_limit(void *data) {
  struct ta_guest *guest = data;
  guest->starved = true;
  if (guest->runner) ta_preempt(guest->runner);
}

static lua_State *new_state(struct ta_guest *guest) {
  if (!guest->io.budget) return lua_newstate(ta_slab_alloc, &guest->slab);
  ta_ration_open(&guest->ration, guest->io.memory, ta_slab_alloc, &guest->slab);
  guest->ration.budget = guest->io.budget;
  guest->ration.starved = on_limit;
  guest->ration.starved_data = guest;
  return lua_newstate(ta_ration_alloc, &guest->ration);
}

static int open_state(struct ta_guest *guest) {
  ta_slab_open_with(&guest->slab, take_spare());
  guest->L = new_state(guest);
  if (!guest->L) return -ENOMEM;
  lua_gc(guest->L, LUA_GCSTOP);
  lua_pushcfunction(guest->L, l_open);
  lua_pushlightuserdata(guest->L, guest);
  int status = lua_pcall(guest->L, 1, 0, 0);
  const char *words = status == LUA_OK ? NULL : lua_tostring(guest->L, -1);
  if (words) snprintf(guest->what, sizeof guest->what, "%s", words);
  if (status != LUA_OK) return status == LUA_ERRMEM ? -ENOMEM : -ECANCELED;
  lua_gc(guest->L, LUA_GCRESTART);
  return 0;
}

static int open_streams(struct ta_guest *guest) {
  guest->out = (struct ta_cfile){.kind = &out_kind, .data = guest};
  guest->err = (struct ta_cfile){.kind = &err_kind, .data = guest};
  guest->out_file = ta_cfile_open(&guest->out, -1, guest->out_buffer, sizeof guest->out_buffer);
  guest->err_file = ta_cfile_open(&guest->err, -1, guest->err_buffer, sizeof guest->err_buffer);
  if (!guest->out_file || !guest->err_file) return -ENOMEM;
  setvbuf(guest->err_file, NULL, _IONBF, 0);
  return 0;
}

static int leads_to(void *data, const FILE *file) {
  const struct ta_guest *guest = data;
  if (file == guest->out_file) return STDOUT_FILENO;
  return file == guest->err_file ? STDERR_FILENO : -1;
}

static void report_on(void *data, const char *text, size_t size) {
  struct ta_guest *guest = data;
  flush(guest);
  ta_hatch_put(guest->hatch, TA_HATCH_REPORT, text, size);
}

static void flush_for_lines(void *data) {
  flush(data);
}

int ta_guest_open(struct ta_guest *guest, const struct ta_io *host) {
  *guest = (struct ta_guest){.hatch = host->hatch, .origin = ta_monotonic()};
  guest->thread = pthread_self();
  ta_io_prepare(&guest->io);
  guest->io.is_guest = true;
  guest->io.loop = &guest->loop;
  guest->io.hatch = host->hatch;
  guest->io.equip = host->equip;
  guest->io.flush = flush_for_lines;
  guest->io.log_rank = host->log_rank;
  guest->io.memory = host->memory;
  guest->io.gate = host->gate;
  guest->io.budget = host->budget;
  guest->io.report = report_on;
  guest->io.leads_to = leads_to;
  guest->io.data = guest;
  ta_slab_open(&guest->slab);
  int error = ta_loop_open(&guest->loop, NULL);
  if (error) return error;
  error = open_streams(guest);
  if (!error) error = open_state(guest);
  if (error) {
    ta_guest_close(guest);
    return error;
  }
  listen_to_signal(guest);
  return 0;
}

void ta_guest_close(struct ta_guest *guest) {
  listen_to_signal(NULL);
  if (guest->L) lua_close(guest->L);
  leave_spare(ta_slab_close_but_one(&guest->slab));
  ta_io_close_in_thread(&guest->io);
  if (guest->out_file) fclose(guest->out_file);
  if (guest->err_file) fclose(guest->err_file);
  put_line(guest, guest->line.size);
  ta_loop_close(&guest->loop);
  free(guest->line.bytes);
  free(guest->traceback);
}

void ta_guest_tell(struct ta_guest *guest) {
  atomic_store_explicit(&guest->told, true, memory_order_release);
  ta_loop_wake(&guest->loop);
  pthread_kill(guest->thread, SIGNAL);
}

/* ------------------------------------------------------------------- driving */

/* Nothing can wake the tasks, unless a wake has just come. */
static void be_stuck(struct ta_guest *guest) {
  if (ta_loop_is_woken(&guest->loop)) {
    ta_loop_wait(&guest->loop, 0);
  } else if (guest->ending) {
    ta_close_all(guest->runner);
  } else {
    guest->stuck = true;
    end(guest, "deadlock");
  }
}

static void wait(struct ta_guest *guest, double deadline) {
  flush(guest);
  ta_loop_wait(&guest->loop, deadline - host_now(guest));
}

void ta_guest_drive(struct ta_guest *guest) {
  double deadline;
  while (ta_live(guest->runner) > 0) {
    if (is_told(guest)) end(guest, "the thread was cancelled");
    if (guest->starved) end(guest, "not enough memory");
    enum ta_pass_result result = ta_run(guest->runner, &deadline);
    if (ta_live(guest->runner) == ta_daemons(guest->runner))
      end(guest, "the function has returned");
    else if (result == TA_STUCK)
      be_stuck(guest);
    else if (result == TA_WAITING)
      wait(guest, deadline);
  }
  flush(guest);
}
