/* SPDX-License-Identifier: MIT */
#include "host/hatch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MOST_WAITING ((size_t)1 << 20) /* bytes that nobody has taken */

struct piece {
  struct piece *next;
  int kind;
  size_t size;
  char text[];
};

struct ta_hatch {
  pthread_mutex_t lock;
  pthread_cond_t taken;
  struct piece *first, **last;
  size_t waiting; /* bytes */
  unsigned shares;
  struct ta_loop *loop; /* NULL: closed */
  struct ta_listener listener;
  void (*take)(void *data, int kind, const char *text, size_t size);
  void *data;
};

static void free_pieces(struct piece *piece) {
  while (piece) {
    struct piece *next = piece->next;
    free(piece);
    piece = next;
  }
}

static struct piece *take_all(struct ta_hatch *hatch) {
  pthread_mutex_lock(&hatch->lock);
  struct piece *first = hatch->first;
  hatch->first = NULL;
  hatch->last = &hatch->first;
  hatch->waiting = 0;
  pthread_cond_broadcast(&hatch->taken);
  pthread_mutex_unlock(&hatch->lock);
  return first;
}

void ta_hatch_take(struct ta_hatch *hatch) {
  struct piece *first = take_all(hatch);
  for (struct piece *piece = first; piece; piece = piece->next)
    hatch->take(hatch->data, piece->kind, piece->text, piece->size);
  free_pieces(first);
}

static void on_woken(struct ta_listener *listener) {
  ta_hatch_take(listener->data);
}

int ta_hatch_open(struct ta_loop *loop,
                  void (*take)(void *data, int kind, const char *text, size_t size), void *data,
                  struct ta_hatch **result) {
  struct ta_hatch *hatch = calloc(1, sizeof *hatch);
  if (!hatch) return -ENOMEM;
  pthread_mutex_init(&hatch->lock, NULL);
  pthread_cond_init(&hatch->taken, NULL);
  hatch->last = &hatch->first;
  hatch->shares = 1;
  hatch->loop = loop;
  hatch->take = take;
  hatch->data = data;
  hatch->listener = (struct ta_listener){.woken = on_woken, .data = hatch};
  ta_loop_listen(loop, &hatch->listener);
  *result = hatch;
  return 0;
}

struct ta_hatch *ta_hatch_share(struct ta_hatch *hatch) {
  pthread_mutex_lock(&hatch->lock);
  hatch->shares++;
  pthread_mutex_unlock(&hatch->lock);
  return hatch;
}

void ta_hatch_leave(struct ta_hatch *hatch) {
  pthread_mutex_lock(&hatch->lock);
  unsigned left = --hatch->shares;
  pthread_mutex_unlock(&hatch->lock);
  if (left > 0) return;
  free_pieces(hatch->first);
  pthread_cond_destroy(&hatch->taken);
  pthread_mutex_destroy(&hatch->lock);
  free(hatch);
}

int ta_hatch_put(struct ta_hatch *hatch, int kind, const char *text, size_t size) {
  struct piece *piece = malloc(sizeof *piece + size);
  if (!piece) return -ENOMEM;
  *piece = (struct piece){.kind = kind, .size = size};
  memcpy(piece->text, text, size);
  pthread_mutex_lock(&hatch->lock);
  while (hatch->loop && hatch->waiting > MOST_WAITING)
    pthread_cond_wait(&hatch->taken, &hatch->lock);
  bool open = hatch->loop != NULL;
  if (open) {
    *hatch->last = piece;
    hatch->last = &piece->next;
    hatch->waiting += size;
    ta_loop_wake(hatch->loop); /* under the lock: it cannot be closed meanwhile */
  }
  pthread_mutex_unlock(&hatch->lock);
  if (!open) free(piece);
  return 0;
}

void ta_hatch_close(struct ta_hatch *hatch) {
  ta_loop_unlisten(hatch->loop, &hatch->listener);
  ta_hatch_take(hatch);
  pthread_mutex_lock(&hatch->lock);
  hatch->loop = NULL;
  pthread_cond_broadcast(&hatch->taken);
  pthread_mutex_unlock(&hatch->lock);
  ta_hatch_leave(hatch);
}
