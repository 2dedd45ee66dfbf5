/* SPDX-License-Identifier: MIT */
#include "io/open.h"

#include <stddef.h>

#include "host/hatch.h"
#include "io/abroad.h"
#include "io/far.h"
#include "io/fs.h"
#include "io/process.h"
#include "io/standard.h"
#include "io/stdin.h"
#include "io/thread.h"

static void on_left(struct ta_stdio_listener *listener) {
  struct ta_io *io = (struct ta_io *)((char *)listener - offsetof(struct ta_io, listener));
  ta_wake_shows(io);
}

void ta_io_open(struct ta_io *io, lua_State *L) {
  ta_list_init(&io->shows);
  io->listener.left = on_left;
  ta_stdio_listen(&io->listener);
  ta_io_keep(io, L);
  lua_getglobal(L, "async");
  ta_offer_stdin(io, L);
  ta_offer_processes(io, L);
  ta_offer_files(io, L);
  ta_offer_threads(io, L);
  ta_standard_open(io, L);
  lua_pop(L, 1);
}

void ta_io_open_in_thread(struct ta_io *io, lua_State *L) {
  ta_list_init(&io->shows);
  io->is_guest = true;
  ta_io_keep(io, L);
  lua_getglobal(L, "async");
  ta_offer_files(io, L);
  ta_offer_threads(io, L);
  if (io->equip) io->equip(io->runner, L);
  ta_refuse_abroad(io, L);
  lua_pop(L, 1);
}

void ta_io_close(struct ta_io *io) {
  ta_stdio_unlisten(&io->listener);
  ta_stdin_close(io);
  ta_close_crossings(io);
  if (io->workers) ta_workers_close(io->workers);
  if (io->hatch) ta_hatch_close(io->hatch);
  io->workers = NULL;
  io->hatch = NULL;
}
