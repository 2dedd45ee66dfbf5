/* SPDX-License-Identifier: MIT */
#include "host/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/file.h"

#define BATCH ((size_t)32 * 1024) /* bytes of entries that are asked for at once */
#define LEAST ((size_t)8 * 1024)  /* and no less: a name may take 280 */
#define FIRST_LEVELS 8
#define MOST_OPEN 16 /* levels, and the root */
#define DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK)

#define EXPECTED (-1) /* for an offset: the entry is one of ours */

#define NO_XDEV 0x01 /* as <linux/openat2.h> has them, which is not everywhere */
#define NO_SYMLINKS 0x04

struct how {
  uint64_t flags, mode, resolve;
};

/* As the system gives it. */
struct entry {
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

/* ------------------------------------------------------------------- memory */

/* The block with room for `wanted` members of `size` bytes; NULL: there is no memory, and it is as
 * it was. */
static void *enlarge(void *block, size_t *room, size_t wanted, size_t size) {
  if (wanted <= *room) return block;
  size_t more = *room * 2 > wanted ? *room * 2 : wanted;
  void *moved = realloc(block, more * size);
  if (moved) *room = more;
  return moved;
}

static int make_room(struct ta_tree_level *level, size_t more) {
  char *bytes = enlarge(level->bytes, &level->room, level->size + more, 1);
  if (!bytes) return -ENOMEM;
  level->bytes = bytes;
  return 0;
}

static int extend_path(struct ta_tree *tree, const char *name) {
  size_t length = strlen(name);
  char *path = enlarge(tree->path, &tree->path_room, tree->length + length + 2, 1);
  if (!path) return -ENOMEM;
  tree->path = path;
  if (ta_needs_slash(path, tree->length)) path[tree->length++] = '/';
  memcpy(path + tree->length, name, length + 1);
  tree->length += length;
  return 0;
}

/* Kept for the next level that has none. */
static void free_entries(struct ta_tree *tree, struct ta_tree_level *level) {
  char *unused = level->room > tree->spare_room ? tree->spare : level->bytes;
  if (unused == tree->spare) {
    tree->spare = level->bytes;
    tree->spare_room = level->room;
  }
  free(unused);
  level->bytes = NULL;
  level->at = level->size = level->room = 0;
}

static void take_spare(struct ta_tree *tree, struct ta_tree_level *level) {
  if (level->bytes) return;
  level->bytes = tree->spare;
  level->room = tree->spare_room;
  tree->spare = NULL;
  tree->spare_room = 0;
}

char *ta_tree_name(const struct ta_tree *tree, const char *name) {
  size_t more = name ? strlen(name) : 0, length = tree->length;
  char *text = malloc(length + more + 2);
  if (!text) return NULL;
  memcpy(text, tree->path, length);
  if (name && ta_needs_slash(text, length)) text[length++] = '/';
  if (name) memcpy(text + length, name, more);
  text[length + more] = '\0';
  return text;
}

/* ------------------------------------------------------------------ entries */

/* More of them, after those that there are. */
static int read_more(struct ta_tree_level *level) {
  size_t left = level->room - level->size;
  if (left < LEAST) {
    if (make_room(level, BATCH)) return -ENOMEM;
    left = level->room - level->size;
  }
  long count = syscall(SYS_getdents64, level->fd, level->bytes + level->size, left);
  if (count < 0 && errno != ENOENT) return -errno; /* ENOENT: it was removed */
  if (count > 0) level->size += (size_t)count;
  level->ended = count <= 0;
  return 0;
}

/* Those that are left, all. */
static int read_rest(struct ta_tree_level *level) {
  if (level->at > 0) memmove(level->bytes, level->bytes + level->at, level->size - level->at);
  level->size -= level->at;
  level->at = 0;
  int error = 0;
  while (!level->ended && !error) error = read_more(level);
  return error;
}

static int by_name(const void *a, const void *b) {
  return strcmp((*(const struct entry *const *)a)->name, (*(const struct entry *const *)b)->name);
}

static size_t list_entries(const struct ta_tree_level *level, const struct entry **list) {
  size_t count = 0;
  for (size_t at = 0; at < level->size;) {
    const struct entry *entry = (const void *)(level->bytes + at);
    if (list) list[count] = entry;
    count++;
    at += entry->length;
  }
  return count;
}

static void copy_entries(const struct entry *const *list, size_t count, char *bytes) {
  for (size_t i = 0; i < count; i++) {
    memcpy(bytes, list[i], list[i]->length);
    bytes += list[i]->length;
  }
}

static int sort(struct ta_tree_level *level) {
  size_t count = list_entries(level, NULL);
  const struct entry **list = malloc((count + 1) * sizeof *list);
  char *sorted = malloc(level->room);
  if (list && sorted) {
    list_entries(level, list);
    qsort(list, count, sizeof *list, by_name);
    copy_entries(list, count, sorted);
    free(level->bytes);
    level->bytes = sorted;
  }
  if (!list || !sorted) free(sorted);
  free(list);
  return list && sorted ? 0 : -ENOMEM;
}

static int fill(struct ta_tree *tree, struct ta_tree_level *level) {
  take_spare(tree, level);
  level->at = level->size = 0;
  if (!(tree->flags & TA_TREE_SORTED)) return read_more(level);
  int error = read_rest(level);
  return error ? error : sort(level);
}

int ta_tree_next(struct ta_tree *tree) {
  struct ta_tree_level *level = ta_tree_here(tree);
  int error = 0;
  for (;;) {
    while (level->at < level->size) {
      const struct entry *entry = (const void *)(level->bytes + level->at);
      level->at += entry->length;
      tree->name = entry->name;
      tree->type = entry->type;
      if (!ta_is_dots(tree->name) || entry->offset == EXPECTED) return 1;
    }
    if (level->ended || error) break;
    error = fill(tree, level);
  }
  level->ended = true;
  return error;
}

static size_t expected_length(size_t length) {
  return (offsetof(struct entry, name) + length + 1 + 7) / 8 * 8;
}

int ta_tree_expect(struct ta_tree *tree, const char *names) {
  struct ta_tree_level *level = ta_tree_here(tree);
  level->at = level->size = 0;
  level->ended = true;
  for (size_t length; (length = strlen(names)) > 0; names += length + 1) {
    if (length >= PATH_MAX) continue; /* nothing has such a name, whatever the file system */
    size_t size = expected_length(length);
    if (make_room(level, size)) return -ENOMEM;
    struct entry *entry = (void *)(level->bytes + level->size);
    entry->offset = EXPECTED;
    entry->type = DT_UNKNOWN;
    entry->length = (unsigned short)size;
    memcpy(entry->name, names, length + 1);
    level->size += size;
  }
  return 0;
}

static unsigned char type_of(mode_t mode) {
  return (unsigned char)((mode & S_IFMT) >> 12);
}

int ta_tree_look(struct ta_tree *tree, bool follows, struct stat *about) {
  int fd = ta_tree_here(tree)->fd;
  if (fstatat(fd, tree->name, about, follows ? 0 : AT_SYMLINK_NOFOLLOW) != 0) return -errno;
  tree->type = type_of(about->st_mode);
  return 0;
}

/* ------------------------------------------------------------------- levels */

static int learn(struct ta_tree_level *level) {
  struct stat about;
  if (level->known) return 0;
  if (fstat(level->fd, &about) != 0) return -errno;
  level->device = about.st_dev;
  level->inode = about.st_ino;
  level->known = true;
  return 0;
}

static bool is_same(const struct ta_tree_level *a, const struct ta_tree_level *b) {
  return a->device == b->device && a->inode == b->inode;
}

static void close_level(struct ta_tree_level *level) {
  if (level->fd >= 0) close(level->fd);
  level->fd = -1;
}

/* So that a level more can be open. */
static int spill(struct ta_tree *tree) {
  if (tree->depth <= MOST_OPEN) return 0;
  struct ta_tree_level *level = &tree->levels[tree->depth - MOST_OPEN];
  if (level->fd < 0) return 0;
  int error = learn(level);
  if (!error && !(tree->flags & TA_TREE_UNREAD)) error = read_rest(level);
  if (error) return error;
  if (level->size == 0) free_entries(tree, level);
  close_level(level);
  return 0;
}

/* -EAGAIN: the system does not know how. */
static int open_on_mount(int fd, const char *name) {
  struct how how = {.flags = DIRECTORY | O_NOFOLLOW, .resolve = NO_XDEV | NO_SYMLINKS};
#if defined(SYS_openat2)
  int opened = (int)syscall(SYS_openat2, fd, name, &how, sizeof how);
  if (opened >= 0) return opened;
  if (errno != ENOSYS && errno != EPERM && errno != EINVAL) return -errno;
#else
  (void)fd, (void)name, (void)how;
#endif
  return -EAGAIN;
}

static int open_entry(struct ta_tree *tree, const char *name, bool follows, bool *sure) {
  int fd = ta_tree_here(tree)->fd;
  *sure = true;
  if (tree->flags & TA_TREE_ONE_MOUNT) {
    int opened = open_on_mount(fd, name);
    if (opened != -EAGAIN) return opened;
    *sure = false;
  }
  int opened = openat(fd, name, DIRECTORY | (follows ? 0 : O_NOFOLLOW));
  return opened >= 0 ? opened : -errno;
}

/* May we be there? */
static int check(struct ta_tree *tree, struct ta_tree_level *level, bool sure) {
  if (sure && !(tree->flags & TA_TREE_FOLLOWED)) return 0;
  int error = learn(level);
  if (!error && !sure) error = learn(&tree->levels[0]);
  if (error) return error;
  if (!sure && level->device != tree->levels[0].device) return -EXDEV;
  for (size_t i = 0; level->linked && i <= tree->depth; i++)
    if (is_same(&tree->levels[i], level)) return -ELOOP;
  return 0;
}

static int push(struct ta_tree *tree, struct ta_tree_level level) {
  struct ta_tree_level *place = &tree->levels[tree->depth + 1];
  level.bytes = place->bytes; /* what was there has left it */
  level.room = place->room;
  level.length = tree->length;
  *place = level;
  tree->depth++;
  return 0;
}

static int grow(struct ta_tree *tree, size_t wanted) {
  size_t room = tree->room;
  struct ta_tree_level *levels = enlarge(tree->levels, &tree->room, wanted, sizeof *levels);
  if (!levels) return -ENOMEM;
  for (; room < tree->room; room++) levels[room] = (struct ta_tree_level){.fd = -1};
  tree->levels = levels;
  return 0;
}

int ta_tree_enter(struct ta_tree *tree, const char *name, bool follows) {
  bool sure = false;
  size_t length = tree->length;
  int error = grow(tree, tree->depth + 2);
  if (!error) error = spill(tree);
  int fd = error ? error : open_entry(tree, name, follows, &sure);
  if (fd < 0) return fd;
  struct ta_tree_level level = {.fd = fd, .linked = follows};
  error = check(tree, &level, sure);
  if (!error) error = extend_path(tree, name);
  if (!error) return push(tree, level);
  tree->length = length;
  close(fd);
  return error;
}

/* ------------------------------------------------------------------ the way back */

/* The names from the root on: where ".." leads elsewhere, as from behind a link. */
static int open_by_names(const struct ta_tree *tree, size_t depth) {
  int fd = fcntl(tree->levels[0].fd, F_DUPFD_CLOEXEC, 0);
  for (size_t i = 1; i <= depth && fd >= 0; i++) {
    char name[NAME_MAX + 1];
    size_t from = tree->levels[i - 1].length, length = tree->levels[i].length - from;
    if (tree->path[from] == '/' && from > 0) from++, length--;
    if (length >= sizeof name) return close(fd), -ENAMETOOLONG;
    memcpy(name, tree->path + from, length);
    name[length] = '\0';
    int next = openat(fd, name, DIRECTORY | (tree->levels[i].linked ? 0 : O_NOFOLLOW));
    int error = errno;
    close(fd);
    errno = error;
    fd = next;
  }
  return fd >= 0 ? fd : -errno;
}

/* Takes the descriptor if it is the directory that was there. */
static int take_back(struct ta_tree_level *level, int fd) {
  struct ta_tree_level found = {.fd = fd};
  if (fd < 0) return fd;
  int error = learn(&found);
  if (!error && !is_same(&found, level)) error = -ESTALE;
  if (error)
    close(fd);
  else
    level->fd = fd;
  return error;
}

static int reopen(struct ta_tree *tree, size_t depth) {
  struct ta_tree_level *level = &tree->levels[depth];
  int fd = openat(level[1].fd, "..", DIRECTORY | O_NOFOLLOW);
  if (take_back(level, fd >= 0 ? fd : -errno) == 0) return 0;
  return take_back(level, open_by_names(tree, depth));
}

int ta_tree_leave(struct ta_tree *tree) {
  struct ta_tree_level *level = ta_tree_here(tree);
  int error = level[-1].fd < 0 ? reopen(tree, tree->depth - 1) : 0;
  close_level(level);
  if (tree->depth > MOST_OPEN) free_entries(tree, level);
  tree->depth--;
  tree->path[level->length] = '\0'; /* deeper ones were there */
  tree->length = level[-1].length;
  tree->name = tree->path + tree->length;
  if (tree->length > 0 && tree->name[0] == '/') tree->name++;
  return error;
}

/* ------------------------------------------------------------- opening, closing */

int ta_tree_open(struct ta_tree *tree, int fd, const char *path, unsigned flags) {
  *tree = (struct ta_tree){.flags = flags};
  int error = grow(tree, FIRST_LEVELS);
  if (error) {
    close(fd);
    return error;
  }
  tree->levels[0].fd = fd;
  error = extend_path(tree, path);
  tree->levels[0].length = tree->length;
  if (!error && (flags & TA_TREE_FOLLOWED)) error = learn(&tree->levels[0]);
  if (error) ta_tree_close(tree);
  return error;
}

void ta_tree_close(struct ta_tree *tree) {
  for (size_t i = 0; i < tree->room; i++) {
    close_level(&tree->levels[i]);
    free(tree->levels[i].bytes);
  }
  free(tree->levels);
  free(tree->spare);
  free(tree->path);
  *tree = (struct ta_tree){.levels = NULL};
}

/* ----------------------------------------------------------------- the parent */

int ta_open_parent(const char *path, const char **name) {
  size_t length = strlen(path);
  while (length > 0 && path[length - 1] == '/') length--;
  while (length > 0 && path[length - 1] != '/') length--;
  *name = path + length;
  if (length == 0) path = ".", length = 1;
  char *parent = strndup(path, length);
  if (!parent) return -ENOMEM;
  int fd = open(parent, DIRECTORY | O_PATH), error = errno;
  free(parent);
  return fd >= 0 ? fd : -error;
}
