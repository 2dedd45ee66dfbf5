/* SPDX-License-Identifier: MIT */
#include "watch/hub.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/watch.h"

#define MOST_NAMES 256    /* of a handle: with more all is looked at */
#define USUAL_QUEUE 16384 /* events that the kernel keeps, before it drops some */
#define SAFE_PART 8       /* of those: what was told of handles that are gone is not counted */

struct ta_hub {
  uv_loop_t uv;
  struct ta_hub **home; /* where the Runner has it; NULL: that is gone */
  struct ta_watch backend;
  size_t references;
  struct ta_list handles; /* of all owners; the links are `everywhere` */
  size_t told;            /* events of this round */
  size_t most;            /* of a round: with more the kernel may have dropped some */
};

/* What libuv has of a handle outlives what its owner has. */
struct block {
  struct ta_fs_handle handle; /* the first */
  struct ta_link everywhere;
};

/* -------------------------------------------------------------------- hints */

static void be_dirty(struct ta_fs_handle *handle) {
  if (!handle->hinted.next) ta_list_append(&handle->owner->dirty, &handle->hinted);
  handle->owner->on_hint(handle->owner);
}

void ta_fs_handle_clear(struct ta_fs_handle *handle) {
  for (uint32_t i = 0; i < handle->count; i++) free(handle->names[i]);
  free(handle->names);
  handle->names = NULL;
  handle->count = handle->room = 0;
  handle->whole = handle->is_touched = false;
  ta_list_leave(&handle->hinted);
}

static bool has_name(struct ta_fs_handle *handle, const char *name, bool changed) {
  for (uint32_t i = 0; i < handle->count; i++) {
    if (strcmp(handle->names[i] + 1, name) != 0) continue;
    if (changed) handle->names[i][0] = '!';
    return true;
  }
  return false;
}

static int make_room(struct ta_fs_handle *handle) {
  if (handle->count < handle->room) return 0;
  uint32_t room = handle->room ? handle->room * 2 : 4;
  char **names = room > MOST_NAMES ? NULL : realloc(handle->names, room * sizeof *names);
  if (!names) return -ENOMEM;
  handle->names = names;
  handle->room = room;
  return 0;
}

static void add_name(struct ta_fs_handle *handle, const char *name, bool changed) {
  if (handle->whole || has_name(handle, name, changed)) return;
  size_t size = strlen(name) + 2;
  char *copy = make_room(handle) == 0 ? malloc(size) : NULL;
  if (!copy) {
    handle->whole = true;
    return;
  }
  snprintf(copy, size, "%c%s", changed ? '!' : '.', name);
  handle->names[handle->count++] = copy;
}

static void on_event(uv_fs_event_t *uv, const char *name, int events, int status) {
  struct ta_fs_handle *handle = (struct ta_fs_handle *)uv;
  handle->hub->told++;
  if (!handle->owner) return;
  bool is_self = !name || strcmp(name, handle->self) == 0;
  if (name && handle->only && !is_self && strcmp(name, handle->only) != 0) return;
  if (is_self || status < 0) handle->is_touched = true;
  if (!name || status < 0)
    handle->whole = true;
  else
    add_name(handle, name, events & UV_CHANGE);
  be_dirty(handle);
}

/* The kernel says that it has dropped events, and libuv keeps that to itself.  It happens only
 * when the queue is full, and all of it comes in one round. */
static void distrust(struct ta_hub *hub) {
  struct ta_link *link = hub->handles.ring.next;
  for (; link != &hub->handles.ring; link = link->next) {
    struct ta_fs_handle *handle = &TA_HOLDER(link, struct block, everywhere)->handle;
    if (!handle->owner) continue;
    handle->whole = handle->is_touched = true;
    be_dirty(handle);
  }
}

static void run(struct ta_hub *hub) {
  hub->told = 0;
  uv_run(&hub->uv, UV_RUN_NOWAIT);
  if (hub->told >= hub->most) distrust(hub);
}

static void on_ready(struct ta_watch *watch, unsigned directions) {
  (void)directions;
  run(TA_HOLDER(watch, struct ta_hub, backend));
}

/* ------------------------------------------------------------------ opening */

static size_t size_of_queue(void) {
  unsigned long most = 0;
  FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");
  if (file && fscanf(file, "%lu", &most) != 1) most = 0;
  if (file) fclose(file);
  return most ? most : USUAL_QUEUE;
}

/* --------------------------------------------------------------- spare memory */

/* Where libuv is refused some while it opens a loop or takes a descriptor, it ends the process:
 * it gets these bytes then, which nobody gives back.  The process has one of it. */
#define SPARE ((size_t)256 * 1024)
#define ALIGNED(size) (((size) + 15) / 16 * 16)

static _Alignas(16) char spare[SPARE];
static atomic_size_t spare_used;

static bool is_spare(const void *block) {
  return (uintptr_t)block - (uintptr_t)spare < SPARE;
}

static void *take_spare(size_t size) {
  if (size > SPARE) return NULL;
  size_t at = atomic_fetch_add(&spare_used, ALIGNED(size));
  return at + ALIGNED(size) <= SPARE ? spare + at : NULL;
}

static void *allocate(size_t size) {
  void *block = malloc(size);
  return block ? block : take_spare(size);
}

static void *allocate_zeros(size_t count, size_t size) {
  void *block = calloc(count, size);
  if (block || (size && count > SPARE / size)) return block;
  return take_spare(count * size); /* which are zero: they are handed out once */
}

/* How much there is to keep of a block, `size` at most. */
static size_t kept_of(const void *block, size_t size) {
  size_t room = is_spare(block) ? (size_t)(spare + SPARE - (const char *)block)
                                : malloc_usable_size((void *)(uintptr_t)block);
  return room < size ? room : size;
}

static void give_back(void *block) {
  if (!is_spare(block)) free(block);
}

static void *allocate_again(void *block, size_t size) {
  void *longer = is_spare(block) ? NULL : realloc(block, size);
  if (longer || size == 0) return longer;
  longer = allocate(size);
  if (!longer || !block) return longer;
  memcpy(longer, block, kept_of(block, size));
  give_back(block);
  return longer;
}

static void spare_memory(void) {
  uv_replace_allocator(allocate, allocate_again, allocate_zeros, give_back);
}

static int join(struct ta_hub *hub, struct ta_loop *loop) {
  int error =
      ta_watch_open_wanting(loop, TA_MAY_READ, uv_backend_fd(&hub->uv), on_ready, &hub->backend);
  if (error) uv_loop_close(&hub->uv);
  return error;
}

void ta_hub_leave_home(struct ta_hub *hub) {
  hub->home = NULL;
}

int ta_hub_open(struct ta_loop *loop, struct ta_hub **home) {
  struct ta_hub *hub = calloc(1, sizeof *hub);
  if (!hub) return -ENOMEM;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, spare_memory);
  int error = uv_loop_init(&hub->uv);
  if (!error) error = join(hub, loop);
  if (error) {
    free(hub);
    return error;
  }
  ta_list_init(&hub->handles);
  hub->references = 1;
  hub->most = size_of_queue() / SAFE_PART;
  hub->home = home;
  *home = hub;
  return 0;
}

void ta_hub_keep(struct ta_hub *hub) {
  hub->references++;
}

void ta_hub_settle(struct ta_hub *hub) {
  run(hub);
}

void ta_hub_leave(struct ta_hub *hub) {
  if (--hub->references > 0) return;
  if (hub->home) *hub->home = NULL;
  ta_watch_release(&hub->backend);
  while (uv_loop_alive(&hub->uv)) uv_run(&hub->uv, UV_RUN_NOWAIT);
  uv_loop_close(&hub->uv);
  free(hub);
}

/* ------------------------------------------------------------------ handles */

void ta_fs_owner_init(struct ta_fs_owner *owner, void (*on_hint)(struct ta_fs_owner *owner)) {
  ta_list_init(&owner->handles);
  ta_list_init(&owner->dirty);
  owner->on_hint = on_hint;
}

static void on_closed(uv_handle_t *uv) {
  struct block *block = (struct block *)uv;
  ta_list_leave(&block->everywhere);
  free(block->handle.only);
  free(block->handle.self);
  free(block);
}

void ta_fs_handle_close(struct ta_fs_handle *handle) {
  ta_fs_handle_clear(handle);
  ta_list_leave(&handle->all);
  handle->owner = NULL;
  uv_close((uv_handle_t *)&handle->uv, on_closed);
}

/* Of two handles for one directory libuv goes by the path of the first. */
static int start(struct ta_fs_handle *handle, const char *path) {
  char known[PATH_MAX];
  size_t size = sizeof known;
  int error = uv_fs_event_start(&handle->uv, on_event, path, 0);
  if (!error) error = uv_fs_event_getpath(&handle->uv, known, &size);
  if (error) return error;
  const char *slash = strrchr(known, '/');
  handle->self = strdup(slash ? slash + 1 : known);
  return handle->self ? 0 : -ENOMEM;
}

int ta_hub_watch(struct ta_hub *hub, struct ta_fs_owner *owner, const char *path, const char *only,
                 uint32_t id, struct ta_fs_handle **opened) {
  struct block *block = calloc(1, sizeof *block);
  char *copy = only ? strdup(only) : NULL;
  if (!block || (only && !copy)) {
    free(block);
    free(copy);
    return -ENOMEM;
  }
  struct ta_fs_handle *handle = &block->handle;
  *handle = (struct ta_fs_handle){.hub = hub, .owner = owner, .id = id, .only = copy};
  uv_fs_event_init(&hub->uv, &handle->uv);
  ta_list_append(&hub->handles, &block->everywhere);
  ta_list_append(&owner->handles, &handle->all);
  int error = start(handle, path);
  if (error) ta_fs_handle_close(handle);
  run(hub);
  *opened = handle;
  return error;
}
