/* SPDX-License-Identifier: MIT */
#include "host/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAT_SIZE 512 /* bytes: state and group come early */

/* Reads /proc/NAME/stat.  False: it has gone. */
static bool read_stat(const char *name, char *text, size_t size) {
  char path[64];
  int length = snprintf(path, sizeof path, "/proc/%s/stat", name);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t count = read(fd, text, size - 1);
  close(fd);
  text[count > 0 ? count : 0] = '\0';
  return count > 0;
}

/* "4121 (name) S parent group ...": the name may hold anything. */
static bool lives_in(const char *stat, pid_t group) {
  const char *after = strrchr(stat, ')');
  char state;
  int parent, in_group;
  if (!after || sscanf(after + 1, " %c %d %d", &state, &parent, &in_group) != 3) return false;
  return in_group == group && state != 'Z' && state != 'X';
}

bool ta_anybody_in_group(pid_t group) {
  char text[STAT_SIZE];
  DIR *processes = opendir("/proc");
  if (!processes) return true;
  bool found = false;
  struct dirent *entry;
  while (!found && (entry = readdir(processes)))
    found = entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
            read_stat(entry->d_name, text, sizeof text) && lives_in(text, group);
  closedir(processes);
  return found;
}
