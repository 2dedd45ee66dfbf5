/* SPDX-License-Identifier: MIT
 *
 * apart.h -- tests in processes of their own, so that one that crashes is told of like
 * any other.
 *
 * A child that finds a fault tells of it and ends with a status that says so; whatever
 * else it ends with is told by its parent.  A crew does one job after the other, each in
 * a child, and a few at a time.  Nothing here knows what a job is, or how long it may
 * take: a child sets an alarm, which counts as a crash.
 */
#ifndef KIT_APART_H
#define KIT_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Does work(job) in a child: whether it has found no fault.  A crash is told as the
 * failure of this test. */
bool run_apart(const char *test, bool (*work)(void *job), void *job);

#define CREW_MOST 8

struct crew {
  int at_once; /* children, up to CREW_MOST */
  size_t size; /* of a job: its memory is shared, so that the parent sees what was written */
  void *data;  /* for the functions */

  /* Fills in the job that comes next, which is all zeros.  False: there is none. */
  bool (*next)(void *data, void *job);

  /* In a child: false when it has found a fault, and told of it. */
  bool (*work)(void *data, void *job);

  /* Its child has ended, well or not; `crash`, in words, when it has told of nothing.
   * True: the job goes on in another child. */
  bool (*ended)(void *data, void *job, bool well, const char *crash);
};

/* Whether all children ended well. */
bool crew_do_all(const struct crew *crew);

/* In a child: what is printed from now on goes nowhere, but for what goes to the file
 * that is returned. */
FILE *hush(void);

#endif
