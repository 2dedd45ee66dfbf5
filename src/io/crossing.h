/* SPDX-License-Identifier: MIT
 *
 * crossing.h -- a channel between threads: what waits in it are flat messages.
 *
 * Each Lua state that has it has an end, and so has each message that carries it a share; the
 * last one frees it.  Parcels are accepted while there is room, and else stay offered, in order,
 * until room is made.  An end where somebody waits is hungry, and its loop is woken when something
 * comes.
 *
 * Everything may be called from any thread; an end belongs to one.  It knows no Lua.
 */
#ifndef TA_IO_CROSSING_H
#define TA_IO_CROSSING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/loop.h"
#include "io/flat.h"

struct ta_crossing;
struct ta_offer;

/* A message in it. */
struct ta_parcel {
  struct ta_parcel *next;
  struct ta_offer *offer; /* NULL: nobody waits for it to be accepted */
  struct ta_flat flat;
};

/* Of a sender that waits. */
struct ta_offer {
  struct ta_parcel *parcel; /* NULL: it was accepted */
  struct ta_crossing_end *end;
};

/* Of one Lua state. */
struct ta_crossing_end {
  struct ta_crossing *crossing;
  struct ta_loop *loop;
  struct ta_crossing_end *next; /* of the same crossing */
  bool hungry;                  /* somebody waits there: it wants to hear when something comes */
  bool changed;                 /* something has: to be asked by ta_crossing_has_changed() */
};

/* What is true of it at a moment. */
struct ta_crossing_state {
  uint64_t count, offered;
  bool closed;
  bool alone; /* nobody else has it */
};

/* With one share, the caller's.  `capacity` of UINT64_MAX is no limit.  NULL: no memory. */
struct ta_crossing *ta_crossing_new(uint64_t capacity, const char *name);

uint64_t ta_crossing_capacity(const struct ta_crossing *crossing);
const char *ta_crossing_name(const struct ta_crossing *crossing); /* or NULL */

void ta_crossing_share(struct ta_crossing *crossing);
void ta_crossing_leave(struct ta_crossing *crossing);

/* The end takes a share; it says which loop is to be woken. */
void ta_crossing_join(struct ta_crossing *crossing, struct ta_crossing_end *end,
                      struct ta_loop *loop);
void ta_crossing_part(struct ta_crossing_end *end);

/* 0: the crossing has the parcel.  -EAGAIN: there is no room; with `offer` it stays offered, and
 * else the caller's.  -EPIPE: it is closed.  -ELOOP: it carries a channel that
 * this one lies in, or leads there.  `eagerly`: whoever is hungry counts as room. */
int ta_crossing_put(struct ta_crossing *crossing, struct ta_parcel *parcel, struct ta_offer *offer,
                    bool eagerly);

/* Takes an offer back; gives the parcel, or NULL: it was accepted. */
struct ta_parcel *ta_crossing_withdraw(struct ta_crossing *crossing, struct ta_offer *offer);

/* Was it accepted? */
bool ta_crossing_accepted(struct ta_crossing *crossing, const struct ta_offer *offer);

/* Takes the next parcel; NULL: that was the end of all.  False: there is nothing yet. */
bool ta_crossing_take(struct ta_crossing *crossing, struct ta_parcel **parcel);

/* Is there anything, or the end of all? */
bool ta_crossing_ready(struct ta_crossing *crossing);

/* Whether somebody waits at the end has changed.  Where something has come before, its loop is
 * woken. */
void ta_crossing_await(struct ta_crossing_end *end, bool waits);

void ta_crossing_close(struct ta_crossing *crossing);

struct ta_crossing_state ta_crossing_look(struct ta_crossing *crossing);

/* The same for an end where so many wait for a parcel: it is hungry unless each gets one. */
struct ta_crossing_state ta_crossing_look_for(struct ta_crossing_end *end, uint64_t waiting);

/* Tells once. */
bool ta_crossing_has_changed(struct ta_crossing_end *end);

void ta_parcel_free(struct ta_parcel *parcel);

#endif
