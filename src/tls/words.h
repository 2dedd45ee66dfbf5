/* SPDX-License-Identifier: MIT
 *
 * words.h -- what OpenSSL says has gone wrong, in words that say what to do about it.
 *
 * What comes from a certificate comes from a peer: it steers no terminal.
 */
#ifndef TA_TLS_WORDS_H
#define TA_TLS_WORDS_H

#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stddef.h>

#define TA_TLS_WORDS 512 /* bytes, as far as they are shown */

/* What is wrong with the certificate that the chain is looked at for: of `name`, or NULL, which
 * has to be a server's or a client's. */
void ta_tls_certificate_words(X509_STORE_CTX *chain, const char *name, bool of_server, char *text,
                              size_t size);

/* What the oldest error of this thread's queue is, which is emptied.  `shaking`: a handshake
 * is under way. */
void ta_tls_error_words(bool shaking, char *text, size_t size);

/* Why a certificate or a key of our own is not taken, by the queue, which is emptied. */
void ta_tls_own_words(X509 *certificate, char *text, size_t size);

/* The name of a subject or an issuer: "CN=db,O=We", or its common name alone. */
void ta_tls_name(const X509_NAME *name, char *text, size_t size);
void ta_tls_common_name(const X509_NAME *name, char *text, size_t size);

/* The names and addresses that the certificate is for, to be freed with GENERAL_NAMES_free();
 * NULL: it has none. */
GENERAL_NAMES *ta_tls_names(const X509 *certificate);

/* Writes one of them.  False: it is of another sort. */
bool ta_tls_show_name(const GENERAL_NAME *name, char *text, size_t size);

#endif
