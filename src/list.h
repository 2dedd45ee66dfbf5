/* SPDX-License-Identifier: MIT
 *
 * list.h -- lists whose links lie inside what they hold.
 *
 * A ring of links around the list's own.  Joining and leaving ask for no memory,
 * and to leave a link need not know its list.
 */
#ifndef TA_LIST_H
#define TA_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "holder.h"
#include "tinyasync_lib.h"

static inline void ta_list_append(struct ta_list *list, struct ta_link *link) {
  link->prev = list->ring.prev;
  link->next = &list->ring;
  link->prev->next = link;
  list->ring.prev = link;
}

static inline bool ta_in_list(const struct ta_link *link) {
  return link->next != NULL;
}

/* Takes a link out of the list it is in, if any. */
static inline void ta_list_leave(struct ta_link *link) {
  if (!link->next) return;
  link->prev->next = link->next;
  link->next->prev = link->prev;
  link->next = link->prev = NULL;
}

/* The first link, or NULL. */
static inline struct ta_link *ta_list_first(const struct ta_list *list) {
  return ta_list_empty(list) ? NULL : list->ring.next;
}

/* The link after this one, or NULL. */
static inline struct ta_link *ta_list_after(const struct ta_list *list,
                                            const struct ta_link *link) {
  return link->next == &list->ring ? NULL : link->next;
}

/* How many there are, by counting. */
static inline size_t ta_list_count(const struct ta_list *list) {
  size_t count = 0;
  for (const struct ta_link *link = list->ring.next; link != &list->ring; link = link->next)
    count++;
  return count;
}

#endif
