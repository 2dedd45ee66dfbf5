/* SPDX-License-Identifier: MIT */
#include "io/crossing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct parcels {
  struct ta_parcel *first, **last;
  uint64_t count;
};

struct ta_crossing {
  pthread_mutex_t lock;
  uint64_t capacity;
  char *name;
  unsigned shares; /* of ends, messages, and whoever has just made it */
  struct ta_crossing_end *ends;
  struct parcels accepted, offered;
  bool closed;
  struct ta_crossing *next; /* of those that are looked at, or freed */
  uint64_t visit;           /* the search that has met it last */
};

/* A message that carries channels is put in by one thread at a time, so that no two close a
 * circle together. */
static pthread_mutex_t carriers = PTHREAD_MUTEX_INITIALIZER;

/* -------------------------------------------------------------------- lists */

static void append(struct parcels *list, struct ta_parcel *parcel) {
  parcel->next = NULL;
  *list->last = parcel;
  list->last = &parcel->next;
  list->count++;
}

static struct ta_parcel *take_first(struct parcels *list) {
  struct ta_parcel *parcel = list->first;
  if (!parcel) return NULL;
  list->first = parcel->next;
  if (!list->first) list->last = &list->first;
  list->count--;
  return parcel;
}

static void take_out(struct parcels *list, struct ta_parcel *parcel) {
  struct ta_parcel **link = &list->first;
  while (*link != parcel) link = &(*link)->next;
  *link = parcel->next;
  if (!parcel->next) list->last = link;
  list->count--;
}

void ta_parcel_free(struct ta_parcel *parcel) {
  if (!parcel) return;
  ta_flat_free(&parcel->flat);
  free(parcel);
}

/* -------------------------------------------------------------------- waking */

/* All of these under the lock: nobody parts, and closes its loop, meanwhile. */

static void tell(struct ta_crossing_end *end) {
  end->changed = true;
  ta_loop_wake(end->loop);
}

static void tell_all(struct ta_crossing *crossing) {
  for (struct ta_crossing_end *end = crossing->ends; end; end = end->next) tell(end);
}

static bool is_anybody_hungry(const struct ta_crossing *crossing) {
  for (const struct ta_crossing_end *end = crossing->ends; end; end = end->next)
    if (end->hungry) return true;
  return false;
}

static void tell_hungry(struct ta_crossing *crossing) {
  for (struct ta_crossing_end *end = crossing->ends; end; end = end->next) {
    if (end->hungry) tell(end);
    end->hungry = false;
  }
}

/* Its sender need not wait any more. */
static void accept_offer(struct ta_parcel *parcel) {
  if (!parcel->offer) return;
  parcel->offer->parcel = NULL;
  tell(parcel->offer->end);
  parcel->offer = NULL;
}

/* ------------------------------------------------------------------- circles */

/* What lies in itself could never be freed: who looks for that follows what channels carry. */
struct search {
  const struct ta_crossing *goal;
  struct ta_crossing *open, *done; /* it has a share in each */
  bool found;
};

static void meet_all(struct search *search, const struct ta_flat *flat, uint64_t visit) {
  for (uint32_t i = 0; i < flat->channel_count; i++) {
    struct ta_crossing *crossing = flat->channels[i];
    search->found |= crossing == search->goal;
    if (search->found || crossing->visit == visit) continue;
    ta_crossing_share(crossing);
    crossing->visit = visit;
    crossing->next = search->open;
    search->open = crossing;
  }
}

static void look_into(struct search *search, struct ta_crossing *crossing, uint64_t visit) {
  const struct ta_parcel *parcel;
  pthread_mutex_lock(&crossing->lock);
  for (parcel = crossing->accepted.first; parcel; parcel = parcel->next)
    meet_all(search, &parcel->flat, visit);
  for (parcel = crossing->offered.first; parcel; parcel = parcel->next)
    meet_all(search, &parcel->flat, visit);
  pthread_mutex_unlock(&crossing->lock);
}

/* Does any channel of the message lead to the crossing?  Under `carriers`. */
static void look_for(struct search *search, const struct ta_flat *flat) {
  static uint64_t visits;
  uint64_t visit = ++visits;
  meet_all(search, flat, visit);
  while (search->open && !search->found) {
    struct ta_crossing *crossing = search->open;
    search->open = crossing->next;
    look_into(search, crossing, visit);
    crossing->next = search->done;
    search->done = crossing;
  }
}

static void leave_all(struct ta_crossing *crossing) {
  while (crossing) {
    struct ta_crossing *next = crossing->next;
    ta_crossing_leave(crossing);
    crossing = next;
  }
}

/* ------------------------------------------------------------------- parcels */

static int put(struct ta_crossing *crossing, struct ta_parcel *parcel, struct ta_offer *offer,
               bool eagerly);

int ta_crossing_put(struct ta_crossing *crossing, struct ta_parcel *parcel, struct ta_offer *offer,
                    bool eagerly) {
  struct search search = {.goal = crossing};
  if (parcel->flat.channel_count == 0) return put(crossing, parcel, offer, eagerly);
  pthread_mutex_lock(&carriers);
  look_for(&search, &parcel->flat);
  int result = search.found ? -ELOOP : put(crossing, parcel, offer, eagerly);
  leave_all(search.open);
  leave_all(search.done);
  pthread_mutex_unlock(&carriers);
  return result;
}

static int put(struct ta_crossing *crossing, struct ta_parcel *parcel, struct ta_offer *offer,
               bool eagerly) {
  int result = 0;
  pthread_mutex_lock(&crossing->lock);
  bool roomy = crossing->accepted.count < crossing->capacity && crossing->offered.count == 0;
  if (!roomy && eagerly)
    roomy = crossing->accepted.count + crossing->offered.count == 0 && is_anybody_hungry(crossing);
  if (crossing->closed) {
    result = -EPIPE;
  } else if (roomy) {
    append(&crossing->accepted, parcel);
  } else {
    result = -EAGAIN;
    if (offer) append(&crossing->offered, parcel);
    if (offer) offer->parcel = parcel;
    if (offer) parcel->offer = offer;
  }
  if (result == 0 || (result == -EAGAIN && offer)) tell_hungry(crossing);
  pthread_mutex_unlock(&crossing->lock);
  return result;
}

struct ta_parcel *ta_crossing_withdraw(struct ta_crossing *crossing, struct ta_offer *offer) {
  pthread_mutex_lock(&crossing->lock);
  struct ta_parcel *parcel = offer->parcel;
  if (parcel) take_out(&crossing->offered, parcel);
  offer->parcel = NULL;
  pthread_mutex_unlock(&crossing->lock);
  return parcel;
}

bool ta_crossing_accepted(struct ta_crossing *crossing, const struct ta_offer *offer) {
  pthread_mutex_lock(&crossing->lock);
  bool accepted = !offer->parcel;
  pthread_mutex_unlock(&crossing->lock);
  return accepted;
}

static struct ta_parcel *take(struct ta_crossing *crossing) {
  struct ta_parcel *parcel = take_first(&crossing->accepted);
  struct ta_parcel *next = take_first(&crossing->offered);
  if (next) accept_offer(next);
  if (!parcel) return next;
  if (next) append(&crossing->accepted, next);
  return parcel;
}

bool ta_crossing_take(struct ta_crossing *crossing, struct ta_parcel **parcel) {
  pthread_mutex_lock(&crossing->lock);
  *parcel = take(crossing);
  bool known = *parcel || crossing->closed;
  pthread_mutex_unlock(&crossing->lock);
  return known;
}

static bool is_ready(const struct ta_crossing *crossing) {
  return crossing->closed || crossing->accepted.count + crossing->offered.count > 0;
}

bool ta_crossing_ready(struct ta_crossing *crossing) {
  pthread_mutex_lock(&crossing->lock);
  bool ready = is_ready(crossing);
  pthread_mutex_unlock(&crossing->lock);
  return ready;
}

void ta_crossing_await(struct ta_crossing_end *end, bool waits) {
  pthread_mutex_lock(&end->crossing->lock);
  bool ready = is_ready(end->crossing);
  end->hungry = waits && !ready;
  if (waits && ready) tell(end);
  pthread_mutex_unlock(&end->crossing->lock);
}

void ta_crossing_close(struct ta_crossing *crossing) {
  pthread_mutex_lock(&crossing->lock);
  crossing->closed = true;
  tell_all(crossing);
  pthread_mutex_unlock(&crossing->lock);
}

static struct ta_crossing_state state_of(const struct ta_crossing *crossing) {
  return (struct ta_crossing_state){.count = crossing->accepted.count,
                                    .offered = crossing->offered.count,
                                    .closed = crossing->closed,
                                    .alone = crossing->shares == 1};
}

struct ta_crossing_state ta_crossing_look(struct ta_crossing *crossing) {
  pthread_mutex_lock(&crossing->lock);
  struct ta_crossing_state state = state_of(crossing);
  pthread_mutex_unlock(&crossing->lock);
  return state;
}

struct ta_crossing_state ta_crossing_look_for(struct ta_crossing_end *end, uint64_t waiting) {
  struct ta_crossing *crossing = end->crossing;
  pthread_mutex_lock(&crossing->lock);
  struct ta_crossing_state state = state_of(crossing);
  end->hungry = waiting > state.count + state.offered;
  pthread_mutex_unlock(&crossing->lock);
  return state;
}

bool ta_crossing_has_changed(struct ta_crossing_end *end) {
  pthread_mutex_lock(&end->crossing->lock);
  bool changed = end->changed;
  end->changed = false;
  pthread_mutex_unlock(&end->crossing->lock);
  return changed;
}

/* -------------------------------------------------------------------- shares */

struct ta_crossing *ta_crossing_new(uint64_t capacity, const char *name) {
  struct ta_crossing *crossing = calloc(1, sizeof *crossing);
  char *copy = name ? strdup(name) : NULL;
  if (!crossing || (name && !copy)) {
    free(crossing);
    free(copy);
    return NULL;
  }
  pthread_mutex_init(&crossing->lock, NULL);
  crossing->capacity = capacity;
  crossing->name = copy;
  crossing->shares = 1;
  crossing->accepted.last = &crossing->accepted.first;
  crossing->offered.last = &crossing->offered.first;
  return crossing;
}

uint64_t ta_crossing_capacity(const struct ta_crossing *crossing) {
  return crossing->capacity;
}

const char *ta_crossing_name(const struct ta_crossing *crossing) {
  return crossing->name;
}

void ta_crossing_share(struct ta_crossing *crossing) {
  pthread_mutex_lock(&crossing->lock);
  crossing->shares++;
  pthread_mutex_unlock(&crossing->lock);
}

/* Unlocks.  Who is left alone hears of it: nobody else can end its waits.  True: nobody is. */
static bool give_up(struct ta_crossing *crossing) {
  unsigned left = --crossing->shares;
  if (left == 1) tell_all(crossing);
  pthread_mutex_unlock(&crossing->lock);
  return left == 0;
}

/* Frees it; those that it was the last to carry come before `others`. */
static struct ta_crossing *destroy(struct ta_crossing *crossing, struct ta_crossing *others) {
  struct ta_parcel *parcel;
  while ((parcel = take_first(&crossing->accepted))) {
    struct ta_flat *flat = &parcel->flat;
    while (flat->channel_count > 0) {
      struct ta_crossing *carried = flat->channels[--flat->channel_count];
      pthread_mutex_lock(&carried->lock);
      if (!give_up(carried)) continue;
      carried->next = others;
      others = carried;
    }
    ta_parcel_free(parcel);
  }
  pthread_mutex_destroy(&crossing->lock);
  free(crossing->name);
  free(crossing);
  return others;
}

/* One after the other, however deep they lie in one another. */
static void destroy_all(struct ta_crossing *crossing) {
  crossing->next = NULL;
  while (crossing) crossing = destroy(crossing, crossing->next);
}

void ta_crossing_leave(struct ta_crossing *crossing) {
  pthread_mutex_lock(&crossing->lock);
  if (give_up(crossing)) destroy_all(crossing);
}

void ta_crossing_join(struct ta_crossing *crossing, struct ta_crossing_end *end,
                      struct ta_loop *loop) {
  *end = (struct ta_crossing_end){.crossing = crossing, .loop = loop};
  pthread_mutex_lock(&crossing->lock);
  crossing->shares++;
  end->next = crossing->ends;
  crossing->ends = end;
  pthread_mutex_unlock(&crossing->lock);
}

void ta_crossing_part(struct ta_crossing_end *end) {
  struct ta_crossing *crossing = end->crossing;
  pthread_mutex_lock(&crossing->lock);
  struct ta_crossing_end **link = &crossing->ends;
  while (*link != end) link = &(*link)->next;
  *link = end->next;
  if (give_up(crossing)) destroy_all(crossing);
}
