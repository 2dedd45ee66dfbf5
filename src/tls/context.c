/* SPDX-License-Identifier: MIT */
#include "tls/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/version.h"
#include "tls/words.h"

#define MOST_SESSIONS 64 /* that are kept to be taken up again: the oldest goes */
#define LEAST_LEVEL 2    /* of OpenSSL's security levels: 112 bits */

static const unsigned char session_context[] = "tinyasync";

/* ------------------------------------------------------------------- sessions */

struct kept {
  char *key;
  SSL_SESSION *session;
};

/* The oldest first. */
struct sessions {
  struct kept kept[MOST_SESSIONS];
  int count;
};

static int sessions_index = -1;

static void free_sessions(void *context, void *data, CRYPTO_EX_DATA *all, int index, long number,
                          void *argument) {
  struct sessions *sessions = data;
  (void)context, (void)all, (void)index, (void)number, (void)argument;
  if (!sessions) return;
  for (int i = 0; i < sessions->count; i++) {
    free(sessions->kept[i].key);
    SSL_SESSION_free(sessions->kept[i].session);
  }
  free(sessions);
}

static void get_index(void) {
  sessions_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_sessions);
}

/* NULL: there is no memory. */
static struct sessions *sessions_of(SSL_CTX *context, bool makes) {
  struct sessions *sessions = SSL_CTX_get_ex_data(context, sessions_index);
  if (sessions || !makes) return sessions;
  sessions = calloc(1, sizeof *sessions);
  if (sessions && SSL_CTX_set_ex_data(context, sessions_index, sessions)) return sessions;
  free(sessions);
  return NULL;
}

static void drop(struct sessions *sessions, int at) {
  free(sessions->kept[at].key);
  sessions->count--;
  memmove(&sessions->kept[at], &sessions->kept[at + 1],
          (size_t)(sessions->count - at) * sizeof *sessions->kept);
}

static int find(const struct sessions *sessions, const char *key) {
  for (int i = sessions->count - 1; i >= 0; i--)
    if (strcmp(sessions->kept[i].key, key) == 0) return i;
  return -1;
}

/* A ticket of TLS 1.3 is for one connection: who looks on is not to see it again. */
SSL_SESSION *ta_tls_take_session(SSL_CTX *context, const char *key) {
  struct sessions *sessions = sessions_of(context, false);
  int at = sessions ? find(sessions, key) : -1;
  if (at < 0) return NULL;
  SSL_SESSION *session = sessions->kept[at].session;
  bool is_resumable = SSL_SESSION_is_resumable(session);
  if (is_resumable && SSL_SESSION_get_protocol_version(session) != TLS1_3_VERSION) {
    SSL_SESSION_up_ref(session);
    return session;
  }
  drop(sessions, at);
  if (is_resumable) return session;
  SSL_SESSION_free(session);
  return NULL;
}

void ta_tls_keep_session(SSL_CTX *context, const char *key, SSL_SESSION *session) {
  struct sessions *sessions = sessions_of(context, true);
  char *copy = sessions ? strdup(key) : NULL;
  if (!copy) {
    SSL_SESSION_free(session);
    return;
  }
  int at = find(sessions, key);
  if (at < 0 && sessions->count == MOST_SESSIONS) at = 0;
  if (at >= 0) {
    SSL_SESSION_free(sessions->kept[at].session);
    drop(sessions, at);
  }
  sessions->kept[sessions->count++] = (struct kept){.key = copy, .session = session};
}

/* ----------------------------------------------------------------------- trust */

/* Does the directory have certificates by the hashes of their names?  One tells. */
static bool is_hashed(const char *path) {
  DIR *directory = opendir(path);
  const struct dirent *entry;
  bool found = false;
  while (directory && !found && (entry = readdir(directory))) {
    const char *name = entry->d_name;
    found =
        strlen(name) == 10 && strspn(name, "0123456789abcdef") == 8 && strcmp(name + 8, ".0") == 0;
  }
  if (directory) closedir(directory);
  return found;
}

static bool is_there(const char *path) {
  return access(path, R_OK) == 0;
}

static int trust_file(SSL_CTX *context, const char *path) {
  return SSL_CTX_load_verify_file(context, path);
}

/* Where the system's certificates lie as one file, if OpenSSL's own is not there. */
static const char *system_file(void) {
  static const char *const others[] = {"/etc/ssl/certs/ca-certificates.crt",
                                       "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                                       "/etc/ssl/cert.pem"};
  const char *usual = X509_get_default_cert_file();
  if (is_there(usual)) return usual;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (is_there(others[i])) return others[i];
  return NULL;
}

/* NULL also where it is empty. */
static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

struct places {
  const char *file, *directory; /* a list of these; or NULL */
};

/* Of a directory only the certificates that are asked for are read, of a file all.  Both may be
 * said in the environment, as for any program with OpenSSL. */
static struct places system_places(void) {
  struct places places = {.file = variable(X509_get_default_cert_file_env()),
                          .directory = variable(X509_get_default_cert_dir_env())};
  if (places.file || places.directory) return places;
  if (is_hashed(X509_get_default_cert_dir()))
    places.directory = X509_get_default_cert_dir();
  else
    places.file = system_file();
  return places;
}

static void add_version(char *text, size_t size, const char *path) {
  char version[TA_VERSION_TEXT];
  size_t length = strlen(text);
  ta_version_of(path, version, sizeof version);
  snprintf(text + length, size - length, "%s ", version);
}

/* What is written anew inside of a directory's file, under the same name, is not seen. */
void ta_tls_system_version(char *text, size_t size) {
  struct places places = system_places();
  *text = '\0';
  if (places.file) add_version(text, size, places.file);
  for (const char *at = places.directory; at && *at;) {
    char path[PATH_MAX];
    size_t length = strcspn(at, ":");
    snprintf(path, sizeof path, "%.*s", (int)length, at);
    add_version(text, size, path);
    at += length + (at[length] == ':');
  }
}

static bool is_directory(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* ------------------------------------------------------------------- our own */

struct making {
  SSL_CTX *context;
  int *error;
  char *text;
  size_t size;
};

/* The reason follows. */
static int fail(const struct making *making, const char *what, const char *path,
                X509 *certificate) {
  char reason[TA_TLS_WORDS];
  ta_tls_own_words(certificate, reason, sizeof reason);
  snprintf(making->text, making->size, "%s %.1024s: %s", what, path, reason);
  return 0;
}

static int check_there(const struct making *making, const char *what, const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) close(fd);
  if (fd >= 0) return 1;
  *making->error = errno;
  snprintf(making->text, making->size, "%s %.1024s", what, path);
  return 0;
}

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *text, int size, int writes, void *data) {
  (void)text, (void)size, (void)writes;
  *(bool *)data = true;
  return -1;
}

static int use_key(const struct making *making, const char *path) {
  bool is_protected = false;
  SSL_CTX_set_default_passwd_cb(making->context, no_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(making->context, &is_protected);
  int done = SSL_CTX_use_PrivateKey_file(making->context, path, SSL_FILETYPE_PEM);
  SSL_CTX_set_default_passwd_cb_userdata(making->context, NULL);
  if (done) return 1;
  if (is_protected)
    snprintf(making->text, making->size, "the key %.1024s is protected by a passphrase", path);
  else if (ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_VALUES_MISMATCH ||
           ERR_GET_REASON(ERR_peek_error()) == X509_R_KEY_TYPE_MISMATCH)
    snprintf(making->text, making->size, "the key %.1024s belongs to another certificate", path);
  else
    return fail(making, "the key", path, NULL);
  ERR_clear_error();
  return 0;
}

/* For what is said of one that is not taken. */
static X509 *read_certificate(const char *path) {
  FILE *file = fopen(path, "re");
  X509 *certificate = file ? PEM_read_X509_AUX(file, NULL, NULL, NULL) : NULL;
  if (file) fclose(file);
  return certificate;
}

static int use_certificate(const struct making *making, const char *path) {
  if (SSL_CTX_use_certificate_chain_file(making->context, path)) return 1;
  unsigned long error = ERR_peek_error();
  ERR_clear_error();
  X509 *certificate = read_certificate(path);
  ERR_clear_error();
  if (error) ERR_raise(ERR_GET_LIB(error), ERR_GET_REASON(error));
  fail(making, "the certificate", path, certificate);
  X509_free(certificate);
  return 0;
}

static int use_own(const struct making *making, const struct ta_tls_wishes *wishes) {
  const char *key = wishes->key ? wishes->key : wishes->certificate;
  if (!wishes->certificate) return 1;
  return check_there(making, "the certificate", wishes->certificate) &&
         check_there(making, "the key", key) && use_certificate(making, wishes->certificate) &&
         use_key(making, key);
}

static int trust_system(const struct making *making) {
  struct places places = system_places();
  const char *file = places.file, *directory = places.directory;
  if (file && is_there(file) && !trust_file(making->context, file))
    return fail(making, "the authorities", file, NULL);
  if (directory && !SSL_CTX_load_verify_dir(making->context, directory))
    return fail(making, "the authorities", directory, NULL);
  return 1;
}

/* A server lets clients know which authorities it takes. */
static int trust(const struct making *making, const struct ta_tls_wishes *wishes) {
  const char *ca = wishes->ca;
  if (!wishes->verify) return 1;
  if (!ca) return trust_system(making);
  if (!check_there(making, "the authorities", ca)) return 0;
  if (is_directory(ca)) return SSL_CTX_load_verify_dir(making->context, ca);
  if (!trust_file(making->context, ca)) return fail(making, "the authorities", ca, NULL);
  if (wishes->is_server) SSL_CTX_set_client_CA_list(making->context, SSL_load_client_CA_file(ca));
  return 1;
}

/* ------------------------------------------------------------------------ alpn */

static int select_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *data) {
  const struct ta_tls_wishes *ours = data;
  (void)ssl;
  int result = SSL_select_next_proto((unsigned char **)(uintptr_t)chosen, size, ours->alpn,
                                     (unsigned)ours->alpn_size, offered, offered_size);
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int alpn_index = -1;

static void free_alpn(void *context, void *data, CRYPTO_EX_DATA *all, int index, long number,
                      void *argument) {
  (void)context, (void)all, (void)index, (void)number, (void)argument;
  free(data);
}

/* The list follows the struct. */
static int serve_protocols(SSL_CTX *context, const struct ta_tls_wishes *wishes) {
  struct ta_tls_wishes *copy = malloc(sizeof *copy + wishes->alpn_size);
  if (!copy) return 0;
  memcpy(copy + 1, wishes->alpn, wishes->alpn_size);
  *copy =
      (struct ta_tls_wishes){.alpn = (unsigned char *)(copy + 1), .alpn_size = wishes->alpn_size};
  if (!SSL_CTX_set_ex_data(context, alpn_index, copy)) {
    free(copy);
    return 0;
  }
  SSL_CTX_set_alpn_select_cb(context, select_protocol, copy);
  return 1;
}

static int speak(SSL_CTX *context, const struct ta_tls_wishes *wishes) {
  if (wishes->alpn_size == 0) return 1;
  if (wishes->is_server) return serve_protocols(context, wishes);
  return SSL_CTX_set_alpn_protos(context, wishes->alpn, (unsigned)wishes->alpn_size) == 0;
}

/* ---------------------------------------------------------------------- making */

static void get_indexes(void) {
  OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
  get_index();
  alpn_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_alpn);
}

static void set_common(SSL_CTX *context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (SSL_CTX_get_security_level(context) < LEAST_LEVEL)
    SSL_CTX_set_security_level(context, LEAST_LEVEL);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
}

/* Sessions of clients are kept by us, and those of servers by their clients, in tickets. */
static void set_side(SSL_CTX *context, bool is_server) {
  if (is_server) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1); /* two cost a tenth of a handshake */
    SSL_CTX_set_session_id_context(context, session_context, sizeof session_context - 1);
  } else {
    SSL_CTX_set_session_cache_mode(context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  }
}

static int fit_out(const struct making *making, const struct ta_tls_wishes *wishes) {
  set_common(making->context);
  set_side(making->context, wishes->is_server);
  return use_own(making, wishes) && trust(making, wishes) && speak(making->context, wishes);
}

SSL_CTX *ta_tls_context(const struct ta_tls_wishes *wishes, int *error, char *text, size_t size) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  struct making making = {.error = error, .text = text, .size = size};
  *error = 0;
  *text = '\0';
  pthread_once(&once, get_indexes);
  ERR_clear_error();
  making.context = SSL_CTX_new(wishes->is_server ? TLS_server_method() : TLS_client_method());
  if (making.context && fit_out(&making, wishes)) return making.context;
  if (!*text) snprintf(text, size, "not enough memory");
  SSL_CTX_free(making.context);
  ERR_clear_error();
  return NULL;
}
