/* SPDX-License-Identifier: MIT
 *
 * process_table.h -- what the system says of processes that are not ours.
 *
 * It looks at all of them, which costs some microseconds each: for what cannot be
 * found out otherwise.
 */
#ifndef TA_HOST_PROCESS_TABLE_H
#define TA_HOST_PROCESS_TABLE_H

#include <stdbool.h>
#include <sys/types.h>

/* Is there a process in the group that has not ended?  True where the system does not tell. */
bool ta_anybody_in_group(pid_t group);

#endif
