/* SPDX-License-Identifier: MIT
 *
 * net.h -- sockets that listen, and sockets for datagrams.
 *
 * All are non-blocking and close-on-exec.  It waits for nothing: -EAGAIN says that the caller
 * may, with a watch.  Who connects is connect.h's.
 */
#ifndef TA_HOST_NET_H
#define TA_HOST_NET_H

#include <sys/types.h>

#include "host/address.h"
#include "host/connect.h"

/* An address of IPv4 in the form of IPv6 becomes one of IPv4. */
void ta_net_unmap(struct ta_address *address);

/* Where a socket is: 0, or a negative errno with none.  What of IPv4 came by a socket of IPv6 is
 * one of IPv4. */
int ta_net_own(int fd, struct ta_address *address);

/* A new socket that listens; a port of 0 is any.  Of the options it has what is for connections
 * too.  0, or a negative errno. */
int ta_net_listen(const struct ta_address *address, int backlog,
                  const struct ta_connect_options *options, int *fd);

/* The same at all addresses that the system has, of IPv6 and IPv4. */
int ta_net_listen_anywhere(unsigned port, int backlog, const struct ta_connect_options *options,
                           int *fd);

/* The same at a path.  What a server has left there that is no more is removed; -EADDRINUSE:
 * somebody listens there, or it is something else. */
int ta_net_listen_at_path(const struct ta_address *address, int backlog, int *fd);

/* Makes ours what a service manager has opened, whose backlog stays with 0.  0; -EBUSY: it is
 * already; or another negative errno when it is no socket of streams that listens. */
int ta_net_adopt_listener(int fd, int backlog, const struct ta_connect_options *options);

/* The next who has connected: a descriptor, or a negative errno.  -EAGAIN: nobody has. */
int ta_net_accept(int listener, struct ta_address *peer);

/* The process at the other end of a socket of Unix; 0: nobody can tell. */
pid_t ta_net_peer_process(int fd);

/* A new socket for datagrams, at the address; as ta_net_listen(), or with NULL as
 * ta_net_listen_anywhere(). */
int ta_net_open_datagrams(const struct ta_address *address, unsigned port, bool broadcast, int *fd);

/* The next one that has come, cut to `size` bytes, and from whom.  How many bytes it has; -EAGAIN:
 * none has come; or another negative errno. */
ssize_t ta_net_receive(int fd, void *bytes, size_t size, struct ta_address *from);

/* Sends one.  How many bytes; -EAGAIN: not now; or another negative errno. */
ssize_t ta_net_send(int fd, const void *bytes, size_t size, const struct ta_address *to);

/* Does the error say nothing of the listener, but only of one who wanted to connect? */
bool ta_net_is_error_of_peer(int error);

/* Is there no descriptor to be had, or no memory for one: may it go on when others are closed? */
bool ta_net_is_shortage(int error);

#endif
