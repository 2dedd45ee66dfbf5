/* SPDX-License-Identifier: MIT */
#include "host/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEPALIVE_PROBES 5

/* ---------------------------------------------------------------- addresses */

int ta_address_of_numbers(const char *host, unsigned port, struct ta_address *address) {
  const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                 .ai_socktype = SOCK_STREAM};
  struct addrinfo *found;
  char service[16];
  *address = (struct ta_address){0};
  snprintf(service, sizeof service, "%u", port);
  int error = getaddrinfo(host, service, &hints, &found);
  if (error) return error == EAI_MEMORY ? -ENOMEM : -EINVAL;
  if (found->ai_addrlen <= sizeof address->as) {
    memcpy(&address->as, found->ai_addr, found->ai_addrlen);
    address->size = found->ai_addrlen;
  }
  freeaddrinfo(found);
  return address->size ? 0 : -EINVAL;
}

int ta_address_of_path(const char *path, struct ta_address *address) {
  struct sockaddr_un *local = &address->as.local;
  size_t length = strlen(path);
  bool is_abstract = path[0] == '@';
  *address = (struct ta_address){0};
  if (length + !is_abstract > sizeof local->sun_path) return -ENAMETOOLONG;
  local->sun_family = AF_UNIX;
  memcpy(local->sun_path, path, length);
  if (is_abstract) local->sun_path[0] = '\0';
  address->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !is_abstract);
  return 0;
}

static void write_path(const struct ta_address *address, char *text, size_t size) {
  const char *path = address->as.local.sun_path;
  size_t before = offsetof(struct sockaddr_un, sun_path);
  int length = address->size > before ? (int)(address->size - before) : 0;
  if (length > 0 && !path[0])
    snprintf(text, size, "@%.*s", length - 1, path + 1);
  else
    snprintf(text, size, "%.*s", length, path);
}

/* An address of the old sort is shown as one, whatever socket it has come by. */
static void write_inet6(const struct sockaddr_in6 *inet6, char *text, size_t size) {
  char number[INET6_ADDRSTRLEN] = "", interface[IF_NAMESIZE] = "";
  bool is_old = IN6_IS_ADDR_V4MAPPED(&inet6->sin6_addr);
  if (is_old)
    inet_ntop(AF_INET, inet6->sin6_addr.s6_addr + 12, number, sizeof number);
  else
    inet_ntop(AF_INET6, &inet6->sin6_addr, number, sizeof number);
  bool has_scope = inet6->sin6_scope_id && if_indextoname(inet6->sin6_scope_id, interface);
  snprintf(text, size, "%s%s%s", number, has_scope ? "%" : "", interface);
}

void ta_address_write_host(const struct ta_address *address, char *text, size_t size) {
  snprintf(text, size, "%s", "");
  if (!address->size) return;
  if (address->as.any.sa_family == AF_INET)
    inet_ntop(AF_INET, &address->as.inet.sin_addr, text, (socklen_t)size);
  else if (address->as.any.sa_family == AF_INET6)
    write_inet6(&address->as.inet6, text, size);
  else if (address->as.any.sa_family == AF_UNIX)
    write_path(address, text, size);
}

unsigned ta_address_port(const struct ta_address *address) {
  if (!address->size) return 0;
  if (address->as.any.sa_family == AF_INET) return ntohs(address->as.inet.sin_port);
  if (address->as.any.sa_family == AF_INET6) return ntohs(address->as.inet6.sin6_port);
  return 0;
}

void ta_address_write(const struct ta_address *address, char *text, size_t size) {
  char host[TA_ADDRESS_TEXT];
  ta_address_write_host(address, host, sizeof host);
  bool has_port = address->size && address->as.any.sa_family != AF_UNIX;
  const char *format = strchr(host, ':') ? "[%s]:%u" : "%s:%u";
  if (has_port)
    snprintf(text, size, format, host, ta_address_port(address));
  else
    snprintf(text, size, "%s", host);
}

void ta_address_of_socket(int fd, struct ta_address *address) {
  address->size = sizeof address->as;
  if (getsockname(fd, &address->as.any, &address->size) != 0) address->size = 0;
}

void ta_address_of_peer(int fd, struct ta_address *address) {
  address->size = sizeof address->as;
  if (getpeername(fd, &address->as.any, &address->size) != 0) address->size = 0;
}

/* ------------------------------------------------------------------ options */

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

/* The seconds until the peer counts as gone are twice those of silence, about. */
static int keep_alive(int fd, unsigned seconds) {
  int interval = (int)(seconds / KEEPALIVE_PROBES);
  int error = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
#if defined(TCP_KEEPIDLE)
  if (!error) error = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)seconds);
#endif
#if defined(TCP_KEEPINTVL)
  if (!error) error = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval ? interval : 1);
  if (!error) error = set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
#endif
  return error;
}

int ta_set_socket_options(int fd, int family, const struct ta_socket_options *options) {
  if (family == AF_UNIX) return 0;
  int error = options->nodelay ? set(fd, IPPROTO_TCP, TCP_NODELAY, 1) : 0;
  if (!error && options->keepalive) error = keep_alive(fd, options->keepalive);
  return error;
}

/* ---------------------------------------------------------------- listening */

static int close_after(int fd, int error) {
  close(fd);
  return error;
}

static int new_socket(int family, int type) {
#if defined(SOCK_CLOEXEC)
  int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
#else
  int fd = socket(family, type, 0);
  if (fd < 0) return -errno;
  bool done = fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
  return done ? fd : close_after(fd, -errno);
#endif
}

/* On Linux connections have the listener's options. */
static int begin_listening(int fd, const struct ta_address *address, int backlog,
                           const struct ta_socket_options *options) {
  int error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!error) error = ta_set_socket_options(fd, address->as.any.sa_family, options);
  if (!error && bind(fd, &address->as.any, address->size) != 0) error = -errno;
  if (!error && listen(fd, backlog) != 0) error = -errno;
  return error;
}

int ta_listen_at(const struct ta_address *address, int backlog,
                 const struct ta_socket_options *options, int *fd) {
  int opened = new_socket(address->as.any.sa_family, SOCK_STREAM);
  if (opened < 0) return opened;
  int error = begin_listening(opened, address, backlog, options);
  if (error) return close_after(opened, error);
  *fd = opened;
  return 0;
}

static int listen_at_both(unsigned port, int backlog, const struct ta_socket_options *options,
                          int *fd) {
  struct ta_address address;
  int error = ta_address_of_numbers("::", port, &address);
  if (error) return error;
  int opened = new_socket(AF_INET6, SOCK_STREAM);
  if (opened < 0) return opened;
  error = set(opened, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (!error) error = begin_listening(opened, &address, backlog, options);
  if (error) return close_after(opened, error);
  *fd = opened;
  return 0;
}

/* Where the system has only one sort of addresses, at those. */
int ta_listen_anywhere(unsigned port, int backlog, const struct ta_socket_options *options,
                       int *fd) {
  struct ta_address address;
  int error = listen_at_both(port, backlog, options, fd);
  if (error != -EAFNOSUPPORT && error != -EADDRNOTAVAIL) return error;
  error = ta_address_of_numbers("0.0.0.0", port, &address);
  return error ? error : ta_listen_at(&address, backlog, options, fd);
}

/* A socket in a directory at which nobody listens any more. */
static bool is_left_behind(const struct ta_address *address) {
  struct stat about;
  int fd;
  const char *path = address->as.local.sun_path;
  if (!path[0] || lstat(path, &about) != 0 || !S_ISSOCK(about.st_mode)) return false;
  int error = ta_connect_begin(address, NULL, &fd);
  if (error == 0 || error == -EINPROGRESS) close(fd);
  return error == -ECONNREFUSED;
}

int ta_listen_at_path(const struct ta_address *address, int backlog, int *fd) {
  static const struct ta_socket_options none;
  int error = ta_listen_at(address, backlog, &none, fd);
  if (error != -EADDRINUSE || !is_left_behind(address)) return error;
  if (unlink(address->as.local.sun_path) != 0 && errno != ENOENT) return -errno;
  return ta_listen_at(address, backlog, &none, fd);
}

/* ---------------------------------------------------------------- accepting */

static int accept_now(int listener, struct ta_address *peer) {
  peer->size = sizeof peer->as;
#if defined(SOCK_CLOEXEC)
  int fd = accept4(listener, &peer->as.any, &peer->size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd < 0 ? -errno : fd;
#else
  int fd = accept(listener, &peer->as.any, &peer->size);
  if (fd < 0) return -errno;
  bool done = fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
  return done ? fd : close_after(fd, -errno);
#endif
}

bool ta_is_error_of_peer(int error) {
  switch (-error) {
  case EINTR:
  case ECONNABORTED:
  case EPROTO:
  case EPERM: /* a firewall's word */
  case ENETDOWN:
  case ENETUNREACH:
  case EHOSTDOWN:
  case EHOSTUNREACH:
  case ENOPROTOOPT:
#if defined(ENONET)
  case ENONET:
#endif
    return true;
  default:
    return false;
  }
}

int ta_accept(int listener, struct ta_address *peer) {
  int fd = accept_now(listener, peer);
  if (fd < 0) peer->size = 0;
  return fd == -EWOULDBLOCK ? -EAGAIN : fd;
}

/* --------------------------------------------------------------- connecting */

static int begin(int fd, const struct ta_address *to, const struct ta_address *from) {
  if (from && bind(fd, &from->as.any, from->size) != 0) return -errno;
  if (connect(fd, &to->as.any, to->size) == 0) return 0;
  return errno == EINTR ? -EINPROGRESS : -errno;
}

int ta_connect_begin(const struct ta_address *to, const struct ta_address *from, int *fd) {
  int opened = new_socket(to->as.any.sa_family, SOCK_STREAM);
  if (opened < 0) return opened;
  int error = begin(opened, to, from);
  if (error && error != -EINPROGRESS) return close_after(opened, error);
  *fd = opened;
  return error;
}

int ta_connect_outcome(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}
