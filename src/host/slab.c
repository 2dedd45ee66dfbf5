/* SPDX-License-Identifier: MIT */
#include "host/slab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)64 << 10)
#define PAGES (TA_SLAB_ARENA / PAGE)
#define ALL_FREE UINT32_MAX /* a bit for each page */
#define MIXED_PAGES 2

/* So many arenas have small pages: huge ones would be a waste for less. */
#define SMALL_ARENAS 2

/* An arena of four, and these, may be empty before they go back. */
#define SPARE_ARENAS 2

_Static_assert(PAGES == 32, "an arena's pages have a bit each in `free`");
_Static_assert(sizeof(struct ta_slab_large) % TA_SLAB_STEP == 0, "blocks are aligned behind it");

/* What is left of the first page begins here: blocks are aligned. */
#define HEAD ((sizeof(struct ta_slab_arena) + TA_SLAB_STEP - 1) / TA_SLAB_STEP * TA_SLAB_STEP)

struct ta_slab_arena {
  struct ta_slab_page pages[PAGES];
  struct ta_slab_arena *next, *prev;
  uint32_t free; /* a bit for each page */
  enum ta_slab_fill fill;
};

/* ----------------------------------------------------------- size to class */

static bool is_small(size_t size) {
  return size <= TA_SLAB_LARGEST;
}

static size_t class_of(size_t size) {
  return (size + TA_SLAB_STEP - 1) / TA_SLAB_STEP;
}

/* May so many bytes more be taken? */
static bool may_take(const struct ta_slab *slab, size_t size) {
  return slab->taken <= slab->limit && size <= slab->limit - slab->taken;
}

/* ------------------------------------------------------------------- arenas */

static struct ta_slab_arena *arena_of(const void *place) {
  return (struct ta_slab_arena *)((uintptr_t)place & ~(TA_SLAB_ARENA - 1)); // NOLINT
}

static void list_arena(struct ta_slab *slab, struct ta_slab_arena *arena, enum ta_slab_fill fill) {
  struct ta_slab_arena **first = &slab->arenas[fill];
  arena->fill = fill;
  arena->prev = NULL;
  arena->next = *first;
  if (*first) (*first)->prev = arena;
  *first = arena;
  slab->empty_count += fill == TA_SLAB_EMPTY;
}

static void unlist_arena(struct ta_slab *slab, struct ta_slab_arena *arena) {
  *(arena->prev ? &arena->prev->next : &slab->arenas[arena->fill]) = arena->next;
  if (arena->next) arena->next->prev = arena->prev;
  slab->empty_count -= arena->fill == TA_SLAB_EMPTY;
}

/* Puts it in the list that it belongs in now. */
static void sort_arena(struct ta_slab *slab, struct ta_slab_arena *arena) {
  enum ta_slab_fill fill = arena->free == ALL_FREE ? TA_SLAB_EMPTY
                           : arena->free           ? TA_SLAB_ROOMY
                                                   : TA_SLAB_FULL;
  if (fill == arena->fill) return;
  unlist_arena(slab, arena);
  list_arena(slab, arena, fill);
}

static void *map(void *wish, size_t size) {
  void *place = mmap(wish, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return place == MAP_FAILED ? NULL : place;
}

/* Maps more than an arena, and gives back what is before and after an aligned one. */
static void *map_by_force(void) {
  char *place = map(NULL, 2 * TA_SLAB_ARENA);
  if (!place) return NULL;
  size_t before = -(uintptr_t)place & (TA_SLAB_ARENA - 1);
  if (before) munmap(place, before);
  munmap(place + before + TA_SLAB_ARENA, TA_SLAB_ARENA - before);
  return place + before;
}

/* The room below the arena before is often free, and aligned. */
static void *map_arena(const struct ta_slab *slab) {
  struct ta_slab_arena *last = slab->arenas[TA_SLAB_FULL];
  if (!last) return map_by_force();
  void *place = map((char *)last - TA_SLAB_ARENA, TA_SLAB_ARENA);
  if (!place || arena_of(place) == place) return place;
  munmap(place, TA_SLAB_ARENA);
  return map_by_force();
}

/* A pass over very many tasks meets a new page at each of them: with small pages it takes
 * twice the time, which is more than to clear huge ones. */
static void advise(const struct ta_slab *slab, void *place) {
#if defined(MADV_HUGEPAGE) && defined(MADV_NOHUGEPAGE)
  madvise(place, TA_SLAB_ARENA, slab->arena_count < SMALL_ARENAS ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
#else
  (void)slab;
  (void)place;
#endif
}

static char *page_begin(struct ta_slab_arena *arena, size_t index) {
  return index == 0 ? (char *)arena + HEAD : (char *)arena + index * PAGE;
}

static char *page_end(struct ta_slab_arena *arena, size_t index) {
  return (char *)arena + (index + 1) * PAGE;
}

/* The first pages of the first arena. */
static void mix_pages(struct ta_slab *slab, struct ta_slab_arena *arena) {
  for (size_t i = 0; i < MIXED_PAGES; i++) {
    arena->free &= ~(UINT32_C(1) << i);
    arena->pages[i] = (struct ta_slab_page){.full = true, .mixed = true};
  }
  slab->mixed_fresh = page_begin(arena, 0);
  slab->mixed_end = page_end(arena, MIXED_PAGES - 1);
}

/* Small pages that are there already, or new ones. */
static struct ta_slab_arena *find_arena(struct ta_slab *slab) {
  struct ta_slab_arena *arena = slab->spare;
  slab->spare = NULL;
  if (arena) return arena;
  arena = map_arena(slab);
  if (arena) advise(slab, arena);
  return arena;
}

static struct ta_slab_arena *new_arena(struct ta_slab *slab) {
  if (!may_take(slab, TA_SLAB_ARENA)) return NULL;
  struct ta_slab_arena *arena = find_arena(slab);
  if (!arena) return NULL;
  arena->free = ALL_FREE;
  if (slab->arena_count == 0) mix_pages(slab, arena);
  list_arena(slab, arena, arena->free == ALL_FREE ? TA_SLAB_EMPTY : TA_SLAB_ROOMY);
  slab->arena_count++;
  slab->taken += TA_SLAB_ARENA;
  return arena;
}

static bool free_arena(struct ta_slab *slab, struct ta_slab_arena *arena) {
  unlist_arena(slab, arena);
  if (munmap(arena, TA_SLAB_ARENA) != 0) {
    list_arena(slab, arena, TA_SLAB_EMPTY);
    return false;
  }
  slab->arena_count--;
  slab->taken -= TA_SLAB_ARENA;
  return true;
}

/* Tasks come and go in waves: what was just given back is asked for again. */
static void free_arenas(struct ta_slab *slab) {
  while (slab->empty_count > SPARE_ARENAS + (slab->arena_count - slab->empty_count) / 4)
    if (!free_arena(slab, slab->arenas[TA_SLAB_EMPTY])) return;
}

/* -------------------------------------------------------------------- pages */

static struct ta_slab_page *page_of(const void *block) {
  return &arena_of(block)->pages[(uintptr_t)block / PAGE % PAGES];
}

/* Puts it behind the first one, which goes on until it is full. */
static void list_page(struct ta_slab *slab, struct ta_slab_page *page) {
  struct ta_slab_page *first = slab->current[page->class];
  if (first == &slab->none) {
    page->next = page->prev = NULL;
    slab->current[page->class] = page;
    return;
  }
  page->prev = first;
  page->next = first->next;
  if (page->next) page->next->prev = page;
  first->next = page;
}

static void unlist_page(struct ta_slab *slab, struct ta_slab_page *page) {
  if (page->next) page->next->prev = page->prev;
  if (page->prev)
    page->prev->next = page->next;
  else
    slab->current[page->class] = page->next ? page->next : &slab->none;
}

static bool new_page(struct ta_slab *slab, size_t class) {
  struct ta_slab_arena *arena = slab->arenas[TA_SLAB_ROOMY];
  if (!arena) arena = slab->arenas[TA_SLAB_EMPTY];
  if (!arena) arena = new_arena(slab);
  if (!arena) return false;
  size_t index = (size_t)__builtin_ctz(arena->free);
  struct ta_slab_page *page = &arena->pages[index];
  arena->free &= ~(UINT32_C(1) << index);
  sort_arena(slab, arena);
  *page = (struct ta_slab_page){
      .fresh = page_begin(arena, index), .end = page_end(arena, index), .class = (uint16_t) class};
  list_page(slab, page);
  return true;
}

static void free_page(struct ta_slab *slab, struct ta_slab_page *page) {
  struct ta_slab_arena *arena = arena_of(page);
  unlist_page(slab, page);
  arena->free |= UINT32_C(1) << (page - arena->pages);
  sort_arena(slab, arena);
  free_arenas(slab);
}

/* The page is empty.  The only one of its class with room stays, unless it is all
 * that keeps its arena. */
static void settle(struct ta_slab *slab, struct ta_slab_page *page) {
  struct ta_slab_arena *arena = arena_of(page);
  bool is_only = !page->prev && !page->next;
  if (is_only && (arena->free | UINT32_C(1) << (page - arena->pages)) != ALL_FREE) return;
  free_page(slab, page);
}

/* Has the class a page with room?  One without is left to those that give its
 * blocks back. */
static bool turn_page(struct ta_slab *slab, size_t class) {
  struct ta_slab_page *page = slab->current[class];
  if (page != &slab->none) {
    page->full = true;
    unlist_page(slab, page);
  }
  return slab->current[class] != &slab->none || new_page(slab, class);
}

/* ------------------------------------------------------------- small blocks */

static void *pop(void **list) {
  void *block = *list;
  if (block) *list = *(void **)block;
  return block;
}

static void push(void **list, void *block) {
  *(void **)block = *list;
  *list = block;
}

/* From the pages of blocks of all sizes. */
static void *take_mixed(struct ta_slab *slab, size_t class) {
  void *block = pop(&slab->mixed[class]);
  if (block) return block;
  if (slab->arena_count == 0 && !new_arena(slab)) return NULL;
  if (class * TA_SLAB_STEP > (size_t)(slab->mixed_end - slab->mixed_fresh)) return NULL;
  block = slab->mixed_fresh;
  slab->mixed_fresh += class * TA_SLAB_STEP;
  return block;
}

/* From the first page of the class. */
static inline void *take_here(struct ta_slab *slab, size_t class) {
  struct ta_slab_page *page = slab->current[class];
  void *block = pop(&page->free);
  if (!block) {
    if (class * TA_SLAB_STEP > (size_t)(page->end - page->fresh)) return NULL;
    block = page->fresh;
    page->fresh += class * TA_SLAB_STEP;
  }
  page->used++;
  return block;
}

static void *take_elsewhere(struct ta_slab *slab, size_t class) {
  void *block = take_mixed(slab, class);
  if (!block && turn_page(slab, class)) block = take_here(slab, class);
  return block;
}

static inline void *take(struct ta_slab *slab, size_t size) {
  void *block = take_here(slab, class_of(size));
  return block ? block : take_elsewhere(slab, class_of(size));
}

/* The page was full, or is a mixed one. */
static void reopen(struct ta_slab *slab, struct ta_slab_page *page, void *block, size_t size) {
  if (page->mixed) {
    push(&slab->mixed[class_of(size)], block);
    return;
  }
  push(&page->free, block);
  page->used--;
  page->full = false;
  list_page(slab, page);
}

static inline void give(struct ta_slab *slab, void *block, size_t size) {
  struct ta_slab_page *page = page_of(block);
  if (page->full) {
    reopen(slab, page, block, size);
    return;
  }
  push(&page->free, block);
  if (--page->used == 0) settle(slab, page);
}

/* ------------------------------------------------------------- large blocks */

static void list_large(struct ta_slab_large *list, struct ta_slab_large *large) {
  large->prev = list;
  large->next = list->next;
  large->prev->next = large->next->prev = large;
}

static void unlist_large(struct ta_slab_large *large) {
  large->prev->next = large->next;
  large->next->prev = large->prev;
}

static struct ta_slab_large *header_of(void *block) {
  return (struct ta_slab_large *)block - 1;
}

static void *take_large(struct ta_slab *slab, size_t size) {
  if (size > SIZE_MAX - sizeof(struct ta_slab_large) || !may_take(slab, size)) return NULL;
  struct ta_slab_large *large = malloc(sizeof *large + size);
  if (!large) return NULL;
  list_large(&slab->large, large);
  slab->taken += size;
  return large + 1;
}

static void give_large(struct ta_slab *slab, void *block, size_t size) {
  slab->taken -= size;
  unlist_large(header_of(block));
  free(header_of(block));
}

/* Where it is when there is no other room and it is to shrink, else NULL. */
static void *resize_large(struct ta_slab *slab, void *block, size_t old_size, size_t new_size) {
  void *stays = new_size < old_size ? block : NULL;
  if (new_size > SIZE_MAX - sizeof(struct ta_slab_large)) return NULL;
  if (!stays && !may_take(slab, new_size - old_size)) return NULL;
  struct ta_slab_large *large = header_of(block);
  unlist_large(large);
  void *moved = realloc(large, sizeof *large + new_size);
  if (moved) large = moved;
  list_large(&slab->large, large);
  if (!moved && !stays) return NULL;
  slab->taken += new_size - old_size;
  return large + 1;
}

/* ------------------------------------------------------------------- strays */

static bool is_stray(const struct ta_slab *slab, const void *block) {
  const struct ta_slab_large *stray = slab->strays.next;
  while (stray != &slab->strays && stray + 1 != block) stray = stray->next;
  return stray != &slab->strays;
}

/* A large block stays where it is, as a small one. */
static void make_stray(struct ta_slab *slab, void *block, size_t old_size) {
  struct ta_slab_large *large = header_of(block);
  slab->taken -= old_size;
  unlist_large(large);
  list_large(&slab->strays, large);
}

static void free_large_blocks(struct ta_slab_large *list) {
  while (list->next != list) {
    struct ta_slab_large *large = list->next;
    unlist_large(large);
    free(large);
  }
}

/* --------------------------------------------------------------- allocating */

static inline void *take_any(struct ta_slab *slab, size_t size) {
  return is_small(size) ? take(slab, size) : take_large(slab, size);
}

static inline void give_any(struct ta_slab *slab, void *block, size_t size) {
  if (!is_small(size))
    give_large(slab, block, size);
  else if (slab->strays.next != &slab->strays && is_stray(slab, block))
    give_large(slab, block, 0);
  else
    give(slab, block, size);
}

/* A page knows the size of its blocks, so a small one may stay where it is. */
static void *shrink_in_place(struct ta_slab *slab, void *block, size_t old_size) {
  if (!is_small(old_size)) make_stray(slab, block, old_size);
  return block;
}

static void *move(struct ta_slab *slab, void *block, size_t old_size, size_t new_size) {
  void *moved = take_any(slab, new_size);
  if (!moved) return new_size < old_size ? shrink_in_place(slab, block, old_size) : NULL;
  memcpy(moved, block, old_size < new_size ? old_size : new_size);
  give_any(slab, block, old_size);
  return moved;
}

static void *resize(struct ta_slab *slab, void *block, size_t old_size, size_t new_size) {
  if (!is_small(old_size) && !is_small(new_size))
    return resize_large(slab, block, old_size, new_size);
  if (is_small(old_size) && is_small(new_size) && class_of(old_size) == class_of(new_size))
    return block;
  return move(slab, block, old_size, new_size);
}

void *ta_slab_alloc(void *data, void *block, size_t old_size, size_t new_size) {
  struct ta_slab *slab = data;
  if (!block) return new_size ? take_any(slab, new_size) : NULL;
  if (new_size) return resize(slab, block, old_size, new_size);
  give_any(slab, block, old_size);
  return NULL;
}

void ta_slab_open(struct ta_slab *slab) {
  *slab = (struct ta_slab){.limit = SIZE_MAX};
  slab->large.next = slab->large.prev = &slab->large;
  slab->strays.next = slab->strays.prev = &slab->strays;
  for (size_t i = 0; i < TA_SLAB_CLASSES; i++) slab->current[i] = &slab->none;
}

void ta_slab_open_with(struct ta_slab *slab, void *spare) {
  ta_slab_open(slab);
  slab->spare = spare;
}

void ta_slab_free_spare(void *spare) {
  if (spare) munmap(spare, TA_SLAB_ARENA);
}

void *ta_slab_close_but_one(struct ta_slab *slab) {
  struct ta_slab_arena *last = NULL;
  free_large_blocks(&slab->large);
  free_large_blocks(&slab->strays);
  for (int fill = 0; fill < TA_SLAB_FILLS; fill++)
    for (struct ta_slab_arena *arena = slab->arenas[fill], *next; arena; arena = next) {
      next = arena->next;
      if (slab->arena_count > 1)
        munmap(arena, TA_SLAB_ARENA);
      else
        last = arena;
    }
  void *spare = last ? last : slab->spare;
  ta_slab_open(slab);
  return spare;
}

void ta_slab_close(struct ta_slab *slab) {
  ta_slab_free_spare(ta_slab_close_but_one(slab));
}
