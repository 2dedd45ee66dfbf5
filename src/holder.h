/* SPDX-License-Identifier: MIT
 *
 * holder.h -- from a member to the struct that it lies in.
 *
 * Links, alarms and watches lie inside their owners: who is given the member finds the owner
 * without a pointer kept for that.  It knows nothing of any room.
 */
#ifndef TA_HOLDER_H
#define TA_HOLDER_H

#include <stddef.h>

/* What holds `link`: its `type`, in which the link is `member`. */
#define TA_HOLDER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
