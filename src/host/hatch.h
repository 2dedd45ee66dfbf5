/* SPDX-License-Identifier: MIT
 *
 * hatch.h -- what other threads have to print, for the one that prints.
 *
 * Text is put in from any thread, and taken by the loop's, in order.  Who puts in more than is
 * taken waits; once the hatch is closed all is thrown away.  Each who has it has a share, and
 * the last one frees it.
 */
#ifndef TA_HOST_HATCH_H
#define TA_HOST_HATCH_H

#include <stddef.h>

#include "host/loop.h"

struct ta_hatch;

/* `take` is called in the loop's thread; `kind` is whatever the text was put in as.  The
 * caller has a share.  0, or -ENOMEM. */
int ta_hatch_open(struct ta_loop *loop,
                  void (*take)(void *data, int kind, const char *text, size_t size), void *data,
                  struct ta_hatch **hatch);

/* One more share in it. */
struct ta_hatch *ta_hatch_share(struct ta_hatch *hatch);
void ta_hatch_leave(struct ta_hatch *hatch);

/* Puts a copy in.  0, or -ENOMEM. */
int ta_hatch_put(struct ta_hatch *hatch, int kind, const char *text, size_t size);

/* Takes what is there.  From the loop's thread. */
void ta_hatch_take(struct ta_hatch *hatch);

/* From now on nothing is taken; gives the opener's share back.  Before the loop is closed. */
void ta_hatch_close(struct ta_hatch *hatch);

#endif
