/* SPDX-License-Identifier: MIT */
#include "host/output.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "holder.h"
#include "host/clock.h"
#include "host/spill.h"
#include "host/stdio.h"
#include "utf8.h"

#define INTERVAL 0.1     /* seconds between two states of a command on a terminal */
#define HELD (256 << 10) /* bytes of a group in memory */
#define LEAST_ROOM 256   /* bytes for a line */
#define SEPARATOR " | "  /* between label and line */
#define RESET "\033[0m"  /* a line's colours end with it */
#define COLUMNS 80       /* of a terminal that does not know */
#define WRITTEN 8192     /* bytes that are written at once, or more */
#define STATE_SHOWN 1024 /* bytes of a state, at most */

/* -------------------------------------------------------------------- writing */

/* Lines are put together before they are written.  It lives within one call, in which
 * nobody else writes. */
struct sink {
  int fd;
  bool broken; /* nobody reads there */
  size_t size;
  char bytes[WRITTEN];
};

static void write_out(struct sink *sink, const char *bytes, size_t size) {
  if (!sink->broken && size > 0) sink->broken = ta_stdio_write_lines(sink->fd, bytes, size) != 0;
}

static void flush(struct sink *sink) {
  write_out(sink, sink->bytes, sink->size);
  sink->size = 0;
}

/* Whole lines, if there are any: others may write between two of them. */
static void make_sink_room(struct sink *sink) {
  size_t lines = sink->size;
  while (lines > 0 && sink->bytes[lines - 1] != '\n') lines--;
  if (lines == 0) lines = sink->size;
  write_out(sink, sink->bytes, lines);
  sink->size -= lines;
  memmove(sink->bytes, sink->bytes + lines, sink->size);
}

static void put(struct sink *sink, const char *bytes, size_t size) {
  if (sink->size + size > sizeof sink->bytes) make_sink_room(sink);
  if (sink->size + size > sizeof sink->bytes) flush(sink);
  if (size > sizeof sink->bytes) {
    write_out(sink, bytes, size);
    return;
  }
  memcpy(sink->bytes + sink->size, bytes, size);
  sink->size += size;
}

static void put_text(struct sink *sink, const char *text) {
  put(sink, text, strlen(text));
}

/* -------------------------------------------------------------------- colours */

static const char *const colours[] = {"\033[36m", "\033[33m", "\033[32m", "\033[35m", "\033[34m",
                                      "\033[96m", "\033[93m", "\033[92m", "\033[95m", "\033[94m"};
#define COLOURS (sizeof colours / sizeof *colours)

/* Labels get colours in the order in which they come; an older one's is taken again when there
 * are more.  A process has one set of standard streams. */
static struct {
  uint64_t labels[COLOURS];
  size_t next;
} given;

/* FNV-1a; never 0. */
static uint64_t hash_of(const char *label) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (; *label; label++) hash = (hash ^ (unsigned char)*label) * UINT64_C(0x100000001b3);
  return hash | 1;
}

static int colour_of(const char *label) {
  uint64_t hash = hash_of(label);
  for (size_t i = 0; i < COLOURS; i++)
    if (given.labels[i] == hash) return (int)i;
  size_t place = given.next;
  given.next = (place + 1) % COLOURS;
  given.labels[place] = hash;
  return (int)place;
}

/* A terminal that knows how to move. */
static bool steers(int fd) {
  const char *kind = getenv("TERM");
  return isatty(fd) && kind && *kind && strcmp(kind, "dumb") != 0;
}

static bool wants_colours(void) {
  const char *no = getenv("NO_COLOR");
  return !no || !*no;
}

static void put_label(struct sink *sink, const char *label, bool coloured) {
  if (!label) return;
  if (coloured) put_text(sink, colours[colour_of(label)]);
  put_text(sink, label);
  if (coloured) put_text(sink, RESET);
  put_text(sink, SEPARATOR);
}

/* ---------------------------------------------------------------------- lines */

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* What came after the last state that was overwritten. */
static size_t newest(const struct ta_output_side *side) {
  return side->size - side->state;
}

/* A line's colours are its own. */
static void put_line(const struct ta_output_side *side, struct sink *sink, const char *line,
                     size_t size) {
  put_label(sink, side->output->label, side->colours);
  put(sink, line, size);
  if (side->steers && memchr(line, '\033', size)) put_text(sink, RESET);
  put(sink, "\n", 1);
}

static void empty(struct ta_output_side *side) {
  side->size = side->state = 0;
  side->fresh = false;
  ta_alarm_stop(&side->alarm);
}

/* The line's end has come: what was to be seen in it last is the line. */
static void end_line(struct ta_output_side *side, struct sink *sink) {
  const char *line = side->bytes + side->state;
  if (side->size == 0)
    put_line(side, sink, "", 0);
  else if (newest(side) > 0)
    put_line(side, sink, line, newest(side));
  else
    put_line(side, sink, side->bytes, side->state);
  empty(side);
}

/* How much of the text ends with a whole character. */
static size_t without_begun(const char *text, size_t size) {
  size_t at = size;
  while (at > 0 && size - at < 3 && ta_utf8_goes_on(text[at - 1])) at--;
  if (at > 0) at--;
  return at > 0 && (unsigned char)text[at] >= 0xC2 && ta_utf8_length(text + at, size - at) == 1
             ? at
             : size;
}

/* More than may be held: what there is becomes a line of its own. */
static void cut_line(struct ta_output_side *side, struct sink *sink) {
  const char *line = side->bytes + side->state;
  size_t all = newest(side), piece = without_begun(line, all);
  put_line(side, sink, line, piece);
  memmove(side->bytes, line + piece, all - piece);
  side->state = 0;
  side->size = all - piece;
}

static bool make_room(struct ta_output_side *side, size_t size) {
  size_t wanted = side->size + size;
  if (wanted <= side->room) return true;
  size_t room = side->room ? side->room : LEAST_ROOM;
  while (room < wanted) room *= 2;
  char *bytes = realloc(side->bytes, room);
  if (!bytes) return false;
  side->bytes = bytes;
  side->room = room;
  return true;
}

/* Keeps a part of a line.  Without memory it is shown, as a line. */
static void hold(struct ta_output_side *side, struct sink *sink, const char *bytes, size_t size) {
  while (size > 0) {
    if (newest(side) >= side->output->max_line) cut_line(side, sink);
    size_t count = smaller(size, side->output->max_line - newest(side));
    if (make_room(side, count)) {
      memcpy(side->bytes + side->size, bytes, count);
      side->size += count;
    } else {
      if (newest(side) > 0) put_line(side, sink, side->bytes + side->state, newest(side));
      side->size = side->state;
      put_line(side, sink, bytes, count);
    }
    bytes += count;
    size -= count;
  }
}

/* A carriage return: what comes now is written over it. */
static void return_carriage(struct ta_output_side *side) {
  size_t size = newest(side);
  if (size == 0) return;
  memmove(side->bytes, side->bytes + side->state, size);
  side->state = side->size = size;
  side->fresh = true;
}

/* A part of a line, up to its end or not. */
static void take_part(struct ta_output_side *side, struct sink *sink, const char *bytes,
                      size_t size, bool ends) {
  const char *turn = memchr(bytes, '\r', size);
  if (ends && !turn && side->size == 0 && size <= side->output->max_line) {
    put_line(side, sink, bytes, size);
    return;
  }
  for (; turn; turn = memchr(bytes, '\r', size)) {
    hold(side, sink, bytes, (size_t)(turn - bytes));
    return_carriage(side);
    size -= (size_t)(turn - bytes) + 1;
    bytes = turn + 1;
  }
  hold(side, sink, bytes, size);
  if (ends) end_line(side, sink);
}

static void take_lines(struct ta_output_side *side, const char *bytes, size_t size) {
  struct sink sink = {.fd = side->fd};
  while (size > 0) {
    const char *end = memchr(bytes, '\n', size);
    size_t part = end ? (size_t)(end - bytes) : size;
    take_part(side, &sink, bytes, part, end != NULL);
    part += end != NULL;
    bytes += part;
    size -= part;
  }
  flush(&sink);
  side->leaves_at = ta_stdio_taken(side->fd);
}

static void end_side(struct ta_output_side *side) {
  struct sink sink = {.fd = side->fd};
  bool any = side->size > 0;
  if (any) end_line(side, &sink);
  flush(&sink);
  if (any) side->leaves_at = ta_stdio_taken(side->fd);
  ta_alarm_stop(&side->alarm);
  ta_stdio_take_back(side->fd, side);
}

/* --------------------------------------------------------------------- states */

/* An escape sequence, as of colours, takes no column. */
static size_t skip_escape(const char *text, size_t left) {
  if (left < 2 || text[1] != '[') return 1;
  size_t i = 2;
  while (i < left && ((unsigned char)text[i] < 0x40 || (unsigned char)text[i] > 0x7E)) i++;
  return smaller(i + 1, left);
}

/* How much of the text fits into so many columns: of a character of three bytes it is not
 * known here whether it takes two. */
static size_t fit(const char *text, size_t size, size_t columns) {
  size_t at = 0, used = 0;
  while (at < size) {
    size_t bytes = *text == '\033' ? skip_escape(text, size - at) : ta_utf8_length(text, size - at);
    size_t width = *text == '\033' ? 0 : *text == '\t' ? 8 : bytes > 2 ? 2 : 1;
    if (used + width > columns || at + bytes > STATE_SHOWN) break;
    used += width;
    at += bytes;
    text += bytes;
  }
  return at;
}

static size_t columns_of(int fd) {
  struct winsize window;
  bool known = ioctl(fd, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
  return known ? window.ws_col : COLUMNS;
}

static void on_taken_back(void *data) {
  struct ta_output_side *side = data;
  ta_loop_set_alarm(side->output->loop, &side->alarm, INTERVAL);
}

/* Shows a state in one row: of more only the last could be taken back. */
static void show_state(struct ta_output_side *side, const char *state, size_t size) {
  const char *label = side->output->label;
  struct sink sink = {.fd = side->fd};
  size_t columns = columns_of(side->fd) - 1, used = label ? strlen(label) + strlen(SEPARATOR) : 0;
  if (used + 1 > columns || used > WRITTEN / 2) return;
  put_label(&sink, label, side->colours);
  put(&sink, state, fit(state, size, columns - used));
  if (memchr(state, '\033', size)) put_text(&sink, RESET);
  if (ta_stdio_write_state(side->fd, sink.bytes, sink.size, on_taken_back, side) == -EAGAIN) {
    on_taken_back(side);
    return;
  }
  side->fresh = false;
  side->shown_at = ta_monotonic();
}

/* Nothing new has come for a while, or others have written over it. */
static void on_alarm(struct ta_alarm *alarm) {
  struct ta_output_side *side = TA_HOLDER(alarm, struct ta_output_side, alarm);
  if (side->size == 0) return;
  if (newest(side) > 0)
    show_state(side, side->bytes + side->state, newest(side));
  else
    show_state(side, side->bytes, side->state);
}

/* Those that would come too fast are left out, but for one after which nothing comes. */
static void look_at_state(struct ta_output_side *side) {
  if (!side->fresh && newest(side) == 0) return;
  if (side->fresh && ta_monotonic() - side->shown_at >= INTERVAL) {
    ta_alarm_stop(&side->alarm);
    show_state(side, side->bytes, side->state);
  } else {
    ta_loop_set_alarm(side->output->loop, &side->alarm, INTERVAL);
  }
}

/* --------------------------------------------------------------------- groups */

struct piece {
  int side;
  size_t size;
};

/* Moves what is held into the file. */
static bool spill(struct ta_output *output) {
  if (output->spill < 0) output->spill = ta_spill_open();
  if (output->spill < 0) return false;
  if (!ta_spill_write(output->spill, output->bytes, output->size, output->spilt)) return false;
  output->spilt += (off_t)output->size;
  output->size = 0;
  return true;
}

static bool make_group_room(struct ta_output *output, size_t size) {
  size_t wanted = output->size + size, room = output->room ? output->room : LEAST_ROOM;
  if (wanted <= output->room) return true;
  while (room < wanted) room *= 2;
  char *bytes = realloc(output->bytes, room);
  if (!bytes) return false;
  output->bytes = bytes;
  output->room = room;
  return true;
}

static bool keep(struct ta_output *output, int side, const char *bytes, size_t size) {
  struct piece piece = {.side = side, .size = size};
  size_t whole = sizeof piece + size;
  if (output->size > 0 && output->size + whole > HELD && !spill(output)) return false;
  if (!make_group_room(output, whole)) return false;
  memcpy(output->bytes + output->size, &piece, sizeof piece);
  memcpy(output->bytes + output->size + sizeof piece, bytes, size);
  output->size += whole;
  return true;
}

/* Reads on in the file.  False: not so much is there. */
static bool read_spilt(const struct ta_output *output, void *bytes, size_t size, off_t *at) {
  if (*at >= output->spilt) return false;
  size_t got = ta_spill_read(output->spill, bytes, size, *at);
  *at += (off_t)got;
  return got == size;
}

static void show_spilt(struct ta_output *output) {
  struct piece piece;
  char bytes[WRITTEN];
  off_t at = 0;
  while (read_spilt(output, &piece, sizeof piece, &at)) {
    while (piece.size > 0) {
      size_t count = smaller(piece.size, sizeof bytes);
      if (!read_spilt(output, bytes, count, &at)) return;
      take_lines(&output->sides[piece.side - 1], bytes, count);
      piece.size -= count;
    }
  }
}

static void show_held(struct ta_output *output) {
  struct piece piece;
  for (size_t at = 0; at < output->size; at += piece.size) {
    memcpy(&piece, output->bytes + at, sizeof piece);
    at += sizeof piece;
    take_lines(&output->sides[piece.side - 1], output->bytes + at, piece.size);
  }
}

static void show_group(struct ta_output *output) {
  if (output->spill >= 0) {
    show_spilt(output);
    close(output->spill);
  }
  show_held(output);
  output->spill = -1;
  output->spilt = 0;
  output->size = 0;
}

/* -------------------------------------------------------------- what waits for a reader */

static bool has_room(const struct ta_output_side *side) {
  const struct ta_output *output = side->output;
  return output->hurried || output->groups || !ta_stdio_is_full(side->fd);
}

static bool may_take(void *data) {
  return has_room(data);
}

static void go_on(struct ta_output *output) {
  for (int i = 0; i < 2; i++) {
    struct ta_output_side *side = &output->sides[i];
    if (side->drain && has_room(side)) ta_drain_go_on(side->drain);
  }
}

static void on_left(struct ta_stdio_listener *listener) {
  go_on(TA_HOLDER(listener, struct ta_output, listener));
}

void ta_output_pause(struct ta_output *output, int side, struct ta_drain *drain) {
  struct ta_output_side *paused = &output->sides[side - 1];
  paused->drain = drain;
  drain->may_take = may_take;
  drain->asked = paused;
  ta_stdio_listen(&output->listener);
}

void ta_output_hurry(struct ta_output *output) {
  output->hurried = true;
  if (output->loop) go_on(output);
}

bool ta_output_has_room(const struct ta_output *output) {
  return !output->loop || (has_room(&output->sides[0]) && has_room(&output->sides[1]));
}

bool ta_output_has_left(const struct ta_output *output) {
  if (!output->loop || output->hurried) return true;
  for (int i = 0; i < 2; i++) {
    const struct ta_output_side *side = &output->sides[i];
    if (!ta_stdio_has_left(side->fd, side->leaves_at)) return false;
  }
  return true;
}

/* ------------------------------------------------------------------- the whole */

static void open_side(struct ta_output *output, int fd) {
  output->sides[fd - 1] = (struct ta_output_side){.output = output,
                                                  .fd = fd,
                                                  .steers = steers(fd),
                                                  .colours = steers(fd) && wants_colours(),
                                                  .shown_at = -INTERVAL,
                                                  .alarm = {.ring = on_alarm}};
}

int ta_output_open(struct ta_output *output, struct ta_loop *loop,
                   const struct ta_output_settings *settings) {
  *output = (struct ta_output){.loop = loop,
                               .groups = settings->groups,
                               .max_line = settings->max_line ? settings->max_line : 1,
                               .tail_of = settings->tail_of,
                               .spill = -1,
                               .listener = {.left = on_left}};
  open_side(output, STDOUT_FILENO);
  open_side(output, STDERR_FILENO);
  ta_capture_open(&output->tail, 2 * (size_t)TA_OUTPUT_TAIL);
  if (!settings->label) return 0;
  output->label = strdup(settings->label);
  return output->label ? 0 : -ENOMEM;
}

/* A group that cannot be kept any more is shown, and what comes then as it comes: nothing is
 * lost. */
static void take_into_group(struct ta_output *output, int side, const char *bytes, size_t size) {
  if (keep(output, side, bytes, size)) return;
  show_group(output);
  output->groups = false;
  take_lines(&output->sides[side - 1], bytes, size);
}

void ta_output_take(struct ta_output *output, int side, const char *bytes, size_t size) {
  if (side == output->tail_of) ta_capture_take(&output->tail, bytes, size);
  if (output->groups) {
    take_into_group(output, side, bytes, size);
    return;
  }
  take_lines(&output->sides[side - 1], bytes, size);
  if (output->sides[side - 1].steers) look_at_state(&output->sides[side - 1]);
}

void ta_output_finish(struct ta_output *output) {
  if (!output->loop) return;
  show_group(output);
  for (int i = 0; i < 2; i++) end_side(&output->sides[i]);
}

/* What was kept, one part after the other, of which the last bytes count. */
static size_t copy_end(const struct ta_capture_part parts[3], char *tail, size_t most) {
  size_t size = most;
  for (int i = 2; i >= 0 && size > 0; i--) {
    size_t count = smaller(parts[i].size, size);
    size -= count;
    memcpy(tail + size, parts[i].bytes + parts[i].size - count, count);
  }
  memmove(tail, tail + size, most - size);
  return most - size;
}

size_t ta_output_tail(const struct ta_output *output, char *tail) {
  struct ta_capture_part parts[3];
  ta_capture_parts(&output->tail, parts);
  for (int i = 0; i < 3; i++)
    if (!parts[i].bytes) parts[i] = (struct ta_capture_part){"", 0};
  size_t size = copy_end(parts, tail, TA_OUTPUT_TAIL);
  if (output->tail.total <= TA_OUTPUT_TAIL) return size;
  const char *end = memchr(tail, '\n', size);
  size_t cut = end && end + 1 < tail + size ? (size_t)(end + 1 - tail) : 0;
  memmove(tail, tail + cut, size - cut);
  return size - cut;
}

void ta_output_close(struct ta_output *output) {
  if (!output->loop) return;
  ta_output_finish(output);
  ta_stdio_unlisten(&output->listener);
  for (int i = 0; i < 2; i++) {
    ta_alarm_stop(&output->sides[i].alarm);
    free(output->sides[i].bytes);
  }
  ta_capture_close(&output->tail);
  free(output->label);
  free(output->bytes);
  *output = (struct ta_output){.loop = NULL};
}

void ta_output_note(const char *label, const char *text, size_t size) {
  struct sink sink = {.fd = STDERR_FILENO};
  put_label(&sink, label, steers(STDERR_FILENO) && wants_colours());
  put(&sink, text, size);
  put(&sink, "\n", 1);
  flush(&sink);
}
