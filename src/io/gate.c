/* SPDX-License-Identifier: MIT */
#include "io/gate.h"

#include <lauxlib.h>
#include <string.h>

#include "io/io.h"
#include "io/refusal.h"

#define READS TA_PATH_READ
#define WRITES TA_PATH_WRITE
#define LINK TA_PATH_ITSELF

/* Every function there is, as scripts call it, "async." left out; after a comma, with which option.
 * What has no kind reaches nothing outside, or asks as one of the others. */
const struct ta_gate_row ta_gate_rows[] = {
    {"fs.read", "read", READS, 0},
    {"fs.write", "write", WRITES, 0},
    {"fs.append", "write", WRITES, 0},
    {"fs.open", "read, write", 0, 0}, /* as its mode says */
    {"fs.stat", "read", READS, 0},
    {"fs.stat, follow=false", "read", READS | LINK, 0},
    {"fs.exists", "read", READS, 0},
    {"fs.list", "read", READS, 0},
    {"fs.readlink", "read", READS | LINK, 0},
    {"fs.walk", "read", READS, 0},
    {"fs.glob", "read", READS, 0},
    {"fs.watch", "read", READS, 0},
    {"fs.mkdir", "write", WRITES, 0},
    {"fs.remove", "write", WRITES | LINK, 0},
    {"fs.rename", "write, read", WRITES | LINK | TA_PATH_MOVED, WRITES | LINK},
    {"fs.copy", "read, write", READS, WRITES},
    {"fs.link", "write", WRITES | LINK, 0},
    {"fs.link, hard", "write, read", WRITES | LINK, READS | WRITES | LINK},
    {"fs.temp", "read, write", READS | WRITES, 0},
    {"fs.temp_dir", "write", WRITES, 0},
    {"temp_dir", "write", 0, 0},
    {"cd", "read, write", TA_PATH_EITHER, 0}, /* one of them is enough */
    {"csv.rows", "read", 0, 0},
    {"csv.write", "write", 0, 0},
    {"dotenv", "read", 0, 0},
    {"jobs", "read, write", 0, 0},
    {"stale", "read", 0, 0},

    {"process.run", "run", 0, 0},
    {"process.read", "run", 0, 0},
    {"process.try", "run", 0, 0},
    {"process.try, stdin={file=}", "read", 0, 0},
    {"process.try, stdout={file=}", "write", 0, 0},
    {"process.lines", "run", 0, 0},
    {"process.spawn", "run", 0, 0},
    {"process.which", "run", 0, 0},

    {"io.open", "read, write", 0, 0},
    {"io.lines", "read", 0, 0},
    {"io.input", "read", 0, 0},
    {"io.output", "write", 0, 0},
    {"io.tmpfile", "read, write", 0, 0},
    {"io.popen", "run", 0, 0},
    {"os.execute", "run", 0, 0},
    {"os.remove", "write", 0, 0},
    {"os.rename", "write, read", 0, 0},
    {"os.tmpname", "write", 0, 0},
    {"dofile", "read", 0, 0},
    {"loadfile", "read", 0, 0},
    {"require", "read", 0, 0}, /* but for what lies where modules do */
    {"package.searchpath", "read", 0, 0},
    {"package.loadlib", "run", 0, 0}, /* all of it */

    {"net.connect", "net", 0, 0},
    {"net.connect_unix", "read, write", 0, 0}, /* with --deny-net for all: none */
    {"net.listen", "net", 0, 0},
    {"net.listen, tls={certificate=}", "net, read", 0, 0},
    {"net.listen_unix", "read, write", 0, 0},
    {"net.listen_fd", "", 0, 0}, /* it was handed over by who has started us */
    {"net.udp", "net", 0, 0},    /* and so does each of its sends */
    {"net.wait", "net", 0, 0},
    {"dns.resolve", "net", 0, 0}, /* with any port */
    {"dns.reverse", "net", 0, 0},

    {"process.pipe", "", 0, 0}, /* a command, which somebody starts */
    {"process.sh", "", 0, 0},
    {"process.quote", "", 0, 0},
    {"csv.line", "", 0, 0},
    {"csv.parse", "", 0, 0},
    {"thread", "", 0, 0}, /* what runs there asks there */
    {"args", "", 0, 0},
    {"prompt", "", 0, 0},
    {"confirm", "", 0, 0},
    {"select_one", "", 0, 0},
    {"progress", "", 0, 0},
    {"log.*", "", 0, 0},
    {"color.*", "", 0, 0},
    {"signal.*", "", 0, 0},
    {NULL, NULL, 0, 0}};

/* ----------------------------------------------------------------- in words */

static const char *const verbs[] = {
    [TA_NO_READ] = "read", [TA_NO_WRITE] = "write",   [TA_NO_RUN] = "run",
    [TA_NO_NET] = "reach", [TA_DENIED_NET] = "reach", [TA_NO_VARIABLES] = "run"};

static const char *const switches[] = {
    [TA_NO_READ] = "read", [TA_NO_WRITE] = "write", [TA_NO_RUN] = "run", [TA_NO_NET] = "net"};

void ta_push_verdict(lua_State *L, enum ta_verdict verdict, const char *verb, const char *what) {
  if (!verb) verb = verbs[verdict];
  if (verdict == TA_DENIED_NET)
    lua_pushfstring(L, "not allowed to %s %s (--deny-net forbids it)", verb, what);
  else if (verdict == TA_NO_VARIABLES)
    lua_pushfstring(L,
                    "not allowed to %s %s with variables that have it load code, as LD_PRELOAD "
                    "(--allow-run without names would allow it)",
                    verb, what);
  else
    lua_pushfstring(L, "not allowed to %s %s (--allow-%s=%s would allow it)", verb, what,
                    switches[verdict], what);
}

int ta_refuse_verdict(lua_State *L, enum ta_verdict verdict, const char *verb, const char *what) {
  luaL_checkstack(L, 5, NULL);
  lua_pushnil(L);
  ta_push_verdict(L, verdict, verb, what);
  lua_pushliteral(L, "EACCES");
  return 3;
}

/* ------------------------------------------------------------------- files */

static const struct ta_gate_row *row_of(lua_State *L, const char *function) {
  const struct ta_gate_row *row = ta_gate_rows;
  while (row->function && strcmp(row->function, function) != 0) row++;
  if (!row->function) luaL_error(L, "%s: no gate knows it", function);
  return row;
}

void ta_guard(struct ta_guard *guard, lua_State *L, const struct ta_io *io, const char *function,
              const char *path, const char *other) {
  if (!io->gate) return;
  const struct ta_gate_row *row = row_of(L, function);
  *guard = (struct ta_guard){
      .gate = io->gate, .needs = {row->first, row->second}, .paths = {path, other}};
}

void ta_guard_path(struct ta_guard *guard, const struct ta_io *io, unsigned needs,
                   const char *path) {
  if (io->gate) *guard = (struct ta_guard){.gate = io->gate, .needs = {needs, 0}, .paths = {path}};
}

static bool is_move(const struct ta_guard *guard) {
  return guard->needs[0] & TA_PATH_MOVED;
}

bool ta_guard_lets(struct ta_guard *guard) {
  if (!guard->gate) return true;
  for (int i = 0; i < 2 && !guard->verdict && guard->paths[i]; i++) {
    guard->verdict = ta_gate_path(guard->gate, guard->needs[i], guard->paths[i]);
    guard->which = i;
  }
  if (guard->verdict || !is_move(guard)) return !guard->verdict;
  guard->which = 0;
  guard->verdict = ta_gate_move(guard->gate, guard->paths[0], guard->paths[1]);
  return !guard->verdict;
}

int ta_guard_refuse(lua_State *L, const struct ta_guard *guard) {
  return ta_refuse_verdict(L, guard->verdict, NULL, ta_name_shown(guard->paths[guard->which]));
}

/* ----------------------------------------------------------------- network */

static void push_place(lua_State *L, const char *host, int port) {
  bool colons = strchr(host, ':');
  if (port == TA_ANY_PORT)
    lua_pushstring(L, host);
  else
    lua_pushfstring(L, colons ? "[%s]:%d" : "%s:%d", host, port);
}

/* Who sends has some port of ours; to whom, is asked then. */
static bool only_sends(const struct ta_gate *gate, const char *verb, int port) {
  return port == 0 && strcmp(verb, "receive at") == 0 && gate && gate->net.count > 0 &&
         !gate->denied.all;
}

/* All addresses of ours are allowed as either family writes it. */
static enum ta_verdict ask(const struct ta_gate *gate, const char *verb, const char *host,
                           int port) {
  if (only_sends(gate, verb, port)) return TA_ALLOWED;
  if (strcmp(host, "*") != 0) return ta_gate_host(gate, host, port);
  enum ta_verdict verdict = ta_gate_host(gate, "0.0.0.0", port);
  return verdict == TA_NO_NET ? ta_gate_host(gate, "::", port) : verdict;
}

int ta_ask_host(lua_State *L, const struct ta_io *io, const char *verb, const char *host,
                int port) {
  enum ta_verdict verdict = ask(io->gate, verb, host, port);
  if (!verdict) return 0;
  luaL_checkstack(L, 5, NULL);
  push_place(L, host, port);
  ta_refuse_verdict(L, verdict, verb, lua_tostring(L, -1));
  lua_remove(L, -4);
  return 3;
}

int ta_ask_path(lua_State *L, const struct ta_io *io, unsigned needs, const char *path) {
  enum ta_verdict verdict = ta_gate_path(io->gate, needs, path);
  return verdict ? ta_refuse_verdict(L, verdict, NULL, ta_name_shown(path)) : 0;
}
