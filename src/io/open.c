/* SPDX-License-Identifier: MIT */
#include "io/open.h"

#include <stddef.h>

#include "host/hatch.h"
#include "host/resolver.h"
#include "io/abroad.h"
#include "io/disk.h"
#include "io/dns.h"
#include "io/far.h"
#include "io/fs.h"
#include "io/gate.h"
#include "io/net.h"
#include "io/paint.h"
#include "io/process.h"
#include "io/progress.h"
#include "io/prompt.h"
#include "io/signal.h"
#include "io/standard.h"
#include "io/stdin.h"
#include "io/thread.h"
#include "io/tls.h"
#include "io/walk.h"

static void on_left(struct ta_stdio_listener *listener) {
  struct ta_io *io = (struct ta_io *)((char *)listener - offsetof(struct ta_io, listener));
  ta_wake_shows(io);
}

void ta_io_prepare(struct ta_io *io) {
  ta_list_init(&io->shows);
  ta_list_init(&io->errands);
  ta_list_init(&io->walks);
  ta_list_init(&io->signals.watches);
  ta_list_init(&io->questions);
  ta_mounts_open(&io->mounts);
}

void ta_io_open(struct ta_io *io, lua_State *L) {
  io->listener.left = on_left;
  ta_stdio_listen(&io->listener);
  ta_io_keep(io, L);
  ta_gate_open(io, L);
  lua_getglobal(L, "async");
  ta_tls_prepare(io, L);
  ta_offer_stdin(io, L);
  ta_offer_processes(io, L);
  ta_offer_files(io, L);
  ta_offer_net(io, L);
  ta_offer_names(io, L);
  ta_offer_signals(io, L);
  ta_offer_bars(io, L);
  ta_offer_questions(io, L);
  ta_offer_paint(io, L);
  ta_offer_threads(io, L);
  ta_standard_open(io, L);
  lua_pop(L, 1);
}

void ta_io_open_in_thread(struct ta_io *io, lua_State *L) {
  ta_io_keep(io, L);
  ta_gate_open(io, L);
  lua_getglobal(L, "async");
  ta_tls_prepare(io, L);
  ta_offer_files(io, L);
  ta_offer_net(io, L);
  ta_offer_names(io, L);
  ta_offer_paint(io, L);
  ta_offer_threads(io, L);
  if (io->equip) io->equip(io->runner, L);
  ta_refuse_abroad(L);
  lua_pop(L, 1);
}

void ta_io_open_hosted(struct ta_io *io, lua_State *L) {
  ta_io_keep(io, L);
  lua_getglobal(L, "async");
  ta_offer_files(io, L);
  ta_tls_prepare(io, L);
  ta_offer_net(io, L);
  ta_offer_names(io, L);
  ta_refuse_hosted(L);
  lua_pop(L, 1);
}

void ta_io_close(struct ta_io *io) {
  ta_stdio_unlisten(&io->listener);
  ta_bars_close(io);
  ta_stdin_close(io);
  ta_io_close_in_thread(io);
  if (io->hatch) ta_hatch_close(io->hatch);
  io->hatch = NULL;
}

void ta_io_close_in_thread(struct ta_io *io) {
  ta_drop_errands(io);
  ta_drop_walks(io);
  ta_mounts_close(&io->mounts);
  ta_close_crossings(io);
  if (io->names) ta_resolver_close(io->names);
  io->names = NULL;
  if (io->workers) ta_workers_close(io->workers);
  io->workers = NULL;
}
