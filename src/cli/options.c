/* SPDX-License-Identifier: MIT */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/nearest.h"
#include "cli/report.h"

#define DEFAULT_GRACE 5 /* seconds */
#define DEFAULT_SLOW 1  /* likewise */

/* What parses an option's value.  False: it has said why not. */
typedef bool parse_fn(struct ta_options *options, const char *value);

struct option_row {
  enum ta_option_group group;
  const char *name;
  char letter;       /* its short form, or 0; without a name it has only that */
  int takes;         /* a value: no_argument, required_ or optional_argument */
  const char *value; /* how help shows it */
  const char *help;
  parse_fn *parse;
};

bool ta_options_complain(const struct ta_options *options, const char *format, ...) {
  char before[64], after[64];
  va_list arguments;
  snprintf(before, sizeof before, "tinyasync %s: ", options->command);
  snprintf(after, sizeof after, " (see 'tinyasync help %s')", options->command);
  va_start(arguments, format);
  ta_report_with(before, format, arguments, after);
  va_end(arguments);
  return false;
}

/* ------------------------------------------------------------------ values */

static bool parse_trace(struct ta_options *options, const char *value) {
  options->trace = true;
  options->trace_file = NULL;
  if (!value || strcmp(value, "text") == 0) return true;
  if (strncmp(value, "text:", 5) != 0 || value[5] == '\0')
    return ta_options_complain(options, "--trace: expected text or text:FILE, got '%s'", value);
  options->trace_file = value + 5;
  return true;
}

static bool parse_virtual_time(struct ta_options *options, const char *value) {
  (void)value;
  return options->session.virtual_time = true;
}

static bool parse_choice(const struct ta_options *options, const char *name, const char *value,
                         const char *yes, const char *no, bool *choice) {
  *choice = strcmp(value, yes) == 0;
  if (*choice || strcmp(value, no) == 0) return true;
  return ta_options_complain(options, "--%s: expected %s or %s, got '%s'", name, yes, no, value);
}

static bool parse_traceback(struct ta_options *options, const char *value) {
  return parse_choice(options, "traceback", value, "on", "off", &options->traceback);
}

static bool parse_on_error(struct ta_options *options, const char *value) {
  return parse_choice(options, "on-error", value, "stop", "continue", &options->stop_on_error);
}

static bool parse_seconds(const struct ta_options *options, const char *name, const char *value,
                          double *seconds) {
  char *end;
  *seconds = strtod(value, &end);
  if (end != value && *end == '\0' && *seconds >= 0) return true; /* not so for NaN */
  return ta_options_complain(options, "--%s: expected a number of seconds, got '%s'", name, value);
}

static bool parse_timeout(struct ta_options *options, const char *value) {
  return parse_seconds(options, "timeout", value, &options->session.timeout);
}

static bool parse_grace(struct ta_options *options, const char *value) {
  return parse_seconds(options, "grace", value, &options->session.grace);
}

/* Nothing ends in no time. */
static bool parse_span(const struct ta_options *options, const char *name, const char *value,
                       double *seconds) {
  if (!parse_seconds(options, name, value, seconds)) return false;
  if (*seconds > 0) return true;
  return ta_options_complain(options, "--%s: expected more than 0 seconds, got '%s'", name, value);
}

static bool parse_max_step(struct ta_options *options, const char *value) {
  return parse_span(options, "max-step", value, &options->session.longest_step);
}

static bool parse_warn_slow(struct ta_options *options, const char *value) {
  options->session.slow = DEFAULT_SLOW;
  return !value || parse_span(options, "warn-slow", value, &options->session.slow);
}

/* What a size is counted in; 0: there is no such unit. */
static double unit_of(const char *letters) {
  static const char order[] = "KMGT";
  if (*letters == '\0') return 1;
  const char *found = strchr(order, *letters >= 'a' ? *letters - 'a' + 'A' : *letters);
  const char *rest = letters + 1;
  if (!found || !*found || (*rest && strcmp(rest, "iB") != 0 && strcmp(rest, "B") != 0)) return 0;
  return ldexp(1, 10 * (int)(found - order + 1));
}

/* "64M", "1.5G" or bytes; the units are powers of 1024. */
static bool parse_max_memory(struct ta_options *options, const char *value) {
  char *end;
  bool begins = *value >= '0' && *value <= '9';
  double bytes = strtod(value, &end) * unit_of(end);
  if (begins && bytes >= 1 && bytes < ldexp(1, 62)) {
    options->session.memory = (size_t)bytes;
    return true;
  }
  return ta_options_complain(options, "--max-memory: expected a size, as in 64M or 1.5G, got '%s'",
                             value);
}

static bool parse_seed(struct ta_options *options, const char *value) {
  char *end;
  errno = 0;
  options->session.seed = strtoll(value, &end, 10);
  options->session.has_seed = true;
  if (end != value && *end == '\0' && errno == 0) return true;
  return ta_options_complain(options, "--seed: expected a whole number, got '%s'", value);
}

/* Several -e make one chunk, a line each. */
static bool parse_code(struct ta_options *options, const char *value) {
  char **all = &options->script.code;
  size_t old = *all ? strlen(*all) + 1 : 0;
  char *code = realloc(*all, old + strlen(value) + 1);
  if (!code) return ta_options_complain(options, "not enough memory");
  if (old) code[old - 1] = '\n';
  strcpy(code + old, value);
  *all = code;
  return true;
}

static bool parse_output(struct ta_options *options, const char *value) {
  bool raw = strcmp(value, "raw") == 0;
  options->session.output = raw ? NULL : value;
  if (raw || strcmp(value, "lines") == 0 || strcmp(value, "group") == 0) return true;
  return ta_options_complain(options, "--output: expected raw, lines or group, got '%s'", value);
}

static bool parse_print_commands(struct ta_options *options, const char *value) {
  (void)value;
  return options->session.prints_commands = true;
}

/* ------------------------------------------------------------------- gates */

/* What each kind's list is made of. */
static const char *const words_of[] = {[TA_GATE_READ] = "a path",
                                       [TA_GATE_WRITE] = "a path",
                                       [TA_GATE_RUN] = "a command's name or path",
                                       [TA_GATE_NET] = "host or host:port"};

static bool check_list(const struct ta_options *options, const char *name, enum ta_gate_kind kind,
                       int error, const char *wrong, int length) {
  if (!error) return true;
  if (error == -ENOMEM) return ta_options_complain(options, "not enough memory");
  return ta_options_complain(options, "--%s: expected %s, got '%.*s'", name, words_of[kind], length,
                             wrong);
}

static struct ta_gate *gate_of(struct ta_options *options) {
  if (!options->session.gate) options->session.gate = ta_gate_new();
  if (!options->session.gate) ta_options_complain(options, "not enough memory");
  return options->session.gate;
}

static bool allow(struct ta_options *options, const char *name, enum ta_gate_kind kind,
                  const char *list) {
  const char *wrong = NULL;
  int length = 0;
  struct ta_gate *gate = gate_of(options);
  if (!gate) return false;
  int error = ta_gate_allow(gate, kind, list, &wrong, &length);
  return check_list(options, name, kind, error, wrong, length);
}

static bool parse_allow_read(struct ta_options *options, const char *value) {
  return allow(options, "allow-read", TA_GATE_READ, value);
}

static bool parse_allow_write(struct ta_options *options, const char *value) {
  return allow(options, "allow-write", TA_GATE_WRITE, value);
}

static bool parse_allow_run(struct ta_options *options, const char *value) {
  return allow(options, "allow-run", TA_GATE_RUN, value);
}

static bool parse_allow_net(struct ta_options *options, const char *value) {
  return allow(options, "allow-net", TA_GATE_NET, value);
}

static bool parse_deny_net(struct ta_options *options, const char *value) {
  const char *wrong = NULL;
  int length = 0;
  struct ta_gate *gate = gate_of(options);
  if (!gate) return false;
  int error = ta_gate_deny_net(gate, value, &wrong, &length);
  return check_list(options, "deny-net", TA_GATE_NET, error, wrong, length);
}

static bool parse_shell(struct ta_options *options, const char *value) {
  options->shell = value;
  if (strcmp(value, "bash") == 0 || strcmp(value, "zsh") == 0 || strcmp(value, "fish") == 0)
    return true;
  return ta_options_complain(options, "--shell: expected bash, zsh or fish, got '%s'", value);
}

static bool parse_help(struct ta_options *options, const char *value) {
  (void)value;
  return options->help = true;
}

/* In the order in which help shows them. */
static const struct option_row rows[] = {
    {TA_OPTIONS_TRACE, "trace", 0, optional_argument, "[=text[:FILE]]",
     "log every step of every task, on standard error or in FILE", parse_trace},
    {TA_OPTIONS_SESSION, "virtual-time", 0, no_argument, "",
     "do not wait: jump to the next deadline when all tasks sleep", parse_virtual_time},
    {TA_OPTIONS_SESSION, "timeout", 0, required_argument, "=SECONDS",
     "cancel everything after SECONDS; exit status 124", parse_timeout},
    {TA_OPTIONS_SESSION, "grace", 0, required_argument, "=SECONDS",
     "how long clean-up may take when everything is cancelled (5)", parse_grace},
    {TA_OPTIONS_SESSION, "max-memory", 0, required_argument, "=SIZE",
     "no more memory for the script than SIZE, as in 64M or 1.5G", parse_max_memory},
    {TA_OPTIONS_SESSION, "max-step", 0, required_argument, "=SECONDS",
     "an error in a task that runs for SECONDS without waiting", parse_max_step},
    {TA_OPTIONS_SESSION, "warn-slow", 0, optional_argument, "[=SECONDS]",
     "name a task that runs for SECONDS (1) without waiting", parse_warn_slow},
    {TA_OPTIONS_FAILURES, "on-error", 0, required_argument, "=continue|stop",
     "when a task fails, let the others go on (the default) or stop", parse_on_error},
    {TA_OPTIONS_FAILURES, "traceback", 0, required_argument, "=on|off",
     "show where a failed task was, and where it was spawned (on)", parse_traceback},
    {TA_OPTIONS_SESSION, "seed", 0, required_argument, "=N",
     "step runnable tasks in another order, the same one for the same N", parse_seed},
    {TA_OPTIONS_COMMANDS, "output", 0, required_argument, "=raw|lines|group",
     "show commands' output as it comes, in whole lines, or at their end", parse_output},
    {TA_OPTIONS_COMMANDS, "print-commands", 'x', no_argument, "", "print each command as it starts",
     parse_print_commands},
    {TA_OPTIONS_GATES, "allow-read", 0, optional_argument, "[=PATH,...]",
     "allow reading files and directories, and nothing that is not allowed", parse_allow_read},
    {TA_OPTIONS_GATES, "allow-write", 0, optional_argument, "[=PATH,...]",
     "the same for writing, making, moving and removing them", parse_allow_write},
    {TA_OPTIONS_GATES, "allow-run", 0, optional_argument, "[=NAME,...]", "the same for commands",
     parse_allow_run},
    {TA_OPTIONS_GATES, "allow-net", 0, optional_argument, "[=HOST,...]",
     "the same for the network: hosts, or HOST:PORT", parse_allow_net},
    {TA_OPTIONS_GATES, "deny-net", 0, optional_argument, "[=HOST,...]",
     "refuse the network, or these of it, and nothing else", parse_deny_net},
    {TA_OPTIONS_CODE, NULL, 'e', required_argument, " CODE", "run CODE instead of a script",
     parse_code},
    {TA_OPTIONS_SHELL, "shell", 0, required_argument, "=bash|zsh|fish",
     "for this shell, instead of the one that $SHELL names", parse_shell},
    {TA_OPTIONS_HELP, "help", 'h', no_argument, "", "show this", parse_help},
};

#define ROW_COUNT (sizeof rows / sizeof *rows)
#define FIRST_LONG 256 /* what getopt_long returns for rows[0] */

static void describe(const struct option_row *row) {
  char left[64];
  if (row->name && row->letter)
    snprintf(left, sizeof left, "-%c, --%s", row->letter, row->name);
  else if (row->name)
    snprintf(left, sizeof left, "--%s%s", row->name, row->value);
  else
    snprintf(left, sizeof left, "-%c%s", row->letter, row->value);
  printf("  %-26s %s\n", left, row->help);
}

void ta_options_describe(unsigned groups) {
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].group & groups) describe(&rows[i]);
}

static bool complain_unknown(const struct ta_options *options, const char *word) {
  const char *names[ROW_COUNT];
  size_t count = 0;
  char bare[64];
  if (strncmp(word, "--", 2) != 0) return ta_options_complain(options, "unknown option '%s'", word);
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word + 2, "="), word + 2);
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].name && rows[i].group & options->groups) names[count++] = rows[i].name;
  const char *nearest = ta_nearest(bare, names, count);
  if (nearest)
    return ta_options_complain(options, "unknown option '--%s', did you mean '--%s'?", bare,
                               nearest);
  return ta_options_complain(options, "unknown option '--%s'", bare);
}

/* ----------------------------------------------------------------- parsing */

static void make_getopt_tables(unsigned groups, struct option *longs, char *shorts) {
  if (!(groups & TA_OPTIONS_SHELL)) *shorts++ = '+'; /* the first word that is none ends them */
  *shorts++ = ':';                                   /* a missing value is told apart */
  for (size_t i = 0; i < ROW_COUNT; i++) {
    if (!(rows[i].group & groups)) continue;
    if (rows[i].letter) *shorts++ = rows[i].letter;
    if (rows[i].letter && rows[i].takes == required_argument) *shorts++ = ':';
    if (!rows[i].name) continue;
    *longs++ =
        (struct option){.name = rows[i].name, .has_arg = rows[i].takes, .val = FIRST_LONG + (int)i};
  }
  *shorts = '\0';
  *longs = (struct option){0};
}

static const struct option_row *find_row(unsigned groups, int value) {
  if (value >= FIRST_LONG) return &rows[value - FIRST_LONG];
  for (size_t i = 0; i < ROW_COUNT; i++)
    if (rows[i].letter == value && rows[i].group & groups) return &rows[i];
  return NULL;
}

/* getopt refused a word: it was unknown, or wants a value, or wants none. */
static bool complain_refused(const struct ta_options *options, int value, char **argv) {
  const struct option_row *row = optopt ? find_row(options->groups, optopt) : NULL;
  const char *word = argv[optind - 1];
  char short_form[3] = {'-', (char)optopt, '\0'};
  if (value == ':' && row && !row->name)
    return ta_options_complain(options, "-%c: expected%s", row->letter, row->value);
  if (value == ':' && row) return ta_options_complain(options, "--%s: expected a value", row->name);
  if (row && row->name) return ta_options_complain(options, "--%s takes no value", row->name);
  return complain_unknown(options, strncmp(word, "--", 2) == 0 ? word : short_form);
}

bool ta_options_parse(struct ta_options *options, const char *command, unsigned groups, int argc,
                      char **argv) {
  struct option longs[ROW_COUNT + 1];
  char shorts[2 * ROW_COUNT + 3];
  int value;
  *options = (struct ta_options){.command = command,
                                 .groups = groups,
                                 .traceback = true,
                                 .session = {.timeout = HUGE_VAL, .grace = DEFAULT_GRACE}};
  make_getopt_tables(groups, longs, shorts);
  opterr = 0;
  while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
    if (value == '?' || value == ':') return complain_refused(options, value, argv);
    if (!find_row(groups, value)->parse(options, optarg)) return false;
  }
  options->words = argv + optind;
  return true;
}

void ta_options_free(struct ta_options *options) {
  ta_script_free(&options->script);
  ta_gate_leave(options->session.gate);
  options->session.gate = NULL;
}
