/* SPDX-License-Identifier: MIT
 *
 * sources.h -- the scripts of this room, as the Makefile puts them into C: a list
 * of lines each, ended by NULL.
 */
#ifndef MACHINE_SOURCES_H
#define MACHINE_SOURCES_H

#include <stddef.h>

extern const char *const machine_program[], *const machine_model[], *const machine_play[];

enum { SOURCE_PROGRAM, SOURCE_MODEL, SOURCE_PLAY, SOURCE_COUNT };

static const struct source {
  const char *name;
  const char *const *lines;
} sources[SOURCE_COUNT] = {
    [SOURCE_PROGRAM] = {"=program.lua", machine_program},
    [SOURCE_MODEL] = {"=model.lua", machine_model},
    [SOURCE_PLAY] = {"=play.lua", machine_play},
};

#endif
