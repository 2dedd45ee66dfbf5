/* SPDX-License-Identifier: MIT */
#include "io/files.h"

#include <errno.h>
#include <sys/stat.h>

#include "io/disk.h"
#include "io/refusal.h"

struct look {
  struct ta_errand errand; /* the first */
  struct stat about;
  int error;
};

static void run_look(struct ta_errand *errand) {
  struct look *look = (struct look *)errand;
  look->error = lstat(errand->name, &look->about) == 0 ? 0 : errno;
}

static int give_exists(lua_State *L, struct ta_errand *errand) {
  const struct look *look = (const struct look *)errand;
  if (look->error && look->error != ENOENT && look->error != ENOTDIR)
    return ta_refuse(L, -look->error, "cannot look at %s", errand->name);
  lua_pushboolean(L, !look->error);
  return 1;
}

static const struct ta_errand_kind exists_kind = {
    .wait = TA_ERRAND_WAIT("stat"), .run = run_look, .give = give_exists};

/* (path) -> is there anything of that name */
static int l_exists(lua_State *L) {
  ta_push_errand(ta_upvalue_runner(L), L, &exists_kind, sizeof(struct look), ta_check_path(L, 1));
  return ta_send_errand(L, TA_LANE_DISK);
}

const struct ta_function ta_file_parts[] = {{"exists", l_exists}, {NULL, NULL}};
