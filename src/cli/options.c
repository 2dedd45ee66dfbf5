/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

#define DEFAULT_GRACE 5 /* seconds */

/* What parses an option's value.  False: it has said why not. */
typedef bool parse_fn(struct ta_options *options, const char *value);

struct option_row {
  const char *name;
  char letter;       /* its short form, or 0; without a name it has only that */
  int takes;         /* a value: no_argument, required_ or optional_argument */
  const char *value; /* how help shows it */
  const char *help;
  parse_fn *parse;
};

static bool complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  ta_report_with("tinyasync run: ", format, arguments, " (see 'tinyasync help run')");
  va_end(arguments);
  return false;
}

/* ------------------------------------------------------------------ values */

static bool parse_trace(struct ta_options *options, const char *value) {
  options->trace = true;
  options->trace_file = NULL;
  if (!value || strcmp(value, "text") == 0) return true;
  if (strncmp(value, "text:", 5) != 0 || value[5] == '\0')
    return complain("--trace: expected text or text:FILE, got '%s'", value);
  options->trace_file = value + 5;
  return true;
}

static bool parse_virtual_time(struct ta_options *options, const char *value) {
  (void)value;
  return options->virtual_time = true;
}

static bool parse_choice(const char *name, const char *value, const char *yes, const char *no,
                         bool *choice) {
  *choice = strcmp(value, yes) == 0;
  if (*choice || strcmp(value, no) == 0) return true;
  return complain("--%s: expected %s or %s, got '%s'", name, yes, no, value);
}

static bool parse_traceback(struct ta_options *options, const char *value) {
  return parse_choice("traceback", value, "on", "off", &options->traceback);
}

static bool parse_on_error(struct ta_options *options, const char *value) {
  return parse_choice("on-error", value, "stop", "continue", &options->stop_on_error);
}

static bool parse_seconds(const char *name, const char *value, double *seconds) {
  char *end;
  *seconds = strtod(value, &end);
  if (end != value && *end == '\0' && *seconds >= 0) return true; /* not so for NaN */
  return complain("--%s: expected a number of seconds, got '%s'", name, value);
}

static bool parse_timeout(struct ta_options *options, const char *value) {
  return parse_seconds("timeout", value, &options->timeout);
}

static bool parse_grace(struct ta_options *options, const char *value) {
  return parse_seconds("grace", value, &options->grace);
}

static bool parse_seed(struct ta_options *options, const char *value) {
  char *end;
  errno = 0;
  options->seed = strtoll(value, &end, 10);
  options->has_seed = true;
  if (end != value && *end == '\0' && errno == 0) return true;
  return complain("--seed: expected a whole number, got '%s'", value);
}

/* Several -e make one chunk, a line each. */
static bool parse_code(struct ta_options *options, const char *value) {
  size_t old = options->code ? strlen(options->code) + 1 : 0;
  char *code = realloc(options->code, old + strlen(value) + 1);
  if (!code) return complain("not enough memory");
  if (old) code[old - 1] = '\n';
  strcpy(code + old, value);
  options->code = code;
  return true;
}

static bool parse_help(struct ta_options *options, const char *value) {
  (void)value;
  return options->help = true;
}

static const struct option_row rows[] = {
    {"trace", 0, optional_argument, "[=text[:FILE]]",
     "log every step of every task, on standard error or in FILE", parse_trace},
    {"virtual-time", 0, no_argument, "",
     "do not wait: jump to the next deadline when all tasks sleep", parse_virtual_time},
    {"timeout", 0, required_argument, "=SECONDS",
     "cancel everything after SECONDS; exit status 124", parse_timeout},
    {"grace", 0, required_argument, "=SECONDS",
     "how long clean-up may take when everything is cancelled (5)", parse_grace},
    {"on-error", 0, required_argument, "=continue|stop",
     "when a task fails, let the others go on (the default) or stop", parse_on_error},
    {"traceback", 0, required_argument, "=on|off",
     "show where a failed task was, and where it was spawned (on)", parse_traceback},
    {"seed", 0, required_argument, "=N",
     "step runnable tasks in another order, the same one for the same N", parse_seed},
    {NULL, 'e', required_argument, " CODE", "run CODE instead of a script", parse_code},
    {"help", 'h', no_argument, "", "show this", parse_help},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)
#define FIRST_LONG 256 /* what getopt_long returns for rows[0] */

void ta_options_describe(FILE *out) {
  for (size_t i = 0; i < ROW_COUNT; i++) {
    char left[64];
    if (rows[i].name && rows[i].letter)
      snprintf(left, sizeof left, "-%c, --%s", rows[i].letter, rows[i].name);
    else if (rows[i].name)
      snprintf(left, sizeof left, "--%s%s", rows[i].name, rows[i].value);
    else
      snprintf(left, sizeof left, "-%c%s", rows[i].letter, rows[i].value);
    fprintf(out, "  %-26s %s\n", left, rows[i].help);
  }
}

/* ----------------------------------------------------------------- nearest */

#define WORD_LIMIT 64 /* longer ones are like nothing else */

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* How many letters must be added, left out, replaced, or swapped with the next one
 * to make one word of the other. */
static size_t distance(const char *a, const char *b) {
  size_t lines[3][WORD_LIMIT];
  size_t height = strlen(a), width = strlen(b);
  if (width >= WORD_LIMIT || height >= WORD_LIMIT) return SIZE_MAX;
  for (size_t j = 0; j <= width; j++) lines[0][j] = j;
  for (size_t i = 1; i <= height; i++) {
    size_t *row = lines[i % 3], *above = lines[(i - 1) % 3], *two_above = lines[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= width; j++) {
      row[j] = smallest(above[j - 1] + (a[i - 1] != b[j - 1]), above[j] + 1, row[j - 1] + 1);
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped && two_above[j - 2] + 1 < row[j]) row[j] = two_above[j - 2] + 1;
    }
  }
  return lines[height % 3][width];
}

const char *ta_nearest(const char *word, const char *const *names, size_t count) {
  const char *best = NULL;
  size_t least = strlen(word) / 3;
  if (least == 0) least = 1;
  for (size_t i = 0; i < count; i++) {
    size_t changes = distance(word, names[i]);
    if (changes > least || (best && changes == least)) continue;
    least = changes;
    best = names[i];
  }
  return best;
}

static bool complain_unknown(const char *word) {
  const char *names[ROW_COUNT];
  size_t count = 0;
  char bare[64];
  if (strncmp(word, "--", 2) != 0) return complain("unknown option '%s'", word);
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word + 2, "="), word + 2);
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].name) names[count++] = rows[i].name;
  const char *nearest = ta_nearest(bare, names, count);
  if (nearest) return complain("unknown option '--%s', did you mean '--%s'?", bare, nearest);
  return complain("unknown option '--%s'", bare);
}

/* ----------------------------------------------------------------- parsing */

static void make_getopt_tables(struct option *longs, char *shorts) {
  *shorts++ = '+'; /* the first word that is no option ends them */
  *shorts++ = ':'; /* a missing value is told apart */
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (rows[i].letter) *shorts++ = rows[i].letter;
    if (rows[i].letter && rows[i].takes == required_argument) *shorts++ = ':';
    if (!rows[i].name) continue;
    *longs++ =
        (struct option){.name = rows[i].name, .has_arg = rows[i].takes, .val = FIRST_LONG + (int)i};
  }
  *shorts = '\0';
  *longs = (struct option){0};
}

static const struct option_row *find_row(int value) {
  if (value >= FIRST_LONG) return &rows[value - FIRST_LONG];
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].letter == value) return &rows[i];
  return NULL;
}

/* getopt refused a word: it was unknown, or wants a value, or wants none. */
static bool complain_refused(int value, char **argv) {
  const struct option_row *row = optopt ? find_row(optopt) : NULL;
  const char *word = argv[optind - 1];
  char short_form[3] = {'-', (char)optopt, '\0'};
  if (value == ':' && row && !row->name)
    return complain("-%c: expected%s", row->letter, row->value);
  if (value == ':' && row) return complain("--%s: expected a value", row->name);
  if (row && row->name) return complain("--%s takes no value", row->name);
  return complain_unknown(strncmp(word, "--", 2) == 0 ? word : short_form);
}

/* What to run: -e's code, or the first word that is no option. */
static bool take_script(struct ta_options *options, char **rest) {
  if (options->help) return true;
  if (!options->code && !*rest)
    return complain("expected a script's name, '-' for standard input, or -e CODE");
  if (!options->code) options->script = *rest++;
  options->arguments = rest;
  return true;
}

bool ta_options_parse(struct ta_options *options, int argc, char **argv) {
  struct option longs[ROW_COUNT + 1];
  char shorts[2 * ROW_COUNT + 3];
  int value;
  *options = (struct ta_options){.traceback = true, .timeout = HUGE_VAL, .grace = DEFAULT_GRACE};
  make_getopt_tables(longs, shorts);
  opterr = 0;
  while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    if (value == '?' || value == ':') return complain_refused(value, argv);
    if (!find_row(value)->parse(options, optarg)) return false;
  }
  return take_script(options, argv + optind);
}

void ta_options_free(struct ta_options *options) {
  free(options->code);
  free(options->input);
  options->code = options->input = NULL;
}
