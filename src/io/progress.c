/* SPDX-License-Identifier: MIT */
#include "io/progress.h"

#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "holder.h"
#include "host/bar.h"
#include "host/clock.h"

#define INTERVAL 0.1      /* seconds between two drawings */
#define IDLE 1.0          /* the same, while nothing happens */
#define TOLD_EVERY 10.0   /* seconds between two lines, at most */
#define TOLD_LEAST 1.0    /* and at least */
#define TOLD_SHARE 0.0999 /* or when so much more is done: a tenth, as it is rounded */
#define MOST_ROWS 20      /* of bars that are drawn */

struct ta_bar_object {
  struct ta_io *io; /* NULL: it is closed */
  struct ta_bar_object *next;
  struct ta_bar bar;
  bool leaves;    /* a line, in the end */
  double told_at; /* on the Runner's clock */
  double told_share;
};

static const struct ta_object_kind bar_kind;

static double now_of(const struct ta_io *io) {
  return io->now ? io->now(io->data) : ta_monotonic();
}

/* ------------------------------------------------------------------- on terminals */

static bool steers(void) {
  const char *kind = getenv("TERM");
  return isatty(STDERR_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

static struct winsize window(void) {
  struct winsize size = {0};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) size.ws_col = 0;
  const char *columns = getenv("COLUMNS");
  if (size.ws_col == 0 && columns) size.ws_col = (unsigned short)strtoul(columns, NULL, 10);
  if (size.ws_col == 0) size.ws_col = 80;
  if (size.ws_row == 0) size.ws_row = 24;
  return size;
}

/* The last column stays free: where it is written the cursor may be in the next row. */
static size_t add_row(char *text, size_t at, struct ta_bar_object *object, size_t columns) {
  if (at > 0) text[at++] = '\n';
  return at + ta_bar_draw(&object->bar, now_of(object->io), columns, text + at);
}

static void draw(struct ta_bars *bars) {
  struct winsize size = window();
  size_t at = 0, columns = size.ws_col > 1 ? (size_t)size.ws_col - 1 : 1;
  int rows = size.ws_row - 1 < MOST_ROWS ? size.ws_row - 1 : MOST_ROWS;
  if (rows < 1) rows = 1;
  for (struct ta_bar_object *object = bars->first; object && rows > 0; object = object->next)
    at = add_row(bars->text, at, object, columns), rows--;
  bars->drawn_at = ta_monotonic();
  bars->columns = size.ws_col;
  bars->rows = size.ws_row;
  ta_stdio_show_footer(bars->text, at);
}

static struct ta_bars *bars_of(struct ta_bar_object *object) {
  return &object->io->bars;
}

static void draw_again(struct ta_alarm *alarm) {
  struct ta_bars *bars = TA_HOLDER(alarm, struct ta_bars, alarm);
  draw(bars);
  if (bars->first) ta_loop_set_alarm(bars->first->io->loop, alarm, IDLE);
}

/* The loop was woken, perhaps by SIGWINCH. */
static void on_woken(struct ta_listener *listener) {
  struct ta_bars *bars = TA_HOLDER(listener, struct ta_bars, listener);
  struct winsize size = window();
  if (size.ws_col != bars->columns || size.ws_row != bars->rows) draw(bars);
}

/* Something has changed: at once, or a little later. */
static void look_at_terminal(struct ta_bar_object *object) {
  struct ta_bars *bars = bars_of(object);
  double now = ta_monotonic(), due = bars->drawn_at + INTERVAL;
  if (now >= due)
    draw_again(&bars->alarm);
  else if (!bars->alarm.link || bars->alarm.at > due)
    ta_loop_set_alarm(object->io->loop, &bars->alarm, due - now);
}

/* ---------------------------------------------------------------------- elsewhere */

static void tell(struct ta_bar_object *object, bool ends) {
  char text[TA_BAR_TEXT + 1];
  double now = now_of(object->io);
  size_t size = ta_bar_tell(&object->bar, now, ends, text);
  text[size] = '\n';
  ta_stdio_write_lines(STDERR_FILENO, text, size + 1);
  object->told_at = now;
  object->told_share = ta_bar_share(&object->bar);
}

static void look_at_lines(struct ta_bar_object *object) {
  double since = now_of(object->io) - object->told_at;
  if (since < TOLD_LEAST) return;
  double share = ta_bar_share(&object->bar) - object->told_share;
  if ((since >= TOLD_EVERY || share >= TOLD_SHARE) && ta_bar_share(&object->bar) < 1)
    tell(object, false);
}

/* ----------------------------------------------------------------- making, ending */

static void look(struct ta_bar_object *object) {
  if (bars_of(object)->on_terminal)
    look_at_terminal(object);
  else
    look_at_lines(object);
}

/* There is the first bar.  0, or -ENOMEM. */
static int start_drawing(struct ta_io *io) {
  io->bars.text = malloc(MOST_ROWS * (TA_BAR_TEXT + 1));
  if (!io->bars.text) return -ENOMEM;
  ta_jobs_open(&io->children);
  io->bars.on_terminal = steers();
  io->bars.alarm.ring = draw_again;
  io->bars.listener.woken = on_woken;
  if (io->bars.on_terminal) ta_loop_listen(io->loop, &io->bars.listener);
  return 0;
}

/* The last one has gone. */
static void stop_drawing(struct ta_io *io) {
  ta_alarm_stop(&io->bars.alarm);
  if (io->bars.on_terminal) ta_loop_unlisten(io->loop, &io->bars.listener);
  free(io->bars.text);
  io->bars.text = NULL;
}

/* Takes it out of the list.  What is drawn goes first: a line may follow. */
static void end(struct ta_bar_object *object, bool leaves) {
  struct ta_io *io = object->io;
  if (!io) {
    ta_bar_end(&object->bar); /* it was never begun */
    return;
  }
  struct ta_bar_object **link = &io->bars.first;
  while (*link && *link != object) link = &(*link)->next;
  if (*link) *link = object->next;
  if (io->bars.on_terminal) draw(&io->bars);
  if (leaves) tell(object, true);
  if (!io->bars.first) stop_drawing(io);
  ta_bar_end(&object->bar);
  object->io = NULL;
}

static int begin(struct ta_bar_object *object, struct ta_io *io) {
  struct ta_bar_object **link = &io->bars.first;
  object->told_at = now_of(io);
  ta_bar_begin(&object->bar, object->told_at);
  object->told_share = ta_bar_share(&object->bar);
  if (!*link && start_drawing(io) != 0) return -ENOMEM;
  while (*link) link = &(*link)->next;
  *link = object;
  object->io = io;
  return 0;
}

void ta_bars_close(struct ta_io *io) {
  while (io->bars.first) end(io->bars.first, false);
}

/* ------------------------------------------------------------------- for scripts */

static double check_number(lua_State *L, int index) {
  double number = luaL_checknumber(L, index);
  luaL_argcheck(L, isfinite(number), index, "a finite number expected");
  return number;
}

static void set_name(lua_State *L, char **place, int index) {
  size_t size = 0;
  const char *text = lua_isnoneornil(L, index) ? NULL : luaL_checklstring(L, index, &size);
  if (ta_bar_name(place, text, size) != 0) luaL_error(L, "not enough memory");
}

/* (total or nil, label or nil, unit or nil, done, leaves) -> bar */
static int l_new_bar(lua_State *L) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  struct ta_bar_object *object = ta_push_object(io->runner, L, &bar_kind, sizeof *object, 0);
  object->bar.total = lua_isnoneornil(L, 1) ? -1 : luaL_checknumber(L, 1);
  object->bar.done = luaL_checknumber(L, 4);
  object->leaves = lua_toboolean(L, 5);
  const char *unit = lua_tostring(L, 3);
  object->bar.in_bytes = unit && strcmp(unit, "bytes") == 0;
  set_name(L, &object->bar.label, 2);
  if (!object->bar.in_bytes) set_name(L, &object->bar.unit, 3);
  if (begin(object, io) != 0) luaL_error(L, "not enough memory");
  if (io->bars.on_terminal) look(object);
  return 1;
}

static struct ta_bar_object *check_bar(lua_State *L) {
  struct ta_bar_object *object = ta_check_object(L, 1, &bar_kind);
  if (!object->io) luaL_error(L, "the bar is closed");
  return object;
}

/* bar:add([n]) */
static int l_add(lua_State *L) {
  struct ta_bar_object *object = check_bar(L);
  object->bar.done += lua_isnoneornil(L, 2) ? 1 : check_number(L, 2);
  look(object);
  return 0;
}

/* bar:set(n [, total]) */
static int l_set(lua_State *L) {
  struct ta_bar_object *object = check_bar(L);
  double done = check_number(L, 2);
  double total = lua_isnoneornil(L, 3) ? object->bar.total : check_number(L, 3);
  luaL_argcheck(L, lua_isnoneornil(L, 3) || total >= 0, 3, "a total is not negative");
  object->bar.done = done;
  object->bar.total = total;
  look(object);
  return 0;
}

/* bar:label(text) */
static int l_label(lua_State *L) {
  struct ta_bar_object *object = check_bar(L);
  set_name(L, &object->bar.label, 2);
  if (bars_of(object)->on_terminal) look(object);
  return 0;
}

/* Twice does nothing. */
static int l_close(lua_State *L) {
  struct ta_bar_object *object = ta_check_object(L, 1, &bar_kind);
  end(object, object->leaves);
  return 0;
}

/* The upvalues of what each() gives, after the Runner: bar, list or function, place. */
enum { EACH_BAR = 2, EACH_LIST, EACH_PLACE };

/* What was given before is done now. */
static void count_last(lua_State *L) {
  lua_Integer place = lua_tointeger(L, lua_upvalueindex(EACH_PLACE));
  struct ta_bar_object *object = ta_object_at(L, lua_upvalueindex(EACH_BAR));
  if (place > 0 && object && object->io) {
    object->bar.done++;
    look(object);
  }
  lua_pushinteger(L, place + 1);
  lua_replace(L, lua_upvalueindex(EACH_PLACE));
}

static int l_next_of_list(lua_State *L) {
  count_last(L);
  lua_geti(L, lua_upvalueindex(EACH_LIST), lua_tointeger(L, lua_upvalueindex(EACH_PLACE)));
  lua_pushvalue(L, lua_upvalueindex(EACH_PLACE));
  return lua_isnil(L, -2) ? 0 : 2;
}

static int k_next(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  return lua_gettop(L);
}

/* Of an iterator, which may wait: for x in bar:each(file:lines()) */
static int l_next_of_iterator(lua_State *L) {
  count_last(L);
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(EACH_LIST));
  lua_insert(L, 1);
  lua_callk(L, 2, LUA_MULTRET, 0, k_next);
  return k_next(L, LUA_OK, 0);
}

/* bar:each(list) or bar:each(iterator, state, first, closing) */
static int l_each(lua_State *L) {
  struct ta_bar_object *object = check_bar(L);
  bool is_list = lua_istable(L, 2);
  if (!is_list && !ta_is_callable(L, 2)) return luaL_typeerror(L, 2, "list or an iterator");
  if (is_list && object->bar.total < 0) object->bar.total = (double)luaL_len(L, 2);
  lua_settop(L, 5);
  lua_pushlightuserdata(L, ta_upvalue_runner(L));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, is_list ? l_next_of_list : l_next_of_iterator, EACH_PLACE);
  lua_replace(L, 2);
  if (is_list) return lua_settop(L, 2), 1;
  return 4;
}

static const struct ta_function methods[] = {{"add", l_add},     {"set", l_set},
                                             {"label", l_label}, {"each", l_each},
                                             {"close", l_close}, {NULL, NULL}};
static const struct ta_function meta[] = {{"__close", l_close}, {"__gc", l_close}, {NULL, NULL}};
static const struct ta_object_kind bar_kind = {.name = "Bar", .methods = methods, .meta = meta};

void ta_offer_bars(struct ta_io *io, lua_State *L) {
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_new_bar);
  lua_setfield(L, -2, "new_bar");
  ta_lets_wait(io->runner, L, l_next_of_iterator);
  lua_pop(L, 1);
}
