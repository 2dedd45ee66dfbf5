/* SPDX-License-Identifier: MIT
 *
 * main.c -- the program's commands.
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

#include "cli/options.h"
#include "cli/report.h"
#include "cli/run.h"
#include "host/signals.h"
#include "host/stdio.h"

#define KEPT_MEMORY (64 << 20)  /* bytes */
#define MAPPED_MEMORY (1 << 20) /* bytes: bigger blocks are given back at once */

#ifndef TA_VERSION
#error "TA_VERSION is set by the Makefile"
#endif

static const char *const commands[] = {"run", "help", "version"};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static int print_usage(FILE *out) {
  fputs("Usage: tinyasync COMMAND ...\n"
        "\n"
        "  run [options] SCRIPT|-|-e CODE [arguments...]   run a task script; 'run' may be\n"
        "                                                  left out\n"
        "  help [COMMAND]                                  say how to use a command\n"
        "  version                                         name the versions in use\n"
        "\n"
        "A script is ordinary Lua 5.4 in which any function may sleep(), and\n"
        "spawn(fn, ...) runs functions side by side.  See tinyasync(1).\n",
        out);
  return out == stdout ? 0 : TA_EXIT_CANNOT_START;
}

static int print_version(void) {
  printf("tinyasync %s\n%s\n", TA_VERSION, LUA_RELEASE);
  return 0;
}

/* Is there a file of this name with ".lua" after it? */
static bool lacks_its_ending(const char *word) {
  char path[PATH_MAX];
  int length = snprintf(path, sizeof path, "%s.lua", word);
  return *word && length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

static int refuse_command(const char *word, bool may_be_script) {
  const char *nearest = ta_nearest(word, commands, COMMAND_COUNT);
  if (may_be_script && lacks_its_ending(word))
    ta_report("unknown command '%s', did you mean '%s.lua'?", word, word);
  else if (nearest)
    ta_report("unknown command '%s', did you mean '%s'?", word, nearest);
  else
    ta_report("unknown command '%s'%s (see 'tinyasync help')", word,
              may_be_script ? ", and no script of that name" : "");
  return TA_EXIT_CANNOT_START;
}

static int print_help(const char *program, const char *command) {
  if (!command) return print_usage(stdout);
  if (strcmp(command, "run") == 0) {
    char *arguments[] = {"run", "--help", NULL};
    return ta_run_command(program, 2, arguments);
  }
  if (strcmp(command, "help") == 0) {
    puts("Usage: tinyasync help [COMMAND]");
    return 0;
  }
  if (strcmp(command, "version") == 0) {
    puts("Usage: tinyasync version");
    return 0;
  }
  return refuse_command(command, false);
}

/* The command has all it takes, and there is one word more. */
static int refuse_operand(const char *command, const char *word) {
  ta_report("%s: unexpected '%s' (see 'tinyasync help %s')", command, word, command);
  return TA_EXIT_CANNOT_START;
}

/* `words` are those after the command. */
static int run_help(const char *program, char **words) {
  if (words[0] && words[1]) return refuse_operand("help", words[1]);
  return print_help(program, words[0]);
}

static int run_version(char **words) {
  return words[0] ? refuse_operand("version", words[0]) : print_version();
}

static bool is_one_of(const char *word, const char *command, const char *option, char letter) {
  if (word[0] == '-' && word[1] == letter && word[2] == '\0') return true;
  return strcmp(word, command) == 0 || strcmp(word, option) == 0;
}

/* Is the first word, which is no command, what `run` would be given?  A word that
 * can only be meant as a file's name is one, so that `run` says what is wrong. */
static bool begins_a_run(const char *word) {
  return *word == '-' || strpbrk(word, "./") || access(word, F_OK) == 0;
}

static int run_command(int argc, char **argv) {
  const char *program = argc > 0 ? argv[0] : "tinyasync";
  const char *command = argc > 1 ? argv[1] : NULL;
  if (!command) return print_usage(stderr);
  if (strcmp(command, "run") == 0) return ta_run_command(program, argc - 1, argv + 1);
  if (is_one_of(command, "help", "--help", 'h')) return run_help(program, argv + 2);
  if (is_one_of(command, "version", "--version", 'v')) return run_version(argv + 2);
  if (begins_a_run(command)) return ta_run_command(program, argc, argv);
  return refuse_command(command, true);
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
  ta_signals_quieten();
  keep_memory();
  ta_stdio_open();
  int status = run_command(argc, argv);
  int error = ta_stdio_flush();
  if (error && error != -EPIPE && status == 0) {
    ta_report("cannot write to standard output: %s", strerror(-error));
    status = TA_EXIT_REPORTED;
  }
  return status;
}
