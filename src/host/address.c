/* SPDX-License-Identifier: MIT */
#include "host/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#define PATH_START offsetof(struct sockaddr_un, sun_path)

bool ta_address_take(const struct sockaddr *from, socklen_t size, struct ta_address *address) {
  memset(address, 0, sizeof *address);
  if (size > sizeof address->as || size < sizeof from->sa_family) return false;
  memcpy(&address->as, from, size);
  address->size = size;
  int family = from->sa_family;
  return family == AF_INET || family == AF_INET6 || family == AF_UNIX;
}

/* Only what is no address, or one of another family, is the caller's mistake. */
static int errno_of(int error) {
  if (error == EAI_SYSTEM && errno != 0) return -errno;
  return error == EAI_MEMORY ? -ENOMEM : -EINVAL;
}

int ta_address_read(const char *text, int family, unsigned port, struct ta_address *address) {
  struct addrinfo *list;
  struct addrinfo hints = {
      .ai_flags = AI_NUMERICHOST, .ai_family = family, .ai_socktype = SOCK_STREAM};
  int error = getaddrinfo(text, NULL, &hints, &list);
  if (error) return errno_of(error);
  bool fits = ta_address_take(list->ai_addr, list->ai_addrlen, address);
  freeaddrinfo(list);
  if (!fits) return -EINVAL;
  ta_address_set_port(address, port);
  return 0;
}

int ta_address_of_path(const char *path, struct ta_address *address) {
  size_t length = strlen(path);
  bool is_file = path[0] != '@';
  memset(address, 0, sizeof *address);
  if (length + is_file > sizeof address->as.local.sun_path) return -ENAMETOOLONG;
  address->as.local.sun_family = AF_UNIX;
  memcpy(address->as.local.sun_path, path, length);
  if (!is_file) address->as.local.sun_path[0] = '\0';
  address->size = (socklen_t)(PATH_START + length + is_file);
  return 0;
}

unsigned ta_address_port(const struct ta_address *address) {
  int family = ta_address_family(address);
  if (family == AF_INET) return ntohs(address->as.inet.sin_port);
  return family == AF_INET6 ? ntohs(address->as.inet6.sin6_port) : 0;
}

void ta_address_set_port(struct ta_address *address, unsigned port) {
  int family = ta_address_family(address);
  if (family == AF_INET) address->as.inet.sin_port = htons((uint16_t)port);
  if (family == AF_INET6) address->as.inet6.sin6_port = htons((uint16_t)port);
}

static void write_path(const struct ta_address *address, char *text, size_t size) {
  const char *path = address->as.local.sun_path;
  int length = address->size > PATH_START ? (int)(address->size - PATH_START) : 0;
  if (length > 0 && !path[0])
    snprintf(text, size, "@%.*s", length - 1, path + 1);
  else
    snprintf(text, size, "%.*s", length, path);
}

void ta_address_write(const struct ta_address *address, bool with_port, char *text, size_t size) {
  char host[TA_ADDRESS_TEXT];
  int family = ta_address_family(address);
  text[0] = '\0';
  if (family == AF_UNIX) write_path(address, text, size);
  if (family != AF_INET && family != AF_INET6) return;
  if (getnameinfo(&address->as.any, address->size, host, sizeof host, NULL, 0, NI_NUMERICHOST))
    return;
  const char *form = !with_port ? "%s" : family == AF_INET6 ? "[%s]:%u" : "%s:%u";
  snprintf(text, size, form, host, ta_address_port(address));
}

bool ta_address_equal(const struct ta_address *one, const struct ta_address *other) {
  int family = ta_address_family(one);
  if (family != ta_address_family(other)) return false;
  if (ta_address_port(one) != ta_address_port(other)) return false;
  if (family == AF_INET) return one->as.inet.sin_addr.s_addr == other->as.inet.sin_addr.s_addr;
  if (family == AF_INET6)
    return one->as.inet6.sin6_scope_id == other->as.inet6.sin6_scope_id &&
           memcmp(&one->as.inet6.sin6_addr, &other->as.inet6.sin6_addr, 16) == 0;
  return one->size == other->size && memcmp(&one->as, &other->as, one->size) == 0;
}
