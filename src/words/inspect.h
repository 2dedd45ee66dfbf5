/* SPDX-License-Identifier: MIT
 *
 * inspect.h -- what each task is doing.
 *
 * The facts are gathered here; report.lua makes trees and reports of them.
 *
 * It writes to no stream.
 */
#ifndef TA_WORDS_INSPECT_H
#define TA_WORDS_INSPECT_H

#include "core/task.h"

typedef char ta_wait_words[512];

/* "waiting" and the like. */
const char *ta_state_word(const struct ta_task *task);

/* Writes what a waiting task waits for: "recv on channel 'jobs' (0 of 4)". */
void ta_describe_wait(const struct ta_task *task, ta_wait_words text);

/* Adds the functions tasks, current and tree to the table on top.
 * [-0, +0, m] */
void ta_open_inspection(struct ta_runner *runner, lua_State *L);

#endif
