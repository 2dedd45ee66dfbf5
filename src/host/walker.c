/* SPDX-License-Identifier: MIT */
#include "host/walker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pattern.h"

#define BATCH ((size_t)32 * 1024) /* bytes after which a batch ends */
#define BIT(i) ((uint64_t)1 << (i))

/* In front of each path of a batch. */
struct header {
  size_t length;
  int error;
  unsigned char type;
};

/* --------------------------------------------------------------------- the batch */

static bool make_room(struct ta_walker *walker, size_t more) {
  size_t room = walker->size + more;
  if (room <= walker->room) return true;
  if (room < BATCH * 2) room = BATCH * 2;
  char *bytes = realloc(walker->bytes, room);
  if (!bytes) return false;
  walker->bytes = bytes;
  walker->room = room;
  return true;
}

/* Without memory the walk ends with that trouble, for which there is room but at the
 * beginning. */
static void put(struct ta_walker *walker, const char *name, unsigned char type, int error) {
  const struct ta_tree *tree = &walker->tree;
  size_t before = tree->length, after = name ? strlen(name) : 0, size = sizeof(struct header);
  bool slash = name && ta_needs_slash(tree->path, before);
  bool ends = (walker->flags & TA_WALK_DIRECTORIES) && type != TA_WALK_TROUBLE;
  struct header header = {before + slash + after + ends, error, type};
  if (!make_room(walker, size + header.length + 2 * size)) {
    walker->ended = true;
    header = (struct header){0, -ENOMEM, TA_WALK_TROUBLE};
    walker->lacks_memory = walker->room < walker->size + size;
    if (walker->lacks_memory) return;
    memcpy(walker->bytes + walker->size, &header, size);
    walker->size += size;
    return;
  }
  char *at = walker->bytes + walker->size;
  memcpy(at, &header, size);
  at += size;
  if (before > 0) memcpy(at, tree->path, before);
  at += before;
  if (slash) *at++ = '/';
  if (after > 0) memcpy(at, name, after);
  if (ends) at[after] = '/';
  walker->size += size + header.length;
}

bool ta_walked(const char *batch, size_t size, size_t *at, struct ta_walked *entry) {
  struct header header;
  if (*at >= size) return false;
  memcpy(&header, batch + *at, sizeof header);
  entry->path = batch + *at + sizeof header;
  entry->length = header.length;
  entry->error = header.error;
  entry->type = header.type;
  *at += sizeof header + header.length;
  return true;
}

static void put_trouble(struct ta_walker *walker, const char *name, int error) {
  if (error == -ENOENT) return; /* it has gone */
  bool lenient =
      (walker->flags & TA_WALK_LENIENT) && error != -ENOMEM && error != -EMFILE && error != -ENFILE;
  if (error == -TA_NOT_ALLOWED && !walker->lists) lenient = false;
  if (!lenient) put(walker, name, TA_WALK_TROUBLE, error);
}

/* -------------------------------------------------------------------- the pattern */

/* `mark` of a level has a bit for each part that comes next there; the one after the last part
 * stands for what is found. */

static bool is_any_depth(const struct ta_walker *walker, size_t i) {
  return i < walker->part_count && walker->part[i][0] == '*';
}

/* "**" may stand for nothing. */
static uint64_t close_over(const struct ta_walker *walker, uint64_t mark) {
  for (size_t i = 0; i < walker->part_count; i++)
    if ((mark & BIT(i)) && is_any_depth(walker, i)) mark |= BIT(i + 1);
  return mark;
}

static bool part_matches(const char *part, const char *name, bool hidden) {
  if (part[0] == '=') return strcmp(part + 1, name) == 0;
  for (part++; *part; part += strlen(part) + 1)
    if (ta_pattern_matches(part, name, hidden)) return true;
  return false;
}

static uint64_t last_of(const struct ta_walker *walker, size_t i) {
  return i + 1 == walker->part_count ? BIT(i + 1) : 0;
}

/* Which parts come after the name; `deep`: "**" may go there.  Where it is the last one it finds
 * what it does not go into. */
static uint64_t advance(const struct ta_walker *walker, uint64_t mark, const char *name,
                        bool deep) {
  uint64_t next = 0;
  bool hidden = walker->flags & TA_WALK_HIDDEN;
  for (size_t i = 0; i < walker->part_count; i++) {
    if (!(mark & BIT(i))) continue;
    if (is_any_depth(walker, i))
      next |= hidden || name[0] != '.' ? (deep ? BIT(i) : 0) | last_of(walker, i) : 0;
    else if (part_matches(walker->part[i], name, hidden))
      next |= BIT(i + 1);
  }
  return close_over(walker, next);
}

/* The name that alone comes next where we are, or NULL. */
static const char *name_expected(const struct ta_walker *walker) {
  uint64_t mark = ta_tree_here(&walker->tree)->mark;
  for (size_t i = 0; i < walker->part_count; i++) {
    if (!(mark & BIT(i))) continue;
    if (walker->part[i][0] != '=' || mark & ~BIT(i) & ~BIT(walker->part_count)) return NULL;
    return walker->part[i] + 1;
  }
  return NULL;
}

/* May the directory where we are be read, or what is called so there? */
static int ask_gate(const struct ta_walker *walker, const char *name) {
  int fd = ta_tree_here(&walker->tree)->fd;
  return ta_gate_directory(walker->gate, fd, name) == TA_ALLOWED ? 0 : -TA_NOT_ALLOWED;
}

/* Where only names come next they are looked up: others in the directory do not matter, and it
 * need not be readable. */
static int expect_names(struct ta_walker *walker) {
  const char *name = name_expected(walker);
  if (name) return ta_tree_expect(&walker->tree, name);
  int error = ask_gate(walker, NULL);
  if (!error) walker->lists = true;
  return error;
}

/* -------------------------------------------------------------------- the entries */

/* Finds out the type, as far as it must be known: a broken link is a link.  False: it cannot
 * be, or it has gone. */
static bool know_type(struct ta_walker *walker, bool follows) {
  struct stat about;
  struct ta_tree *tree = &walker->tree;
  int error = tree->type == DT_UNKNOWN ? ta_tree_look(tree, false, &about) : 0;
  if (!error && tree->type == DT_LNK && follows) ta_tree_look(tree, true, &about);
  if (error) put_trouble(walker, tree->name, error);
  return !error;
}

static void enter(struct ta_walker *walker, const char *name, bool linked, uint64_t mark) {
  int error = ta_tree_enter(&walker->tree, name, linked);
  if (!error) {
    ta_tree_here(&walker->tree)->mark = mark;
    if (walker->parts)
      error = expect_names(walker);
    else if (linked)
      error = ask_gate(walker, NULL);
    if (error) put_trouble(walker, NULL, error);
    if (error == -TA_NOT_ALLOWED && ta_tree_leave(&walker->tree) != 0) walker->ended = true;
  } else if (error != -ELOOP && error != -ENOTDIR)
    put_trouble(walker, name, error);
}

static bool is_deep_enough(const struct ta_walker *walker) {
  return walker->depth > 0 && walker->tree.depth + 1 >= walker->depth;
}

static void walk_entry(struct ta_walker *walker) {
  struct ta_tree *tree = &walker->tree;
  const char *name = tree->name;
  bool follows = walker->flags & TA_WALK_FOLLOW;
  if (name[0] == '.' && !(walker->flags & TA_WALK_HIDDEN)) return;
  if (!know_type(walker, follows)) return;
  if (walker->types >> tree->type & 1) put(walker, name, tree->type, 0);
  if (tree->type == DT_DIR && !is_deep_enough(walker) && !walker->ended)
    enter(walker, name, follows, 0);
}

/* Directories behind links are found by any part but "**". */
static void match_entry(struct ta_walker *walker) {
  struct ta_tree *tree = &walker->tree;
  const char *name = tree->name;
  uint64_t mark = ta_tree_here(tree)->mark, end = BIT(walker->part_count);
  if (!advance(walker, mark, name, true) || !know_type(walker, false)) return;
  bool is_link = tree->type == DT_LNK;
  uint64_t next = advance(walker, mark, name, tree->type == DT_DIR);
  bool must_be = walker->flags & TA_WALK_DIRECTORIES;
  if (is_link && (next & ~end || must_be)) know_type(walker, true);
  bool is_directory = tree->type == DT_DIR;
  if (next & end && (is_directory || !must_be)) {
    int error = name_expected(walker) ? ask_gate(walker, name) : 0;
    if (error)
      put_trouble(walker, name, error);
    else
      put(walker, name, tree->type, 0);
  }
  if (next & ~end && is_directory && !walker->ended) enter(walker, name, is_link, next & ~end);
}

/* ---------------------------------------------------------------------- the batches */

/* Where each part of the pattern begins. */
static void find_parts(struct ta_walker *walker) {
  const char *at = walker->parts;
  for (size_t i = 0; i < walker->part_count; i++) {
    walker->part[i] = at;
    while (*at) at += strlen(at) + 1;
    at++;
  }
}

static int begin(struct ta_walker *walker) {
  unsigned flags = walker->flags & TA_WALK_SORTED ? TA_TREE_SORTED : 0;
  if (walker->flags & TA_WALK_FOLLOW) flags |= TA_TREE_FOLLOWED;
  find_parts(walker);
  const char *place = walker->place[0] || !walker->parts ? walker->place : ".";
  int how = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK;
  int fd = open(place, how);
  if (fd < 0 && walker->parts) fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int error = ta_tree_open(&walker->tree, fd, walker->path, flags);
  if (error) return error;
  ta_tree_here(&walker->tree)->mark = close_over(walker, BIT(0));
  return walker->parts ? expect_names(walker) : ask_gate(walker, NULL);
}

/* Only a pattern may have nothing to be looked for in. */
static void begin_or_tell(struct ta_walker *walker) {
  walker->begun = true;
  int error = begin(walker);
  if (!error) return;
  walker->ended = true;
  if (walker->parts && (error == -ENOENT || error == -ENOTDIR)) return;
  if (walker->parts && error == -EACCES) return;
  ta_tree_close(&walker->tree);
  walker->tree = (struct ta_tree){.path = walker->path, .length = strlen(walker->path)};
  put(walker, NULL, TA_WALK_TROUBLE, error);
  walker->tree = (struct ta_tree){.path = NULL};
}

/* False: that was all. */
static bool go_on(struct ta_walker *walker) {
  struct ta_tree *tree = &walker->tree;
  int found = ta_tree_next(tree);
  if (found < 0) put_trouble(walker, NULL, found);
  if (found > 0) {
    if (walker->parts)
      match_entry(walker);
    else
      walk_entry(walker);
    return true;
  }
  if (tree->depth == 0) return false;
  int error = ta_tree_leave(tree);
  if (error) put(walker, NULL, TA_WALK_TROUBLE, error);
  return !error;
}

void ta_walker_fill(struct ta_walker *walker) {
  walker->size = 0;
  if (!walker->begun) begin_or_tell(walker);
  while (!walker->ended && walker->size < BATCH && !atomic_load(&walker->stop))
    if (!go_on(walker)) walker->ended = true;
  if (walker->ended) ta_tree_close(&walker->tree);
}

void ta_walker_close(struct ta_walker *walker) {
  ta_tree_close(&walker->tree);
  free(walker->path);
  free(walker->place);
  free(walker->parts);
  free(walker->bytes);
}
