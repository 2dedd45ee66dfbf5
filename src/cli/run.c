/* SPDX-License-Identifier: MIT */
#include "cli/run.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/drive.h"
#include "cli/hints.h"
#include "cli/report.h"
#include "cli/session.h"
#include "host/signals.h"
#include "host/wall.h"
#include "trace/fan.h"
#include "trace/text.h"

struct run {
  struct ta_options options;
  const char *program;
  struct ta_session session;
  struct ta_hints hints;
  FILE *trace; /* the file of --trace, if it is one */
  struct ta_text_trace text_trace;
  struct ta_fan receivers; /* of the trace */
};

/* ----------------------------------------------------------- what comes of it */

static void on_failed(void *data, const struct ta_failure *failure) {
  struct run *run = data;
  const char *hint =
      ta_hint(&run->hints, failure->message, failure->message_length, failure->missed);
  ta_report_failure(failure, hint, run->options.traceback);
  if (run->options.stop_on_error) ta_session_end(&run->session, TA_CAUSE_ERROR);
}

static void report_lost_trace(struct run *run) {
  ta_session_lost(&run->session, "the trace to", run->options.trace_file, errno);
}

static void on_flush(void *data) {
  struct run *run = data;
  if (run->trace && (fflush(run->trace) != 0 || ferror(run->trace))) report_lost_trace(run);
}

static void on_closing(void *data) {
  struct run *run = data;
  if (run->trace && fclose(run->trace) != 0) report_lost_trace(run);
  run->trace = NULL;
}

/* ------------------------------------------------------------------ the trace */

/* A trace that nobody reads must not use up the patience that clean-up has a right to. */
static bool is_unread(const struct run *run) {
  const struct ta_shutdown *shutdown = &run->session.shutdown;
  return !run->trace && shutdown->begun && ta_shutdown_has(shutdown, TA_CAUSE_BROKEN);
}

static void on_event(void *data, const struct ta_trace_event *event) {
  struct run *run = data;
  if (!is_unread(run)) ta_trace_text(&run->text_trace, event);
}

static bool open_trace_file(struct run *run, const char *name) {
  run->trace = fopen(name, "w");
  if (run->trace) return fcntl(fileno(run->trace), F_SETFD, FD_CLOEXEC) == 0;
  ta_report("cannot write the trace to %s: %s", name, strerror(errno));
  return false;
}

static bool open_trace(struct run *run) {
  const struct ta_options *options = &run->options;
  if (!options->trace) return true;
  if (options->trace_file && !open_trace_file(run, options->trace_file)) return false;
  ta_text_trace_open(&run->text_trace, run->trace ? run->trace : stderr);
  ta_fan_add(&run->receivers, on_event, run);
  ta_on_event(run->session.runner, ta_fan_tell, &run->receivers);
  return true;
}

/* ------------------------------------------------------------------- the gate */

/* Modules may be read where package.path leads. */
static void allow_modules(const struct run *run, lua_State *L) {
  struct ta_gate *gate = run->options.session.gate;
  if (!gate) return;
  lua_getglobal(L, LUA_LOADLIBNAME);
  lua_getfield(L, -1, "path");
  const char *path = lua_tostring(L, -1);
  if (path && ta_gate_allow_modules(gate, path) != 0) luaL_error(L, "not enough memory");
  lua_pop(L, 2);
}

/* And beside the script. */
static void allow_neighbours(const struct run *run, lua_State *L) {
  struct ta_gate *gate = run->options.session.gate;
  const char *script = run->options.script.name;
  if (!gate || !script || strcmp(script, "-") == 0) return;
  const char *slash = strrchr(script, '/');
  lua_pushlstring(L, script, slash ? (size_t)(slash - script) + 1 : 0);
  lua_pushfstring(L, "%s?.lua", lua_tostring(L, -1));
  if (ta_gate_allow_modules(gate, lua_tostring(L, -1)) != 0) luaL_error(L, "not enough memory");
  lua_pop(L, 2);
}

/* False: it has said why it cannot be. */
static bool put_up_wall(const struct run *run) {
  struct ta_gate *gate = run->options.session.gate;
  const char *script = run->options.script.name;
  int error = gate ? ta_wall_put_up(gate, script) : 0;
  if (error < 0)
    ta_report("cannot have the kernel guard what is not allowed: %s", strerror(-error));
  return error >= 0;
}

/* ----------------------------------------------------------------- the script */

/* Tells why it could not start: the error object is on top. */
static void report_start(void *data, lua_State *L) {
  struct run *run = data;
  size_t length;
  const char *message = lua_tolstring(L, -1, &length);
  if (!message) {
    ta_report("(error object is a %s value)", luaL_typename(L, -1));
    return;
  }
  ta_report("%s", message);
  ta_report_hint(ta_hint(&run->hints, message, length, ""));
}

static void on_opened(void *data, lua_State *L) {
  allow_modules(data, L);
  allow_neighbours(data, L);
}

static bool prepare(void *data, lua_State *L) {
  if (!open_trace(data)) return false;
  allow_modules(data, L); /* which LUA_INIT may have changed */
  return put_up_wall(data);
}

/* Runs the script of parsed options. */
static int run_session(void *data) {
  struct run *run = data;
  const struct ta_session_hooks hooks = {
      .failed = on_failed, .flush = on_flush, .closing = on_closing, .data = run};
  const struct ta_play play = {.program = run->program,
                               .script = &run->options.script,
                               .opened = on_opened,
                               .prepare = prepare,
                               .refused = report_start,
                               .data = run};
  run->hints.script = &run->options.script;
  int status = ta_play(&run->session, &run->options.session, &hooks, &play);
  ta_hints_close(&run->hints);
  if (status < 0) ta_signals_die(-status);
  return status;
}

/* What to run: -e's code, or the first word that is no option. */
static bool take_script(struct ta_options *options) {
  struct ta_script *script = &options->script;
  char **words = options->words;
  if (!script->code && !*words)
    return ta_options_complain(options,
                               "expected a script's name, '-' for standard input, or -e CODE");
  if (!script->code) script->name = *words++;
  script->arguments = words;
  return true;
}

int ta_run_command(const struct ta_call *call) {
  struct run run = {.program = call->program};
  return ta_command_do(call, &run.options, take_script, run_session, &run);
}
