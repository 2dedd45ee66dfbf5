/* SPDX-License-Identifier: MIT
 *
 * address.h -- addresses of sockets, and what they look like.
 *
 * IPv4, IPv6 with its zone, and paths of Unix.  Everything here is arithmetic: nothing asks
 * the network, and no name is looked up.
 */
#ifndef TA_HOST_ADDRESS_H
#define TA_HOST_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "exported.h"

#define TA_ADDRESS_TEXT 160 /* bytes that ta_address_write() needs at most */

struct ta_address {
  socklen_t size; /* 0: none */
  union {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_un local;
  } as;
};

static inline int ta_address_family(const struct ta_address *address) {
  return address->size ? address->as.any.sa_family : AF_UNSPEC;
}

/* Copies what the system gave; false: it has no room here, or is of another kind. */
bool ta_address_take(const struct sockaddr *from, socklen_t size, struct ta_address *address);

/* Reads "127.0.0.1", "::1" or "fe80::1%eth0", of the family, or of both for AF_UNSPEC.  0;
 * -EINVAL: it is no such address; or another negative errno. */
int ta_address_read(const char *text, int family, unsigned port, struct ta_address *address);

/* A path of Unix, or behind an "@" a name of no file.  0, or -ENAMETOOLONG. */
int ta_address_of_path(const char *path, struct ta_address *address);

/* The port; 0 where there is none. */
unsigned ta_address_port(const struct ta_address *address);
void ta_address_set_port(struct ta_address *address, unsigned port);

/* Writes "127.0.0.1" or, with its port, "127.0.0.1:80" and "[::1]:80"; a path as it is, one of
 * no file behind an "@", and nothing for an address that has no name. */
void ta_address_write(const struct ta_address *address, bool with_port, char *text, size_t size);

bool ta_address_equal(const struct ta_address *one, const struct ta_address *other);

#endif
