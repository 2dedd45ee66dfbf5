/* SPDX-License-Identifier: MIT */
#include "io/flat.h"

#include <stdlib.h>

#include "io/crossing.h"

void ta_flat_free(struct ta_flat *flat) {
  for (uint32_t i = 0; i < flat->channel_count; i++) ta_crossing_leave(flat->channels[i]);
  free(flat->channels);
  free(flat->bytes);
  *flat = (struct ta_flat){.bytes = NULL};
}
