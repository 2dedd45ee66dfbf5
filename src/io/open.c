/* SPDX-License-Identifier: MIT */
#include "io/open.h"

#include "io/process.h"
#include "io/standard.h"
#include "io/stdin.h"

void ta_io_open(struct ta_io *io, lua_State *L) {
  ta_io_keep(io, L);
  lua_getglobal(L, "async");
  ta_offer_stdin(io, L);
  ta_offer_processes(io, L);
  ta_standard_open(io, L);
  lua_pop(L, 1);
}

void ta_io_close(struct ta_io *io) {
  ta_stdin_close(io);
}
