/* SPDX-License-Identifier: MIT
 *
 * tree.h -- a place in a tree of directories, and the ways from there.
 *
 * It is a stack of directory descriptors, never a path that is looked up again: no link is
 * followed, whatever others put there meanwhile, unless the caller says so.  However deep it
 * is, only few of the descriptors are open; the way back is "..", and it must lead to the
 * directory that we came from.  It is as deep as memory allows, also where no path could be.
 * It does not know what is done with what it finds.
 */
#ifndef TA_HOST_TREE_H
#define TA_HOST_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum ta_tree_flags {
  TA_TREE_SORTED = 1,    /* the names of a directory come in the order of their bytes */
  TA_TREE_FOLLOWED = 2,  /* links will be followed: those that lead in a circle are refused */
  TA_TREE_ONE_MOUNT = 4, /* what is mounted in it is refused */
  TA_TREE_UNREAD = 8,    /* nobody asks for its entries */
};

/* The caller has `mark` to itself. */
struct ta_tree_level {
  int fd; /* -1: not now */
  bool known, linked, ended;
  dev_t device;
  ino_t inode;
  size_t length; /* of the path up to it */
  char *bytes;   /* of its entries, as the system gives them */
  size_t at, size, room;
  uint64_t mark;
};

struct ta_tree {
  struct ta_tree_level *levels; /* of which the last one is where we are */
  size_t depth, room;           /* 0: at the root */
  char *path;                   /* where we are, as the caller calls it; no more than for reports */
  size_t length, path_room;
  unsigned flags;
  char *spare; /* for the entries of a level */
  size_t spare_room;

  const char *name;   /* the entry found, until the next call */
  unsigned char type; /* DT_DIR ..., DT_UNKNOWN */
};

/* Begins in the directory `fd`, which is the tree's from now on, also when this fails. */
int ta_tree_open(struct ta_tree *tree, int fd, const char *path, unsigned flags);

/* Zeros, or one that was closed, may be closed too. */
void ta_tree_close(struct ta_tree *tree);

/* Finds the next entry where we are: 1, 0: there is none any more, or a negative errno, after
 * which there is none. */
int ta_tree_next(struct ta_tree *tree);

/* The entries where we are shall be these: names one after the other, each ended by a zero, and
 * an empty one.  Some may not exist. */
int ta_tree_expect(struct ta_tree *tree, const char *names);

/* Looks at an entry: its type is known then.  -ENOENT: it has gone. */
int ta_tree_look(struct ta_tree *tree, bool follows, struct stat *about);

/* Goes into the directory that is `name` here, through a link only if `follows`.  A negative
 * errno: we are where we were.  -ELOOP: the link leads to where we come from; -EXDEV: it is
 * mounted there. */
int ta_tree_enter(struct ta_tree *tree, const char *name, bool follows);

/* Goes back up; `name` is where we have been.  A negative errno: there is no way back, and the
 * tree can only be closed. */
int ta_tree_leave(struct ta_tree *tree);

/* Where we are. */
static inline struct ta_tree_level *ta_tree_here(const struct ta_tree *tree) {
  return &tree->levels[tree->depth];
}

/* "PATH/NAME", or the path if `name` is NULL: malloc'ed, or NULL. */
char *ta_tree_name(const struct ta_tree *tree, const char *name);

/* Does a path that is so long need a slash before a name? */
static inline bool ta_needs_slash(const char *path, size_t length) {
  return length > 0 && path[length - 1] != '/';
}

/* Opens the directory that holds what `path` is about, and finds the name that it has there,
 * which may end with slashes: "." and the whole where there is none.  A descriptor, or a
 * negative errno. */
int ta_open_parent(const char *path, const char **name);

#endif
