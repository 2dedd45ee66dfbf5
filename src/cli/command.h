/* SPDX-License-Identifier: MIT
 *
 * command.h -- what a command of the program is.
 *
 * main.c has the table of them, a row each: it is all that usage, help, the choice of the
 * command and the suggestions for a wrong one go by.
 */
#ifndef TA_CLI_COMMAND_H
#define TA_CLI_COMMAND_H

#include <stdbool.h>

struct ta_command;
struct ta_options;

/* How a command was called. */
struct ta_call {
  const struct ta_command *command;
  const char *program;
  int argc;
  char **argv;     /* the command's own word, those after it, and a NULL */
  bool short_form; /* its own word was left out: argv[0] is the program */
};

struct ta_command {
  const char *name;
  char letter;                            /* -h and --help are `help`; 0: it has no such forms */
  const char *operands;                   /* how usage shows them, or "" */
  const char *summary;                    /* may have a second line */
  unsigned options;                       /* the groups that it takes; 0: it takes none */
  int (*run)(const struct ta_call *call); /* gives the exit status */
};

/* Prints how the command is used. */
void ta_command_describe(const struct ta_command *command);

/* Reads the options, which are freed afterwards, and does what the command is for: `take` looks at
 * the words that are left, and false says that it has complained; `act` gives the exit status. */
int ta_command_do(const struct ta_call *call, struct ta_options *options,
                  bool (*take)(struct ta_options *options), int (*act)(void *data), void *data);

#endif
