/* SPDX-License-Identifier: MIT
 *
 * Connecting to the first of several addresses, over the loopback.
 */
#include "host/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clock.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONG_ENOUGH 60 /* seconds */
#define MOST_DESCRIPTORS 256
#define MOST_CALLS 64 /* of a sort in one race */
#define TRIES 20      /* until the machine was fast enough once */

static const struct ta_poller_kind *const kinds[] = {
#if defined(__linux__)
    &ta_poller_epoll,
#endif
    &ta_poller_poll};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* What a race has told. */
struct scene {
  struct ta_loop loop;
  struct ta_connecting *race;
  int told, fd;
  char address[TA_ADDRESS_TEXT];
  int open_before;
};

static int count_descriptors(void) {
  int count = 0;
  for (int fd = 0; fd < MOST_DESCRIPTORS; fd++) count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void open_scene(struct scene *scene, const struct ta_poller_kind *kind) {
  *scene = (struct scene){.open_before = count_descriptors(), .fd = -1};
  CHECK(ta_loop_open(&scene->loop, kind) == 0);
}

static void close_scene(struct scene *scene) {
  CHECK(scene->loop.members == 0 && !scene->loop.alarms);
  if (scene->fd >= 0) close(scene->fd);
  ta_loop_close(&scene->loop);
  CHECK(count_descriptors() == scene->open_before);
}

static void on_connected(void *data, int fd, const struct ta_address *address) {
  struct scene *scene = data;
  scene->told++;
  scene->fd = fd;
  scene->race = NULL;
  ta_address_write(address, true, scene->address, sizeof scene->address);
}

static struct ta_address address_of(const char *text, unsigned port) {
  struct ta_address address;
  CHECK(ta_address_read(text, AF_UNSPEC, port, &address) == 0);
  return address;
}

/* ----------------------------------------------------------------- the other side */

static struct ta_address address_of_socket(int fd) {
  struct ta_address address = {.size = sizeof address.as};
  CHECK(getsockname(fd, &address.as.any, &address.size) == 0);
  return address;
}

/* A socket at a port of the address; what it is, is in `at`. */
static int bound(const char *text, struct ta_address *at) {
  *at = address_of(text, 0);
  int fd = socket(ta_address_family(at), SOCK_STREAM, 0), on = 1;
  CHECK(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  CHECK(fd >= 0 && bind(fd, &at->as.any, at->size) == 0);
  *at = address_of_socket(fd);
  return fd;
}

static int listening(const char *text, int backlog, struct ta_address *at) {
  int fd = bound(text, at);
  CHECK(listen(fd, backlog) == 0);
  return fd;
}

/* A port where the system drops what comes: its server has one connection waiting, and room for
 * no more. */
struct dead {
  int server, waiting;
  struct ta_address at;
};

static struct dead dead_end(const char *text) {
  struct dead dead;
  dead.server = listening(text, 0, &dead.at);
  dead.waiting = socket(ta_address_family(&dead.at), SOCK_STREAM, 0);
  CHECK(connect(dead.waiting, &dead.at.as.any, dead.at.size) == 0);
  return dead;
}

static void close_dead(const struct dead *dead) {
  close(dead->waiting);
  close(dead->server);
}

/* Nobody listens there, and nobody else will get the port while the descriptor is open. */
static int refusing(const char *text, struct ta_address *at) {
  return bound(text, at);
}

/* ------------------------------------------------------------------------- races */

static const struct ta_connect_options plain;

static void begin(struct scene *scene, const struct ta_address *addresses, size_t count,
                  const struct ta_connect_options *options) {
  CHECK(ta_connect_start(&scene->loop, addresses, count, options, on_connected, scene,
                         &scene->race) == 0);
  CHECK(scene->told == 0);
}

static void finish(struct scene *scene) {
  double end = ta_monotonic() + LONG_ENOUGH;
  while (!scene->told && ta_monotonic() < end) ta_loop_wait(&scene->loop, 1);
  CHECK(scene->told == 1);
}

static void run(struct scene *scene, const struct ta_address *addresses, size_t count,
                const struct ta_connect_options *options) {
  begin(scene, addresses, count, options);
  finish(scene);
}

static void check_connected_to(const struct scene *scene, const struct ta_address *address) {
  char text[TA_ADDRESS_TEXT];
  ta_address_write(address, true, text, sizeof text);
  CHECK(scene->fd >= 0);
  CHECK_TEXT(scene->address, text);
}

static void the_first_that_connects_is_given(void) {
  for (size_t i = 0; i < KINDS; i++) {
    struct scene scene;
    struct ta_address at;
    int server = listening("127.0.0.1", 5, &at);
    open_scene(&scene, kinds[i]);
    run(&scene, &at, 1, &plain);
    check_connected_to(&scene, &at);
    CHECK(fcntl(scene.fd, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(scene.fd, F_GETFD) & FD_CLOEXEC);
    CHECK(write(scene.fd, "x", 1) == 1);
    close_scene(&scene);
    close(server);
  }
}

static void an_address_that_says_nothing_holds_up_no_other(void) {
  for (size_t i = 0; i < KINDS; i++) {
    struct scene scene;
    struct dead dead = dead_end("127.0.0.1");
    struct ta_address addresses[3] = {dead.at, dead.at};
    int server = listening("127.0.0.2", 5, &addresses[2]);
    open_scene(&scene, kinds[i]);
    run(&scene, addresses, 3, &plain);
    check_connected_to(&scene, &addresses[2]);
    close_scene(&scene); /* the others' descriptors are gone */
    close(server);
    close_dead(&dead);
  }
}

static void one_that_has_begun_may_win_later(void) {
  struct scene scene;
  struct ta_address addresses[2];
  int server = listening("127.0.0.1", 0, &addresses[0]);
  struct dead dead = {.server = server, .at = addresses[0]};
  dead.waiting = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(dead.waiting, &dead.at.as.any, dead.at.size) == 0);
  int refuses = refusing("127.0.0.2", &addresses[1]);
  open_scene(&scene, NULL);
  begin(&scene, addresses, 2, &plain);
  while (scene.loop.alarms) ta_loop_wait(&scene.loop, 1); /* the second has begun */
  int taken = accept(server, NULL, NULL);
  finish(&scene); /* the system asks again after a second */
  check_connected_to(&scene, &addresses[0]);
  close(taken);
  close_scene(&scene);
  close(refuses);
  close_dead(&dead);
}

static double seconds_of_a_refused_and_a_good_one(void) {
  struct scene scene;
  struct ta_address addresses[2];
  int refuses = refusing("127.0.0.1", &addresses[0]);
  int server = listening("127.0.0.2", 5, &addresses[1]);
  open_scene(&scene, NULL);
  double began = ta_monotonic();
  run(&scene, addresses, 2, &plain);
  double took = ta_monotonic() - began;
  check_connected_to(&scene, &addresses[1]);
  close_scene(&scene);
  close(refuses);
  close(server);
  return took;
}

static void after_a_failure_the_next_begins_at_once(void) {
  int tries = 0;
  while (seconds_of_a_refused_and_a_good_one() >= TA_CONNECT_DELAY) CHECK(++tries < TRIES);
}

/* -1: this system has no IPv6. */
static int listening_inet6(struct ta_address *at) {
  *at = address_of("::1", 0);
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, &at->as.any, at->size) != 0) {
    if (fd >= 0) close(fd);
    return -1;
  }
  CHECK(listen(fd, 5) == 0);
  *at = address_of_socket(fd);
  return fd;
}

static void the_families_take_turns(void) {
  struct scene scene;
  struct ta_address addresses[4];
  int server = listening_inet6(&addresses[3]);
  if (server < 0) return;
  int refuses = refusing("127.0.0.1", &addresses[0]);
  addresses[1] = addresses[2] = addresses[0];
  open_scene(&scene, NULL);
  system_fail(SYSTEM_CONNECT, 1000, ECONNREFUSED);
  run(&scene, addresses, 4, &plain);
  CHECK(system_go_well() == 2);
  check_connected_to(&scene, &addresses[3]);
  close_scene(&scene);
  close(server);
  close(refuses);
}

static void all_addresses_are_tried_of_however_many_families(void) {
  struct scene scene;
  struct ta_address addresses[7];
  for (unsigned i = 0; i < 7; i++)
    addresses[i] = address_of(i == 1 || i == 2 ? "::1" : "127.0.0.1", 1 + i);
  open_scene(&scene, NULL);
  system_fail(SYSTEM_SOCKET, 1000, ECONNREFUSED);
  run(&scene, addresses, 7, &plain);
  CHECK(system_go_well() == 7);
  close_scene(&scene);
}

/* ------------------------------------------------------------------------- errors */

static void a_refusal_says_so_and_where(void) {
  for (size_t i = 0; i < KINDS; i++) {
    struct scene scene;
    struct ta_address at;
    char text[TA_ADDRESS_TEXT];
    int refuses = refusing("127.0.0.1", &at);
    open_scene(&scene, kinds[i]);
    run(&scene, &at, 1, &plain);
    CHECK(scene.fd == -ECONNREFUSED);
    ta_address_write(&at, true, text, sizeof text);
    CHECK_TEXT(scene.address, text);
    close_scene(&scene);
    close(refuses);
  }
}

/* The n-th attempt fails so at once; of the other the peer says that it refuses. */
static int error_beside_a_refusal(unsigned nth, int error) {
  struct scene scene;
  struct ta_address addresses[2];
  int refuses = refusing("127.0.0.1", &addresses[0]);
  addresses[1] = addresses[0];
  open_scene(&scene, NULL);
  system_fail(SYSTEM_CONNECT, nth, error);
  run(&scene, addresses, 2, &plain);
  system_go_well();
  close_scene(&scene);
  close(refuses);
  return scene.fd;
}

static void the_error_that_says_most_is_told(void) {
  for (unsigned nth = 1; nth <= 2; nth++) {
    CHECK(error_beside_a_refusal(nth, ENETUNREACH) == -ECONNREFUSED);
    CHECK(error_beside_a_refusal(nth, EHOSTUNREACH) == -ECONNREFUSED);
    CHECK(error_beside_a_refusal(nth, EADDRNOTAVAIL) == -ECONNREFUSED);
    CHECK(error_beside_a_refusal(nth, ENOBUFS) == -ENOBUFS);
  }
  CHECK(error_beside_a_refusal(1, EACCES) == -EACCES);
  CHECK(error_beside_a_refusal(2, EACCES) == -ECONNREFUSED);
}

static void nobody_reaches_himself(void) {
  struct scene scene;
  struct ta_address at;
  int refuses = refusing("127.0.0.1", &at);
  struct ta_connect_options options = {.local = &at};
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &options);
  CHECK(scene.fd == -ECONNREFUSED);
  close_scene(&scene);
  close(refuses);
}

static void what_is_abandoned_is_closed_and_tells_nothing(void) {
  for (size_t i = 0; i < KINDS; i++) {
    struct scene scene;
    struct dead dead = dead_end("127.0.0.1");
    struct ta_address addresses[3] = {dead.at, dead.at, dead.at};
    open_scene(&scene, kinds[i]);
    begin(&scene, addresses, 3, &plain);
    ta_loop_wait(&scene.loop, 0.01);
    ta_connect_abandon(scene.race);
    CHECK(scene.loop.members == 0 && !scene.loop.alarms);
    ta_loop_poll(&scene.loop);
    CHECK(scene.told == 0);
    close_scene(&scene);
    close_dead(&dead);
  }
}

static void one_that_has_failed_at_once_can_be_abandoned(void) {
  struct scene scene;
  struct ta_address at = address_of("127.0.0.1", 1);
  open_scene(&scene, NULL);
  system_fail(SYSTEM_SOCKET, 1, EMFILE);
  begin(&scene, &at, 1, &plain);
  system_go_well();
  ta_connect_abandon(scene.race);
  ta_loop_poll(&scene.loop);
  CHECK(scene.told == 0);
  close_scene(&scene);
}

/* ------------------------------------------------------------------------ options */

static int option_of(int fd, int level, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  CHECK(getsockopt(fd, level, option, &value, &size) == 0);
  return value;
}

static void options_are_applied(void) {
  struct scene scene;
  struct ta_address at, from = address_of("127.0.0.3", 0);
  struct ta_connect_options options = {.nodelay = true, .keepalive = 77, .local = &from};
  int server = listening("127.0.0.1", 5, &at);
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &options);
  check_connected_to(&scene, &at);
  CHECK(option_of(scene.fd, IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(option_of(scene.fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
  CHECK(option_of(scene.fd, IPPROTO_TCP, TCP_KEEPIDLE) == 77);
  struct ta_address own = address_of_socket(scene.fd);
  ta_address_set_port(&own, 0);
  CHECK(ta_address_equal(&own, &from));
  close_scene(&scene);
  close(server);
}

static void without_them_the_system_decides(void) {
  struct scene scene;
  struct ta_address at;
  int server = listening("127.0.0.1", 5, &at);
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &plain);
  CHECK(option_of(scene.fd, IPPROTO_TCP, TCP_NODELAY) == 0);
  CHECK(option_of(scene.fd, SOL_SOCKET, SO_KEEPALIVE) == 0);
  close_scene(&scene);
  close(server);
}

static void from_an_address_only_its_family_is_reached(void) {
  struct scene scene;
  struct ta_address addresses[2] = {address_of("::1", 1)}, from = address_of("127.0.0.1", 0);
  struct ta_connect_options options = {.local = &from};
  int server = listening("127.0.0.1", 5, &addresses[1]);
  open_scene(&scene, NULL);
  run(&scene, addresses, 2, &options);
  check_connected_to(&scene, &addresses[1]);
  close_scene(&scene);
  close(server);
  open_scene(&scene, NULL);
  run(&scene, addresses, 1, &options);
  CHECK(scene.fd == -EAFNOSUPPORT);
  close_scene(&scene);
}

/* -------------------------------------------------------------------------- paths */

static void path_in(char *directory, struct ta_address *at) {
  char path[64];
  CHECK(mkdtemp(directory) != NULL);
  snprintf(path, sizeof path, "%s/socket", directory);
  CHECK(ta_address_of_path(path, at) == 0);
}

static void a_path_is_connected_to(void) {
  struct scene scene;
  struct ta_address at;
  char directory[] = "/tmp/tinyasync-XXXXXX";
  path_in(directory, &at);
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &plain);
  CHECK(scene.fd == -ENOENT);
  close_scene(&scene);
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(server, &at.as.any, at.size) == 0);
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &plain);
  CHECK(scene.fd == -ECONNREFUSED);
  close_scene(&scene);
  CHECK(listen(server, 5) == 0);
  struct ta_connect_options options = {.nodelay = true, .keepalive = 5};
  open_scene(&scene, NULL);
  run(&scene, &at, 1, &options);
  check_connected_to(&scene, &at);
  close_scene(&scene);
  close(server);
  unlink(at.as.local.sun_path);
  rmdir(directory);
}

static void a_server_of_unix_that_is_full_is_waited_for(void) {
  struct scene scene;
  struct ta_address at;
  char directory[] = "/tmp/tinyasync-XXXXXX";
  path_in(directory, &at);
  int server = socket(AF_UNIX, SOCK_STREAM, 0), waiting = socket(AF_UNIX, SOCK_STREAM, 0);
  CHECK(bind(server, &at.as.any, at.size) == 0 && listen(server, 0) == 0);
  CHECK(connect(waiting, &at.as.any, at.size) == 0);
  open_scene(&scene, NULL);
  begin(&scene, &at, 1, &plain);
  for (int i = 0; i < 3; i++) ta_loop_wait(&scene.loop, 1);
  CHECK(scene.told == 0);
  int taken = accept(server, NULL, NULL);
  finish(&scene);
  check_connected_to(&scene, &at);
  close(taken);
  close_scene(&scene);
  close(waiting);
  close(server);
  unlink(at.as.local.sun_path);
  rmdir(directory);
}

/* --------------------------------------------------------------------- bad weather */

static const enum system_call calls[] = {SYSTEM_ALLOCATE, SYSTEM_EPOLL_CTL, SYSTEM_SOCKET,
                                         SYSTEM_CONNECT};

/* A race of three, of which the n-th call fails.  False: there were not so many. */
static bool race_with(enum system_call call, unsigned nth, const struct ta_poller_kind *kind) {
  struct scene scene;
  struct ta_address addresses[3];
  int refuses = refusing("127.0.0.1", &addresses[0]);
  int server = listening("127.0.0.2", 5, &addresses[1]);
  addresses[2] = addresses[1];
  open_scene(&scene, kind);
  system_fail(call, nth, call == SYSTEM_ALLOCATE ? ENOMEM : EMFILE);
  int error =
      ta_connect_start(&scene.loop, addresses, 3, &plain, on_connected, &scene, &scene.race);
  if (!error) finish(&scene);
  bool failed = system_go_well() >= nth;
  if (error)
    CHECK(error == -ENOMEM && call == SYSTEM_ALLOCATE && scene.told == 0);
  else
    CHECK(scene.fd >= 0 || failed);
  close_scene(&scene);
  close(refuses);
  close(server);
  return failed;
}

static void whatever_the_system_refuses_is_told_and_nothing_is_left(void) {
  for (size_t i = 0; i < KINDS; i++) {
    for (size_t j = 0; j < sizeof calls / sizeof calls[0]; j++) {
      unsigned nth = 1;
      while (race_with(calls[j], nth, kinds[i])) CHECK(++nth < MOST_CALLS);
    }
  }
}

/* ------------------------------------------------------------------------ addresses */

static void check_read(const char *text, const char *written) {
  struct ta_address address;
  char again[TA_ADDRESS_TEXT];
  CHECK(ta_address_read(text, AF_UNSPEC, 80, &address) == 0);
  ta_address_write(&address, true, again, sizeof again);
  CHECK_TEXT(again, written);
}

static void addresses_are_read_and_written(void) {
  struct ta_address address;
  check_read("127.0.0.1", "127.0.0.1:80");
  check_read("::1", "[::1]:80");
  check_read("2001:DB8:0::7", "[2001:db8::7]:80");
  check_read("fe80::1%lo", "[fe80::1%lo]:80");
  CHECK(ta_address_read("localhost", AF_UNSPEC, 80, &address) == -EINVAL);
  CHECK(ta_address_read("127.0.0.1", AF_INET6, 80, &address) == -EINVAL);
  CHECK(ta_address_read("::1", AF_INET, 80, &address) == -EINVAL);
  CHECK(ta_address_read("", AF_UNSPEC, 80, &address) == -EINVAL);
}

static void paths_have_an_end(void) {
  struct ta_address address;
  char path[sizeof address.as.local.sun_path + 1], text[TA_ADDRESS_TEXT];
  memset(path, 'x', sizeof path);
  path[sizeof path - 1] = '\0';
  CHECK(ta_address_of_path(path, &address) == -ENAMETOOLONG);
  CHECK(ta_address_of_path(path + 1, &address) == 0);
  ta_address_write(&address, true, text, sizeof text);
  CHECK_TEXT(text, path + 1);
}

const struct test connect_tests[] = {
    TEST(the_first_that_connects_is_given),
    TEST(an_address_that_says_nothing_holds_up_no_other),
    TEST(one_that_has_begun_may_win_later),
    TEST(after_a_failure_the_next_begins_at_once),
    TEST(the_families_take_turns),
    TEST(all_addresses_are_tried_of_however_many_families),
    TEST(a_refusal_says_so_and_where),
    TEST(the_error_that_says_most_is_told),
    TEST(nobody_reaches_himself),
    TEST(what_is_abandoned_is_closed_and_tells_nothing),
    TEST(one_that_has_failed_at_once_can_be_abandoned),
    TEST(options_are_applied),
    TEST(without_them_the_system_decides),
    TEST(from_an_address_only_its_family_is_reached),
    TEST(a_path_is_connected_to),
    TEST(a_server_of_unix_that_is_full_is_waited_for),
    TEST(whatever_the_system_refuses_is_told_and_nothing_is_left),
    TEST(addresses_are_read_and_written),
    TEST(paths_have_an_end),
    TESTS_END,
};
