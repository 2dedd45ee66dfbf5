/* SPDX-License-Identifier: MIT */
#include "cli/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define WATCHED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WATCHED true
#endif
#if !defined(WATCHED)
#define WATCHED false
#endif

/* Tools that look after every block must see every block. */
static bool wants_system(void) {
  const char *wish = getenv("TINYASYNC_ALLOC");
  return WATCHED || (wish && strcmp(wish, "system") == 0);
}

static void *system_alloc(void *data, void *block, size_t old_size, size_t new_size) {
  (void)data;
  (void)old_size;
  if (new_size) return realloc(block, new_size);
  free(block);
  return NULL;
}

/* Lua ends the program afterwards. */
static int l_panic(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  if (!message) message = "error object is not a string";
  fflush(stdout);
  fputs("PANIC: unprotected error in call to Lua API (", stderr);
  ta_report_text(message, strlen(message));
  fputs(")\n", stderr);
  fflush(stderr);
  return 0;
}

static void control_warnings(struct ta_state *state, const char *word) {
  if (strcmp(word, "on") == 0) state->warns = true;
  if (strcmp(word, "off") == 0) state->warns = false;
}

/* A message that begins with @ and comes in one piece is for this function. */
static void warn(void *data, const char *message, int goes_on) {
  struct ta_state *state = data;
  bool begins = !state->warning;
  state->warning = goes_on;
  if (begins && !goes_on && message[0] == '@') {
    control_warnings(state, message + 1);
  } else if (state->warns) {
    if (begins) fputs("Lua warning: ", stderr);
    ta_report_text(message, strlen(message));
    if (!goes_on) fputc('\n', stderr);
    fflush(stderr);
  }
}

lua_State *ta_state_open(struct ta_state *state, size_t limit) {
  *state = (struct ta_state){0};
  ta_slab_open(&state->slab);
  lua_Alloc alloc = wants_system() ? system_alloc : ta_slab_alloc;
  ta_ration_open(&state->ration, limit, alloc, &state->slab);
  state->ration.budget = limit ? ta_budget_new() : NULL;
  if (limit && !state->ration.budget) return NULL;
  lua_State *L =
      limit ? lua_newstate(ta_ration_alloc, &state->ration) : lua_newstate(alloc, &state->slab);
  if (!L) {
    ta_budget_leave(state->ration.budget);
    ta_slab_close(&state->slab);
    return NULL;
  }
  lua_atpanic(L, l_panic);
  lua_setwarnf(L, warn, state);
  return L;
}

void ta_state_close(struct ta_state *state, lua_State *L) {
  lua_close(L);
  ta_budget_leave(state->ration.budget);
  ta_slab_close(&state->slab);
}
