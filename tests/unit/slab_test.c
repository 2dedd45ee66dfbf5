/* SPDX-License-Identifier: MIT
 *
 * The allocator of many small blocks, against a model that knows each byte.
 */
#include "host/slab.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

#define BLOCKS 4000

struct block {
  unsigned char *bytes;
  size_t size;
  unsigned char mark;
};

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* Small ones as a rule, some of a few kilobytes, and now and then a big one. */
static size_t random_size(uint32_t *state) {
  uint32_t kind = next_random(state) % 100;
  if (kind < 80) return 1 + next_random(state) % 800;
  if (kind < 98) return 1 + next_random(state) % 5000;
  return 1 + next_random(state) % 300000;
}

static void check_bytes(const struct block *block) {
  for (size_t i = 0; i < block->size; i++) CHECK(block->bytes[i] == block->mark);
}

static void resize(struct ta_slab *slab, struct block *block, size_t size) {
  size_t kept = size < block->size ? size : block->size;
  unsigned char *bytes = ta_slab_alloc(slab, block->bytes, block->bytes ? block->size : 6, size);
  CHECK(bytes && (uintptr_t)bytes % TA_SLAB_STEP == 0);
  for (size_t i = 0; i < kept; i++) CHECK(bytes[i] == block->mark);
  memset(bytes, block->mark, size);
  block->bytes = bytes;
  block->size = size;
}

static void give_back(struct ta_slab *slab, struct block *block) {
  check_bytes(block);
  CHECK(!ta_slab_alloc(slab, block->bytes, block->size, 0));
  block->bytes = NULL;
  block->size = 0;
}

/* Whatever is done, each block keeps its bytes: no two share any. */
static void blocks_keep_their_bytes_whatever_happens_to_others(void) {
  static struct block blocks[BLOCKS];
  struct ta_slab slab;
  uint32_t seed = 7;
  int rounds = test_quick() ? 20000 : 200000;
  ta_slab_open(&slab);
  for (int i = 0; i < rounds; i++) {
    struct block *block = &blocks[next_random(&seed) % BLOCKS];
    if (block->bytes && next_random(&seed) % 2) {
      give_back(&slab, block);
    } else {
      if (!block->bytes) block->mark = (unsigned char)next_random(&seed);
      resize(&slab, block, random_size(&seed));
    }
  }
  for (int i = 0; i < BLOCKS; i++)
    if (blocks[i].bytes) give_back(&slab, &blocks[i]);
  CHECK(slab.arena_count <= 8); /* what is empty goes back */
  ta_slab_close(&slab);
}

static void memory_of_many_blocks_goes_back(void) {
  enum { MANY = 100000 };
  void **blocks = calloc(MANY, sizeof *blocks);
  struct ta_slab slab;
  CHECK(blocks);
  ta_slab_open(&slab);
  for (int i = 0; i < MANY; i++) CHECK((blocks[i] = ta_slab_alloc(&slab, NULL, 0, 320)));
  size_t most = slab.arena_count;
  CHECK(most >= MANY * 320 / TA_SLAB_ARENA);
  CHECK(most <= MANY * 320 / TA_SLAB_ARENA + 3); /* hardly anything is wasted */
  for (int i = 0; i < MANY; i++) ta_slab_alloc(&slab, blocks[i], 320, 0);
  CHECK(slab.arena_count <= most / 4 + 3);
  ta_slab_close(&slab);
  free(blocks);
}

static void empty_pages_serve_other_sizes(void) {
  enum { MANY = 20000 };
  static void *blocks[MANY];
  struct ta_slab slab;
  ta_slab_open(&slab);
  size_t most = 0;
  for (size_t size = 32; size <= 1024; size *= 2) {
    for (int i = 0; i < MANY; i++) CHECK((blocks[i] = ta_slab_alloc(&slab, NULL, 0, size)));
    most = slab.arena_count;
    for (int i = 0; i < MANY; i++) ta_slab_alloc(&slab, blocks[i], size, 0);
  }
  CHECK(most <= MANY * 1024 / TA_SLAB_ARENA + 4);
  ta_slab_close(&slab);
}

static void a_refusal_changes_nothing(void) {
  struct ta_slab slab;
  struct block small = {.mark = 1}, large = {.mark = 2};
  ta_slab_open(&slab);
  resize(&slab, &small, 100);
  resize(&slab, &large, 100000);
  slab.limit = slab.taken;
  CHECK(!ta_slab_alloc(&slab, large.bytes, large.size, 50u << 20));
  CHECK(!ta_slab_alloc(&slab, NULL, 0, 3u << 20));
  CHECK(!ta_slab_alloc(&slab, small.bytes, small.size, 3u << 20));
  check_bytes(&small);
  check_bytes(&large);
  slab.limit = SIZE_MAX;
  resize(&slab, &small, 3000);
  resize(&slab, &large, 200000);
  give_back(&slab, &small);
  give_back(&slab, &large);
  ta_slab_close(&slab);
}

static void a_block_can_always_shrink(void) {
  struct ta_slab slab;
  struct block blocks[200] = {{0}};
  ta_slab_open(&slab);
  for (int i = 0; i < 200; i++) {
    blocks[i].mark = (unsigned char)i;
    resize(&slab, &blocks[i], (size_t)1000 + 50 * (size_t)i);
  }
  slab.limit = 0; /* no more memory at all */
  for (int i = 0; i < 200; i++) resize(&slab, &blocks[i], (size_t)(1 + i));
  for (int i = 0; i < 200; i++) give_back(&slab, &blocks[i]);
  slab.limit = SIZE_MAX;
  ta_slab_close(&slab);
}

static void a_block_stays_where_it_is_within_its_class(void) {
  struct ta_slab slab;
  ta_slab_open(&slab);
  void *block = ta_slab_alloc(&slab, NULL, 0, 33);
  CHECK(ta_slab_alloc(&slab, block, 33, 48) == block);
  CHECK(ta_slab_alloc(&slab, block, 48, 40) == block);
  CHECK(ta_slab_alloc(&slab, block, 40, 49) != block);
  ta_slab_close(&slab);
}

static void a_small_program_has_one_arena(void) {
  struct ta_slab slab;
  ta_slab_open(&slab);
  CHECK(slab.taken == 0);
  char *low = NULL, *high = NULL;
  for (size_t size = 16; size <= 1024; size += 16) {
    char *block = ta_slab_alloc(&slab, NULL, 0, size);
    if (!low || block < low) low = block;
    if (!high || block > high) high = block;
  }
  CHECK(slab.arena_count == 1);
  CHECK(high - low < 40000); /* side by side, whatever their size */
  ta_slab_close(&slab);
}

/* Takes all that is left. */
static void exhaust(struct ta_slab *slab) {
  slab->limit = slab->taken;
  for (size_t size = TA_SLAB_LARGEST; size; size -= TA_SLAB_STEP)
    while (ta_slab_alloc(slab, NULL, 0, size)) continue;
}

/* It stayed where it was when it shrank: there was no other room. */
static void a_stray_block_grows_again(void) {
  struct ta_slab slab;
  struct block block = {.mark = 3}, other = {.mark = 4};
  ta_slab_open(&slab);
  resize(&slab, &other, 1);
  resize(&slab, &block, 5000);
  exhaust(&slab);
  resize(&slab, &block, 1000);
  CHECK(slab.strays.next != &slab.strays);
  give_back(&slab, &other); /* which is none */
  slab.limit = SIZE_MAX;
  resize(&slab, &block, 6000);
  CHECK(slab.strays.next == &slab.strays);
  give_back(&slab, &block);
  ta_slab_close(&slab);
}

/* Memory comes and goes: what is refused stays as it is, what shrinks is not. */
static void nothing_is_lost_when_memory_runs_out_at_random(void) {
  static struct block blocks[BLOCKS];
  struct ta_slab slab;
  uint32_t seed = 1;
  int rounds = test_quick() ? 10000 : 100000;
  ta_slab_open(&slab);
  for (int i = 0; i < rounds; i++) {
    struct block *block = &blocks[next_random(&seed) % BLOCKS];
    size_t size = random_size(&seed);
    if (i % 100 == 0) slab.limit = next_random(&seed) % 2 ? SIZE_MAX : slab.taken / 2;
    if (block->bytes && next_random(&seed) % 3 == 0) {
      give_back(&slab, block);
    } else if (size < block->size || slab.limit == SIZE_MAX) {
      resize(&slab, block, size);
    } else {
      void *bytes = ta_slab_alloc(&slab, block->bytes, block->bytes ? block->size : 6, size);
      if (bytes) memset(bytes, block->mark, size);
      if (bytes) *block = (struct block){.bytes = bytes, .size = size, .mark = block->mark};
      check_bytes(block);
    }
  }
  for (int i = 0; i < BLOCKS; i++)
    if (blocks[i].bytes) give_back(&slab, &blocks[i]);
  CHECK(slab.taken == slab.arena_count * TA_SLAB_ARENA);
  CHECK(slab.strays.next == &slab.strays && slab.large.next == &slab.large);
  ta_slab_close(&slab);
}

static void closing_gives_all_back(void) {
  struct ta_slab slab;
  ta_slab_open(&slab);
  for (size_t size = 1; size < 100000; size += size / 3 + 1)
    CHECK(ta_slab_alloc(&slab, NULL, 0, size));
  ta_slab_close(&slab); /* the leak checker counts */
}

/* What the blocks held does not matter to the next slab, nor which pages they lay in. */
static void an_arena_goes_from_slab_to_slab(void) {
  static struct block blocks[BLOCKS / 10];
  void *spare = NULL, *first = NULL;
  uint32_t seed = 5;
  for (int round = 0; round < 20; round++) {
    struct ta_slab slab;
    ta_slab_open_with(&slab, spare);
    memset(blocks, 0, sizeof blocks);
    for (int i = 0; i < 2000; i++) {
      struct block *block = &blocks[next_random(&seed) % (BLOCKS / 10)];
      if (block->bytes) check_bytes(block);
      if (!block->bytes) block->mark = (unsigned char)i;
      resize(&slab, block, 1 + next_random(&seed) % 300);
    }
    CHECK(slab.arena_count == 1 && !slab.spare);
    spare = ta_slab_close_but_one(&slab);
    if (round == 0) first = spare;
    CHECK(spare && spare == first);
  }
  ta_slab_free_spare(spare);
}

static void who_had_many_arenas_leaves_none(void) {
  struct ta_slab slab;
  ta_slab_open(&slab);
  for (int i = 0; i < 3000; i++) CHECK(ta_slab_alloc(&slab, NULL, 0, 1024));
  CHECK(slab.arena_count > 1 && !ta_slab_close_but_one(&slab));
  CHECK(!ta_slab_close_but_one(&slab)); /* it has taken nothing */
}

const struct test slab_tests[] = {
    TEST(blocks_keep_their_bytes_whatever_happens_to_others),
    TEST(memory_of_many_blocks_goes_back),
    TEST(empty_pages_serve_other_sizes),
    TEST(a_refusal_changes_nothing),
    TEST(a_block_can_always_shrink),
    TEST(a_block_stays_where_it_is_within_its_class),
    TEST(a_small_program_has_one_arena),
    TEST(a_stray_block_grows_again),
    TEST(nothing_is_lost_when_memory_runs_out_at_random),
    TEST(closing_gives_all_back),
    TEST(an_arena_goes_from_slab_to_slab),
    TEST(who_had_many_arenas_leaves_none),
    TESTS_END,
};
