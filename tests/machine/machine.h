/* SPDX-License-Identifier: MIT
 *
 * machine.h -- one random program on a Runner, beside a model of the contract.
 *
 * A seed gives the program (program.lua), the order of its tasks and what its
 * host does to it.  play.lua carries it out and holds each result against the
 * model (model.lua); after each pass the Runner's own structures are walked.  The
 * clock is a number.  Nothing here knows of processes or of output.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct ta_runner;

/* What came of a program. */
struct machine_result {
  char failure[1024]; /* empty: all was well */
  uint64_t hash;      /* of who was stepped when */
  uint64_t steps_out_of_order;
  uint64_t waits;
  uint64_t cancelled_waits;
  uint64_t pauses;      /* turns given up by functions that need not wait */
  uint64_t late_births; /* first steps in the pass after the spawn */
  uint64_t ends_told;   /* by combinators that tell of each end */
  unsigned passes;
  bool forced; /* what was left had to be closed */
};

/* Runs the program of a seed.  `listing`, when not NULL, gets the program and all
 * that happens. */
void machine_run(uint64_t seed, FILE *listing, struct machine_result *result);

/* Gives back what machine_run() keeps from one program to the next. */
void machine_forget(void);

/* Looks over the Runner between two passes.  False: `why` says what is wrong. */
bool walk_runner(struct ta_runner *runner, char *why, size_t size);

/* The same when no task is left. */
bool walk_ended_runner(struct ta_runner *runner, char *why, size_t size);

#endif
