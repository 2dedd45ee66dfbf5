/* SPDX-License-Identifier: MIT
 *
 * ration.h -- a limit on the memory of a Lua state: --max-memory.
 *
 * It stands before an allocator, counts the bytes that are in use, and refuses more than the
 * limit.  Lua collects garbage then, and asks once more.  What it gets must leave some room:
 * to collect everything for every few bytes would be no way to go on.  When tasks do little
 * else than fail so, the host is told, and has some more memory to end them in.
 *
 * States of several threads may have one budget: then what all of them use counts.
 */
#ifndef TA_IO_RATION_H
#define TA_IO_RATION_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* What several states use, from any thread.  Each who has it has a share; the last one frees it. */
struct ta_budget;

/* With one share.  NULL: there is no memory. */
struct ta_budget *ta_budget_new(void);
struct ta_budget *ta_budget_share(struct ta_budget *budget);
void ta_budget_leave(struct ta_budget *budget);

size_t ta_budget_used(struct ta_budget *budget); /* bytes */

struct ta_ration {
  lua_Alloc alloc; /* whose memory it is */
  void *data;
  size_t limit, used;       /* bytes */
  size_t reserve;           /* more, for the end */
  struct ta_budget *budget; /* whose limit it is; NULL: its own */

  /* The request that was refused last, for which Lua collects. */
  bool collects;
  const void *block;
  size_t wanted;
  double began; /* in real time */

  double wasted;   /* seconds of collections that found nothing, but for what other work has paid */
  double ended;    /* when the last of them had ended */
  bool is_starved; /* the host was told */
  void (*starved)(void *data); /* nothing helps any more; in the middle of a request, so that it
                                  may call no Lua; NULL: nobody is told */
  void *starved_data;
};

/* At most `limit` bytes of what the allocator has. */
void ta_ration_open(struct ta_ration *ration, size_t limit, lua_Alloc alloc, void *data);

/* What Lua asks of an allocator.  `data` is the ration. */
void *ta_ration_alloc(void *data, void *block, size_t old_size, size_t new_size);

/* The tasks are to end: from now on the reserve may be used up as well. */
void ta_ration_relax(struct ta_ration *ration);

#endif
