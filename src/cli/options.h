/* SPDX-License-Identifier: MIT
 *
 * options.h -- the options of all commands, from one table.
 *
 * They come in groups, and a command takes some of these.  The same table gives the
 * parser its options and help its text.
 */
#ifndef TA_CLI_OPTIONS_H
#define TA_CLI_OPTIONS_H

#include <stdbool.h>

#include "cli/script.h"
#include "cli/session.h"

enum ta_option_group {
  TA_OPTIONS_TRACE = 1,
  TA_OPTIONS_SESSION = 2,  /* how time goes, when it ends, in what order */
  TA_OPTIONS_FAILURES = 4, /* what to do about them */
  TA_OPTIONS_CODE = 8,
  TA_OPTIONS_HELP = 16,
  TA_OPTIONS_COMMANDS = 32, /* that the script runs */
  TA_OPTIONS_SHELL = 64,    /* and words may stand between these options */
  TA_OPTIONS_GATES = 128    /* what the script may reach */
};

struct ta_options {
  const char *command;
  unsigned groups; /* that it takes */
  char **words;    /* after the options, up to a NULL */
  struct ta_session_settings session;
  struct ta_script script; /* of which there is only the code so far */
  bool trace;
  const char *trace_file; /* NULL: standard error */
  bool traceback;
  bool stop_on_error;
  const char *shell; /* NULL: whichever is in use */
  bool help;
};

/* Reads the arguments after argv[0] for the command, which takes options of these groups.
 * False: one line has been written to stderr. */
bool ta_options_parse(struct ta_options *options, const char *command, unsigned groups, int argc,
                      char **argv);

void ta_options_free(struct ta_options *options);

/* Says in one line what is wrong with the command line.  Gives false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool ta_options_complain(const struct ta_options *options, const char *format, ...);

/* Prints the options of these groups, a line or two each. */
void ta_options_describe(unsigned groups);

#endif
