/* SPDX-License-Identifier: MIT */
#include "core/mailbox.h"

#include <errno.h>
#include <stdlib.h>

struct ta_woken {
  struct ta_woken *before;
  struct ta_ticket ticket;
};

/* Puts a note on the stack.  Was it empty?  Otherwise the host knows already.  Once
 * it lies there the note is the Runner's, which may free it at any moment. */
static bool note(struct ta_runner *runner, struct ta_woken *woken) {
  struct ta_woken *before = atomic_load_explicit(&runner->woken, memory_order_relaxed);
  do woken->before = before;
  while (!atomic_compare_exchange_weak_explicit(&runner->woken, &before, woken,
                                                memory_order_release, memory_order_relaxed));
  return !before;
}

int ta_wake(struct ta_runner *runner, struct ta_ticket ticket) {
  struct ta_woken *woken = malloc(sizeof *woken);
  if (!woken) return -ENOMEM;
  woken->ticket = ticket;
  if (note(runner, woken) && runner->host.wake) runner->host.wake(runner->host.data);
  return 0;
}

/* Takes all notes: the earliest first. */
static struct ta_woken *take_all(struct ta_runner *runner) {
  struct ta_woken *late = atomic_exchange_explicit(&runner->woken, NULL, memory_order_acquire);
  struct ta_woken *early = NULL;
  while (late) {
    struct ta_woken *before = late->before;
    late->before = early;
    early = late;
    late = before;
  }
  return early;
}

void ta_take_woken_now(struct ta_runner *runner) {
  struct ta_woken *woken = take_all(runner);
  while (woken) {
    struct ta_woken *next = woken->before;
    ta_unpark(runner, woken->ticket);
    free(woken);
    woken = next;
  }
}

void ta_forget_woken(struct ta_runner *runner) {
  struct ta_woken *woken = take_all(runner);
  while (woken) {
    struct ta_woken *next = woken->before;
    free(woken);
    woken = next;
  }
}
