/* SPDX-License-Identifier: MIT
 *
 * main.c -- the program's commands, and which of them is meant.
 */
#include <errno.h>
#include <limits.h>
#include <lua.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "cli/command.h"
#include "cli/completion.h"
#include "io/nearest.h"
#include "cli/report.h"
#include "cli/run.h"
#include "cli/shutdown.h"
#include "host/guardian.h"
#include "host/signals.h"
#include "host/stdio.h"

#define KEPT_MEMORY (64 << 20)  /* bytes */
#define MAPPED_MEMORY (1 << 20) /* bytes: bigger blocks are given back at once */

#ifndef TA_VERSION
#error "TA_VERSION is set by the Makefile"
#endif

static int run_help(const struct ta_call *call);
static int run_version(const struct ta_call *call);

/* In the order in which help shows them; the first may be left out. */
static const struct ta_command commands[] = {
    {"run", 0, "[options] SCRIPT|-|-e CODE [arguments...]",
     "run a task script; 'run' may be\nleft out", TA_RUN_OPTIONS, ta_run_command},
    {"completion", 0, "[options] SCRIPT", "print what a shell needs to offer\na script's options",
     TA_COMPLETION_OPTIONS, ta_completion_command},
    {"help", 'h', "[COMMAND]", "say how to use a command", 0, run_help},
    {"version", 'v', "", "name the versions in use", 0, run_version},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* -------------------------------------------------------------------- usage */

#define LEFT 50 /* columns before a summary */

static void print_summary(FILE *out, const struct ta_command *command) {
  const char *line = command->summary, *end = strchr(line, '\n');
  fprintf(out, "  %s %-*s", command->name, LEFT - 3 - (int)strlen(command->name),
          command->operands);
  for (; end; line = end + 1, end = strchr(line, '\n'))
    fprintf(out, "%.*s\n%*s", (int)(end - line), line, LEFT, "");
  fprintf(out, "%s\n", line);
}

static int print_usage(FILE *out) {
  fputs("Usage: tinyasync COMMAND ...\n\n", out);
  for (size_t i = 0; i < COMMAND_COUNT; i++) print_summary(out, &commands[i]);
  fputs("\n"
        "A script is ordinary Lua 5.4 in which any function may sleep(), and\n"
        "spawn(fn, ...) runs functions side by side.  See tinyasync(1).\n",
        out);
  return out == stdout ? 0 : TA_EXIT_CANNOT_START;
}

/* ----------------------------------------------------------- which command */

static const struct ta_command *find_command(const char *word) {
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (strcmp(word, commands[i].name) == 0) return &commands[i];
  return NULL;
}

/* Also as an option, such as -h or --help. */
static const struct ta_command *find_option(const char *word) {
  if (word[0] != '-' || word[1] == '\0') return NULL;
  const struct ta_command *command = word[1] == '-' ? find_command(word + 2) : NULL;
  if (command && command->letter) return command;
  for (size_t i = 0; i < COMMAND_COUNT; i++)
    if (word[1] == commands[i].letter && word[2] == '\0') return &commands[i];
  return NULL;
}

/* Is there a file of this name with ".lua" after it? */
static bool lacks_its_ending(const char *word) {
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s.lua", word);
  return *word && length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

static const char *nearest_command(const char *word) {
  const char *names[COMMAND_COUNT];
  for (size_t i = 0; i < COMMAND_COUNT; i++) names[i] = commands[i].name;
  return ta_nearest(word, names, COMMAND_COUNT);
}

static int refuse_command(const char *word, bool may_be_script) {
  const char *nearest = nearest_command(word);
  if (may_be_script && lacks_its_ending(word))
    ta_report("unknown command '%s', did you mean '%s.lua'?", word, word);
  else if (nearest)
    ta_report("unknown command '%s', did you mean '%s'?", word, nearest);
  else
    ta_report("unknown command '%s'%s (see 'tinyasync help')", word,
              may_be_script ? ", and no script of that name" : "");
  return TA_EXIT_CANNOT_START;
}

/* Is the first word, which is no command, what `run` would be given?  A word that
 * can only be meant as a file's name is one, so that `run` says what is wrong. */
static bool begins_a_run(const char *word) {
  return *word == '-' || strpbrk(word, "./") || access(word, F_OK) == 0;
}

static int call(const struct ta_command *command, const char *program, int argc, char **argv) {
  const struct ta_call call = {.command = command,
                               .program = program,
                               .argc = argc,
                               .argv = argv,
                               .short_form = argv[0] == program};
  return command->run(&call);
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) return print_usage(stderr);
  const struct ta_command *command = find_command(argv[1]);
  if (!command) command = find_option(argv[1]);
  if (command) return call(command, argv[0], argc - 1, argv + 1);
  if (begins_a_run(argv[1])) return call(&commands[0], argv[0], argc, argv);
  return refuse_command(argv[1], true);
}

/* ----------------------------------------------------------- small commands */

/* The command has all it takes, and there is one word more. */
static int refuse_operand(const struct ta_call *call, const char *word) {
  const char *name = call->command->name;
  ta_report("%s: unexpected '%s' (see 'tinyasync help %s')", name, word, name);
  return TA_EXIT_CANNOT_START;
}

static int run_help(const struct ta_call *call) {
  if (call->argc > 2) return refuse_operand(call, call->argv[2]);
  if (call->argc < 2) return print_usage(stdout);
  const struct ta_command *command = find_command(call->argv[1]);
  if (!command) return refuse_command(call->argv[1], false);
  ta_command_describe(command);
  return 0;
}

static int run_version(const struct ta_call *call) {
  if (call->argc > 1) return refuse_operand(call, call->argv[1]);
  printf("tinyasync %s\n%s\n", TA_VERSION, LUA_RELEASE);
  return 0;
}

/* Tasks come and go in waves: memory that was just given back is asked for again,
 * and costs a page fault each time if the system has taken it. */
static void keep_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
  mallopt(M_MMAP_THRESHOLD, MAPPED_MEMORY);
#endif
}

int main(int argc, char **argv) {
  if (ta_guardian_is_meant(argc, argv)) return ta_guardian_be();
  ta_signals_quieten();
  keep_memory();
  ta_stdio_open();
  int status = dispatch(argc, argv);
  int error = ta_stdio_flush();
  if (error && error != -EPIPE && status == 0) {
    ta_report("cannot write to standard output: %s", strerror(-error));
    status = TA_EXIT_REPORTED;
  }
  return status;
}
