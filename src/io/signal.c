/* SPDX-License-Identifier: MIT */
#include "io/signal.h"

#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "holder.h"
#include "host/takeover.h"
#include "io/nearest.h"
#include "io/room.h"
#include "io/signal_names.h"
#include "list.h"

extern const char *const ta_chunk_signal[];

#define LAST 64 /* a bit each */

/* What a task waits in. */
struct watch {
  struct ta_link link;           /* among those that are open */
  struct ta_attachment attended; /* of a handler: by its daemon, which closes it */
  struct ta_io *io;
  struct ta_list waiting;
  uint64_t numbers; /* that it has taken over */
  uint64_t came;    /* of these, and nobody was told yet */
};

static uint64_t bit_of(int number) {
  return UINT64_C(1) << (number - 1);
}

/* --------------------------------------------------------------- in the loop */

static uint64_t look(uint64_t numbers) {
  uint64_t came = 0;
  for (; numbers; numbers &= numbers - 1) {
    int number = __builtin_ctzll(numbers) + 1;
    if (ta_takeover_came(number)) came |= bit_of(number);
  }
  return came;
}

static struct watch *first_watch(const struct ta_io *io) {
  struct ta_link *link = ta_list_first(&io->signals.watches);
  return link ? TA_HOLDER(link, struct watch, link) : NULL;
}

static struct watch *watch_after(const struct ta_io *io, const struct watch *watch) {
  struct ta_link *link = ta_list_after(&io->signals.watches, &watch->link);
  return link ? TA_HOLDER(link, struct watch, link) : NULL;
}

static void on_woken(struct ta_listener *listener) {
  struct ta_io *io = TA_HOLDER(listener, struct ta_io, signals.listener);
  uint64_t wanted = 0;
  for (struct watch *watch = first_watch(io); watch; watch = watch_after(io, watch))
    wanted |= watch->numbers;
  uint64_t came = look(wanted);
  if (!came) return;
  for (struct watch *watch = first_watch(io); watch; watch = watch_after(io, watch)) {
    watch->came |= came & watch->numbers;
    if (watch->came) ta_wake_first(io->runner, &watch->waiting);
  }
}

size_t ta_signal_waits(const struct ta_io *io) {
  size_t count = 0;
  for (struct watch *watch = first_watch(io); watch; watch = watch_after(io, watch))
    count += !ta_list_empty(&watch->waiting);
  return count;
}

/* ------------------------------------------------------------------ the watch */

static void enlist(struct watch *watch) {
  struct ta_io_signals *signals = &watch->io->signals;
  if (ta_list_empty(&signals->watches)) {
    signals->listener.woken = on_woken;
    ta_loop_listen(watch->io->loop, &signals->listener);
  }
  ta_list_append(&signals->watches, &watch->link);
}

/* Who waits in it sees that it is closed. */
static void let_go(struct watch *watch) {
  if (!watch->io || !ta_in_list(&watch->link)) return;
  struct ta_io *io = watch->io;
  ta_list_leave(&watch->link);
  if (ta_list_empty(&io->signals.watches)) ta_loop_unlisten(io->loop, &io->signals.listener);
  for (; watch->numbers; watch->numbers &= watch->numbers - 1) {
    int number = __builtin_ctzll(watch->numbers) + 1;
    if (watch->came & bit_of(number)) ta_takeover_return(number);
    ta_takeover_end(number);
  }
  watch->came = 0;
  while (ta_wake_first(io->runner, &watch->waiting)) continue;
}

static int l_close(lua_State *L);

static const struct ta_function meta[] = {{"__gc", l_close}, {"__close", l_close}, {NULL, NULL}};
static const struct ta_object_kind watch_kind = {.name = "Signals", .meta = meta};

static int l_close(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  ta_detach(&watch->attended);
  let_go(watch);
  return 0;
}

/* (number, whether also where it was ignored, more numbers) -> a watch */
static int l_watch(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  bool force = lua_toboolean(L, 1);
  int top = lua_gettop(L);
  struct watch *watch = ta_push_object(runner, L, &watch_kind, sizeof *watch, 0);
  ta_list_init(&watch->waiting);
  watch->io = io;
  enlist(watch);
  for (int i = 2; i <= top; i++) {
    int number = (int)luaL_checkinteger(L, i);
    if (watch->numbers & bit_of(number)) continue;
    if (ta_takeover_begin(io->loop, number, force) != 0)
      return ta_error(L, "the signal %s cannot be taken over", ta_signal_name(number));
    watch->numbers |= bit_of(number);
  }
  return 1;
}

/* -------------------------------------------------------------------- waiting */

/* "HUP", "INT or TERM" */
static void describe(const void *subject, char *text, size_t size) {
  uint64_t numbers = ((const struct watch *)subject)->numbers;
  const char *before = "";
  *text = '\0';
  for (; numbers && strlen(text) + 1 < size; numbers &= numbers - 1, before = " or ") {
    size_t length = strlen(text);
    const char *name = ta_signal_name(__builtin_ctzll(numbers) + 1);
    snprintf(text + length, size - length, "%s%s", before, name ? name : "?");
  }
}

static const struct ta_wait_kind wait_kind = {.action = "signal", .describe = describe};

static int give(lua_State *L, struct watch *watch) {
  int number = __builtin_ctzll(watch->came) + 1;
  ta_push_signal_name(L, number);
  watch->came &= watch->came - 1;
  return 1;
}

static int k_next(lua_State *L, int status, lua_KContext context);

static int wait_on(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  if (watch->came) return give(L, watch);
  if (!ta_in_list(&watch->link)) return 0;
  return ta_wait_in(ta_upvalue_runner(L), L, "signal.wait", &wait_kind, watch, &watch->waiting,
                    k_next);
}

static int k_next(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  return wait_on(L);
}

/* (watch) -> the name of a signal that came, or nothing once it is closed */
static int l_next(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  lua_settop(L, 1);
  ta_check_object(L, 1, &watch_kind);
  ta_enter(runner, L);
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, l_next);
  return wait_on(L);
}

/* -------------------------------------------------------------------- the names */

/* Why a signal cannot be had; NULL: it can. */
static const char *why_not(int number) {
  static const struct {
    int number;
    const char *why;
  } reasons[] = {
      {SIGKILL, "the system lets nobody catch it"},
      {SIGSTOP, "the system lets nobody catch it"},
      {SIGILL, "after it no program can go on"},
      {SIGTRAP, "after it no program can go on"},
      {SIGABRT, "after it no program can go on"},
      {SIGBUS, "after it no program can go on"},
      {SIGFPE, "after it no program can go on"},
      {SIGSEGV, "after it no program can go on"},
      {SIGSYS, "after it no program can go on"},
      {SIGALRM, "tinyasync has its clock in it"},
      {SIGTTIN, "it is for who shares the terminal, which tinyasync sees to"},
      {SIGTTOU, "it is for who shares the terminal, which tinyasync sees to"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].number == number) return reasons[i].why;
  return NULL;
}

/* Of a name that is none: what was meant, or NULL. */
static const char *meant_by(const char *name) {
  const char *names[LAST];
  size_t count = 0;
  if (strncmp(name, "SIG", 3) == 0 && ta_signal_number(name + 3)) return name + 3;
  for (int number = 1; number < LAST; number++) {
    const char *known = ta_signal_name(number);
    if (known && strcasecmp(known, name) == 0) return known;
    if (known) names[count++] = known;
  }
  return ta_nearest(name, names, count);
}

/* (name) -> number; or nil and what is wrong with it */
static int l_number(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  int number = ta_signal_number(name);
  const char *why = number ? why_not(number) : NULL, *meant = number ? NULL : meant_by(name);
  if (number && !why) {
    lua_pushinteger(L, number);
    return 1;
  }
  lua_pushnil(L);
  if (number)
    lua_pushfstring(L, "%s cannot be taken over: %s", name, why);
  else if (meant)
    lua_pushfstring(L, "there is no signal '%s', did you mean '%s'?", name, meant);
  else
    lua_pushfstring(L, "there is no signal '%s'", name);
  return 2;
}

/* -------------------------------------------------------- what else signal.lua needs */

/* (name, function) */
static int l_add_task(lua_State *L) {
  struct ta_task_options options = {0};
  options.name = luaL_checklstring(L, 1, &options.name_length);
  lua_settop(L, 2);
  ta_add_task(ta_upvalue_runner(L), L, 0, &options);
  return 0;
}

/* Also one that was refused memory before its first step has ended, and nobody would listen. */
static void on_end(struct ta_runner *runner, struct ta_task *task, struct ta_attachment *attended) {
  (void)runner, (void)task;
  let_go(TA_HOLDER(attended, struct watch, attended));
}

/* (watch, name, function): a daemon calls it, with whose end the watch is closed. */
static int l_attend(lua_State *L) {
  static const struct ta_attachment_kind kind = {.on_end = on_end};
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  struct ta_task_options options = {.daemon = true};
  options.name = luaL_checklstring(L, 2, &options.name_length);
  lua_settop(L, 3);
  struct ta_task *task = ta_add_task(runner, L, 0, &options);
  if (ta_attach_to(runner, task, &watch->attended, &kind) != 0)
    return ta_error(L, "%s", "not enough memory");
  return 0;
}

static const struct ta_function parts[] = {
    {"watch", l_watch},
    {"next", l_next},
    {"close", l_close},
    {"number", l_number},
    {"raise", ta_l_raise},
    {"check_options", ta_l_check_options},
    {"is_callable", ta_l_can_be_called},
    {"add_task", l_add_task},
    {"attend", l_attend},
    {NULL, NULL},
};

/* () -> a table of them */
static int l_signal_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  return 1;
}

void ta_offer_signals(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"signal", NULL};
  ta_name_action(io->runner, L, "signal");
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_signal_parts);
  lua_setfield(L, -2, "signal_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_signal);
}
