/* SPDX-License-Identifier: MIT */
#include "io/dns.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "host/resolver.h"
#include "io/nearest.h"
#include "io/refusal.h"
#include "io/room.h"

extern const char *const ta_chunk_dns[];

/* One who waits for an answer. */
struct asking {
  struct ta_io *io;
  struct ta_ticket ticket;
  struct ta_lookup lookup;
  const char *name; /* of what is asked for; the function's first argument */
};

enum { NAME = 1, FAMILY, WHAT, ASKING };

/* ------------------------------------------------------------------- waiting */

static void has_answer(void *data) {
  struct asking *asking = data;
  ta_unpark(asking->io->runner, asking->ticket);
}

static void disarm(void *subject) {
  struct asking *asking = subject;
  ta_lookup_close(&asking->lookup);
}

static void describe(const void *subject, char *text, size_t size) {
  snprintf(text, size, "%s", ((const struct asking *)subject)->name);
}

static const struct ta_wait_kind resolve_kind = {
    .action = "resolve", .describe = describe, .disarm = disarm};
static const struct ta_wait_kind reverse_kind = {
    .action = "reverse", .describe = describe, .disarm = disarm};

static int l_forget(lua_State *L);
static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind kind = {.name = "Lookup", .meta = meta};

static int l_forget(lua_State *L) {
  disarm(ta_check_object(L, 1, &kind));
  return 0;
}

/* ------------------------------------------------------------------- refusals */

/* As the system's headers name it. */
static const char *code_of(int error) {
  static const struct {
    int error;
    const char *name;
  } codes[] = {
    {EAI_AGAIN, "EAI_AGAIN"},
    {EAI_BADFLAGS, "EAI_BADFLAGS"},
    {EAI_FAIL, "EAI_FAIL"},
    {EAI_FAMILY, "EAI_FAMILY"},
    {EAI_NONAME, "EAI_NONAME"},
    {EAI_SERVICE, "EAI_SERVICE"},
    {EAI_SOCKTYPE, "EAI_SOCKTYPE"},
    {EAI_OVERFLOW, "EAI_OVERFLOW"},
#if defined(EAI_NODATA)
    {EAI_NODATA, "EAI_NODATA"},
#endif
#if defined(EAI_ADDRFAMILY)
    {EAI_ADDRFAMILY, "EAI_ADDRFAMILY"},
#endif
  };
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
    if (codes[i].error == error) return codes[i].name;
  return "EUNKNOWN";
}

static int refuse_words(lua_State *L, int error) {
  char words[200];
  snprintf(words, sizeof words, "%s", gai_strerror(error));
  words[0] = (char)tolower((unsigned char)words[0]);
  lua_pushnil(L);
  lua_pushfstring(L, "%s: %s", lua_tostring(L, WHAT), words);
  lua_pushstring(L, code_of(error));
  return 3;
}

/* Of getaddrinfo(): what the system refuses as it does elsewhere has the same name here. */
static int refuse(lua_State *L, int error, int cause) {
  luaL_checkstack(L, 5, NULL);
  if (error == EAI_MEMORY) return ta_refuse(L, -ENOMEM, "%s", lua_tostring(L, WHAT));
  if (error == EAI_SYSTEM && cause > 0) return ta_refuse(L, -cause, "%s", lua_tostring(L, WHAT));
  return refuse_words(L, error);
}

/* -------------------------------------------------------------------- answers */

static void push_address(lua_State *L, const struct ta_address *address) {
  char text[TA_ADDRESS_TEXT];
  ta_address_write(address, false, text, sizeof text);
  lua_pushstring(L, text);
}

static int give_addresses(lua_State *L, const struct ta_address *addresses, size_t count) {
  lua_createtable(L, (int)count, 0);
  for (size_t i = 0; i < count; i++) {
    push_address(L, &addresses[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  return 1;
}

static int give(lua_State *L, const struct ta_answer *answer) {
  if (answer->error) return refuse(L, answer->error, answer->cause);
  if (!answer->name) return give_addresses(L, answer->addresses, answer->count);
  lua_pushstring(L, answer->name);
  return 1;
}

static int k_ask(lua_State *L, int status, lua_KContext context) {
  struct asking *asking = ta_check_object(L, ASKING, &kind);
  (void)status, (void)context;
  int count = give(L, ta_lookup_answer(&asking->lookup));
  ta_lookup_close(&asking->lookup);
  return count;
}

/* --------------------------------------------------------------------- asking */

/* NULL: there is no memory for one. */
static struct ta_resolver *resolver_of(struct ta_io *io) {
  struct ta_workers *workers = ta_io_workers(io);
  if (workers && !io->names) ta_resolver_open(workers, &io->names);
  return io->names;
}

/* The addresses of the name in NAME or, where there is one, the name of the address. */
static int ask(lua_State *L, int family, const struct ta_address *address) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  struct asking *asking = ta_push_object(runner, L, &kind, sizeof *asking, 0);
  asking->io = io;
  asking->name = lua_tostring(L, NAME);
  asking->ticket = ta_take_ticket(runner, L, address ? &reverse_kind : &resolve_kind, asking);
  struct ta_resolver *resolver = resolver_of(io);
  if (!resolver) return ta_refuse(L, -ENOMEM, "%s", lua_tostring(L, WHAT));
  int error = address ? ta_lookup_start_back(resolver, address, has_answer, asking, &asking->lookup)
                      : ta_lookup_start(resolver, asking->name, family, has_answer, asking,
                                        &asking->lookup);
  if (error) return ta_refuse(L, error, "%s: cannot start a thread", lua_tostring(L, WHAT));
  return ta_park(runner, L, asking->ticket, 0, k_ask);
}

/* (name, "inet", "inet6" or nil, what a refusal begins with) -> list of addresses as text; or
 * nil, message, code */
static int l_resolve(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_address address;
  const char *name = luaL_checkstring(L, NAME), *word = luaL_optstring(L, FAMILY, "both");
  int family = strcmp(word, "inet") == 0 ? AF_INET : strcmp(word, "inet6") == 0 ? AF_INET6 : 0;
  luaL_checkstring(L, WHAT);
  lua_settop(L, WHAT);
  ta_enter(runner, L);
  int error = ta_address_read(name, AF_UNSPEC, 0, &address);
  if (error == -EINVAL) return ask(L, family, NULL);
  if (error) return ta_refuse(L, error, "%s", lua_tostring(L, WHAT));
  bool fits = !family || ta_address_family(&address) == family;
  int count = fits ? give_addresses(L, &address, 1) : refuse(L, EAI_ADDRFAMILY, 0);
  return ta_return_at_once(runner, L, count);
}

/* (address, nil, what a refusal begins with) -> a name; or nil, message, code */
static int l_reverse(lua_State *L) {
  struct ta_address address;
  const char *text = luaL_checkstring(L, NAME);
  luaL_checkstring(L, WHAT);
  lua_settop(L, WHAT);
  ta_enter(ta_upvalue_runner(L), L);
  int error = ta_address_read(text, AF_UNSPEC, 0, &address);
  if (!error) return ask(L, 0, &address);
  if (error != -EINVAL) return ta_refuse(L, error, "%s", lua_tostring(L, WHAT));
  lua_pushfstring(L, "%s: it is no address", lua_tostring(L, WHAT));
  return ta_refuse_in_words(L, lua_tostring(L, -1), "EINVAL");
}

static const struct ta_function parts[] = {
    {"resolve", l_resolve}, {"reverse", l_reverse}, {"raise", ta_l_raise},
    {"hint", ta_l_hint},    {NULL, NULL},
};

/* () -> a table of them */
static int l_dns_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  return 1;
}

void ta_offer_names(struct ta_io *io, lua_State *L) {
  static const char *const names[] = {"dns", NULL};
  ta_name_action(io->runner, L, "resolve");
  ta_name_action(io->runner, L, "reverse");
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_dns_parts);
  lua_setfield(L, -2, "dns_parts");
  lua_pop(L, 1);
  ta_offer_chunk(io->runner, L, names, ta_chunk_dns);
}
