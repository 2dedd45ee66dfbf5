/* SPDX-License-Identifier: MIT */
#include "tls/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tls/context.h"
#include "tls/words.h"

#define MOST_LEFT 65536 /* bytes that come too late and are read before it is closed */
#define MOST_KEPT 65536 /* that the socket does not take; then OpenSSL is told to wait */

struct tls {
  SSL *ssl;
  struct ta_stream *stream;
  char *early; /* what was read before; NULL: all of it was given */
  size_t early_at, early_size;
  char *kept; /* records that the socket has not taken yet; NULL: all of them are on their way */
  size_t kept_at, kept_size;
  size_t taken;          /* bytes of a write that are among these: told when they have left */
  char *name, *sessions; /* or NULL */
  bool is_server, is_open, has_come, has_ended, said_end;
  int read_error;  /* of the descriptor, negative */
  int write_error; /* likewise, which stays */
  int error;       /* the fault that there was, which stays too */
  char *words;     /* what it was, or NULL */
};

static struct tls *tls_of(const struct ta_stream *stream) {
  return stream->session;
}

/* ------------------------------------------------ between OpenSSL and the socket */

static int give_early(struct tls *tls, char *bytes, int size) {
  size_t left = tls->early_size - tls->early_at;
  size_t taken = (size_t)size < left ? (size_t)size : left;
  memcpy(bytes, tls->early + tls->early_at, taken);
  tls->early_at += taken;
  if (taken < left) return (int)taken;
  free(tls->early);
  tls->early = NULL;
  return (int)taken;
}

static int read_socket(BIO *bio, char *bytes, int size) {
  struct tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  tls->has_come |= tls->early != NULL;
  if (tls->early) return give_early(tls, bytes, size);
  ssize_t count = ta_descriptor.read(tls->stream, bytes, (size_t)size);
  if (count == -EAGAIN) BIO_set_retry_read(bio);
  if (count < 0 && count != -EAGAIN) tls->read_error = (int)count;
  tls->has_ended = count == 0;
  tls->has_come |= count > 0;
  return count < 0 ? -1 : (int)count;
}

/* 0: nothing is kept any more; -EAGAIN; or what is wrong with the socket. */
static int push_kept(struct tls *tls) {
  while (tls->kept && !tls->write_error) {
    ssize_t count =
        ta_descriptor.write(tls->stream, tls->kept + tls->kept_at, tls->kept_size - tls->kept_at);
    if (count == -EAGAIN) return -EAGAIN;
    if (count < 0) tls->write_error = (int)count;
    if (count > 0) tls->kept_at += (size_t)count;
    if (tls->kept_at < tls->kept_size) continue;
    free(tls->kept);
    tls->kept = NULL;
  }
  return tls->write_error;
}

/* False: there is no room, or no memory. */
static bool keep(struct tls *tls, const char *bytes, size_t size) {
  size_t held = tls->kept ? tls->kept_size - tls->kept_at : 0;
  char *all = held + size <= MOST_KEPT ? malloc(held + size) : NULL;
  if (!all) return false;
  if (held) memcpy(all, tls->kept + tls->kept_at, held);
  memcpy(all + held, bytes, size);
  free(tls->kept);
  tls->kept = all;
  tls->kept_at = 0;
  tls->kept_size = held + size;
  return true;
}

/* OpenSSL cannot have a record wait for the socket and write another one, as a reader's answer to
 * a peer that changes its keys: so it waits here.  What fails is told to who writes; whoever reads
 * goes on. */
static int write_socket(BIO *bio, const char *bytes, int size) {
  struct tls *tls = BIO_get_data(bio);
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  ssize_t count = push_kept(tls);
  if (count == 0) count = ta_descriptor.write(tls->stream, bytes, (size_t)size);
  if (count < 0 && count != -EAGAIN) tls->write_error = (int)count;
  if (tls->write_error) return size;
  size_t written = count > 0 ? (size_t)count : 0;
  if (written == (size_t)size || keep(tls, bytes + written, (size_t)size - written)) return size;
  BIO_set_retry_write(bio);
  return written > 0 ? (int)written : -1;
}

static long control(BIO *bio, int what, long number, void *data) {
  const struct tls *tls = BIO_get_data(bio);
  (void)number, (void)data;
  if (what == BIO_CTRL_EOF) return tls->has_ended;
  return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *method;

static void make_method(void) {
  method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
  if (!method) return;
  BIO_meth_set_read(method, read_socket);
  BIO_meth_set_write(method, write_socket);
  BIO_meth_set_ctrl(method, control);
}

/* ------------------------------------------------------------------- what happened */

/* Of earlier calls; mostly there are none, and to clear them all is a part of what a small record
 * costs. */
static void forget_errors(void) {
  if (ERR_peek_error()) ERR_clear_error();
}

/* It stays; the first words are the right ones. */
static int fail(struct tls *tls, int error, const char *words) {
  if (words && !tls->words) tls->words = strdup(words);
  if (!tls->error) tls->error = error;
  return tls->error;
}

static int fail_in_tls(struct tls *tls) {
  char words[TA_TLS_WORDS];
  if (ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE) {
    forget_errors();
    return fail(tls, -ENOMEM, NULL);
  }
  ta_tls_error_words(!tls->is_open, words, sizeof words);
  if (tls->is_server && tls->has_ended && !tls->has_come)
    return fail(tls, TA_STREAM_NOTHING, "the connection ended before anything came");
  return fail(tls, -EPROTO, words);
}

/* Of a call that has not done what it was to do: -EAGAIN, with the direction to wait for; 0 for
 * the end; or what went wrong. */
static int outcome(struct tls *tls, int result, unsigned *needs) {
  switch (SSL_get_error(tls->ssl, result)) {
  case SSL_ERROR_WANT_READ:
    *needs = TA_MAY_READ;
    return -EAGAIN;
  case SSL_ERROR_WANT_WRITE:
    *needs = TA_MAY_WRITE;
    return -EAGAIN;
  case SSL_ERROR_ZERO_RETURN:
    return 0;
  case SSL_ERROR_SYSCALL:
    if (tls->read_error) return fail(tls, tls->read_error, NULL);
    if (tls->write_error) return tls->write_error;
    return fail(tls, -EPROTO, "unexpected eof");
  default:
    return fail_in_tls(tls);
  }
}

/* Bytes of which the descriptor will not tell. */
static bool has_more(const struct tls *tls) {
  return tls->early || SSL_has_pending(tls->ssl);
}

/* Whoever waits for another direction than the one that is wanted now asks again: somebody else
 * may have gone on, where the system need not have told. */
static void tell_all(struct tls *tls) {
  struct ta_watch *watch = &tls->stream->watch;
  watch->on_ready(watch, TA_MAY_BOTH);
}

/* -------------------------------------------------------------------- handshake */

static int shake(struct tls *tls) {
  struct ta_stream *stream = tls->stream;
  unsigned needs = TA_MAY_READ;
  if (tls->error) return tls->error;
  if (tls->is_open) return 0;
  forget_errors();
  int result = SSL_do_handshake(tls->ssl);
  int error = result == 1 ? 0 : outcome(tls, result, &needs);
  if (result != 1 && error != -EAGAIN)
    fail(tls, error ? error : -EPROTO, "the connection ended in the middle of the handshake");
  else if (push_kept(tls) == -EAGAIN)
    error = -EAGAIN, needs = TA_MAY_WRITE;
  else if (tls->write_error)
    error = fail(tls, tls->write_error, NULL);
  stream->needs_to_read = error == -EAGAIN ? needs : TA_MAY_READ;
  stream->needs_to_write = error == -EAGAIN ? needs : TA_MAY_WRITE;
  if (error == -EAGAIN) return error;
  tls->is_open = result == 1 && !tls->error;
  stream->more = tls->is_open && has_more(tls);
  tell_all(tls);
  return tls->error;
}

static int begin(struct ta_stream *stream) {
  return shake(tls_of(stream));
}

/* Of the certificate that the other side shows. */
static int look_at_certificate(int is_good, X509_STORE_CTX *chain) {
  char words[TA_TLS_WORDS];
  const SSL *ssl = X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct tls *tls = SSL_get_app_data(ssl);
  if (is_good || tls->words) return is_good;
  ta_tls_certificate_words(chain, tls->name, !tls->is_server, words, sizeof words);
  tls->words = strdup(words);
  return 0;
}

static int keep_session(SSL *ssl, SSL_SESSION *session) {
  const struct tls *tls = SSL_get_app_data(ssl);
  if (!tls->sessions) return 0;
  ta_tls_keep_session(SSL_get_SSL_CTX(ssl), tls->sessions, session);
  return 1;
}

/* ---------------------------------------------------------------- reading, writing */

/* Does nobody have anything to be read?  OpenSSL would make a buffer to find that out. */
static bool is_empty(const struct ta_stream *stream, const struct tls *tls) {
  const struct ta_watch *watch = &stream->watch;
  bool may_ask = stream->more || !tls->is_open || tls->error || watch->kind != TA_EDGE;
  return !may_ask && stream->needs_to_read == TA_MAY_READ && !ta_watch_is_ready(watch, TA_MAY_READ);
}

static ssize_t read_tls(struct ta_stream *stream, void *bytes, size_t size) {
  struct tls *tls = tls_of(stream);
  size_t count;
  if (is_empty(stream, tls)) return -EAGAIN;
  int error = shake(tls);
  stream->more = false;
  if (error) return error;
  push_kept(tls);
  forget_errors();
  int result = SSL_read_ex(tls->ssl, bytes, size, &count);
  error = result == 1 ? 0 : outcome(tls, result, &stream->needs_to_read);
  if (result != 1) return error;
  stream->needs_to_read = TA_MAY_READ;
  stream->more = has_more(tls);
  return (ssize_t)count;
}

/* Bytes of the write that were kept have left: how many; -EAGAIN; or what is wrong. */
static ssize_t end_write(struct tls *tls) {
  struct ta_stream *stream = tls->stream;
  int error = push_kept(tls);
  stream->on_its_way = error == -EAGAIN && tls->taken > 0;
  stream->needs_to_write = TA_MAY_WRITE;
  if (error) return error;
  size_t count = tls->taken;
  tls->taken = 0;
  return (ssize_t)count;
}

/* One that has begun with a record has to be called with the same bytes again. */
static ssize_t write_tls(struct ta_stream *stream, const void *bytes, size_t size) {
  struct tls *tls = tls_of(stream);
  int error = tls->write_error ? tls->write_error : shake(tls);
  if (error) return error;
  ssize_t count = end_write(tls);
  if (count != 0 || size == 0) return count;
  forget_errors();
  int result = SSL_write_ex(tls->ssl, bytes, size, &tls->taken);
  if (result == 1) return end_write(tls);
  error = outcome(tls, result, &stream->needs_to_write);
  stream->on_its_way = error == -EAGAIN;
  return error ? error : -EPIPE;
}

/* -------------------------------------------------------------------------- the end */

static bool may_say_end(const struct tls *tls) {
  const struct ta_stream *stream = tls->stream;
  bool is_whole = !stream->torn && !stream->on_its_way;
  return tls->is_open && !tls->error && !tls->write_error && !tls->said_end && is_whole;
}

/* 0, or -EAGAIN. */
static int say_end(struct tls *tls) {
  struct ta_stream *stream = tls->stream;
  if (may_say_end(tls)) {
    forget_errors();
    int result = SSL_shutdown(tls->ssl);
    int error = result >= 0 ? 0 : outcome(tls, result, &stream->needs_to_write);
    tls->said_end = error != -EAGAIN;
    if (error == -EAGAIN) return error;
  }
  if (!tls->said_end || push_kept(tls) != -EAGAIN) return 0;
  stream->needs_to_write = TA_MAY_WRITE;
  return -EAGAIN;
}

static int shutdown_tls(struct ta_stream *stream) {
  struct tls *tls = tls_of(stream);
  int error = shake(tls);
  if (error != -EAGAIN) error = say_end(tls);
  return error == -EAGAIN ? error : ta_descriptor.shutdown(stream);
}

/* A socket that is closed with something in it that nobody has read resets the connection, and
 * what was sent may be lost: a server's tickets often come unasked.  The loop need not have told
 * of it. */
static void take_what_is_left(const struct tls *tls) {
  char bytes[4096];
  size_t all = 0;
  ssize_t count = 1;
  if (tls->write_error) return;
  while (count > 0 && all < MOST_LEFT) {
    count = recv(tls->stream->watch.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count > 0) all += (size_t)count;
  }
}

static void free_tls(struct tls *tls) {
  SSL_free(tls->ssl);
  free(tls->early);
  free(tls->kept);
  free(tls->name);
  free(tls->sessions);
  free(tls->words);
  free(tls);
}

static void close_tls(struct ta_stream *stream) {
  struct tls *tls = tls_of(stream);
  if (stream->watch.fd >= 0) {
    say_end(tls);
    take_what_is_left(tls);
  }
  stream->session = NULL;
  free_tls(tls);
}

static const char *words(const struct ta_stream *stream, int error) {
  const struct tls *tls = tls_of(stream);
  if (!tls || (error != -EPROTO && error != TA_STREAM_NOTHING)) return NULL;
  return tls->words ? tls->words : "TLS has failed, and there was no memory for why";
}

static const struct ta_transport transport = {.read = read_tls,
                                              .write = write_tls,
                                              .shutdown = shutdown_tls,
                                              .close = close_tls,
                                              .begin = begin,
                                              .words = words};

/* ------------------------------------------------------------------------- starting */

static bool is_address(const char *name) {
  unsigned char bytes[sizeof(struct in6_addr)];
  return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

/* SNI is for names alone.  OpenSSL takes one that begins with a dot for all that end so, and an
 * empty one for any.  A common name is none of a host, by RFC 9525. */
static int set_name(SSL *ssl, const char *name, bool verify) {
  X509_VERIFY_PARAM *wanted = SSL_get0_param(ssl);
  if (is_address(name)) return verify ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name) : 1;
  if (!name[0] || name[0] == '.' || !SSL_set_tlsext_host_name(ssl, name)) return 0;
  SSL_set_hostflags(ssl,
                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return verify ? SSL_set1_host(ssl, name) : 1;
}

static void set_session(struct tls *tls) {
  SSL_SESSION *session =
      tls->sessions ? ta_tls_take_session(SSL_get_SSL_CTX(tls->ssl), tls->sessions) : NULL;
  if (!session) return;
  SSL_set_session(tls->ssl, session);
  SSL_SESSION_free(session);
}

static int set_up(struct tls *tls, const struct ta_tls_side *side) {
  BIO *bio = BIO_new(method);
  if (!bio) return -ENOMEM;
  BIO_set_data(bio, tls);
  BIO_set_init(bio, 1);
  SSL_set_bio(tls->ssl, bio, bio);
  SSL_set_app_data(tls->ssl, tls);
  int demands =
      side->is_server ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER;
  SSL_set_verify(tls->ssl, side->verify ? demands : SSL_VERIFY_NONE,
                 side->verify ? look_at_certificate : NULL);
  if (side->is_server)
    SSL_set_accept_state(tls->ssl);
  else
    SSL_set_connect_state(tls->ssl);
  if (side->name && !set_name(tls->ssl, side->name, side->verify)) return -EINVAL;
  if (!side->is_server) set_session(tls);
  return 0;
}

static int copy_text(const char *text, char **copy) {
  if (!text) return 0;
  *copy = strdup(text);
  return *copy ? 0 : -ENOMEM;
}

static int take_early(struct tls *tls, struct ta_stream *stream) {
  int error = ta_stream_gather(stream);
  if (error) return error;
  tls->early_size = ta_stream_held(stream);
  if (!tls->early_size) return 0;
  tls->early = malloc(tls->early_size);
  if (!tls->early) return -ENOMEM;
  memcpy(tls->early, stream->bytes + stream->start, tls->early_size);
  return 0;
}

static int make(struct ta_stream *stream, const struct ta_tls_side *side, struct tls *tls) {
  tls->stream = stream;
  tls->is_server = side->is_server;
  int error = copy_text(side->name, &tls->name);
  if (!error) error = copy_text(side->sessions, &tls->sessions);
  if (!error) error = take_early(tls, stream);
  if (error) return error;
  tls->ssl = SSL_new(side->context);
  return tls->ssl ? set_up(tls, side) : -ENOMEM;
}

int ta_tls_start(struct ta_stream *stream, const struct ta_tls_side *side) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct tls *tls = calloc(1, sizeof *tls);
  if (!tls) return -ENOMEM;
  pthread_once(&once, make_method);
  forget_errors();
  if (side->sessions) SSL_CTX_sess_set_new_cb(side->context, keep_session);
  int error = make(stream, side, tls);
  forget_errors();
  if (error) {
    free_tls(tls);
    return error;
  }
  ta_stream_upgrade(stream, &transport, tls);
  return 0;
}

SSL *ta_tls_of(const struct ta_stream *stream, bool *open) {
  if (stream->transport != &transport) return NULL;
  *open = tls_of(stream)->is_open;
  return tls_of(stream)->ssl;
}
