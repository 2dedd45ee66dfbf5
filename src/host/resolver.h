/* SPDX-License-Identifier: MIT
 *
 * resolver.h -- what a name stands for, and what an address is called.
 *
 * The system is asked, getaddrinfo() and getnameinfo(), in threads of a lane: it may take its
 * time, and cannot be broken off.  Who asks what is being asked already shares the answer.  Who
 * does not want it any more closes its lookup and hears nothing; a question that a thread is
 * busy with goes on alone, for whoever asks the same meanwhile.  Nothing is kept that was
 * answered.
 *
 * It knows no Lua.  All of it is for the loop's thread.
 */
#ifndef TA_HOST_RESOLVER_H
#define TA_HOST_RESOLVER_H

#include <stddef.h>

#include "host/address.h"
#include "host/workers.h"

struct ta_answer {
  int error;                          /* 0, or of getaddrinfo(): EAI_NONAME */
  int cause;                          /* a positive errno, of EAI_SYSTEM */
  const struct ta_address *addresses; /* each once, in the order of the system's choice; port 0 */
  size_t count;
  const char *name; /* of an address */
};

struct ta_question;
struct ta_resolver;

/* Called by the loop, once; ta_lookup_answer() has the answer then. */
typedef void ta_answered_fn(void *data);

/* One who asks.  The struct is the owner's, and zero before its first use. */
struct ta_lookup {
  struct ta_question *question; /* NULL: it is closed */
  struct ta_lookup *next, **link;
  ta_answered_fn *tell;
  void *data;
};

/* 0, or -ENOMEM.  To be closed before the workers. */
int ta_resolver_open(struct ta_workers *workers, struct ta_resolver **resolver);

/* Whoever still asks hears nothing more.  Waits for nobody. */
void ta_resolver_close(struct ta_resolver *resolver);

/* Asks for the addresses of the family, or of both for AF_UNSPEC.  0; or a negative errno, and
 * the lookup is closed: there is no memory, or no thread. */
int ta_lookup_start(struct ta_resolver *resolver, const char *name, int family,
                    ta_answered_fn *tell, void *data, struct ta_lookup *lookup);

/* Asks for the name of the address.  Likewise. */
int ta_lookup_start_back(struct ta_resolver *resolver, const struct ta_address *address,
                         ta_answered_fn *tell, void *data, struct ta_lookup *lookup);

/* NULL: there is none yet.  It lasts until the lookup is closed. */
const struct ta_answer *ta_lookup_answer(const struct ta_lookup *lookup);

/* Twice does nothing. */
void ta_lookup_close(struct ta_lookup *lookup);

/* How many questions are being asked, also those that nobody waits for. */
size_t ta_resolver_busy(const struct ta_resolver *resolver);

#endif
