/* SPDX-License-Identifier: MIT */
#include "host/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUCKETS 64
#define LONGEST_NAME 1025 /* NI_MAXHOST */

struct ta_question {
  struct ta_work work; /* first */
  struct ta_resolver *resolver;
  struct ta_question *next, **link;     /* link NULL: in no list */
  struct ta_lookup *waiting, *answered; /* all that are open */
  bool has_answer;
  bool dropped; /* by the pool */
  int family;
  struct ta_address address; /* whose name is wanted; none: the addresses of a name */
  struct ta_answer answer;
  char name[];
};

struct ta_resolver {
  struct ta_workers *workers;
  struct ta_question *asked[BUCKETS];
  struct ta_question *answered; /* and somebody has the answer */
};

/* -------------------------------------------------------------------- lists */

static void join(struct ta_question **list, struct ta_question *question) {
  question->next = *list;
  question->link = list;
  if (question->next) question->next->link = &question->next;
  *list = question;
}

static void leave(struct ta_question *question) {
  if (!question->link) return;
  *question->link = question->next;
  if (question->next) question->next->link = question->link;
  question->link = NULL;
}

static void put_into(struct ta_lookup **list, struct ta_lookup *lookup) {
  lookup->next = *list;
  lookup->link = list;
  if (lookup->next) lookup->next->link = &lookup->next;
  *list = lookup;
}

static void take_out(struct ta_lookup *lookup) {
  *lookup->link = lookup->next;
  if (lookup->next) lookup->next->link = lookup->link;
}

static bool has_lookups(const struct ta_question *question) {
  return question->waiting || question->answered;
}

static void free_question(struct ta_question *question) {
  free((void *)question->answer.addresses);
  free((void *)question->answer.name);
  free(question);
}

/* ---------------------------------------------------------------- in threads */

static bool is_among(const struct ta_address *address, const struct ta_address *list,
                     size_t count) {
  for (size_t i = 0; i < count; i++)
    if (ta_address_equal(address, &list[i])) return true;
  return false;
}

static size_t count_of(const struct addrinfo *list) {
  size_t count = 0;
  for (; list; list = list->ai_next) count++;
  return count;
}

static int copy_addresses(const struct addrinfo *list, struct ta_answer *answer) {
  struct ta_address *addresses = calloc(count_of(list), sizeof *addresses);
  if (!addresses) return EAI_MEMORY;
  answer->addresses = addresses;
  for (; list; list = list->ai_next) {
    struct ta_address *address = &addresses[answer->count];
    bool fits = ta_address_take(list->ai_addr, list->ai_addrlen, address);
    if (fits && !is_among(address, addresses, answer->count)) answer->count++;
  }
  return answer->count > 0 ? 0 : EAI_NONAME;
}

static int ask_for_addresses(struct ta_question *question) {
  struct addrinfo *list;
  struct addrinfo hints = {.ai_family = question->family, .ai_socktype = SOCK_STREAM};
  int error = getaddrinfo(question->name, NULL, &hints, &list);
  if (error) return error;
  error = copy_addresses(list, &question->answer);
  freeaddrinfo(list);
  return error;
}

static int ask_for_name(struct ta_question *question) {
  char name[LONGEST_NAME];
  int error = getnameinfo(&question->address.as.any, question->address.size, name, sizeof name,
                          NULL, 0, NI_NAMEREQD);
  if (error) return error;
  question->answer.name = strdup(name);
  return question->answer.name ? 0 : EAI_MEMORY;
}

/* Where no descriptor can be had the system says that it knows no such name, as it could not
 * read its files. */
static int shortage(void) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int error = fd < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  return error == EMFILE || error == ENFILE ? error : 0;
}

static void run(struct ta_work *work) {
  struct ta_question *question = (struct ta_question *)work;
  struct ta_answer *answer = &question->answer;
  answer->error = question->address.size ? ask_for_name(question) : ask_for_addresses(question);
  answer->cause = answer->error == EAI_SYSTEM ? errno : 0;
  int lacks = answer->error ? shortage() : 0;
  if (!lacks) return;
  answer->error = EAI_SYSTEM;
  answer->cause = lacks;
}

/* ------------------------------------------------------------ in the loop's thread */

/* Whoever is told may close its lookup, and others, and ask again. */
static void done(struct ta_work *work) {
  struct ta_question *question = (struct ta_question *)work;
  struct ta_lookup *lookup;
  leave(question);
  join(&question->resolver->answered, question);
  question->has_answer = true;
  while ((lookup = question->waiting)) {
    take_out(lookup);
    put_into(&question->answered, lookup);
    lookup->tell(lookup->data);
  }
}

/* In another thread one that was abandoned, which nobody knows any more. */
static void drop(struct ta_work *work) {
  struct ta_question *question = (struct ta_question *)work;
  question->dropped = true;
  if (has_lookups(question)) return;
  leave(question);
  free_question(question);
}

const struct ta_answer *ta_lookup_answer(const struct ta_lookup *lookup) {
  const struct ta_question *question = lookup->question;
  return question && question->has_answer ? &question->answer : NULL;
}

/* Nobody wants to know.  What a thread is busy with is dropped when that is done. */
static void forget(struct ta_question *question) {
  bool is_ours =
      question->dropped ||
      (!question->has_answer && ta_work_take_back(question->resolver->workers, &question->work));
  if (!is_ours) return;
  leave(question);
  free_question(question);
}

void ta_lookup_close(struct ta_lookup *lookup) {
  struct ta_question *question = lookup->question;
  if (!question) return;
  take_out(lookup);
  lookup->question = NULL;
  if (!has_lookups(question)) forget(question);
}

/* ------------------------------------------------------------------- asking */

static struct ta_question **bucket_of(struct ta_resolver *resolver, const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
  return &resolver->asked[hash % BUCKETS];
}

static struct ta_question *find(struct ta_question *question, const char *name, int family,
                                const struct ta_address *address) {
  for (; question; question = question->next) {
    if (question->family == family && strcmp(question->name, name) == 0 &&
        ta_address_equal(&question->address, address))
      return question;
  }
  return NULL;
}

/* In its list, and a thread's; what is asked for is the name's, or the address's. */
static int ask(struct ta_resolver *resolver, struct ta_question **list, const char *name,
               int family, const struct ta_address *address, struct ta_question **result) {
  struct ta_question *question = calloc(1, sizeof *question + strlen(name) + 1);
  if (!question) return -ENOMEM;
  question->work = (struct ta_work){.run = run, .done = done, .drop = drop};
  question->resolver = resolver;
  question->family = family;
  question->address = *address;
  memcpy(question->name, name, strlen(name) + 1);
  int error = ta_workers_submit(resolver->workers, TA_LANE_NAMES, &question->work);
  if (error) {
    free(question);
    return error;
  }
  join(list, question);
  *result = question;
  return 0;
}

static int start(struct ta_resolver *resolver, const char *name, int family,
                 const struct ta_address *address, struct ta_lookup *lookup) {
  struct ta_question **list = bucket_of(resolver, name);
  struct ta_question *question = find(*list, name, family, address);
  int error = question ? 0 : ask(resolver, list, name, family, address, &question);
  if (error) return error;
  lookup->question = question;
  put_into(&question->waiting, lookup);
  return 0;
}

int ta_lookup_start(struct ta_resolver *resolver, const char *name, int family,
                    ta_answered_fn *tell, void *data, struct ta_lookup *lookup) {
  static const struct ta_address none;
  *lookup = (struct ta_lookup){.tell = tell, .data = data};
  return start(resolver, name, family, &none, lookup);
}

int ta_lookup_start_back(struct ta_resolver *resolver, const struct ta_address *address,
                         ta_answered_fn *tell, void *data, struct ta_lookup *lookup) {
  char text[TA_ADDRESS_TEXT];
  ta_address_write(address, false, text, sizeof text);
  *lookup = (struct ta_lookup){.tell = tell, .data = data};
  return start(resolver, text, ta_address_family(address), address, lookup);
}

size_t ta_resolver_busy(const struct ta_resolver *resolver) {
  size_t busy = 0;
  for (int i = 0; i < BUCKETS; i++)
    for (struct ta_question *question = resolver->asked[i]; question; question = question->next)
      busy++;
  return busy;
}

/* --------------------------------------------------------------- open, close */

int ta_resolver_open(struct ta_workers *workers, struct ta_resolver **resolver) {
  *resolver = calloc(1, sizeof **resolver);
  if (!*resolver) return -ENOMEM;
  (*resolver)->workers = workers;
  return 0;
}

static void close_all(struct ta_lookup **list) {
  struct ta_lookup *lookup;
  while ((lookup = *list)) {
    take_out(lookup);
    lookup->question = NULL;
  }
}

static void abandon(struct ta_question *question) {
  struct ta_workers *workers = question->resolver->workers;
  close_all(&question->waiting);
  close_all(&question->answered);
  leave(question);
  if (question->dropped)
    free_question(question);
  else
    ta_work_abandon(workers, &question->work);
}

void ta_resolver_close(struct ta_resolver *resolver) {
  for (int i = 0; i < BUCKETS; i++)
    while (resolver->asked[i]) abandon(resolver->asked[i]);
  while (resolver->answered) abandon(resolver->answered);
  free(resolver);
}
