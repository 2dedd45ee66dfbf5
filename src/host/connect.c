/* SPDX-License-Identifier: MIT */
#include "host/connect.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "holder.h"
#include "host/watch.h"

#define PROBES 6           /* that are not answered: the peer is gone */
#define LONGEST_SILENCE 10 /* seconds between two of them */
#define FULL_DELAY 0.01    /* seconds until a server of Unix is asked again that had no room */

struct attempt {
  struct ta_watch watch; /* closed: not begun, or failed */
  struct ta_connecting *race;
  struct ta_address address;
};

struct ta_connecting {
  struct ta_loop *loop;
  struct ta_alarm alarm; /* the next attempt is due, or the failure is to be told */
  struct ta_connect_options options;
  struct ta_address local;
  ta_connected_fn *done;
  void *data;
  size_t next; /* attempt to begin */
  size_t under_way;
  const struct attempt *blamed; /* whose error says most so far */
  int error;
  size_t count;
  struct attempt attempts[];
};

/* -------------------------------------------------------------- what is tried */

/* The index of the next address from `from` on that is of the family, or not of it. */
static size_t find(const struct ta_address *addresses, size_t count, size_t from, int family,
                   bool same) {
  while (from < count && (ta_address_family(&addresses[from]) == family) != same) from++;
  return from;
}

/* The families take turns; within one the order stays. */
static void interleave(struct ta_connecting *race, const struct ta_address *addresses,
                       size_t count) {
  int family = ta_address_family(&addresses[0]);
  size_t next[2] = {find(addresses, count, 0, family, true),
                    find(addresses, count, 0, family, false)};
  for (size_t i = 0, other = 0; i < count; i++, other = !other) {
    if (next[other] == count) other = !other;
    race->attempts[i].race = race;
    race->attempts[i].watch.fd = -1;
    race->attempts[i].address = addresses[next[other]];
    next[other] = find(addresses, count, next[other] + 1, family, !other);
  }
}

/* ------------------------------------------------------------------- sockets */

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

/* By itself Linux would go on asking for eleven minutes. */
static int set_silence(int fd, int seconds) {
  int pause = seconds / PROBES, error = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
  if (pause > LONGEST_SILENCE) pause = LONGEST_SILENCE;
  if (pause < 1) pause = 1;
  if (!error) error = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, pause);
  return error ? error : set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
}

int ta_connect_adjust(int fd, int family, const struct ta_connect_options *options) {
  int error = 0;
  if (family != AF_INET && family != AF_INET6) return 0;
  if (options->nodelay) error = set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (!error && options->keepalive) error = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  if (!error && options->keepalive > 0) error = set_silence(fd, options->keepalive);
  return error;
}

/* A port of the system's choice is chosen when it connects: it may be one that another
 * connection has, to another peer.  One of the caller's may still be known from before. */
static int bind_to(int fd, const struct ta_address *local) {
  int error = ta_address_port(local) == 0 ? set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                                          : set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error) return error;
  return bind(fd, &local->as.any, local->size) == 0 ? 0 : -errno;
}

static int prepare(int fd, const struct attempt *attempt) {
  const struct ta_connect_options *options = &attempt->race->options;
  int family = ta_address_family(&attempt->address);
  int error = ta_connect_adjust(fd, family, options);
  return !error && options->local ? bind_to(fd, options->local) : error;
}

/* A port of ours that nobody listens at may be the one from where we call it: then we reach
 * ourselves. */
static bool is_own_echo(int fd, const struct attempt *attempt) {
  struct ta_address own = {.size = sizeof own.as};
  if (attempt->address.as.any.sa_family == AF_UNIX) return false;
  return getsockname(fd, &own.as.any, &own.size) == 0 && ta_address_equal(&own, &attempt->address);
}

/* How the attempt of the socket has ended: 0, or a negative errno; -EALREADY: not yet. */
static int outcome(const struct attempt *attempt) {
  struct ta_address peer = {.size = sizeof peer.as};
  int error = 0, fd = attempt->watch.fd;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  if (error) return -error;
  if (getpeername(fd, &peer.as.any, &peer.size) != 0) return errno == ENOTCONN ? -EALREADY : -errno;
  return is_own_echo(fd, attempt) ? -ECONNREFUSED : 0;
}

/* ---------------------------------------------------------------------- ending */

/* How much an error says: what we lack hides what the peer would have said, a peer that answers
 * says more than one that does not, and least says a way that this host has not. */
static int telling_of(int error) {
  switch (-error) {
  case EMFILE:
  case ENFILE:
  case ENOMEM:
  case ENOBUFS:
    return 4;
  case ETIMEDOUT:
  case EHOSTUNREACH:
  case EHOSTDOWN:
    return 2;
  case ENETUNREACH:
  case ENETDOWN:
  case EADDRNOTAVAIL:
  case EAFNOSUPPORT:
  case EPROTONOSUPPORT:
    return 1;
  default:
    return 3;
  }
}

static void note_failure(const struct attempt *attempt, int error) {
  struct ta_connecting *race = attempt->race;
  if (race->blamed && telling_of(error) <= telling_of(race->error)) return;
  race->blamed = attempt;
  race->error = error;
}

void ta_connect_abandon(struct ta_connecting *race) {
  ta_alarm_stop(&race->alarm);
  for (size_t i = 0; i < race->next; i++) ta_watch_close(&race->attempts[i].watch);
  free(race);
}

static void tell(struct ta_connecting *race, struct attempt *winner) {
  ta_connected_fn *done = race->done;
  void *data = race->data;
  int fd = winner ? ta_watch_release(&winner->watch) : race->error;
  struct ta_address address = (winner ? winner : race->blamed)->address;
  ta_connect_abandon(race);
  done(data, fd, &address);
}

static bool has_failed(const struct ta_connecting *race) {
  return race->under_way == 0 && race->next == race->count;
}

/* -------------------------------------------------------------------- attempts */

static void advance(struct ta_connecting *race);

static void fail(struct attempt *attempt, int error) {
  ta_watch_close(&attempt->watch);
  note_failure(attempt, error);
  attempt->race->under_way--;
  advance(attempt->race);
}

static void may_write(struct ta_watch *watch, unsigned directions) {
  struct attempt *attempt = TA_HOLDER(watch, struct attempt, watch);
  (void)directions;
  int error = outcome(attempt);
  if (error == -EALREADY) {
    ta_watch_blocked(watch, TA_MAY_WRITE);
    error = ta_watch_want(watch, TA_MAY_WRITE);
    if (!error) return;
  }
  if (error)
    fail(attempt, error);
  else
    tell(attempt->race, attempt);
}

static int call(struct attempt *attempt, int fd) {
  const struct ta_address *address = &attempt->address;
  int error = prepare(fd, attempt);
  if (error) return error;
  error = connect(fd, &address->as.any, address->size) == 0 ? 0 : -errno;
  if (error && error != -EINPROGRESS && error != -EINTR) return error;
  error = ta_watch_open(attempt->race->loop, TA_EDGE, fd, may_write, &attempt->watch);
  if (error) return error;
  ta_watch_blocked(&attempt->watch, TA_MAY_WRITE);
  error = ta_watch_want(&attempt->watch, TA_MAY_WRITE);
  if (error) ta_watch_release(&attempt->watch);
  return error;
}

/* Also of one that is connected at once the watch tells. */
static int begin(struct attempt *attempt) {
  const struct ta_address *local = attempt->race->options.local;
  int family = ta_address_family(&attempt->address);
  if (local && ta_address_family(local) != family) return -EAFNOSUPPORT;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int error = call(attempt, fd);
  if (error) close(fd);
  return error;
}

/* Begins the next attempt, and another instead of each that fails at once.  In how many seconds
 * one more is due. */
static double begin_next(struct ta_connecting *race) {
  bool begun = false;
  while (race->next < race->count && !begun) {
    struct attempt *attempt = &race->attempts[race->next];
    int error = begin(attempt);
    if (error == -EAGAIN && ta_address_family(&attempt->address) == AF_UNIX) return FULL_DELAY;
    race->next++;
    begun = error == 0;
    if (begun)
      race->under_way++;
    else
      note_failure(attempt, error);
  }
  return TA_CONNECT_DELAY;
}

/* The next attempt is due at once, and the one after it, or that all have failed is told, when
 * the alarm rings. */
static void advance(struct ta_connecting *race) {
  double delay = begin_next(race);
  if (has_failed(race))
    ta_loop_set_alarm(race->loop, &race->alarm, 0);
  else if (race->next < race->count)
    ta_loop_set_alarm(race->loop, &race->alarm, delay);
  else
    ta_alarm_stop(&race->alarm);
}

static void ring(struct ta_alarm *alarm) {
  struct ta_connecting *race = TA_HOLDER(alarm, struct ta_connecting, alarm);
  if (has_failed(race))
    tell(race, NULL);
  else
    advance(race);
}

int ta_connect_start(struct ta_loop *loop, const struct ta_address *addresses, size_t count,
                     const struct ta_connect_options *options, ta_connected_fn *done, void *data,
                     struct ta_connecting **connecting) {
  if (count == 0) return -EINVAL;
  struct ta_connecting *race = calloc(1, sizeof *race + count * sizeof race->attempts[0]);
  if (!race) return -ENOMEM;
  race->loop = loop;
  race->alarm.ring = ring;
  race->options = *options;
  if (options->local) {
    race->local = *options->local;
    race->options.local = &race->local;
  }
  race->done = done;
  race->data = data;
  race->count = count;
  interleave(race, addresses, count);
  advance(race);
  *connecting = race;
  return 0;
}
