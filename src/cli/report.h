/* SPDX-License-Identifier: MIT
 *
 * report.h -- what goes wrong, on stderr.
 *
 * What a script has made up, be it a message, a name or a chunk's name, cannot
 * steer a terminal: there control characters but newline and tab are written as
 * escapes, as in "\x1b".  Into a file or a pipe all bytes go as they are.
 */
#ifndef TA_CLI_REPORT_H
#define TA_CLI_REPORT_H

#include <stdarg.h>

#include "tinyasync.h"

/* Writes "Error in task: MESSAGE", the hint unless it is NULL, and if asked for where
 * it was. */
void ta_report_failure(const struct ta_failure *failure, const char *hint, bool traceback);

/* Writes the hint below an error, unless it is NULL. */
void ta_report_hint(const char *hint);

/* Writes a text of several lines, after what stdout holds. */
void ta_report_text(const char *text, size_t length);

/* Writes a report on the Runner's tasks, or without memory the line `otherwise`.
 * [-0, +0, -] */
void ta_report_tasks(struct ta_runner *runner, lua_State *L, enum ta_report_kind kind,
                     const char *otherwise);

/* The names of those that live, which last until L's old top is set again.  [-0, +?, -] */
const char *ta_report_names(struct ta_runner *runner, lua_State *L);

/* Writes one line about the program itself, after "tinyasync: ". */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void ta_report(const char *format, ...);

/* Writes one line: `before`, the formatted text, `after`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 0)))
#endif
void ta_report_with(const char *before, const char *format, va_list arguments,
                    const char *after);

/* Writes `text` with write(2) alone, for signal handlers; longer ones are cut. */
void ta_report_from_handler(const char *text);

#endif
