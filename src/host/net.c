/* SPDX-License-Identifier: MIT */
#include "host/net.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 100 /* a millisecond apart */

/* ---------------------------------------------------------------- addresses */

void ta_net_unmap(struct ta_address *address) {
  struct sockaddr_in inet = {.sin_family = AF_INET};
  const struct sockaddr_in6 *inet6 = &address->as.inet6;
  if (ta_address_family(address) != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&inet6->sin6_addr)) return;
  memcpy(&inet.sin_addr, inet6->sin6_addr.s6_addr + 12, sizeof inet.sin_addr);
  inet.sin_port = inet6->sin6_port;
  address->as.inet = inet;
  address->size = sizeof inet;
}

int ta_net_own(int fd, struct ta_address *address) {
  address->size = sizeof address->as;
  int error = getsockname(fd, &address->as.any, &address->size) == 0 ? 0 : -errno;
  if (error) address->size = 0;
  ta_net_unmap(address);
  return error;
}

/* ---------------------------------------------------------------- listening */

static int close_after(int fd, int error) {
  close(fd);
  return error;
}

static int set(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? 0 : -errno;
}

static int make_ours(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno;
}

static int new_socket(int family, int type) {
#if defined(SOCK_CLOEXEC)
  int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return fd < 0 ? -errno : fd;
#else
  int fd = socket(family, type, 0);
  if (fd < 0) return -errno;
  int error = make_ours(fd);
  return error ? close_after(fd, error) : fd;
#endif
}

static int begin_listening(int fd, const struct ta_address *address, int backlog,
                           const struct ta_connect_options *options) {
  int family = ta_address_family(address);
  int error = family == AF_UNIX ? 0 : set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (!error) error = ta_connect_adjust(fd, family, options);
  if (!error && bind(fd, &address->as.any, address->size) != 0) error = -errno;
  if (!error && listen(fd, backlog) != 0) error = -errno;
  return error;
}

/* `both`: an address of IPv6 stands for those of IPv4 too. */
static int listen_with(const struct ta_address *address, bool both, int backlog,
                       const struct ta_connect_options *options, int *fd) {
  int opened = new_socket(ta_address_family(address), SOCK_STREAM);
  if (opened < 0) return opened;
  int error = both ? set(opened, IPPROTO_IPV6, IPV6_V6ONLY, 0) : 0;
  if (!error) error = begin_listening(opened, address, backlog, options);
  if (error) return close_after(opened, error);
  *fd = opened;
  return 0;
}

int ta_net_listen(const struct ta_address *address, int backlog,
                  const struct ta_connect_options *options, int *fd) {
  return listen_with(address, false, backlog, options, fd);
}

/* All of IPv6 or, where the system has none, of IPv4. */
static struct ta_address anywhere(int family, unsigned port) {
  struct ta_address address = {0};
  address.as.any.sa_family = (sa_family_t)family;
  address.size = family == AF_INET6 ? sizeof address.as.inet6 : sizeof address.as.inet;
  ta_address_set_port(&address, port);
  return address;
}

static bool has_no_inet6(int error) {
  return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

int ta_net_listen_anywhere(unsigned port, int backlog, const struct ta_connect_options *options,
                           int *fd) {
  struct ta_address address = anywhere(AF_INET6, port);
  int error = listen_with(&address, true, backlog, options, fd);
  if (!has_no_inet6(error)) return error;
  address = anywhere(AF_INET, port);
  return listen_with(&address, false, backlog, options, fd);
}

/* A socket in a directory that nobody has any more.  One for datagrams is refused otherwise by who
 * listens there, and never seen. */
static bool is_left_behind(const struct ta_address *address) {
  struct stat about;
  const char *path = address->as.local.sun_path;
  if (!path[0] || lstat(path, &about) != 0 || !S_ISSOCK(about.st_mode)) return false;
  int fd = new_socket(AF_UNIX, SOCK_DGRAM);
  if (fd < 0) return false;
  bool refused = connect(fd, &address->as.any, address->size) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

/* Of several that find the same path left behind, what the first has made of it is no prey to the
 * next.  They hold it for a moment only; who may not read the directory, or finds it locked by
 * somebody else, goes on without.  A descriptor, or -1. */
static int lock_directory_of(const char *path) {
  char directory[sizeof(struct sockaddr_un)];
  const struct timespec pause = {.tv_nsec = 1000000};
  const char *slash = strrchr(path, '/');
  size_t size = slash ? (size_t)(slash - path) + 1 : 0;
  memcpy(directory, path, size);
  directory[size] = '\0';
  int fd = open(slash ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
    nanosleep(&pause, NULL);
  return fd;
}

static int take_over_path(const struct ta_address *address, int backlog, int *fd) {
  static const struct ta_connect_options none;
  const char *path = address->as.local.sun_path;
  if (!is_left_behind(address)) return -EADDRINUSE;
  if (unlink(path) != 0 && errno != ENOENT) return -errno;
  return listen_with(address, false, backlog, &none, fd);
}

int ta_net_listen_at_path(const struct ta_address *address, int backlog, int *fd) {
  static const struct ta_connect_options none;
  int error = listen_with(address, false, backlog, &none, fd);
  if (error != -EADDRINUSE || !is_left_behind(address)) return error;
  int lock = lock_directory_of(address->as.local.sun_path);
  error = take_over_path(address, backlog, fd);
  if (lock >= 0) close(lock);
  return error;
}

static int check_listener(int fd) {
  int type = 0, listens = 0, flags = fcntl(fd, F_GETFD);
  if (flags < 0 || flags & FD_CLOEXEC) return flags < 0 ? -errno : -EBUSY;
  socklen_t size = sizeof type;
  if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0) return -errno;
  size = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) return -errno;
  return type == SOCK_STREAM && listens ? 0 : -EINVAL;
}

/* Descriptors of our own are close-on-exec from birth, and those handed to us are not. */
int ta_net_adopt_listener(int fd, int backlog, const struct ta_connect_options *options) {
  struct ta_address own;
  int error = check_listener(fd);
  if (!error) error = ta_net_own(fd, &own);
  if (!error) error = ta_connect_adjust(fd, ta_address_family(&own), options);
  if (!error && backlog > 0 && listen(fd, backlog) != 0) error = -errno;
  return error ? error : make_ours(fd);
}

/* ---------------------------------------------------------------- accepting */

/* Connections have the listener's options on Linux. */
static int accept_now(int listener, struct ta_address *peer) {
#if defined(SOCK_CLOEXEC)
  int fd = accept4(listener, &peer->as.any, &peer->size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  return fd < 0 ? -errno : fd;
#else
  int fd = accept(listener, &peer->as.any, &peer->size);
  if (fd < 0) return -errno;
  int error = make_ours(fd);
  return error ? close_after(fd, error) : fd;
#endif
}

int ta_net_accept(int listener, struct ta_address *peer) {
  peer->size = sizeof peer->as;
  int fd = accept_now(listener, peer);
  if (fd < 0) peer->size = 0;
  ta_net_unmap(peer);
  return fd == -EWOULDBLOCK ? -EAGAIN : fd;
}

pid_t ta_net_peer_process(int fd) {
#if defined(SO_PEERCRED)
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.pid : 0;
#else
  (void)fd;
  return 0;
#endif
}

/* ---------------------------------------------------------------- datagrams */

static int begin_datagrams(int fd, const struct ta_address *address, bool both, bool broadcast) {
  int error = both ? set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) : 0;
  if (!error && broadcast) error = set(fd, SOL_SOCKET, SO_BROADCAST, 1);
  if (!error && bind(fd, &address->as.any, address->size) != 0) error = -errno;
  return error;
}

static int open_datagrams(const struct ta_address *address, bool both, bool broadcast, int *fd) {
  int opened = new_socket(ta_address_family(address), SOCK_DGRAM);
  if (opened < 0) return opened;
  int error = begin_datagrams(opened, address, both, broadcast);
  if (error) return close_after(opened, error);
  *fd = opened;
  return 0;
}

int ta_net_open_datagrams(const struct ta_address *address, unsigned port, bool broadcast,
                          int *fd) {
  if (address) return open_datagrams(address, false, broadcast, fd);
  struct ta_address all = anywhere(AF_INET6, port);
  int error = open_datagrams(&all, true, broadcast, fd);
  if (!has_no_inet6(error)) return error;
  all = anywhere(AF_INET, port);
  return open_datagrams(&all, false, broadcast, fd);
}

ssize_t ta_net_receive(int fd, void *bytes, size_t size, struct ta_address *from) {
  ssize_t count;
  do {
    from->size = sizeof from->as;
    count = recvfrom(fd, bytes, size, 0, &from->as.any, &from->size);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
  ta_net_unmap(from);
  return count;
}

/* What a socket of IPv6 sends to an address of IPv4. */
static void map(struct ta_address *address) {
  struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6};
  unsigned char *bytes = inet6.sin6_addr.s6_addr;
  bytes[10] = bytes[11] = 0xff;
  memcpy(bytes + 12, &address->as.inet.sin_addr, 4);
  inet6.sin6_port = address->as.inet.sin_port;
  address->as.inet6 = inet6;
  address->size = sizeof inet6;
}

static bool is_of_inet6(int fd) {
  struct ta_address own = {.size = sizeof own.as};
  return getsockname(fd, &own.as.any, &own.size) == 0 && ta_address_family(&own) == AF_INET6;
}

ssize_t ta_net_send(int fd, const void *bytes, size_t size, const struct ta_address *to) {
  struct ta_address address = *to;
  ssize_t count;
  if (ta_address_family(to) == AF_INET && is_of_inet6(fd)) map(&address);
  do count = sendto(fd, bytes, size, MSG_NOSIGNAL, &address.as.any, address.size);
  while (count < 0 && errno == EINTR);
  if (count >= 0) return count;
  return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

/* ------------------------------------------------------------------- errors */

bool ta_net_is_error_of_peer(int error) {
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

bool ta_net_is_shortage(int error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOBUFS ||
         error == -ENOSPC;
}
