/* SPDX-License-Identifier: MIT
 *
 * tls.c -- the module `tls`, for stream:start_tls() and what else speaks TLS: contexts, streams
 * that go over to it, and what is known of those.
 *
 * Nothing here waits: io/tls does.
 */
#include <errno.h>
#include <lauxlib.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#include "io/modules.h"
#include "io/refusal.h"
#include "io/stream.h"
#include "tls/context.h"
#include "tls/transport.h"
#include "tls/words.h"

/* -------------------------------------------------------------------- contexts */

struct context {
  SSL_CTX *context; /* NULL: closed */
};

static int l_forget(lua_State *L) {
  struct context *context = ta_object_at(L, 1);
  SSL_CTX_free(context->context);
  context->context = NULL;
  return 0;
}

static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind context_kind = {.name = "TLS", .meta = meta};

/* (server, verify, ca, certificate, key, alpn: as it is sent) -> context; or nil, message, code */
static int l_context(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_tls_wishes wishes = {.is_server = lua_toboolean(L, 1),
                                 .verify = lua_toboolean(L, 2),
                                 .ca = luaL_optstring(L, 3, NULL),
                                 .certificate = luaL_optstring(L, 4, NULL),
                                 .key = luaL_optstring(L, 5, NULL)};
  char words[TA_TLS_WORDS + 1100];
  int error;
  wishes.alpn = (const unsigned char *)luaL_optlstring(L, 6, "", &wishes.alpn_size);
  struct context *context = ta_push_object(runner, L, &context_kind, sizeof *context, 0);
  context->context = ta_tls_context(&wishes, &error, words, sizeof words);
  if (context->context) return 1;
  if (error) return ta_refuse(L, -error, "cannot read %s", words);
  lua_pushfstring(L, "cannot set up TLS: %s", words);
  return ta_refuse_in_words(L, lua_tostring(L, -1), "TLS");
}

/* -> what differs when the system's authorities do */
static int l_system(lua_State *L) {
  char version[1024];
  ta_tls_system_version(version, sizeof version);
  lua_pushstring(L, version);
  return 1;
}

/* ------------------------------------------------------------------- starting */

static struct ta_stream *check_stream(lua_State *L) {
  struct ta_stream_object *object = ta_to_stream(ta_upvalue_runner(L), L, 1);
  luaL_argexpected(L, object, 1, "Stream");
  return ta_stream_of(object);
}

/* (stream, context, server, verify, name or nil, key of sessions or nil) -> true; or nil, message,
 * code */
static int l_start(lua_State *L) {
  struct ta_stream *stream = check_stream(L);
  const struct context *context = ta_check_object(L, 2, &context_kind);
  struct ta_tls_side side = {.context = context->context,
                             .is_server = lua_toboolean(L, 3),
                             .verify = lua_toboolean(L, 4),
                             .name = luaL_optstring(L, 5, NULL),
                             .sessions = luaL_optstring(L, 6, NULL)};
  int error = ta_tls_start(stream, &side);
  if (error)
    return ta_refuse(L, error, "cannot start TLS with %s", side.name ? side.name : "a client");
  lua_pushboolean(L, true);
  return 1;
}

/* ------------------------------------------------------------------ what is known */

/* Seconds of the clock that os.time() has. */
static void push_moment(lua_State *L, const ASN1_TIME *moment) {
  struct tm parts;
  if (ASN1_TIME_to_tm(moment, &parts))
    lua_pushinteger(L, (lua_Integer)timegm(&parts));
  else
    lua_pushnil(L);
}

/* All is the object's, whose finalizer gives it back: Lua may raise meanwhile, or another
 * finalizer close the stream. */
struct shown {
  SSL *ssl;
  X509 *certificate;
  GENERAL_NAMES *names;
};

static int l_forget_shown(lua_State *L) {
  struct shown *shown = ta_object_at(L, 1);
  GENERAL_NAMES_free(shown->names);
  X509_free(shown->certificate);
  SSL_free(shown->ssl);
  *shown = (struct shown){0};
  return 0;
}

static const struct ta_function shown_meta[] = {{"__gc", l_forget_shown}, {NULL, NULL}};
static const struct ta_object_kind shown_kind = {.name = "Connection", .meta = shown_meta};

static void set_text(lua_State *L, const char *key, const char *text) {
  if (!text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

static void push_names(lua_State *L, const GENERAL_NAMES *names) {
  char text[TA_TLS_WORDS];
  lua_newtable(L);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    if (!ta_tls_show_name(sk_GENERAL_NAME_value(names, i), text, sizeof text)) continue;
    lua_pushstring(L, text);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  }
}

static void push_certificate(lua_State *L, struct shown *shown) {
  const X509 *certificate = shown->certificate;
  char text[TA_TLS_WORDS];
  lua_createtable(L, 0, 5);
  ta_tls_name(X509_get_subject_name(certificate), text, sizeof text);
  set_text(L, "subject", text);
  ta_tls_name(X509_get_issuer_name(certificate), text, sizeof text);
  set_text(L, "issuer", text);
  push_moment(L, X509_get0_notBefore(certificate));
  lua_setfield(L, -2, "starts");
  push_moment(L, X509_get0_notAfter(certificate));
  lua_setfield(L, -2, "expires");
  shown->names = ta_tls_names(certificate);
  push_names(L, shown->names);
  lua_setfield(L, -2, "names");
}

static void set_protocol(lua_State *L, const SSL *ssl) {
  const unsigned char *protocol;
  unsigned size;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  if (size == 0) return;
  lua_pushlstring(L, (const char *)protocol, size);
  lua_setfield(L, -2, "alpn");
}

static void set_yes_or_no(lua_State *L, const char *key, bool yes) {
  lua_pushboolean(L, yes);
  lua_setfield(L, -2, key);
}

/* (stream) -> a table; or nil where it speaks no TLS, or the handshake is not done */
static int l_about(lua_State *L) {
  bool is_open = false;
  const struct ta_stream *stream = check_stream(L);
  struct shown *shown = ta_push_object(ta_upvalue_runner(L), L, &shown_kind, sizeof *shown, 0);
  SSL *ssl = ta_tls_of(stream, &is_open);
  if (!ssl || !is_open) return 0;
  SSL_up_ref(ssl);
  shown->ssl = ssl;
  shown->certificate = SSL_get1_peer_certificate(ssl);
  lua_createtable(L, 0, 6);
  set_text(L, "version", SSL_get_version(ssl));
  set_text(L, "cipher", SSL_get_cipher_name(ssl));
  set_text(L, "server_name", SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
  set_protocol(L, ssl);
  set_yes_or_no(L, "resumed", SSL_session_reused(ssl));
  if (shown->certificate) push_certificate(L, shown);
  if (shown->certificate) lua_setfield(L, -2, "certificate");
  return 1;
}

static const struct ta_function parts[] = {{"context", l_context},
                                           {"system", l_system},
                                           {"start", l_start},
                                           {"about", l_about},
                                           {NULL, NULL}};

const struct ta_module ta_module_tls = {.version = TA_VERSION, .parts = parts};
