/* SPDX-License-Identifier: MIT
 *
 * filestream.h -- a file as a stream that waits for a disk in another thread.
 *
 * What the page cache has is read at once.  For what it has not, the stream says -EAGAIN, and
 * a thread reads it from where the stream stands, which does not move before somebody takes
 * it.  Writes go straight there, in pieces; to what is far a thread writes a copy of each piece:
 * see `on_its_way`.  A file may go when its stream is closed.  Its descriptor goes when no thread
 * uses it any more; that of what is far is closed in the lane.
 */
#ifndef TA_HOST_FILESTREAM_H
#define TA_HOST_FILESTREAM_H

#include "host/children.h"
#include "host/gate.h"
#include "host/stream.h"
#include "host/workers.h"

/* Makes it of a stream that was opened over a file.  `workers` last longer.  Of what is far all is
 * read and written in that lane.  0, or -ENOMEM. */
int ta_filestream(struct ta_stream *stream, struct ta_workers *workers, enum ta_lane lane);

/* A file's path, absolute, that a guardian knows; it is removed when the stream is closed, if the
 * gate lets it.  Takes over path and guarded, which were malloc'ed. */
void ta_filestream_removes(struct ta_stream *stream, const struct ta_gate *gate,
                           struct ta_children *children, char *path,
                           struct ta_guarded_path *guarded);

struct ta_open_file;

/* Is it over a file of what is far?  How long that is a thread has to ask. */
bool ta_is_far_stream(const struct ta_stream *stream);

/* What is behind one of these.  It stays open until it is given back. */
struct ta_open_file *ta_filestream_share(const struct ta_stream *stream);

/* In that thread: the size, or a negative errno; gives it back. */
off_t ta_open_file_size(struct ta_open_file *file);

/* In the loop's thread, of which no thread has asked: gives it back. */
void ta_open_file_leave(struct ta_open_file *file);

#endif
