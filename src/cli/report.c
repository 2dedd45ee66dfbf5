/* SPDX-License-Identifier: MIT */
#include "cli/report.h"

#include <stdarg.h>
#include <stdio.h>

void ta_report(const char *format, ...) {
  va_list arguments;
  fflush(stdout);
  fputs("tinyasync: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
}

static void report_known(const struct ta_failure *failure) {
  fprintf(stderr, " (#%llu %s awaited %s, reported above)\n", (unsigned long long)failure->id,
          failure->name, failure->origin ? failure->origin : "a task");
}

void ta_report_failure(const struct ta_failure *failure, bool traceback) {
  fflush(stdout);
  fputs("Error in task: ", stderr);
  fwrite(failure->message, 1, failure->message_length, stderr);
  if (failure->kind == TA_FAILURE_KNOWN) {
    report_known(failure);
    return;
  }
  fputc('\n', stderr);
  if (!traceback) return;
  if (failure->origin)
    fprintf(stderr, "task %s\n", failure->origin);
  else
    fprintf(stderr, "task #%llu %s\n", (unsigned long long)failure->id, failure->name);
  if (failure->traceback) fprintf(stderr, "%s\n", failure->traceback);
  if (failure->spawned) fprintf(stderr, "%s\n", failure->spawned);
}

void ta_report_text(const char *text, size_t length) {
  fflush(stdout);
  fwrite(text, 1, length, stderr);
}
