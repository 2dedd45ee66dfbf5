/* SPDX-License-Identifier: MIT
 *
 * lines.c -- what a peer sends, read in all ways there are: what each read gives is compared with
 * what Lua's own file:read gives for the same bytes.
 *
 * The input: how many reads there are, what each is, how many pieces the rest comes in, and that.
 */
#include "fuzz/fuzz.h"
#include "unit/outside.h"

#define MOST_BYTES 60000 /* fit into a socket */

static const char script[] =
    "local s, fd = sockets() limit(s, 5000)\n"
    "local file <close> = io.tmpfile() file:write(sent) file:seek('set', 0)\n"
    "local plain = {'l', 'L', 'n', 'a', 0, 1, 7, 300, 'l', 'n', 'L'}\n"
    "local function check(what, got, want)\n"
    "  if got == want and math.type(got) == math.type(want) then return end\n"
    "  log('WRONG', what, tostring(got), tostring(want))\n"
    "end\n"
    "local function has_long(from)\n" /* such a line is refused, and stays */
    "  local at = file:seek() local line = file:read('L') file:seek('set', at)\n"
    "  return line and #line:gsub('\\n$', '') > 5000\n"
    "end\n"
    "local function read_format(format)\n"
    "  if (format == 'l' or format == 'L') and has_long() then\n"
    "    check('too long', select(3, s:read(format)), 'EMSGSIZE')\n"
    "    return\n"
    "  end\n"
    "  check(format, s:read(format), file:read(format))\n"
    "end\n"
    "local function read_some(most)\n"
    "  local got = s:read_some(most)\n"
    "  check('some', got, file:read(got and #got or 1))\n"
    "  if got and #got > most then log('WRONG', 'more than asked for') end\n"
    "end\n"
    "local function read_until(text)\n"
    "  local got, _, code = s:read_until(text)\n"
    "  local from = file:seek() local rest = file:read('a')\n"
    "  local _, last = rest:find(text, 1, true)\n"
    "  if code == 'EMSGSIZE' then last = nil\n"
    "    if (rest:find(text, 1, true) or #rest + 1) <= 4000 then log('WRONG', 'it is short') end\n"
    "  else check('until', got, last and rest:sub(1, last)) end\n"
    "  file:seek('set', from + (last or 0))\n"
    "end\n"
    "local texts = {'\\n', '\\r\\n', '\\r\\n\\r\\n', 'aab', '\\0'}\n"
    "local writer = spawn(function()\n"
    "  local size = #sent // pieces + 1\n"
    "  for at = 1, #sent, size do put(fd, sent:sub(at, at + size - 1)) sleep(0) end\n"
    "  end_of(fd)\n"
    "end)\n"
    "for i = 1, #reads do\n"
    "  local how = reads:byte(i)\n"
    "  if how < 128 then read_format(plain[how % #plain + 1])\n"
    "  elseif how < 192 then read_some(how - 127)\n"
    "  else read_until(texts[how % #texts + 1]) end\n"
    "end\n"
    "writer:await() check('the rest', s:read('a'), file:read('a')) log 'ended'";

static void set_text(struct world *world, const char *name, struct bytes bytes) {
  lua_pushlstring(world->L, (const char *)bytes.at, bytes.left);
  lua_setglobal(world->L, name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct bytes input = {data, size};
  struct outside outside;
  struct bytes reads = fuzz_some(&input, fuzz_byte(&input));
  unsigned pieces = 1 + fuzz_byte(&input) % 30;
  outside_open(&outside, NULL);
  set_text(&outside.world, "reads", reads);
  set_text(&outside.world, "sent", fuzz_some(&input, MOST_BYTES));
  lua_pushinteger(outside.world.L, pieces);
  lua_setglobal(outside.world.L, "pieces");
  world_add(&outside.world, script);
  outside_run(&outside);
  CHECK_TEXT(outside.world.log, "ended");
  outside_close(&outside);
  return 0;
}
