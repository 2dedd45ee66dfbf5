/* SPDX-License-Identifier: MIT
 *
 * gate.h -- what a script may reach: the one place that decides.
 *
 * A gate is what the command line allows and denies.  It is filled before the script runs, and
 * never changes after that: any thread may ask.  Without a gate, NULL, everything is allowed;
 * one that allows something closes all that it does not name, of every kind.
 *
 * Paths are compared after all links in them were followed, by where they lead now.  Between
 * that and what is done with them others may change links: host/wall.h closes that gap where
 * the kernel can.  It knows no Lua, and none of the functions that ask.
 */
#ifndef TA_HOST_GATE_H
#define TA_HOST_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include "exported.h"

struct sockaddr;

enum ta_gate_kind { TA_GATE_READ, TA_GATE_WRITE, TA_GATE_RUN, TA_GATE_NET, TA_GATE_KINDS };

struct ta_gate;

/* Why not. */
enum ta_verdict {
  TA_ALLOWED,
  TA_NO_READ, /* in the order of the kinds */
  TA_NO_WRITE,
  TA_NO_RUN,
  TA_NO_NET,
  TA_DENIED_NET,  /* by name, or address */
  TA_NO_VARIABLES /* that have a program load code */
};

/* NULL: there is no memory. */
struct ta_gate *ta_gate_new(void);

/* Nobody needs it any more, but for threads that were left behind: it stays until the process
 * ends. */
void ta_gate_leave(struct ta_gate *gate);

void ta_gate_free(struct ta_gate *gate);

/* Allows what the list names, with commas between; NULL: all of the kind.  0; -ENOMEM; or
 * -EINVAL, and `wrong` is the word, as long as `list` is, of `length` bytes. */
int ta_gate_allow(struct ta_gate *gate, enum ta_gate_kind kind, const char *list,
                  const char **wrong, int *length);

/* The same for --deny-net. */
int ta_gate_deny_net(struct ta_gate *gate, const char *list, const char **wrong, int *length);

/* Modules that lie where `path`, as package.path, says may be read as such. */
int ta_gate_allow_modules(struct ta_gate *gate, const char *path);

/* Is anything of the kind refused? */
bool ta_gate_closes(const struct ta_gate *gate, enum ta_gate_kind kind);

/* ------------------------------------------------------------------- files */

enum {
  TA_PATH_READ = 1,
  TA_PATH_WRITE = 2,
  TA_PATH_EITHER = 4, /* one of the two is enough */
  TA_PATH_ITSELF = 8, /* where it is a link, that */
  TA_PATH_MOVED = 16  /* it gets another name: ta_gate_move() is to be asked as well */
};

/* May that be done with the path? */
enum ta_verdict ta_gate_path(const struct ta_gate *gate, unsigned needs, const char *path);

/* May `from` be called `to` from now on?  What may not be read stays so: also by another name. */
enum ta_verdict ta_gate_move(const struct ta_gate *gate, const char *from, const char *to);

/* May the file be read as a module? */
enum ta_verdict ta_gate_module(const struct ta_gate *gate, const char *path);

/* May what is open as a directory be read, or what is called `name` there if that is no NULL? */
enum ta_verdict ta_gate_directory(const struct ta_gate *gate, int fd, const char *name);

/* As a negative errno, where it cannot be said better. */
#define TA_NOT_ALLOWED 4095

/* Where the path leads, also if nothing is there yet: absolute, without links, dots and double
 * slashes; the last part stays if `itself`.  0, or a negative errno. */
int ta_resolve(const char *path, bool itself, char *resolved, size_t size);

/* ---------------------------------------------------------------- commands */

/* May the program at `path`, which begins in `directory` (NULL: ours) if it is relative, be
 * started with that environment? */
enum ta_verdict ta_gate_run(const struct ta_gate *gate, const char *path, const char *directory,
                            char *const *environment);

/* Is a command of that name allowed, wherever it is?  Only then is its lack told. */
bool ta_gate_names_command(const struct ta_gate *gate, const char *word);

/* ----------------------------------------------------------------- network */

#define TA_ANY_PORT (-1)

/* May the host, a name or an address, be spoken to, or listened at, at the port?  TA_ANY_PORT:
 * may it be asked for at all?  What a name leads to is to be asked with ta_gate_address(). */
TA_FOR_MODULES enum ta_verdict ta_gate_host(const struct ta_gate *gate, const char *host, int port);

/* Is the address denied, whatever name has led there?  That of a Unix socket: may it be used? */
TA_FOR_MODULES enum ta_verdict ta_gate_address(const struct ta_gate *gate,
                                               const struct sockaddr *address);

/* May that socket of Unix be used?  Its abstract name, which is no file, needs all of the
 * network. */
enum ta_verdict ta_gate_unix(const struct ta_gate *gate, const char *path, bool abstract);

/* ---------------------------------------------------------- for host/wall.h */

struct ta_gate_list {
  char **items;
  size_t count, room;
  bool all;
};

struct ta_gate_net {
  char *host; /* in small letters; "*": any; "*.name" */
  int port;   /* or TA_ANY_PORT */
  int family; /* AF_INET, AF_INET6; 0: it is a name */
  unsigned char address[16];
  unsigned bits; /* of the address that count */
};

struct ta_gate_nets {
  struct ta_gate_net *items;
  size_t count, room;
  bool all;
};

struct ta_gate {
  bool closed;                            /* something was allowed: the rest is not */
  struct ta_gate_list lists[TA_GATE_NET]; /* resolved */
  struct ta_gate_list commands;           /* names as they were given */
  struct ta_gate_list modules;            /* directory, ending, by turns */
  struct ta_gate_nets net, denied;
  bool has_wall; /* of files: see host/wall.h */
};

#endif
