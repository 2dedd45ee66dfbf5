/* SPDX-License-Identifier: MIT
 *
 * main.c -- random programs against the model of the contract.
 *
 *   run COUNT [FIRST_SEED]     prints a line for each hundred programs
 *   run 1 SEED verbose         the program of a seed, and all that happens in it
 *
 * Batches run in processes of their own.
 */
#include "machine/machine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/apart.h"

#define BATCH 100
#define LONGEST 30    /* seconds of a program: one that hangs is told of too */
#define REPEATED 10   /* each tenth program is run twice: it must go the same way */
#define MOST_SHOWN 10 /* failures in a batch */

struct batch {
  uint64_t first, last;
  uint64_t seed; /* the one under way */
  uint64_t failed;
  uint64_t waits, cancelled_waits, out_of_order, passes, forced, pauses, late_births, ends_told;
};

static const char *program_name;

static void tell(uint64_t seed, const char *why) {
  printf("not ok machine seed %" PRIu64 ": %s\n", seed, why);
  printf("  again: %s 1 %" PRIu64 " verbose\n", program_name, seed);
  fflush(stdout);
}

/* ------------------------------------------------------------------- a batch */

static void repeat(uint64_t seed, struct machine_result *result) {
  struct machine_result again;
  machine_run(seed, NULL, &again);
  if (again.hash == result->hash && again.passes == result->passes) return;
  snprintf(result->failure, sizeof result->failure, "it does not go the same way twice");
}

static void run_seed(struct batch *batch, uint64_t seed) {
  struct machine_result result;
  batch->seed = seed;
  alarm(LONGEST);
  machine_run(seed, NULL, &result);
  if (!*result.failure && seed % REPEATED == 0) repeat(seed, &result);
  batch->waits += result.waits;
  batch->cancelled_waits += result.cancelled_waits;
  batch->out_of_order += result.steps_out_of_order;
  batch->passes += result.passes;
  batch->forced += result.forced;
  batch->pauses += result.pauses;
  batch->late_births += result.late_births;
  batch->ends_told += result.ends_told;
  if (*result.failure && batch->failed++ < MOST_SHOWN) tell(seed, result.failure);
}

static void run_batch(struct batch *batch) {
  for (uint64_t seed = batch->first; seed <= batch->last; seed++) run_seed(batch, seed);
  alarm(0);
  machine_forget();
  if (batch->failed == 0) {
    printf("ok machine: seeds %" PRIu64 " to %" PRIu64 "\n", batch->first, batch->last);
    fflush(stdout);
  }
}

/* --------------------------------------------------------------------- all */

static void add(struct batch *sum, const struct batch *batch) {
  sum->failed += batch->failed;
  sum->waits += batch->waits;
  sum->cancelled_waits += batch->cancelled_waits;
  sum->out_of_order += batch->out_of_order;
  sum->passes += batch->passes;
  sum->forced += batch->forced;
  sum->pauses += batch->pauses;
  sum->late_births += batch->late_births;
  sum->ends_told += batch->ends_told;
}

static int worker_count(void) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  if (processors < 1) return 1;
  return processors < CREW_MOST ? (int)processors : CREW_MOST;
}

/* All seeds, and what came of their programs. */
struct seeds {
  uint64_t next, last;
  struct batch sum;
};

static bool next_batch(void *data, void *memory) {
  struct seeds *seeds = data;
  struct batch *batch = memory;
  if (seeds->next > seeds->last) return false;
  uint64_t left = seeds->last - seeds->next;
  batch->first = seeds->next;
  batch->last = left < BATCH ? seeds->last : seeds->next + BATCH - 1;
  seeds->next = batch->last + 1;
  return true;
}

static bool work(void *data, void *memory) {
  const struct batch *batch = memory;
  (void)data;
  run_batch(memory);
  return batch->failed == 0;
}

/* A batch that crashed counts as failed at the seed where it was; the others of it are
 * left out. */
static bool ended(void *data, void *memory, bool well, const char *crash) {
  struct seeds *seeds = data;
  struct batch *batch = memory;
  (void)well;
  if (crash) {
    batch->failed++;
    tell(batch->seed, crash);
  }
  add(&seeds->sum, batch);
  return false;
}

/* Programs that do nothing prove nothing. */
static void check_sum(struct batch *sum, uint64_t count) {
  printf("# %" PRIu64 " passes, %" PRIu64 " waits, %" PRIu64 " of them cancelled, %" PRIu64
         " programs closed by force, %" PRIu64 " ends told\n",
         sum->passes, sum->waits, sum->cancelled_waits, sum->forced, sum->ends_told);
  if (count < 1000 || sum->failed > 0) return;
  bool enough = sum->waits > 20 * count && sum->cancelled_waits > count &&
                sum->out_of_order > count && sum->pauses > count && sum->late_births > count / 2 &&
                sum->ends_told > count / 10;
  if (!enough) sum->failed++;
  printf("%s machine: the programs wait, pause, are cancelled and are shuffled%s\n",
         enough ? "ok" : "not ok", enough ? "" : ": too seldom");
}

static int show(uint64_t seed) {
  struct machine_result result;
  machine_run(seed, stdout, &result);
  machine_forget();
  if (*result.failure)
    tell(seed, result.failure);
  else
    printf("ok machine: seed %" PRIu64 "\n", seed);
  return *result.failure ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  program_name = argv[0];
  uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
  uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  if (count < 1 || argc > 4) {
    fprintf(stderr, "usage: %s COUNT [FIRST_SEED [verbose]]\n", argv[0]);
    return 2;
  }
  if (argc == 4) return show(first);
  struct seeds seeds = {.next = first, .last = first + count - 1};
  struct crew crew = {worker_count(), sizeof(struct batch), &seeds, next_batch, work, ended};
  crew_do_all(&crew);
  check_sum(&seeds.sum, count);
  return seeds.sum.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
