/* SPDX-License-Identifier: MIT */
#include "unit/certificate.h"

#if defined(HAVE_TLS)

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/modules.h"
#include "unit/test.h"

extern const struct ta_module ta_module_tls;

static char pem[] = "/tmp/tinyasync-XXXXXX";

static void remove_pem(void) {
  unlink(pem);
}

static void add(X509 *certificate, int kind, const char *value) {
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
  CHECK(extension && X509_add_ext(certificate, extension, -1));
  X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key) {
  X509 *certificate = X509_new();
  X509_NAME *name = X509_get_subject_name(certificate);
  CHECK(X509_set_version(certificate, X509_VERSION_3));
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600 * 24);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"db", -1, -1, 0);
  CHECK(X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key));
  add(certificate, NID_subject_alt_name, "DNS:db,IP:127.0.0.1");
  CHECK(X509_sign(certificate, key, EVP_sha256()));
  return certificate;
}

/* Once a process. */
static void make_pem(void) {
  static bool made;
  if (made) return;
  made = true;
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = make_certificate(key);
  int fd = mkstemp(pem);
  FILE *file = fdopen(fd, "w");
  CHECK(file && PEM_write_X509(file, certificate));
  CHECK(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) && fclose(file) == 0);
  X509_free(certificate);
  EVP_PKEY_free(key);
  atexit(remove_pem);
}

const char *certificate_path(void) {
  make_pem();
  return pem;
}

bool add_tls(struct world *world) {
  ta_have_module(world->runner, world->L, "tls", &ta_module_tls);
  lua_pushstring(world->L, certificate_path());
  lua_setglobal(world->L, "PEM");
  return true;
}

#else

const char *certificate_path(void) {
  return NULL;
}

bool add_tls(struct world *world) {
  (void)world;
  return false;
}

#endif
