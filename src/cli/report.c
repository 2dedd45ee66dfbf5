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

void ta_report_failure(const struct ta_failure *failure, bool traceback) {
  fflush(stdout);
  fputs("Error in task: ", stderr);
  fwrite(failure->message, 1, failure->message_length, stderr);
  fputc('\n', stderr);
  if (!traceback) return;
  fprintf(stderr, "task #%llu %s\n", (unsigned long long)failure->id, failure->name);
  if (failure->traceback) fprintf(stderr, "%s\n", failure->traceback);
  if (failure->spawned) fprintf(stderr, "%s\n", failure->spawned);
}

static void report_wait(void *data, const struct ta_task_info *info) {
  (void)data;
  fprintf(stderr, "  #%llu %s: %s", (unsigned long long)info->id, info->name,
          info->action ? info->action : "runnable");
  if (info->subject) fprintf(stderr, " '%s'", info->subject);
  fprintf(stderr, " at %s\n", info->where);
}

void ta_report_deadlock(struct ta_runner *runner) {
  size_t count = ta_live(runner);
  fflush(stdout);
  fprintf(stderr, "deadlock: %zu task%s and nothing can wake %s\n", count,
          count == 1 ? " waits" : "s wait", count == 1 ? "it" : "them");
  ta_visit_tasks(runner, report_wait, NULL);
}
