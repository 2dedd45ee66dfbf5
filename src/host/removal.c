/* SPDX-License-Identifier: MIT */
#include "host/removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/tree.h"

#define MOST_RETURNS 100 /* to directories that others fill meanwhile */

struct removal {
  struct ta_tree tree;
  struct ta_trouble *trouble;
  unsigned returns;
  bool is_ours; /* whatever the modes in it say */
};

void ta_note_trouble(struct ta_trouble *trouble, int error, char *where, char *to) {
  if (!trouble->error) {
    *trouble = (struct ta_trouble){error, where, to, trouble->stop};
    return;
  }
  free(where);
  free(to);
}

/* About the entry of this name. */
static void note(struct removal *removal, int error, const char *name) {
  if (error == -EXDEV) error = -EBUSY; /* it is mounted there */
  ta_note_trouble(removal->trouble, error, ta_tree_name(&removal->tree, name), NULL);
}

/* 0: it has gone. */
static int unlink_at(int fd, const char *name, int flags) {
  return unlinkat(fd, name, flags) == 0 || errno == ENOENT ? 0 : -errno;
}

/* Which cannot be gone into: it may be empty, or no directory any more. */
static int remove_closed(int fd, const char *name, int error) {
  if (error == -ENOENT) return 0;
  if (error == -ENOTDIR || error == -ELOOP) return unlink_at(fd, name, 0);
  return unlink_at(fd, name, AT_REMOVEDIR) == 0 ? 0 : error;
}

static bool open_up(int fd, const char *name) {
  return fchmodat(fd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Of what is ours each directory is such that we may remove what is in it. */
static int enter_tree(struct removal *removal, const char *name) {
  struct ta_tree *tree = &removal->tree;
  int error = ta_tree_enter(tree, name, false);
  if (!removal->is_ours) return error;
  if (error == -EACCES && open_up(ta_tree_here(tree)->fd, name))
    error = ta_tree_enter(tree, name, false);
  if (!error) fchmod(ta_tree_here(tree)->fd, 0700);
  return error;
}

static void enter(struct removal *removal, const char *name) {
  int error = enter_tree(removal, name);
  if (error) error = remove_closed(ta_tree_here(&removal->tree)->fd, name, error);
  if (error) note(removal, error, name);
}

static void remove_entry(struct removal *removal) {
  const char *name = removal->tree.name;
  int error = -EISDIR;
  if (removal->tree.type != DT_DIR) error = unlink_at(ta_tree_here(&removal->tree)->fd, name, 0);
  if (error == -EISDIR)
    enter(removal, name);
  else if (error)
    note(removal, error, name);
}

/* The directory that we have left, which should be empty. */
static void remove_left(struct removal *removal) {
  int fd = ta_tree_here(&removal->tree)->fd;
  const char *name = removal->tree.name;
  int error = unlink_at(fd, name, AT_REMOVEDIR);
  if (error == -ENOTDIR) error = unlink_at(fd, name, 0); /* somebody has put a link there */
  bool is_new = error == -ENOTEMPTY && !removal->trouble->error;
  if (!error) return;
  if (!is_new || removal->returns++ == MOST_RETURNS)
    note(removal, error, name);
  else {
    char *copy = strdup(name); /* it lies in the path */
    if (copy) enter(removal, copy);
    if (!copy) note(removal, -ENOMEM, name);
    free(copy);
  }
}

/* False: there is no way on. */
static bool go_up(struct removal *removal) {
  int error = ta_tree_leave(&removal->tree);
  if (error) note(removal, error, removal->tree.name);
  if (!error) remove_left(removal);
  return !error;
}

static void empty(struct removal *removal) {
  for (;;) {
    bool stops = atomic_load(removal->trouble->stop);
    int found = stops ? -ECANCELED : ta_tree_next(&removal->tree);
    if (found < 0) note(removal, found, NULL);
    if (found > 0)
      remove_entry(removal);
    else if (stops || removal->tree.depth == 0 || !go_up(removal))
      return;
  }
}

static bool is_root(int fd) {
  struct stat root, about;
  if (stat("/", &root) != 0 || fstat(fd, &about) != 0) return true;
  return root.st_dev == about.st_dev && root.st_ino == about.st_ino;
}

static int open_root(const struct removal *removal, int parent, const char *name) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags);
  if (fd < 0 && errno == EACCES && removal->is_ours) {
    bool opened = open_up(parent, name);
    fd = openat(parent, name, flags);
    if (!opened && fd < 0) errno = EACCES;
  }
  if (fd >= 0 && removal->is_ours) fchmod(fd, 0700);
  return fd >= 0 ? fd : -errno;
}

/* What is in it. */
static int remove_contents(struct removal *removal, int parent, const char *name,
                           const char *path) {
  int fd = open_root(removal, parent, name);
  if (fd < 0) return fd;
  if (is_root(fd)) return close(fd), -EINVAL;
  int error = ta_tree_open(&removal->tree, fd, path, TA_TREE_ONE_MOUNT);
  if (error) return error;
  empty(removal);
  ta_tree_close(&removal->tree);
  return 0;
}

static int remove_directory(struct removal *removal, int parent, const char *name,
                            const char *path) {
  int error = remove_contents(removal, parent, name, path);
  if (removal->trouble->error) return 0;
  if (error && error != -EACCES) return error;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
  return error ? error : -errno;
}

static int remove_in(int parent, const char *name, const char *path, struct ta_trouble *trouble) {
  bool is_directory = name[strlen(name) - 1] == '/';
  if (!is_directory) {
    if (unlinkat(parent, name, 0) == 0) return 0;
    if (errno != EISDIR) return -errno;
  }
  size_t length = strcspn(name, "/");
  char *plain = strndup(name, length);
  if (!plain) return -ENOMEM;
  struct removal removal = {.trouble = trouble};
  int error = remove_directory(&removal, parent, plain, path);
  free(plain);
  return error;
}

static bool is_refused(const char *name) {
  size_t length = strcspn(name, "/");
  return length == 0 || (length <= 2 && name[0] == '.' && name[length - 1] == '.');
}

void ta_remove_tree(const char *path, const char *place, struct ta_trouble *trouble) {
  const char *name;
  int parent = ta_open_parent(place, &name);
  int error = parent < 0 ? parent : is_refused(name) ? -EINVAL : 0;
  if (place[0] == '\0') error = -ENOENT;
  if (!error) error = remove_in(parent, name, path, trouble);
  if (parent >= 0) close(parent);
  if (error) ta_note_trouble(trouble, error, NULL, NULL);
}

int ta_sweep(const char *path) {
  const char *name;
  atomic_bool never = false;
  struct ta_trouble trouble = {.stop = &never};
  struct removal removal = {.trouble = &trouble, .is_ours = true};
  int parent = ta_open_parent(path, &name);
  int error = parent < 0 ? parent : is_refused(name) ? -EINVAL : 0;
  if (!error) error = remove_directory(&removal, parent, name, path);
  if (parent >= 0) close(parent);
  if (trouble.error) error = trouble.error;
  free(trouble.where);
  return error == -ENOENT ? 0 : error;
}
