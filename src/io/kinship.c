/* SPDX-License-Identifier: MIT */
#include "io/kinship.h"

#include "holder.h"
#include "io/waiting.h"
#include "list.h"

static struct ta_stream_object *stream_of(struct ta_link *link) {
  return link ? TA_HOLDER(link, struct ta_stream_object, kin) : NULL;
}

void ta_begin_kinship(struct ta_kinship *kinship, void (*left)(struct ta_kinship *kinship)) {
  ta_list_init(&kinship->streams);
  kinship->left = left;
}

void ta_join_kinship(struct ta_kinship *kinship, struct ta_stream_object *stream) {
  if (stream->closed || stream->kinship) return;
  stream->kinship = kinship;
  ta_list_append(&kinship->streams, &stream->kin);
  kinship->count++;
}

static void end_attending(struct ta_runner *runner, struct ta_task *task,
                          struct ta_attachment *attended) {
  struct ta_stream_object *stream = TA_HOLDER(attended, struct ta_stream_object, attended);
  (void)runner, (void)task;
  ta_close_waiting(stream);
  ta_leave_kinship(stream);
}

static const struct ta_attachment_kind attended_kind = {.on_end = end_attending};

int ta_attend_kin(struct ta_stream_object *stream, struct ta_task *task) {
  return ta_attach_to(stream->io->runner, task, &stream->attended, &attended_kind);
}

static bool is_attended(const struct ta_stream_object *stream) {
  return ta_in_list(&stream->attended.link);
}

void ta_close_unattended(struct ta_kinship *kinship) {
  struct ta_link *link = ta_list_first(&kinship->streams), *next;
  for (; link; link = next) {
    next = ta_list_after(&kinship->streams, link);
    struct ta_stream_object *stream = stream_of(link);
    if (!is_attended(stream)) ta_close_waiting(stream);
  }
}

void ta_leave_kinship(struct ta_stream_object *stream) {
  struct ta_kinship *kinship = stream->kinship;
  if (!kinship || is_attended(stream)) return;
  stream->kinship = NULL;
  ta_list_leave(&stream->kin);
  kinship->count--;
  kinship->left(kinship);
}

bool ta_is_idle_kin(const struct ta_stream_object *stream, bool at_line) {
  if (!stream->kinship || !stream->kinship->ends) return false;
  if (ta_stream_held(&stream->stream) > 0) return false;
  bool is_answered = stream->answered == stream->stream.received;
  return is_answered || (at_line && !stream->written);
}

/* Who reads asks again. */
void ta_end_idle_kin(struct ta_kinship *kinship) {
  kinship->ends = true;
  struct ta_link *link = ta_list_first(&kinship->streams);
  for (; link; link = ta_list_after(&kinship->streams, link)) ta_wake_readers(stream_of(link));
}

void ta_close_kin(struct ta_kinship *kinship) {
  struct ta_link *link = ta_list_first(&kinship->streams), *next;
  for (; link; link = next) {
    next = ta_list_after(&kinship->streams, link);
    ta_close_waiting(stream_of(link));
  }
}

void ta_end_kinship(struct ta_kinship *kinship) {
  struct ta_stream_object *stream;
  while ((stream = stream_of(ta_list_first(&kinship->streams)))) {
    stream->kinship = NULL;
    ta_list_leave(&stream->kin);
  }
}
