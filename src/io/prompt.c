/* SPDX-License-Identifier: MIT */
#include "io/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "holder.h"
#include "host/signals.h"
#include "host/terminal.h"
#include "io/refusal.h"
#include "io/stream.h"
#include "io/waiting.h"

enum { TEXT = 1, TYPED }; /* user values: what is asked, and what is typed */

struct question {
  struct ta_io *io; /* NULL: it is closed */
  const struct call *call;
  struct ta_listener listener;
  unsigned stops; /* how often we had been stopped when it was asked last */
  bool secret, held, asked;
  int refused;                    /* 0; or why it cannot be asked any more, a negative errno */
  struct ta_stream_object *typed; /* a user value keeps it; or NULL */
  const char *text;               /* a user value keeps it */
  size_t size;
};

static const struct ta_object_kind question_kind;

/* ------------------------------------------------------------------ what it waits in */

static void describe_others(const void *subject, char *text, size_t size) {
  (void)subject;
  snprintf(text, size, "on the terminal, which others have");
}

static void describe_answer(const void *subject, char *text, size_t size) {
  (void)subject;
  snprintf(text, size, "on the terminal");
}

/* The functions that ask, as what waits in them is called. */
static const struct call {
  struct ta_wait_kind hold, answer;
} calls[] = {
#define CALL(name)                                                                                 \
  {                                                                                                \
    {.action = (name), .describe = describe_others}, {                                             \
      .action = (name), .describe = describe_answer, .disarm = ta_disarm_read                      \
    }                                                                                              \
  }
    CALL("prompt"), CALL("confirm"), CALL("select_one")};

static const struct call *check_call(lua_State *L, int index) {
  const char *name = luaL_checkstring(L, index);
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].hold.action, name) == 0) return &calls[i];
  luaL_argerror(L, index, "nobody asks so");
  return NULL;
}

/* ------------------------------------------------------------------ on the terminal */

static void write_here(const char *text, size_t size) {
  while (size > 0) {
    ssize_t done = write(ta_terminal_fd(), text, size);
    if (done < 0 && errno != EINTR) return;
    if (done > 0) text += done;
    if (done > 0) size -= (size_t)done;
  }
}

/* Where neither standard stream is the terminal nobody else writes there. */
static void ask(struct question *question) {
  question->stops = ta_signals_stops();
  question->asked = true;
  if (!ta_stdio_ask(question->text, question->size)) write_here(question->text, question->size);
}

static void ask_no_more(struct question *question, bool ends_row) {
  if (question->asked) ta_stdio_asked(ends_row);
  question->asked = false;
}

/* Whoever waits for the answer is told. */
static void look_at_refusal(struct question *question) {
  if (question->refused || !question->io->children.jobs.refused) return;
  question->refused = question->io->children.jobs.refused;
  if (question->typed) ta_end_stream(question->typed);
}

/* Who was stopped and goes on has other rows above. */
static void look(struct ta_listener *listener) {
  struct question *question = TA_HOLDER(listener, struct question, listener);
  look_at_refusal(question);
  if (question->refused || !question->asked || question->stops == ta_signals_stops()) return;
  ask_no_more(question, false);
  ask(question);
}

static void on_freed(void *data) {
  struct ta_io *io = data;
  ta_wake_first(io->runner, &io->questions);
}

static void release(struct question *question) {
  struct ta_io *io = question->io;
  question->io = NULL;
  if (!io || !question->held) return;
  ask_no_more(question, true);
  ta_loop_unlisten(io->loop, &question->listener);
  ta_jobs_release(&io->children);
  ta_stdio_come_back();
}

static int hold(struct question *question) {
  struct ta_io *io = question->io;
  io->children.jobs.freed = on_freed;
  io->children.jobs.freed_data = io;
  int error = ta_jobs_hold(&io->children, question->secret);
  if (error) return error;
  question->held = true;
  ta_stdio_step_aside();
  question->listener = (struct ta_listener){.woken = look, .data = &question->listener};
  ta_loop_listen(io->loop, &question->listener);
  return 0;
}

/* ------------------------------------------------------------------- for prompt.lua */

static struct question *check_question(lua_State *L) {
  struct question *question = ta_check_object(L, 1, &question_kind);
  if (!question->io) luaL_error(L, "the question is closed");
  return question;
}

/* (name of the function that asks, secret) -> question, to be closed */
static int l_new_question(lua_State *L) {
  struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  const struct call *call = check_call(L, 1);
  struct question *question =
      ta_push_object(io->runner, L, &question_kind, sizeof *question, TYPED);
  question->io = io;
  question->call = call;
  question->secret = lua_toboolean(L, 2);
  return 1;
}

static int try_to_hold(lua_State *L);

static int k_hold(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  return try_to_hold(L);
}

static int try_to_hold(lua_State *L) {
  struct question *question = check_question(L);
  int error = question->held ? 0 : hold(question);
  if (error == -EAGAIN)
    return ta_wait_in(question->io->runner, L, question->call->hold.action, &question->call->hold,
                      question, &question->io->questions, k_hold);
  if (error == -ENXIO) return ta_refuse_in_words(L, "there is no terminal to ask on", "ENOTTY");
  if (error) return ta_refuse(L, error, "cannot ask on the terminal");
  lua_pushboolean(L, true);
  return 1;
}

/* (question) -> true, when it has the terminal; or nil, message, code */
static int l_hold(lua_State *L) {
  ta_check_wait(ta_upvalue_runner(L), L, check_question(L)->call->hold.action);
  lua_settop(L, 1);
  return try_to_hold(L);
}

/* (question, text): the cursor stays behind it. */
static int l_ask(lua_State *L) {
  struct question *question = check_question(L);
  luaL_checkstring(L, 2);
  ask_no_more(question, false);
  lua_settop(L, 2);
  lua_setiuservalue(L, 1, TEXT);
  lua_getiuservalue(L, 1, TEXT);
  question->text = lua_tolstring(L, -1, &question->size);
  ta_io_flush(question->io);
  if (question->held) ask(question);
  return 0;
}

/* (question, whether the cursor stands behind it still) -> true; or nil, message, code: what was
 * typed since may have been shown, or others may have typed it */
static int l_answered(lua_State *L) {
  struct question *question = check_question(L);
  ask_no_more(question, lua_toboolean(L, 2));
  if (question->refused) return ta_refuse(L, question->refused, "cannot ask on the terminal");
  lua_pushboolean(L, true);
  return 1;
}

/* (question) -> what is typed, as a stream; or nil, message, code */
static int l_typed(lua_State *L) {
  struct question *question = check_question(L);
  struct ta_stream_object *stream = ta_push_stream(question->io, L, "the terminal");
  stream->reads = &question->call->answer;
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  int error = fd < 0 ? -errno : ta_open_stream(stream, TA_ONCE, fd);
  if (!error) {
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, TYPED);
    question->typed = stream;
    return 1;
  }
  if (fd >= 0) close(fd);
  return ta_refuse(L, error, "cannot open the terminal");
}

static int l_close(lua_State *L) {
  release(ta_check_object(L, 1, &question_kind));
  return 0;
}

static const struct ta_function methods[] = {{"hold", l_hold},         {"ask", l_ask},
                                             {"answered", l_answered}, {"typed", l_typed},
                                             {"close", l_close},       {NULL, NULL}};
static const struct ta_function meta[] = {{"__close", l_close}, {"__gc", l_close}, {NULL, NULL}};
static const struct ta_object_kind question_kind = {
    .name = "Question", .methods = methods, .meta = meta};

void ta_offer_questions(struct ta_io *io, lua_State *L) {
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_new_question);
  lua_setfield(L, -2, "new_question");
  lua_pop(L, 1);
}
