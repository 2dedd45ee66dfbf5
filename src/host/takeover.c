/* SPDX-License-Identifier: MIT */
#include "host/takeover.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

#include "host/clock.h"

#define NUMBERS 65 /* of signals, and none */

/* Who takes a signal over and does not look for so long does not get the next: Ctrl-C has to
 * reach a step that never ends. */
#define UNHEARD 1.0 /* seconds */

static struct taken {
  int count;               /* how often it was taken over */
  atomic_bool installed;   /* `underneath` is what it would do */
  atomic_bool came;        /* nobody has looked since */
  atomic_bool owed;        /* and it has not done what it does by itself either */
  _Atomic(double) came_at; /* the first of those */
  struct sigaction underneath;
} all[NUMBERS];

static struct ta_loop *_Atomic loop_to_wake;
static atomic_bool ceased;

/* Those that others of this process hear as well. */
static bool is_shared(int number) {
  return number == SIGCHLD || number == SIGCONT || number == SIGWINCH;
}

static void note(struct taken *taken, double now) {
  if (!atomic_exchange(&taken->came, true)) atomic_store(&taken->came_at, now);
  struct ta_loop *loop = atomic_load(&loop_to_wake);
  if (loop) ta_loop_wake(loop);
}

/* Is it to do what it does by itself? */
static bool goes_on(const struct taken *taken, int number, double now) {
  bool unheard = atomic_load(&taken->came) && now - atomic_load(&taken->came_at) >= UNHEARD;
  return unheard || is_shared(number) || atomic_load(&ceased);
}

static void on_taken(int number) {
  int saved = errno;
  struct taken *taken = &all[number];
  double now = ta_monotonic();
  void (*handler)(int) = taken->underneath.sa_handler;
  bool passes = goes_on(taken, number, now) && handler != SIG_DFL && handler != SIG_IGN;
  note(taken, now);
  atomic_store(&taken->owed, !passes);
  if (passes) handler(number);
  errno = saved;
}

static bool is_ignored(int number) {
  struct sigaction now_set;
  return sigaction(number, NULL, &now_set) == 0 && now_set.sa_handler == SIG_IGN;
}

static int install(int number) {
  struct sigaction action = {.sa_handler = on_taken, .sa_flags = SA_RESTART};
  sigfillset(&action.sa_mask);
  if (sigaction(number, NULL, &all[number].underneath) != 0) return -errno;
  atomic_store(&all[number].came, false);
  atomic_store(&all[number].owed, false);
  if (sigaction(number, &action, NULL) != 0) return -errno;
  atomic_store(&all[number].installed, true);
  return 0;
}

int ta_takeover_begin(struct ta_loop *loop, int number, bool force) {
  if (number <= 0 || number >= NUMBERS) return -EINVAL;
  struct taken *taken = &all[number];
  atomic_store(&loop_to_wake, loop);
  bool wanted = !atomic_load(&taken->installed) && (force || !is_ignored(number));
  int error = wanted ? install(number) : 0;
  if (!error) taken->count++;
  return error;
}

static void uninstall(int number) {
  if (!atomic_load(&all[number].installed)) return;
  sigaction(number, &all[number].underneath, NULL);
  atomic_store(&all[number].installed, false);
}

void ta_takeover_end(int number) {
  if (all[number].count == 0 || --all[number].count > 0) return;
  uninstall(number);
  if (atomic_exchange(&all[number].owed, false)) kill(getpid(), number);
}

void ta_takeover_return(int number) {
  if (!is_shared(number)) atomic_store(&all[number].owed, true);
}

bool ta_takeover_came(int number) {
  atomic_store(&all[number].owed, false);
  return atomic_exchange(&all[number].came, false);
}

void ta_takeover_cease(void) {
  atomic_store(&ceased, true);
}

int ta_takeover_sigaction(int number, const struct sigaction *action, struct sigaction *old) {
  if (!atomic_load(&all[number].installed)) return sigaction(number, action, old);
  struct sigaction *underneath = &all[number].underneath;
  sigset_t all_signals, mask;
  sigfillset(&all_signals);
  pthread_sigmask(SIG_SETMASK, &all_signals, &mask);
  if (old) *old = *underneath;
  if (action) *underneath = *action;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return 0;
}

void ta_takeover_add_ignored(sigset_t *ignored) {
  for (int number = 1; number < NUMBERS; number++)
    if (atomic_load(&all[number].installed) && all[number].underneath.sa_handler == SIG_IGN)
      sigaddset(ignored, number);
}

void ta_takeover_close(void) {
  for (int number = 1; number < NUMBERS; number++) {
    uninstall(number);
    all[number].count = 0;
  }
  atomic_store(&loop_to_wake, NULL);
  atomic_store(&ceased, false);
}
