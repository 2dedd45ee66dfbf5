/* SPDX-License-Identifier: MIT
 *
 * hub.h -- libuv's file events, in our loop.
 *
 * One loop of libuv's serves all watches of a Runner: its descriptor is a member of ours.  What it
 * tells is taken as a hint that a name is to be looked at, no more: it hides which two events are
 * one rename, and that the kernel has dropped some.  A handle keeps the names, and where they
 * are too many that all of its directory is to be looked at, so memory stays bounded however
 * slow the reader is.
 *
 * A handle is the hub's until libuv has let go of it.  It knows no Lua, and not what is there.
 */
#ifndef TA_WATCH_HUB_H
#define TA_WATCH_HUB_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "host/loop.h"
#include "list.h"

struct ta_hub;
struct ta_fs_handle;

/* Who has handles.  Zero before its first use. */
struct ta_fs_owner {
  struct ta_list handles, dirty;              /* links of ta_fs_handle: `all` and `hinted` */
  void (*on_hint)(struct ta_fs_owner *owner); /* called by the loop: a handle is dirty */
};

struct ta_fs_handle {
  uv_fs_event_t uv;           /* the first */
  struct ta_link all, hinted; /* of its owner's lists */
  struct ta_hub *hub;
  struct ta_fs_owner *owner; /* NULL: it was closed */
  uint32_t id;
  char *self;   /* the last part of its path, which libuv gives of what happens to itself */
  char *only;   /* only this name counts, and the directory itself; NULL: all */
  char **names; /* '!' or '.' and a name: was its content changed? */
  uint32_t count, room;
  bool whole;      /* look at all */
  bool is_touched; /* something happened to itself */
};

/* Opens one, with one reference, and has `home` point to it as long as it is there: 0, or a
 * negative errno.  Before the memory goes in which that lies ta_hub_leave_home() is called. */
int ta_hub_open(struct ta_loop *loop, struct ta_hub **home);
void ta_hub_leave_home(struct ta_hub *hub);
void ta_hub_keep(struct ta_hub *hub);

/* Gives the reference back; with the last one all goes. */
void ta_hub_leave(struct ta_hub *hub);

void ta_fs_owner_init(struct ta_fs_owner *owner, void (*on_hint)(struct ta_fs_owner *owner));

/* Watches a path for the owner.  0, or a negative errno. */
int ta_hub_watch(struct ta_hub *hub, struct ta_fs_owner *owner, const char *path, const char *only,
                 uint32_t id, struct ta_fs_handle **opened);

/* No more is told of the handle, which is gone for its owner; ta_hub_settle() then frees it. */
void ta_fs_handle_close(struct ta_fs_handle *handle);
void ta_hub_settle(struct ta_hub *hub);

/* Its names are not to be looked at any more. */
void ta_fs_handle_clear(struct ta_fs_handle *handle);

#endif
