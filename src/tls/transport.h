/* SPDX-License-Identifier: MIT
 *
 * transport.h -- TLS as the way in which a stream's bytes move.
 *
 * OpenSSL reads and writes through the stream's descriptor, by functions of ours, and what had
 * been read before goes to it first.  The handshake begins with the first read or write, or
 * with ta_stream_begin().  A record that the socket does not take at once is kept here, and its
 * write has left when it has.  What has gone wrong stays so.  It knows no Lua and no tasks.
 */
#ifndef TA_TLS_TRANSPORT_H
#define TA_TLS_TRANSPORT_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "host/stream.h"

struct ta_tls_side {
  SSL_CTX *context; /* a reference is kept */
  bool is_server;
  bool verify;
  const char *name;     /* whose certificate it has to be, of a client that verifies */
  const char *sessions; /* under which a session is kept; NULL: none is */
};

/* From now on the stream, over a socket, speaks TLS.  0; -ENOMEM; or -EINVAL: there is no such
 * name.  Then nothing has happened. */
int ta_tls_start(struct ta_stream *stream, const struct ta_tls_side *side);

/* What OpenSSL has of the stream, for whoever wants to know more; NULL: it speaks no TLS, or was
 * closed.  `open`: the handshake is done. */
SSL *ta_tls_of(const struct ta_stream *stream, bool *open);

#endif
