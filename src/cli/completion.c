/* SPDX-License-Identifier: MIT */
#include "cli/completion.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/drive.h"
#include "cli/report.h"
#include "cli/session.h"
#include "host/signals.h"
#include "kit/kit.h"

/* The script may do something else before it comes to async.args(), and the shell waits. */
#define LONGEST 5.0 /* seconds */
#define GRACE 1.0

struct completion {
  struct ta_options options;
  const char *program;
  struct ta_session session;
  struct ta_completion wanted;
};

static void on_failed(void *data, const struct ta_failure *failure) {
  (void)data;
  ta_report_failure(failure, NULL, true);
}

/* ----------------------------------------------------------------- the script */

/* Is the word anywhere in the file, also across two pieces? */
static bool has_word(FILE *file, const char *word) {
  char text[4096];
  size_t length = strlen(word), kept = 0, size;
  while ((size = fread(text + kept, 1, sizeof text - kept, file)) > 0) {
    size += kept;
    if (memmem(text, size, word, length)) return true;
    kept = size < length - 1 ? size : length - 1;
    memmove(text, text + size - kept, kept);
  }
  return false;
}

/* A script that never comes to async.args() would be run as a whole.  What is no regular file can
 * be read but once, and whoever loads it says why not. */
static bool mentions_args(const char *name) {
  struct stat about;
  FILE *file = stat(name, &about) == 0 && S_ISREG(about.st_mode) ? fopen(name, "r") : NULL;
  if (!file) return true;
  bool found = has_word(file, "args") || ferror(file);
  fclose(file);
  return found;
}

static bool prepare(void *data, lua_State *L) {
  struct completion *completion = data;
  ta_kit_complete(L, &completion->wanted);
  return true;
}

static void report_start(void *data, lua_State *L) {
  (void)data;
  ta_report("%s", luaL_tolstring(L, -1, NULL));
}

static int run_session(struct completion *completion) {
  const struct ta_session_hooks hooks = {.failed = on_failed, .data = completion};
  const struct ta_play play = {.program = completion->program,
                               .script = &completion->options.script,
                               .prepare = prepare,
                               .refused = report_start,
                               .data = completion};
  int status = ta_play(&completion->session, &completion->options.session, &hooks, &play);
  if (status < 0) ta_signals_die(-status);
  return status;
}

/* -------------------------------------------------------------------- the rest */

/* What comes of it in the end, after the script's own end with this status. */
static int conclude(const struct completion *completion, int status) {
  const struct ta_completion *wanted = &completion->wanted;
  if (wanted->error) {
    ta_report("cannot write to standard output: %s", strerror(wanted->error));
    return TA_EXIT_REPORTED;
  }
  if (wanted->given) return status;
  if (status == TA_EXIT_TIMEOUT)
    ta_report("%s has not called async.args() in %g seconds", completion->options.script.name,
              completion->options.session.timeout);
  if (status != 0) return status;
  ta_report("%s has not called async.args()", completion->options.script.name);
  return TA_EXIT_REPORTED;
}

/* Standard output is kept apart, and is standard error from here on.  NULL: it has said why. */
static FILE *take_output(void) {
  int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
  if (out && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) return out;
  ta_report("cannot write to standard output: %s", strerror(errno));
  if (out) fclose(out);
  if (!out && fd >= 0) close(fd);
  return NULL;
}

static int complete(void *data) {
  struct completion *completion = data;
  if (!mentions_args(completion->options.script.name)) {
    ta_report("%s does not call async.args(), and was not run", completion->options.script.name);
    return TA_EXIT_REPORTED;
  }
  completion->options.session.timeout = LONGEST;
  completion->options.session.grace = GRACE;
  completion->wanted.shell = completion->options.shell;
  completion->wanted.out = take_output();
  if (!completion->wanted.out) return TA_EXIT_CANNOT_START;
  int status = conclude(completion, run_session(completion));
  fclose(completion->wanted.out); /* it was flushed */
  return status;
}

/* The shell in use, where none was named. */
static bool choose_shell(struct ta_options *options) {
  const char *path = getenv("SHELL");
  const char *slash = path ? strrchr(path, '/') : NULL;
  const char *name = slash ? slash + 1 : path;
  if (options->shell) return true;
  options->shell = name;
  if (name && (strcmp(name, "bash") == 0 || strcmp(name, "zsh") == 0 || strcmp(name, "fish") == 0))
    return true;
  return ta_options_complain(options, "expected --shell=bash, zsh or fish");
}

static bool take_script(struct ta_options *options) {
  static char *no_arguments[] = {NULL};
  char **words = options->words;
  if (!words[0]) return ta_options_complain(options, "expected a script's name");
  if (words[1]) return ta_options_complain(options, "unexpected '%s'", words[1]);
  options->script.name = words[0];
  options->script.arguments = no_arguments;
  return choose_shell(options);
}

int ta_completion_command(const struct ta_call *call) {
  struct completion completion = {.program = call->program};
  return ta_command_do(call, &completion.options, take_script, complete, &completion);
}
