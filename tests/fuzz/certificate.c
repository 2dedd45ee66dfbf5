/* SPDX-License-Identifier: MIT
 *
 * certificate.c -- a certificate that a peer has shown, in words: names, and what may be wrong
 * with it.  The words are text, without anything that steers a terminal, and end in their room.
 *
 * The input: a certificate as it is sent.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "tls/words.h"
#include "unit/test.h"

#define ERRORS 100 /* that there are of certificates, and some */

/* Their room is as large as they think, so that a sanitizer sees where it ends. */
static char *text;

static void check_text(void) {
  size_t length = strnlen(text, TA_TLS_WORDS);
  CHECK(length < TA_TLS_WORDS);
  for (size_t i = 0; i < length; i++)
    CHECK((unsigned char)text[i] >= ' ' && (unsigned char)text[i] != 127);
}

static void look_at_alternatives(const X509 *certificate) {
  GENERAL_NAMES *names = ta_tls_names(certificate);
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
    if (ta_tls_show_name(sk_GENERAL_NAME_value(names, i), text, TA_TLS_WORDS)) check_text();
  GENERAL_NAMES_free(names);
}

static void look_at_names(X509 *certificate) {
  X509_NAME *names[] = {X509_get_subject_name(certificate), X509_get_issuer_name(certificate)};
  for (int i = 0; i < 2; i++) {
    ta_tls_name(names[i], text, TA_TLS_WORDS);
    check_text();
    ta_tls_common_name(names[i], text, TA_TLS_WORDS);
    check_text();
  }
  look_at_alternatives(certificate);
}

static int look_at_fault(int is_good, X509_STORE_CTX *chain) {
  for (int i = 0; i < 4 && !is_good; i++) {
    ta_tls_certificate_words(chain, i & 1 ? "db" : NULL, i & 2, text, TA_TLS_WORDS);
    check_text();
  }
  return 1;
}

/* Whatever could be said of it. */
static void look_at_all_faults(X509_STORE_CTX *chain) {
  for (int error = 1; error < ERRORS; error++) {
    X509_STORE_CTX_set_error(chain, error);
    look_at_fault(0, chain);
  }
}

static void verify(X509 *certificate) {
  X509_STORE *store = X509_STORE_new();
  X509_STORE_CTX *chain = X509_STORE_CTX_new();
  CHECK(store && chain && X509_STORE_CTX_init(chain, store, certificate, NULL));
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(chain), "db", 0);
  X509_STORE_CTX_set_purpose(chain, X509_PURPOSE_SSL_SERVER);
  X509_STORE_CTX_set_verify_cb(chain, look_at_fault);
  X509_verify_cert(chain);
  X509_STORE_CTX_set_current_cert(chain, certificate);
  look_at_all_faults(chain);
  X509_STORE_CTX_free(chain);
  X509_STORE_free(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const unsigned char *at = data;
  X509 *certificate = d2i_X509(NULL, &at, (long)size);
  text = calloc(1, TA_TLS_WORDS);
  if (certificate) {
    look_at_names(certificate);
    verify(certificate);
    ta_tls_own_words(certificate, text, TA_TLS_WORDS);
    check_text();
  }
  ERR_clear_error();
  X509_free(certificate);
  free(text);
  return 0;
}
