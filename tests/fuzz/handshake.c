/* SPDX-License-Identifier: MIT
 *
 * handshake.c -- a stream of TLS beside a peer whose bytes are altered on their way, or that sends
 * whatever it likes.  What is read is the beginning of what was sent; each error has words.
 *
 * The input: which side is ours and whether the peer speaks TLS at all; then either what it sends,
 * or changes, of four bytes each: how far from the one before, and what.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "host/stream.h"
#include "tls/context.h"
#include "tls/transport.h"
#include "unit/certificate.h"
#include "unit/test.h"

#define ROUNDS 40 /* in which all has happened that will */

struct scene {
  struct ta_loop loop;
  struct ta_stream ours;
  int other;
  SSL *peer; /* or NULL */
  BIO *to_peer, *from_peer;
  struct bytes changes;
  size_t until_change;
  bool has_ended;
};

static SSL_CTX *contexts[2]; /* of a client, and a server */

static const char said[] = "what the peer has said";

static void make_contexts(void) {
  if (contexts[0]) return;
  char why[1000];
  int error;
  const char *pem = certificate_path();
  struct ta_tls_wishes client = {.verify = true, .ca = pem};
  struct ta_tls_wishes server = {.is_server = true, .certificate = pem};
  contexts[0] = ta_tls_context(&client, &error, why, sizeof why);
  contexts[1] = ta_tls_context(&server, &error, why, sizeof why);
  CHECK(contexts[0] && contexts[1]);
}

static void nobody_is_told(struct ta_watch *watch, unsigned directions) {
  (void)watch, (void)directions;
}

static void make_peer(struct scene *scene, bool is_server) {
  scene->peer = SSL_new(contexts[is_server]);
  scene->to_peer = BIO_new(BIO_s_mem());
  scene->from_peer = BIO_new(BIO_s_mem());
  SSL_set_bio(scene->peer, scene->to_peer, scene->from_peer);
  SSL_set_verify(scene->peer, SSL_VERIFY_NONE, NULL);
  if (is_server)
    SSL_set_accept_state(scene->peer);
  else
    SSL_set_connect_state(scene->peer);
}

static void open_scene(struct scene *scene, unsigned how) {
  int fds[2];
  bool is_server = how & 1;
  make_contexts();
  CHECK(ta_loop_open(&scene->loop, NULL) == 0);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  CHECK(ta_stream_open(&scene->loop, TA_EDGE, fds[0], nobody_is_told, &scene->ours) == 0);
  scene->other = fds[1];
  struct ta_tls_side side = {.context = contexts[is_server],
                             .is_server = is_server,
                             .verify = !is_server,
                             .name = is_server ? NULL : "db"};
  CHECK(ta_tls_start(&scene->ours, &side) == 0);
  if (how & 2) make_peer(scene, !is_server);
}

static void close_scene(struct scene *scene) {
  ta_stream_shutdown(&scene->ours);
  ta_stream_close(&scene->ours);
  SSL_free(scene->peer);
  close(scene->other);
  ta_loop_close(&scene->loop);
}

/* ------------------------------------------------------------------- on their way */

static void pass_on(struct scene *scene, const void *bytes, size_t size) {
  if (scene->has_ended || size == 0) return;
  if (send(scene->other, bytes, size, MSG_NOSIGNAL) < 0) scene->has_ended = true;
}

/* Of one byte: another one, two, none, or the end. */
static void change(struct scene *scene, uint8_t byte) {
  struct bytes now = fuzz_some(&scene->changes, 2);
  uint8_t how = fuzz_byte(&now), pair[2] = {byte, fuzz_byte(&now)};
  size_t size = how % 4 == 1 ? 0 : how % 4 == 2 ? 2 : 1;
  if (how % 4 == 0) pair[0] ^= pair[1];
  if (how % 4 == 3) shutdown(scene->other, SHUT_WR);
  scene->has_ended |= how % 4 == 3;
  pass_on(scene, pair, size);
}

static void read_distance(struct scene *scene) {
  size_t high = fuzz_byte(&scene->changes) % 16;
  scene->until_change =
      scene->changes.left > 2 ? high * 256 + fuzz_byte(&scene->changes) : SIZE_MAX;
}

static void pass_on_changed(struct scene *scene, const uint8_t *bytes, size_t size) {
  while (size > 0) {
    size_t whole = size < scene->until_change ? size : scene->until_change;
    pass_on(scene, bytes, whole);
    if (scene->until_change != SIZE_MAX) scene->until_change -= whole;
    bytes += whole;
    size -= whole;
    if (size == 0) return;
    change(scene, *bytes++);
    size--;
    read_distance(scene);
  }
}

static void move_peer(struct scene *scene) {
  char bytes[4096];
  ssize_t count = recv(scene->other, bytes, sizeof bytes, MSG_DONTWAIT);
  if (!scene->peer) {
    pass_on(scene, scene->changes.at, fuzz_some(&scene->changes, 500).left);
    return;
  }
  if (count > 0) BIO_write(scene->to_peer, bytes, (int)count);
  if (SSL_do_handshake(scene->peer) == 1) {
    SSL_read(scene->peer, bytes, sizeof bytes);
    if (!(SSL_get_shutdown(scene->peer) & SSL_SENT_SHUTDOWN))
      SSL_write(scene->peer, said, sizeof said);
    SSL_shutdown(scene->peer);
  }
  ERR_clear_error();
  while ((count = BIO_read(scene->from_peer, bytes, sizeof bytes)) > 0)
    pass_on_changed(scene, (uint8_t *)bytes, (size_t)count);
}

/* --------------------------------------------------------------------- our side */

static void check_error(struct scene *scene, ssize_t error) {
  if (error >= 0 || error == -EAGAIN) return;
  bool is_ours = error == -EPROTO || error == TA_STREAM_NOTHING;
  const char *words = ta_stream_words(&scene->ours, (int)error);
  CHECK(is_ours == (words != NULL));
  CHECK(!words || (strlen(words) > 3 && strlen(words) < 1000));
}

static void move_ours(struct scene *scene, struct bytes *heard) {
  char bytes[100];
  int error = ta_stream_begin(&scene->ours);
  check_error(scene, error);
  check_error(scene, ta_stream_write(&scene->ours, "hello", 5));
  ssize_t count = ta_stream_read(&scene->ours, bytes, sizeof bytes);
  check_error(scene, count);
  if (count <= 0) return;
  CHECK(error == 0 && scene->peer && heard->left + (size_t)count <= sizeof said);
  CHECK(memcmp(said + heard->left, bytes, (size_t)count) == 0);
  heard->left += (size_t)count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct scene scene = {.changes = {data, size}};
  struct bytes heard = {0};
  open_scene(&scene, fuzz_byte(&scene.changes));
  if (scene.peer) read_distance(&scene);
  for (int i = 0; i < ROUNDS; i++) {
    move_ours(&scene, &heard);
    move_peer(&scene);
    ta_loop_poll(&scene.loop);
  }
  close_scene(&scene);
  ERR_clear_error();
  return 0;
}
