/* SPDX-License-Identifier: MIT
 *
 * report.h -- what goes wrong, on stderr.
 */
#ifndef TA_CLI_REPORT_H
#define TA_CLI_REPORT_H

#include "tinyasync.h"

/* Writes "Error in task: MESSAGE" and, if asked for, where it was. */
void ta_report_failure(const struct ta_failure *failure, bool traceback);

/* Writes a text of several lines, after what stdout holds. */
void ta_report_text(const char *text, size_t length);

/* Writes one line about the program itself, after "tinyasync: ". */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void ta_report(const char *format, ...);

#endif
