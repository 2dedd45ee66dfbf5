/* SPDX-License-Identifier: MIT
 *
 * sources.h -- the scripts of this room and of play/, as the Makefile puts them into C:
 * a list of lines each, ended by NULL.
 */
#ifndef MACHINE_SOURCES_H
#define MACHINE_SOURCES_H

#include <stddef.h>

struct source {
  const char *name; /* in messages */
  const char *const *lines;
};

extern const char *const machine_program[];
extern const char *const machine_model[];
extern const char *const machine_play[];
extern const char *const machine_tools[];
extern const char *const machine_step[];
extern const char *const machine_time[];
extern const char *const machine_tasks[];
extern const char *const machine_channels[];
extern const char *const machine_locks[];
extern const char *const machine_actions[];
extern const char *const machine_scopes[];
extern const char *const machine_calls[];
extern const char *const machine_combinators[];
extern const char *const machine_ends[];

enum { SOURCE_PROGRAM, SOURCE_MODEL, SOURCE_PLAY, FIRST_ACT, SOURCE_COUNT = FIRST_ACT + 11 };

static const struct source sources[SOURCE_COUNT] = {
    [SOURCE_PROGRAM] = {"=program.lua", machine_program},
    [SOURCE_MODEL] = {"=model.lua", machine_model},
    [SOURCE_PLAY] = {"=play.lua", machine_play},
    /* Acts: each knows of those before it. */
    [FIRST_ACT] = {"=tools.lua", machine_tools},
    {"=step.lua", machine_step},
    {"=time.lua", machine_time},
    {"=tasks.lua", machine_tasks},
    {"=channels.lua", machine_channels},
    {"=locks.lua", machine_locks},
    {"=actions.lua", machine_actions},
    {"=scopes.lua", machine_scopes},
    {"=calls.lua", machine_calls},
    {"=combinators.lua", machine_combinators},
    {"=ends.lua", machine_ends},
};

#endif
