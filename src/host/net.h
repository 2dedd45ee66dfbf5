/* SPDX-License-Identifier: MIT
 *
 * net.h -- sockets: addresses and their text, listening, accepting, connecting, datagrams.
 *
 * Addresses are numbers, or paths of Unix sockets: no name is looked up here.  All sockets are
 * non-blocking and close-on-exec.  It waits for nothing: -EAGAIN and -EINPROGRESS say that the
 * caller may, with a watch.
 */
#ifndef TA_HOST_NET_H
#define TA_HOST_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "exported.h"

struct ta_address {
  socklen_t size; /* 0: there is none */
  union {
    struct sockaddr any;
    struct sockaddr_in inet;
    struct sockaddr_in6 inet6;
    struct sockaddr_un local;
  } as;
};

#define TA_ADDRESS_TEXT 128 /* bytes, for what ta_address_write() writes */

/* The address that the numbers stand for, as "127.0.0.1", "::1" or "fe80::1%eth0".  0, or
 * -EINVAL: that is a name, or nothing. */
int ta_address_of_numbers(const char *host, unsigned port, struct ta_address *address);

/* That of a Unix socket: a path, or behind an '@' a name that is in no directory.
 * -ENAMETOOLONG: the system takes no such long ones. */
int ta_address_of_path(const char *path, struct ta_address *address);

/* Writes "127.0.0.1:80", "[::1]:80", a path, or "" where there is none. */
void ta_address_write(const struct ta_address *address, char *text, size_t size);

/* The number alone: "127.0.0.1", "::1". */
void ta_address_write_host(const struct ta_address *address, char *text, size_t size);

/* 0 where it has none. */
unsigned ta_address_port(const struct ta_address *address);

/* Of a socket, where it is, and with whom it is connected: nowhere, if the system does not say. */
void ta_address_of_socket(int fd, struct ta_address *address);
void ta_address_of_peer(int fd, struct ta_address *address);

/* What connections are to be like. */
struct ta_socket_options {
  bool nodelay;       /* small writes leave at once */
  unsigned keepalive; /* seconds of silence until it is asked whether the peer is there; 0: never */
};

/* A new socket that listens; a port of 0 is any.  0, or a negative errno.  `any`: at all
 * addresses of the machine, whatever `address` says but its port. */
int ta_listen_at(const struct ta_address *address, int backlog,
                 const struct ta_socket_options *options, int *fd);
int ta_listen_anywhere(unsigned port, int backlog, const struct ta_socket_options *options,
                       int *fd);

/* At a path.  One that a server has left behind which is there no more is taken; -EADDRINUSE:
 * somebody listens there. */
int ta_listen_at_path(const struct ta_address *address, int backlog, int *fd);

/* The next who has connected: a descriptor, or a negative errno.  -EAGAIN: nobody has. */
int ta_accept(int listener, struct ta_address *peer);

/* Is it an error that says nothing of the listener: only of one who wanted to connect? */
bool ta_is_error_of_peer(int error);

/* A new socket on its way to `to`; `from` may be NULL.  0: it is there; -EINPROGRESS: it is
 * when it can be written to, and ta_connect_outcome() says so; both give *fd.  Or another
 * negative errno. */
int ta_connect_begin(const struct ta_address *to, const struct ta_address *from, int *fd);
int ta_connect_outcome(int fd);

/* Of a socket that is connected, or listens.  What it does not know it need not do. */
int ta_set_socket_options(int fd, int family, const struct ta_socket_options *options);

#endif
