/* SPDX-License-Identifier: MIT */
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/openat2.h>
#endif

#include "host/clock.h"

#define BETWEEN_LOOKS 0.05 /* seconds */

/* Those that ask nobody but this machine's kernel and its disks. */
static const char *const local_types[] = {
    "ext2",       "ext3",    "ext4",     "xfs",        "btrfs",     "zfs",      "f2fs",
    "bcachefs",   "jfs",     "nilfs2",   "reiserfs",   "vfat",      "exfat",    "ntfs3",
    "hfsplus",    "iso9660", "udf",      "squashfs",   "erofs",     "overlay",  "tmpfs",
    "ramfs",      "rootfs",  "devtmpfs", "devpts",     "proc",      "sysfs",    "cgroup",
    "cgroup2",    "debugfs", "tracefs",  "securityfs", "selinuxfs", "configfs", "efivarfs",
    "pstore",     "bpf",     "mqueue",   "hugetlbfs",  "fusectl",   "nsfs",     "binfmt_misc",
    "rpc_pipefs", "resctrl", NULL};

static bool is_local_type(const char *type) {
  for (const char *const *name = local_types; *name; name++)
    if (strcmp(*name, type) == 0) return true;
  return false;
}

/* ------------------------------------------------------------------- reading */

void ta_mounts_open(struct ta_mounts *mounts) {
  *mounts = (struct ta_mounts){.table = -1};
}

static void forget_list(struct ta_mounts *mounts) {
  for (size_t i = 0; i < mounts->count; i++) {
    if (mounts->list[i].root >= 0) close(mounts->list[i].root);
    free(mounts->list[i].point);
  }
  free(mounts->list);
  mounts->list = NULL;
  mounts->count = 0;
  mounts->known = mounts->all_local = false;
}

void ta_mounts_close(struct ta_mounts *mounts) {
  forget_list(mounts);
  if (mounts->table >= 0) close(mounts->table);
  mounts->table = -1;
}

/* Blanks and the like stand as \040. */
static char *unescape(const char *text, size_t length) {
  char *copy = malloc(length + 1), *to = copy;
  if (!copy) return NULL;
  for (const char *from = text; from < text + length;) {
    if (*from == '\\' && text + length - from > 3) {
      *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 4;
    } else {
      *to++ = *from++;
    }
  }
  while (to > copy && to[-1] == '/') to--;
  *to = '\0';
  return copy;
}

static bool is_below(const char *path, const struct ta_mount *mount) {
  if (strncmp(path, mount->point, mount->length) != 0) return false;
  return path[mount->length] == '/' || path[mount->length] == '\0';
}

struct ta_mount *ta_mounts_find(const struct ta_mounts *mounts, const char *path) {
  struct ta_mount *found = NULL;
  for (size_t i = 0; i < mounts->count; i++) {
    struct ta_mount *mount = &mounts->list[i];
    if (is_below(path, mount) && (!found || mount->length >= found->length)) found = mount;
  }
  return found;
}

static int add(struct ta_mounts *mounts, const char *point, size_t length, const char *type) {
  struct ta_mount *list = realloc(mounts->list, (mounts->count + 1) * sizeof *list);
  char *copy = list ? unescape(point, length) : NULL;
  if (list) mounts->list = list;
  if (!copy) return -ENOMEM;
  const struct ta_mount *below = ta_mounts_find(mounts, copy);
  bool local = is_local_type(type) && (!below || below->local || strlen(copy) == below->length);
  mounts->list[mounts->count++] =
      (struct ta_mount){.point = copy, .length = strlen(copy), .local = local, .root = -1};
  if (!local && strncmp(copy, "/proc/", 6) != 0) mounts->all_local = false;
  return 0;
}

/* "36 35 98:0 /root /point options fields - type source options", as long as `line` has them. */
static int add_line(struct ta_mounts *mounts, const char *line) {
  char type[64];
  int from, to;
  const char *rest = strstr(line, " - ");
  if (!rest || sscanf(rest + 3, "%63s", type) != 1) return 0;
  from = to = -1;
  sscanf(line, "%*s %*s %*s %*s %n%*s%n", &from, &to);
  if (from < 0 || to < 0 || line[from] != '/') return 0;
  return add(mounts, line + from, (size_t)(to - from), type);
}

int ta_mounts_read(struct ta_mounts *mounts, const char *text) {
  int error = 0;
  forget_list(mounts);
  mounts->all_local = true;
  while (*text && !error) {
    size_t length = strcspn(text, "\n");
    char *line = strndup(text, length);
    error = line ? add_line(mounts, line) : -ENOMEM;
    free(line);
    text += length + (text[length] == '\n');
  }
  if (error) forget_list(mounts);
  mounts->known = !error && mounts->count > 0;
  return error;
}

/* ------------------------------------------------------------------- changes */

/* All that the descriptor has, from its beginning on; NULL: it cannot be had. */
static char *read_table(int fd) {
  size_t room = 16384, size = 0;
  char *text = malloc(room);
  while (text) {
    ssize_t count = pread(fd, text + size, room - size - 1, (off_t)size);
    if (count == 0) break;
    if (count > 0) size += (size_t)count;
    char *more = text;
    if (count > 0 && room - size < 4096) more = realloc(text, room *= 2);
    if ((count < 0 && errno != EINTR) || !more) {
      free(text);
      return NULL;
    }
    text = more;
  }
  if (text) text[size] = '\0';
  return text;
}

static bool has_changed(struct ta_mounts *mounts) {
  struct pollfd asked = {.fd = mounts->table, .events = POLLPRI};
  double now = ta_monotonic();
  if (mounts->known && now - mounts->looked < BETWEEN_LOOKS) return false;
  mounts->looked = now;
  return poll(&asked, 1, 0) > 0 || !mounts->known;
}

static void look(struct ta_mounts *mounts) {
  if (mounts->table < 0) mounts->table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (mounts->table < 0 || !has_changed(mounts)) return;
  char *text = read_table(mounts->table);
  if (text)
    ta_mounts_read(mounts, text);
  else
    forget_list(mounts);
  free(text);
}

/* ------------------------------------------------------------------- a path */

/* Does the kernel come to the path's end, or to where it ends, without leaving the mount? */
static bool stays_on(struct ta_mount *mount, const char *path) {
#if defined(SYS_openat2) && defined(O_PATH)
  struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                         .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS};
  const char *rest = path + mount->length;
  while (*rest == '/') rest++;
  if (mount->root < 0)
    mount->root = open(mount->point[0] ? mount->point : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (mount->root < 0) return false;
  if (!*rest) return true;
  long fd = syscall(SYS_openat2, mount->root, rest, &how, sizeof how);
  if (fd >= 0) close((int)fd);
  return fd >= 0 || errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ENAMETOOLONG;
#else
  (void)mount, (void)path;
  return false;
#endif
}

static bool is_near_absolute(struct ta_mounts *mounts, const char *path) {
  struct ta_mount *mount = ta_mounts_find(mounts, path);
  return mount && mount->local && stays_on(mount, path);
}

bool ta_mounts_is_near(struct ta_mounts *mounts, const char *path) {
  char whole[2 * PATH_MAX];
  look(mounts);
  if (!mounts->known) return false;
  if (mounts->all_local) return true;
  if (path[0] == '/') return is_near_absolute(mounts, path);
  if (!getcwd(whole, PATH_MAX)) return false;
  size_t length = strlen(whole);
  if (snprintf(whole + length, sizeof whole - length, "/%s", path) >= PATH_MAX) return false;
  return is_near_absolute(mounts, whole);
}
