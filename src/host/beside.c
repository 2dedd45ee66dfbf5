/* SPDX-License-Identifier: MIT */
#include "host/beside.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/file.h"
#include "host/guardian.h"

#define PATIENCE 100 /* thousandths of a second, which the guardian may take to make room */

/* The path of it as the guardian is to have it; false: none can be told. */
static bool find_path(const struct ta_beside *beside, int directory, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  ssize_t length = readlink(link, path, PATH_MAX);
  size_t left = length < 0 ? 0 : PATH_MAX - (size_t)length;
  if (left < strlen(beside->name) + 2) return false;
  snprintf(path + length, left, "%s%s", length > 1 ? "/" : "", beside->name);
  return true;
}

/* Its pipe may be full: it looks at that now and then. */
static void tell(const struct ta_beside *beside, enum ta_guarded what, const char *path) {
  struct pollfd room = {.fd = beside->notes, .events = POLLOUT};
  if (ta_guardian_note_path(beside->notes, what, path) != -EAGAIN) return;
  poll(&room, 1, PATIENCE);
  ta_guardian_note_path(beside->notes, what, path);
}

void ta_beside_end(struct ta_beside *beside) {
  if (beside->told[0]) tell(beside, TA_GUARDED_NO_MORE, beside->told);
  beside->told[0] = '\0';
}

const char *ta_beside_at(struct ta_beside *beside, int directory) {
  char path[PATH_MAX];
  if (!beside->name[0])
    snprintf(beside->name, sizeof beside->name, ".tinyasync-%016" PRIx64, ta_file_random());
  bool can_be_told = beside->notes >= 0 && find_path(beside, directory, path);
  if (can_be_told && strcmp(path, beside->told) == 0) return beside->name;
  ta_beside_end(beside);
  if (!can_be_told) return beside->name;
  memcpy(beside->told, path, strlen(path) + 1);
  tell(beside, TA_GUARDED_FILE, path);
  return beside->name;
}

int ta_beside_take_place(const struct ta_beside *beside, int directory, const char *name) {
  if (renameat(directory, beside->name, directory, name) == 0) return 0;
  int error = -errno;
  ta_beside_remove(beside, directory);
  return error;
}

void ta_beside_remove(const struct ta_beside *beside, int directory) {
  unlinkat(directory, beside->name, 0);
}
