/* SPDX-License-Identifier: MIT */
#include "tls/words.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "io/refusal.h"

#define LONGEST_NAME 256
#define MOST_NAMES 4 /* of a certificate that is for others, in a message */

typedef char name_shown[LONGEST_NAME];

/* ---------------------------------------------------------------------- names */

static void make_harmless(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < 32 || *text == 127) *text = '?';
}

static void take_text(BIO *memory, char *text, size_t size) {
  int length = memory ? BIO_read(memory, text, (int)size - 1) : 0;
  text[length > 0 ? length : 0] = '\0';
  BIO_free(memory);
  make_harmless(text);
}

void ta_tls_name(const X509_NAME *name, char *text, size_t size) {
  BIO *memory = BIO_new(BIO_s_mem());
  if (memory) X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  take_text(memory, text, size);
}

void ta_tls_common_name(const X509_NAME *name, char *text, size_t size) {
  int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  BIO *memory = at < 0 ? NULL : BIO_new(BIO_s_mem());
  if (!memory) {
    ta_tls_name(name, text, size);
    return;
  }
  ASN1_STRING_print_ex(memory, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)),
                       ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  take_text(memory, text, size);
}

/* Zero bytes in it would end it before its end. */
bool ta_tls_show_name(const GENERAL_NAME *name, char *text, size_t size) {
  int kind;
  const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &kind);
  int length = kind == GEN_DNS || kind == GEN_IPADD ? ASN1_STRING_length(value) : 0;
  const unsigned char *bytes = length > 0 ? ASN1_STRING_get0_data(value) : NULL;
  if (kind == GEN_DNS && length > 0) {
    snprintf(text, size, "%.*s", length, (const char *)bytes);
    make_harmless(text);
    return true;
  }
  if (kind != GEN_IPADD || (length != 4 && length != 16)) return false;
  return inet_ntop(length == 4 ? AF_INET : AF_INET6, bytes, text, (socklen_t)size);
}

GENERAL_NAMES *ta_tls_names(const X509 *certificate) {
  return X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}

/* --------------------------------------------------------- certificates of peers */

/* "a, b, c, d and 3 more".  False: it has none. */
static bool list_names(const X509 *certificate, char *text, size_t size) {
  GENERAL_NAMES *names = ta_tls_names(certificate);
  int count = 0;
  *text = '\0';
  for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
    name_shown name;
    size_t length = strlen(text);
    if (!ta_tls_show_name(sk_GENERAL_NAME_value(names, i), name, sizeof name)) continue;
    if (++count <= MOST_NAMES)
      snprintf(text + length, size - length, "%s%s", length ? ", " : "", name);
  }
  GENERAL_NAMES_free(names);
  size_t length = strlen(text);
  if (count > MOST_NAMES)
    snprintf(text + length, size - length, " and %d more", count - MOST_NAMES);
  return count > 0;
}

/* "2026-01-02" */
static void show_date(const ASN1_TIME *moment, char *text, size_t size) {
  struct tm parts;
  if (!ASN1_TIME_to_tm(moment, &parts) || strftime(text, size, "%Y-%m-%d", &parts) == 0)
    snprintf(text, size, "at no date");
}

/* "RSA of 1024 bits" */
static void show_key(const X509 *certificate, char *text, size_t size) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  const char *sort = key ? EVP_PKEY_get0_type_name(key) : NULL;
  snprintf(text, size, "%s of %d bits", sort ? sort : "a key", key ? EVP_PKEY_get_bits(key) : 0);
}

static const char *digest_of(const X509 *certificate) {
  int digest = NID_undef;
  OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, NULL);
  return OBJ_nid2sn(digest);
}

/* "certificate of db", or "certificate of db: that of 'Root'" for one above. */
static void show_whose(const X509 *certificate, int depth, const char *name, bool of_server,
                       char *text, size_t size) {
  name_shown above;
  const char *whose = name ? name : of_server ? "the server" : "the client";
  if (depth == 0) {
    snprintf(text, size, "certificate of %s", whose);
    return;
  }
  ta_tls_common_name(X509_get_subject_name(certificate), above, sizeof above);
  snprintf(text, size, "certificate of %.90s: that of '%.120s' above it", whose, above);
}

struct fault {
  X509 *certificate;
  name_shown whose, detail, issuer;
  const char *name;
  bool of_server;
  char *text;
  size_t size;
};

#define SAY(fault, ...) snprintf((fault)->text, (fault)->size, __VA_ARGS__)

static void say_of_dates(struct fault *fault, int error) {
  bool is_late = error == X509_V_ERR_CERT_HAS_EXPIRED;
  show_date(is_late ? X509_get0_notAfter(fault->certificate)
                    : X509_get0_notBefore(fault->certificate),
            fault->detail, sizeof fault->detail);
  SAY(fault, is_late ? "%.256s has expired (%s)" : "%.256s is not valid before %s", fault->whose,
      fault->detail);
}

static void say_nameless(struct fault *fault) {
  X509_NAME *subject = X509_get_subject_name(fault->certificate);
  bool has_common = X509_NAME_get_index_by_NID(subject, NID_commonName, -1) >= 0;
  ta_tls_common_name(subject, fault->detail, sizeof fault->detail);
  if (has_common)
    SAY(fault, "%.200s names no host: it has only a common name, '%.90s', and no subjectAltName",
        fault->whose, fault->detail);
  else
    SAY(fault, "%.200s names no host: it has no subjectAltName", fault->whose);
}

/* An address that stands in it as if it were the name of a host counts for nothing. */
static void say_of_names(struct fault *fault, int error) {
  if (!list_names(fault->certificate, fault->detail, sizeof fault->detail))
    say_nameless(fault);
  else if (error == X509_V_ERR_IP_ADDRESS_MISMATCH && fault->name &&
           strstr(fault->detail, fault->name))
    SAY(fault, "%.200s is for names, %.200s, not for the address %.90s", fault->whose,
        fault->detail, fault->name);
  else
    SAY(fault, "%.200s is for %.200s, not for %.90s", fault->whose, fault->detail,
        fault->name ? fault->name : "?");
}

static void say_of_roots(struct fault *fault, int error) {
  if (error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
    SAY(fault, "%.256s is self-signed: nobody known vouches for it", fault->whose);
  else if (error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
    SAY(fault, "%.256s leads to '%.200s', which is no authority that is trusted here", fault->whose,
        fault->issuer);
  else
    SAY(fault, "%.256s was issued by '%.200s', which is not known here", fault->whose,
        fault->issuer);
}

static void say_of_strength(struct fault *fault, int error) {
  show_key(fault->certificate, fault->detail, sizeof fault->detail);
  if (error == X509_V_ERR_CA_MD_TOO_WEAK)
    SAY(fault, "%.256s is signed with %.40s, which is too weak", fault->whose,
        digest_of(fault->certificate));
  else
    SAY(fault, "%.256s has a key that is too weak (%.60s)", fault->whose, fault->detail);
}

static void say(struct fault *fault, int error) {
  switch (error) {
  case X509_V_ERR_CERT_HAS_EXPIRED:
  case X509_V_ERR_CERT_NOT_YET_VALID:
    say_of_dates(fault, error);
    return;
  case X509_V_ERR_HOSTNAME_MISMATCH:
  case X509_V_ERR_IP_ADDRESS_MISMATCH:
    say_of_names(fault, error);
    return;
  case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
  case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
  case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
  case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    say_of_roots(fault, error);
    return;
  case X509_V_ERR_EE_KEY_TOO_SMALL:
  case X509_V_ERR_CA_KEY_TOO_SMALL:
  case X509_V_ERR_CA_MD_TOO_WEAK:
    say_of_strength(fault, error);
    return;
  case X509_V_ERR_INVALID_PURPOSE:
    SAY(fault, "%.256s may not be used by a %s", fault->whose,
        fault->of_server ? "server" : "client");
    return;
  default:
    SAY(fault, "%.256s: %.200s", fault->whose, X509_verify_cert_error_string(error));
  }
}

void ta_tls_certificate_words(X509_STORE_CTX *chain, const char *name, bool of_server, char *text,
                              size_t size) {
  struct fault fault = {.certificate = X509_STORE_CTX_get_current_cert(chain),
                        .name = name,
                        .of_server = of_server,
                        .text = text,
                        .size = size};
  int depth = X509_STORE_CTX_get_error_depth(chain), error = X509_STORE_CTX_get_error(chain);
  if (!fault.certificate) fault.certificate = X509_STORE_CTX_get0_cert(chain);
  if (!fault.certificate) {
    SAY(&fault, "certificate of %s: %s", name ? name : "the peer",
        X509_verify_cert_error_string(error));
    return;
  }
  bool is_root = error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
  show_whose(fault.certificate, is_root ? 0 : depth, name, of_server, fault.whose,
             sizeof fault.whose);
  ta_tls_common_name(X509_get_issuer_name(fault.certificate), fault.issuer, sizeof fault.issuer);
  say(&fault, error);
}

/* -------------------------------------------------------------- other errors */

static const struct {
  int reason;
  const char *words;
} reasons[] = {
    {SSL_R_WRONG_VERSION_NUMBER, "what came is not TLS"},
    {SSL_R_HTTP_REQUEST, "what came is not TLS but HTTP"},
    {SSL_R_HTTPS_PROXY_REQUEST, "what came is not TLS but HTTP"},
    {SSL_R_UNKNOWN_PROTOCOL, "what came is not TLS"},
    {SSL_R_RECORD_TOO_SMALL, "what came is not TLS"},
    {SSL_R_BAD_RECORD_TYPE, "what came is not TLS"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "what came is not TLS"},
    {SSL_R_DATA_LENGTH_TOO_LONG, "what came is not TLS"},
    {SSL_R_ENCRYPTED_LENGTH_TOO_LONG, "what came is not TLS"},
    {SSL_R_UNEXPECTED_RECORD, "what came is not TLS"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the peer speaks no TLS that is new enough (1.2 or later)"},
    {SSL_R_VERSION_TOO_LOW, "the peer speaks no TLS that is new enough (1.2 or later)"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, "no version of TLS is allowed on this system"},
    {SSL_R_NO_SHARED_CIPHER, "the peer offers no cipher that is strong enough"},
    {SSL_R_DH_KEY_TOO_SMALL, "the key exchange that the peer wants is too weak"},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client has shown no certificate"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the peer offers none of the protocols of alpn"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "what came was altered on its way"},
    {SSL_R_UNEXPECTED_EOF_WHILE_READING, "unexpected eof"},
    {SSL_R_NO_RENEGOTIATION, "the peer wants to negotiate anew, which is not done"},
};

static const struct {
  int alert;
  const char *words;
} alerts[] = {
    {SSL3_AD_HANDSHAKE_FAILURE, "it found nothing in common (handshake failure)"},
    {TLS1_AD_PROTOCOL_VERSION, "it speaks neither TLS 1.2 nor 1.3 (protocol version)"},
    {TLS13_AD_CERTIFICATE_REQUIRED, "it wants a certificate (certificate required)"},
    {TLS1_AD_UNRECOGNIZED_NAME, "it knows nobody of that name (unrecognized name)"},
    {TLS1_AD_UNKNOWN_CA, "it does not know who issued the certificate (unknown CA)"},
    {TLS1_AD_NO_APPLICATION_PROTOCOL, "it has none of the protocols of alpn"},
};

static void say_alert(int alert, char *text, size_t size) {
  for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
    if (alerts[i].alert == alert) {
      snprintf(text, size, "the peer refused: %s", alerts[i].words);
      return;
    }
  snprintf(text, size, "the peer refused: %s", SSL_alert_desc_string_long(alert));
}

static const char *words_of(int reason) {
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].reason == reason) return reasons[i].words;
  return NULL;
}

static void say_error(unsigned long error, char *text, size_t size) {
  const char *words = ERR_reason_error_string(error);
  if (ERR_SYSTEM_ERROR(error))
    ta_copy_reason(ERR_GET_REASON(error), text, size);
  else
    snprintf(text, size, "%s", words ? words : "OpenSSL does not say why");
}

void ta_tls_error_words(bool shaking, char *text, size_t size) {
  unsigned long error = ERR_peek_error();
  int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  const char *words = words_of(reason);
  if (reason > SSL_AD_REASON_OFFSET && !words)
    say_alert(reason - SSL_AD_REASON_OFFSET, text, size);
  else if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING && shaking)
    snprintf(text, size, "the connection ended in the middle of the handshake");
  else if (words)
    snprintf(text, size, "%s", words);
  else
    say_error(error, text, size);
  ERR_clear_error();
}

void ta_tls_own_words(X509 *certificate, char *text, size_t size) {
  unsigned long error = ERR_peek_error();
  name_shown key;
  int reason = ERR_GET_REASON(error);
  bool is_missing = ERR_GET_LIB(error) == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE;
  bool is_other = ERR_GET_LIB(error) == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED;
  if (is_missing || is_other)
    snprintf(text, size, "there is none in it, as PEM");
  else if (ERR_GET_LIB(error) == ERR_LIB_SSL && certificate && reason == SSL_R_EE_KEY_TOO_SMALL) {
    show_key(certificate, key, sizeof key);
    snprintf(text, size, "its key is too weak (%.60s)", key);
  } else if (ERR_GET_LIB(error) == ERR_LIB_SSL && certificate && reason == SSL_R_CA_MD_TOO_WEAK)
    snprintf(text, size, "it is signed with %.40s, which is too weak", digest_of(certificate));
  else
    say_error(error, text, size);
  ERR_clear_error();
}
