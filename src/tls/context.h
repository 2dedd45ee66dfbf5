/* SPDX-License-Identifier: MIT
 *
 * context.h -- what connections of TLS have in common: whom they trust, the certificate of our
 * own, what they speak, and sessions that may be taken up again.
 *
 * It is an SSL_CTX, counted as OpenSSL counts them: each connection keeps its own.  It knows no
 * streams and no Lua.
 */
#ifndef TA_TLS_CONTEXT_H
#define TA_TLS_CONTEXT_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct ta_tls_wishes {
  bool is_server;
  bool verify;             /* the other side's certificate, which a client then has to show */
  const char *ca;          /* of authorities that are trusted, a file or a directory; NULL: the
                              system's */
  const char *certificate; /* files; NULL: none */
  const char *key;
  const unsigned char *alpn; /* the protocols, as they are sent; they last as long as the context */
  size_t alpn_size;
};

/* NULL: it cannot be made, and `text` says why; 0 or the errno in `error` says whether that
 * was the system. */
SSL_CTX *ta_tls_context(const struct ta_tls_wishes *wishes, int *error, char *text, size_t size);

/* What differs when the system's authorities do. */
void ta_tls_system_version(char *text, size_t size);

/* A session that was kept under that key, to be taken up again, or NULL: the caller's. */
SSL_SESSION *ta_tls_take_session(SSL_CTX *context, const char *key);

/* Keeps it, the context's from now on. */
void ta_tls_keep_session(SSL_CTX *context, const char *key, SSL_SESSION *session);

#endif
