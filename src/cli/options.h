/* SPDX-License-Identifier: MIT
 *
 * options.h -- the command line of `tinyasync run`, from one table.
 *
 * The same table gives the parser its options and `help run` its text.
 */
#ifndef TA_CLI_OPTIONS_H
#define TA_CLI_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ta_options {
  bool short_form;    /* without the word `run` */
  const char *script; /* a file's name, "-" for standard input, NULL with -e */
  char *code;         /* what -e gave, or NULL; malloc'ed */
  char *input;        /* the script that standard input held, or NULL; malloc'ed */
  char **arguments;   /* the script's, up to a NULL */
  bool trace;
  const char *trace_file; /* NULL: standard error */
  bool virtual_time;
  bool traceback;
  bool stop_on_error;
  double timeout; /* seconds; HUGE_VAL: none */
  double grace;   /* seconds for clean-up */
  bool has_seed;
  int64_t seed;
  bool help;
};

/* Reads the arguments after argv[0], which is `run`, or in the short form the
 * program.  False: one line has been written to stderr. */
bool ta_options_parse(struct ta_options *options, int argc, char **argv);

void ta_options_free(struct ta_options *options);

/* Writes the options, a line or two each. */
void ta_options_describe(FILE *out);

/* The one of `count` names that is nearest to `word`, or NULL when none is near: a
 * third of its letters may be wrong, at least one. */
const char *ta_nearest(const char *word, const char *const *names, size_t count);

#endif
