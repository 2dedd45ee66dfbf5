/* SPDX-License-Identifier: MIT */
#include "io/tree.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/copying.h"
#include "host/removal.h"
#include "io/disk.h"
#include "io/refusal.h"

struct tree_errand {
  struct ta_errand errand; /* the first */
  struct ta_trouble trouble;
  char *place;       /* where `name` is */
  char *to, *target; /* what the copy is called, and where that is; NULL: it is removed */
  int notes;         /* of the guardian; -1: none */
};

static struct tree_errand *tree_errand_of(struct ta_errand *errand) {
  return (struct tree_errand *)errand;
}

static void drop(struct ta_errand *errand) {
  struct tree_errand *tree = tree_errand_of(errand);
  free(tree->trouble.where);
  free(tree->trouble.to);
  free(tree->place);
  free(tree->to);
  free(tree->target);
  if (tree->notes >= 0) close(tree->notes);
}

/* About what was asked for, or what is in it. */
static int give(lua_State *L, struct ta_errand *errand) {
  const struct tree_errand *tree = tree_errand_of(errand);
  const struct ta_trouble *trouble = &tree->trouble;
  const char *where = trouble->where ? trouble->where : ta_name_shown(errand->name);
  const char *to = trouble->to ? trouble->to : tree->to ? ta_name_shown(tree->to) : NULL;
  if (trouble->error && to) return ta_refuse(L, trouble->error, "cannot copy %s to %s", where, to);
  if (trouble->error) return ta_refuse(L, trouble->error, "cannot remove %s", where);
  lua_pushboolean(L, true);
  return 1;
}

static void run_remove(struct ta_errand *errand) {
  struct tree_errand *tree = tree_errand_of(errand);
  ta_remove_tree(errand->name, tree->place, &tree->trouble);
}

static const struct ta_errand_kind remove_kind = {
    .wait = TA_ERRAND_WAIT("remove"), .run = run_remove, .give = give, .drop = drop};

static void run_copy(struct ta_errand *errand) {
  struct tree_errand *tree = tree_errand_of(errand);
  const struct ta_copy copy = {.path = errand->name,
                               .place = tree->place,
                               .to = tree->to,
                               .target = tree->target,
                               .notes = tree->notes,
                               .trouble = &tree->trouble};
  ta_copy_tree(&copy);
}

static const struct ta_errand_kind copy_kind = {
    .wait = TA_ERRAND_WAIT("copy"), .run = run_copy, .give = give, .drop = drop};

/* (path, place, what the copy is called, its place) */
static void copy_names(lua_State *L, struct tree_errand *tree, int count) {
  char **const places[] = {NULL, &tree->place, &tree->to, &tree->target};
  for (int i = 1; i < count; i++) {
    *places[i] = strdup(luaL_checkstring(L, i + 1));
    if (!*places[i]) luaL_error(L, "not enough memory");
  }
}

static int send_tree(lua_State *L, const struct ta_errand_kind *kind, const char *function,
                     int names) {
  const char *path = luaL_checkstring(L, 1);
  struct tree_errand *tree = ta_push_errand(ta_upvalue_runner(L), L, kind, sizeof *tree, path);
  tree->trouble.stop = &tree->errand.given_up;
  tree->notes = -1;
  copy_names(L, tree, names);
  if (tree->target) tree->notes = ta_children_lend_notes(&tree->errand.io->children);
  ta_guard(&tree->errand.guard, L, tree->errand.io, function, tree->place, tree->target);
  return ta_send_errand(L, ta_lane_of(tree->errand.io, tree->place, tree->target));
}

/* (path, place) -> true: with all that is in it */
static int l_remove_tree(lua_State *L) {
  return send_tree(L, &remove_kind, "fs.remove", 2);
}

/* (path, place, path of the copy, place) -> true: with all that is in it */
static int l_copy_tree(lua_State *L) {
  return send_tree(L, &copy_kind, "fs.copy", 4);
}

const struct ta_function ta_tree_parts[] = {
    {"remove_tree", l_remove_tree}, {"copy_tree", l_copy_tree}, {NULL, NULL}};
