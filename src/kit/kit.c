/* SPDX-License-Identifier: MIT */
#include "kit/kit.h"

#include <stddef.h>

extern const char *const ta_chunk_dotenv[];
extern const char *const ta_chunk_color[];
extern const char *const ta_chunk_log[];
extern const char *const ta_chunk_progress[];
extern const char *const ta_chunk_prompt[];

static const struct part {
  const char *const *names; /* in async, up to a NULL */
  const char *const *lines;
} parts[] = {
    {(const char *const[]){"dotenv", NULL}, ta_chunk_dotenv},
    {(const char *const[]){"color", NULL}, ta_chunk_color},
    {(const char *const[]){"log", NULL}, ta_chunk_log},
    {(const char *const[]){"progress", NULL}, ta_chunk_progress},
    {(const char *const[]){"prompt", "confirm", "select_one", NULL}, ta_chunk_prompt},
};

void ta_offer_kit(struct ta_runner *runner, lua_State *L) {
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    ta_offer_chunk(runner, L, parts[i].names, parts[i].lines);
}
