/* SPDX-License-Identifier: MIT */
#include "host/gate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/spawn.h"

#define MOST_LINKS 40

/* ---------------------------------------------------------------- resolving */

struct way {
  char *out; /* so far: "" is the root */
  size_t length, size;
  char rest[PATH_MAX]; /* to go */
  unsigned links;
};

static int set_rest(struct way *way, const char *path, size_t length, const char *rest) {
  char all[PATH_MAX];
  int written = snprintf(all, sizeof all, "%.*s%s", (int)length, path, rest);
  if (written < 0 || (size_t)written >= sizeof all) return -ENAMETOOLONG;
  memcpy(way->rest, all, (size_t)written + 1);
  return 0;
}

static void go_up(struct way *way) {
  while (way->length > 0 && way->out[way->length - 1] != '/') way->length--;
  if (way->length > 0) way->length--;
  way->out[way->length] = '\0';
}

static int go_down(struct way *way, const char *name, size_t length) {
  if (way->length + 1 + length >= way->size) return -ENAMETOOLONG;
  way->out[way->length++] = '/';
  memcpy(way->out + way->length, name, length);
  way->length += length;
  way->out[way->length] = '\0';
  return 0;
}

/* What is there is a link perhaps: then its text comes next. */
static int follow(struct way *way, const char *rest) {
  char target[PATH_MAX];
  ssize_t count = readlink(way->out, target, sizeof target);
  if (count < 0) return set_rest(way, "", 0, rest); /* no link, or nothing */
  if ((size_t)count == sizeof target) return -ENAMETOOLONG;
  if (++way->links > MOST_LINKS) return -ELOOP;
  go_up(way);
  if (count > 0 && target[0] == '/') way->out[way->length = 0] = '\0';
  return set_rest(way, target, (size_t)count, rest);
}

static int step(struct way *way, bool itself) {
  const char *name = way->rest + strspn(way->rest, "/");
  size_t length = strcspn(name, "/");
  char rest[PATH_MAX];
  snprintf(rest, sizeof rest, "%s", name + length);
  if (length == 2 && memcmp(name, "..", 2) == 0)
    go_up(way);
  else if (length > 0 && !(length == 1 && name[0] == '.')) {
    int error = go_down(way, name, length);
    if (error) return error;
    if (rest[0] || !itself) return follow(way, rest);
  }
  return set_rest(way, "", 0, rest);
}

int ta_resolve(const char *path, bool itself, char *resolved, size_t size) {
  struct way way = {.out = resolved, .size = size};
  if (!*path) return -ENOENT;
  resolved[0] = '\0';
  if (path[0] != '/') {
    if (!getcwd(resolved, size)) return -errno;
    way.length = strcmp(resolved, "/") == 0 ? 0 : strlen(resolved);
    resolved[way.length] = '\0';
  }
  int error = set_rest(&way, path, strlen(path), "");
  while (!error && way.rest[0]) error = step(&way, itself);
  if (!error && way.length == 0) return size > 1 ? (strcpy(resolved, "/"), 0) : -ENAMETOOLONG;
  return error;
}

/* ------------------------------------------------------------------- making */

struct ta_gate *ta_gate_new(void) {
  return calloc(1, sizeof(struct ta_gate));
}

static void free_list(struct ta_gate_list *list) {
  for (size_t i = 0; i < list->count; i++) free(list->items[i]);
  free(list->items);
}

static void free_nets(struct ta_gate_nets *nets) {
  for (size_t i = 0; i < nets->count; i++) free(nets->items[i].host);
  free(nets->items);
}

void ta_gate_free(struct ta_gate *gate) {
  if (!gate) return;
  for (int kind = 0; kind < TA_GATE_NET; kind++) free_list(&gate->lists[kind]);
  free_list(&gate->commands);
  free_list(&gate->modules);
  free_nets(&gate->net);
  free_nets(&gate->denied);
  free(gate);
}

void ta_gate_leave(struct ta_gate *gate) {
  static struct ta_gate *left; /* where leak checkers find it */
  ta_gate_free(left);
  left = gate;
}

/* Room for one more; false: there is none. */
static bool make_room(void **items, size_t count, size_t *room, size_t size) {
  if (count < *room) return true;
  void *more = realloc(*items, (*room * 2 + 4) * size);
  if (!more) return false;
  *items = more;
  *room = *room * 2 + 4;
  return true;
}

static int add_text(struct ta_gate_list *list, const char *text) {
  void *items = list->items;
  bool has_room = make_room(&items, list->count, &list->room, sizeof *list->items);
  list->items = items;
  char *copy = has_room ? strdup(text) : NULL;
  if (!copy) return -ENOMEM;
  list->items[list->count++] = copy;
  return 0;
}

static int add_path(struct ta_gate_list *list, const char *path, bool itself) {
  char resolved[PATH_MAX];
  int error = ta_resolve(path, itself, resolved, sizeof resolved);
  return error ? error : add_text(list, resolved);
}

/* A name stands for the program that it means now. */
static int add_command(struct ta_gate *gate, const char *word) {
  char path[PATH_MAX];
  int error = add_text(&gate->commands, word);
  if (error || strchr(word, '/'))
    return error ? error : add_path(&gate->lists[TA_GATE_RUN], word, true);
  if (ta_find_program(word, getenv("PATH"), NULL, path, sizeof path) != 0) return 0;
  return add_path(&gate->lists[TA_GATE_RUN], path, true);
}

typedef int add_fn(struct ta_gate *gate, enum ta_gate_kind kind, const char *word);

static int add_word(struct ta_gate *gate, enum ta_gate_kind kind, const char *word) {
  if (kind == TA_GATE_RUN) return add_command(gate, word);
  return add_path(&gate->lists[kind], word, false);
}

/* Word by word. */
static int add_list(struct ta_gate *gate, enum ta_gate_kind kind, const char *list, add_fn *add,
                    const char **wrong, int *length) {
  for (const char *at = list;; at += 1) {
    char word[PATH_MAX];
    size_t size = strcspn(at, ",");
    *wrong = at;
    *length = (int)size;
    if (size == 0 || size >= sizeof word) return -EINVAL;
    memcpy(word, at, size);
    word[size] = '\0';
    int error = add(gate, kind, word);
    if (error) return error == -ENOMEM ? error : -EINVAL;
    at += size;
    if (!*at) return 0;
  }
}

/* ------------------------------------------------------------------- hosts */

static void to_small(char *text) {
  for (; *text; text++)
    if (*text >= 'A' && *text <= 'Z') *text = (char)(*text - 'A' + 'a');
}

/* "host:port", "[v6]:port", either without the port; an address with several colons has none. */
static int split_host(char *word, char **host, int *port) {
  char *colon = strrchr(word, ':');
  *port = TA_ANY_PORT;
  *host = word;
  if (word[0] == '[') {
    char *end = strchr(word, ']');
    if (!end || (end[1] && end[1] != ':')) return -EINVAL;
    colon = end[1] ? end + 1 : NULL;
    *end = '\0';
    *host = word + 1;
  } else if (colon && strchr(word, ':') != colon) {
    return 0;
  }
  if (!colon) return 0;
  char *after;
  long number = colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &after, 10) : -1;
  if (number < 0 || number > 65535 || *after) return -EINVAL;
  *colon = '\0';
  *port = (int)number;
  return 0;
}

static void strip_dot(char *host) {
  size_t length = strlen(host);
  if (length > 1 && host[length - 1] == '.') host[length - 1] = '\0';
}

/* What is mapped is IPv4. */
static void unmap(struct ta_gate_net *net) {
  static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (net->family != AF_INET6 || memcmp(net->address, mapped, sizeof mapped) != 0) return;
  if (net->bits < 96) return;
  memmove(net->address, net->address + 12, 4);
  net->family = AF_INET;
  net->bits -= 96;
}

/* "10.0.0.0/8" and addresses; else it stays a name.  False: so many bits there are not. */
static bool parse_address(struct ta_gate_net *net) {
  char *slash = strchr(net->host, '/');
  if (slash) *slash = '\0';
  if (inet_pton(AF_INET, net->host, net->address) == 1)
    net->family = AF_INET, net->bits = 32;
  else if (inet_pton(AF_INET6, net->host, net->address) == 1)
    net->family = AF_INET6, net->bits = 128;
  if (!slash) return unmap(net), true;
  char *after;
  unsigned long bits = strtoul(slash + 1, &after, 10);
  if (slash[1] < '0' || slash[1] > '9' || *after || !net->family || bits > net->bits) return false;
  net->bits = (unsigned)bits;
  return unmap(net), true;
}

static int parse_net(struct ta_gate_net *net, const char *word) {
  char *copy = strdup(word), *host;
  if (!copy) return -ENOMEM;
  int error = split_host(copy, &host, &net->port);
  net->host = error ? NULL : strdup(host);
  free(copy);
  if (error || !net->host) return error ? error : -ENOMEM;
  to_small(net->host);
  strip_dot(net->host);
  if (net->host[0] && parse_address(net)) return 0;
  free(net->host);
  return -EINVAL;
}

static int add_to_nets(struct ta_gate_nets *nets, const char *word) {
  struct ta_gate_net net = {.port = TA_ANY_PORT};
  void *items = nets->items;
  bool has_room = make_room(&items, nets->count, &nets->room, sizeof *nets->items);
  nets->items = items;
  int error = has_room ? parse_net(&net, word) : -ENOMEM;
  if (!error) nets->items[nets->count++] = net;
  return error;
}

static int add_net(struct ta_gate *gate, enum ta_gate_kind kind, const char *word) {
  (void)kind;
  return add_to_nets(&gate->net, word);
}

static int add_denied(struct ta_gate *gate, enum ta_gate_kind kind, const char *word) {
  (void)kind;
  return add_to_nets(&gate->denied, word);
}

int ta_gate_allow(struct ta_gate *gate, enum ta_gate_kind kind, const char *list,
                  const char **wrong, int *length) {
  gate->closed = true;
  if (list)
    return add_list(gate, kind, list, kind == TA_GATE_NET ? add_net : add_word, wrong, length);
  if (kind == TA_GATE_NET)
    gate->net.all = true;
  else
    gate->lists[kind].all = true;
  return 0;
}

int ta_gate_deny_net(struct ta_gate *gate, const char *list, const char **wrong, int *length) {
  if (list) return add_list(gate, TA_GATE_NET, list, add_denied, wrong, length);
  gate->denied.all = true;
  return 0;
}

bool ta_gate_closes(const struct ta_gate *gate, enum ta_gate_kind kind) {
  if (!gate) return false;
  if (kind != TA_GATE_NET) return gate->closed && !gate->lists[kind].all;
  return (gate->closed && !gate->net.all) || gate->denied.all || gate->denied.count > 0;
}

/* ------------------------------------------------------------------- files */

static bool lies_in(const char *directory, const char *path) {
  size_t length = strlen(directory);
  if (strcmp(directory, "/") == 0) return true;
  return strncmp(directory, path, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static bool ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), size = strlen(ending);
  return length >= size && strcmp(text + length - size, ending) == 0;
}

static bool lists(const struct ta_gate *gate, enum ta_gate_kind kind, const char *resolved) {
  const struct ta_gate_list *list = &gate->lists[kind];
  if (!gate->closed || list->all) return true;
  for (size_t i = 0; i < list->count; i++)
    if (lies_in(list->items[i], resolved)) return true;
  return false;
}

static enum ta_verdict judge(const struct ta_gate *gate, unsigned needs, const char *resolved) {
  bool read = lists(gate, TA_GATE_READ, resolved), write = lists(gate, TA_GATE_WRITE, resolved);
  if (needs & TA_PATH_EITHER) return read || write ? TA_ALLOWED : TA_NO_READ;
  if ((needs & TA_PATH_READ) && !read) return TA_NO_READ;
  return (needs & TA_PATH_WRITE) && !write ? TA_NO_WRITE : TA_ALLOWED;
}

/* What cannot be resolved is refused: nobody knows where it leads. */
static enum ta_verdict refuse(unsigned needs) {
  return needs & (TA_PATH_READ | TA_PATH_EITHER) ? TA_NO_READ : TA_NO_WRITE;
}

static bool is_open(const struct ta_gate *gate) {
  return !ta_gate_closes(gate, TA_GATE_READ) && !ta_gate_closes(gate, TA_GATE_WRITE);
}

enum ta_verdict ta_gate_path(const struct ta_gate *gate, unsigned needs, const char *path) {
  char resolved[PATH_MAX];
  const unsigned any = TA_PATH_READ | TA_PATH_WRITE | TA_PATH_EITHER;
  if (is_open(gate) || !(needs & any) || !*path) return TA_ALLOWED; /* "" is nowhere */
  if (ta_resolve(path, needs & TA_PATH_ITSELF, resolved, sizeof resolved) != 0)
    return refuse(needs);
  return judge(gate, needs, resolved);
}

/* A name for what is there: absolute, without links. */
struct named {
  char path[PATH_MAX];
  bool directory;
};

static int name(struct named *named, const char *path) {
  struct stat about;
  named->directory = lstat(path, &about) == 0 && S_ISDIR(about.st_mode);
  return ta_resolve(path, true, named->path, sizeof named->path);
}

/* Would it be a module under that name, or something in it, which it is not now? */
static bool becomes_module(const struct ta_gate *gate, const struct named *from, const char *to) {
  for (size_t i = 0; i + 1 < gate->modules.count; i += 2) {
    const char *directory = gate->modules.items[i], *ending = gate->modules.items[i + 1];
    bool is = from->directory || ends_with(from->path, ending);
    bool may_be = from->directory || ends_with(to, ending);
    bool lies = lies_in(directory, to) || (from->directory && lies_in(to, directory));
    if (may_be && lies && !(is && lies_in(directory, from->path))) return true;
  }
  return false;
}

/* May something be read that is there under that name, or below it? */
static bool shows(const struct ta_gate *gate, const struct named *from, const char *to) {
  const struct ta_gate_list *reads = &gate->lists[TA_GATE_READ];
  if (lists(gate, TA_GATE_READ, to)) return true;
  for (size_t i = 0; from->directory && i < reads->count; i++)
    if (lies_in(to, reads->items[i])) return true;
  return becomes_module(gate, from, to);
}

enum ta_verdict ta_gate_move(const struct ta_gate *gate, const char *from, const char *to) {
  struct named old, new;
  unsigned needs = TA_PATH_WRITE | TA_PATH_ITSELF;
  if (is_open(gate) || !*from || !*to) return TA_ALLOWED; /* "" is nowhere */
  if (name(&old, from) != 0 || name(&new, to) != 0) return TA_NO_WRITE;
  return judge(gate, shows(gate, &old, new.path) ? needs | TA_PATH_READ : needs, old.path);
}

enum ta_verdict ta_gate_directory(const struct ta_gate *gate, int fd, const char *name) {
  char link[64], path[2 * PATH_MAX];
  if (!ta_gate_closes(gate, TA_GATE_READ)) return TA_ALLOWED;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0 || length == PATH_MAX || path[0] != '/') return TA_NO_READ;
  size_t size = sizeof path - (size_t)length;
  int more = snprintf(path + length, size, "%s%s", name && length > 1 ? "/" : "", name ? name : "");
  return more >= 0 && (size_t)more < size ? judge(gate, TA_PATH_READ, path) : TA_NO_READ;
}

/* ----------------------------------------------------------------- modules */

/* What lies before the first "?", as a directory, and what is behind the last one. */
static int add_template(struct ta_gate *gate, const char *template, size_t length) {
  char text[PATH_MAX];
  if (length >= sizeof text) return 0;
  memcpy(text, template, length);
  text[length] = '\0';
  char *mark = strchr(text, '?');
  if (!mark) return 0;
  const char *ending = strrchr(text, '?') + 1;
  char *slash = mark;
  while (slash > text && *slash != '/') slash--;
  char first = text[0];
  *slash = '\0';
  const char *directory = slash > text ? text : first == '/' ? "/" : ".";
  int error = add_path(&gate->modules, directory, false);
  return error ? error : add_text(&gate->modules, ending);
}

int ta_gate_allow_modules(struct ta_gate *gate, const char *path) {
  int error = 0;
  for (const char *at = path; *at && !error;) {
    size_t length = strcspn(at, ";");
    error = add_template(gate, at, length);
    at += length + (at[length] == ';');
  }
  return error == -ENOMEM ? error : 0;
}

enum ta_verdict ta_gate_module(const struct ta_gate *gate, const char *path) {
  char resolved[PATH_MAX];
  if (!ta_gate_closes(gate, TA_GATE_READ)) return TA_ALLOWED;
  if (ta_resolve(path, false, resolved, sizeof resolved) != 0) return TA_NO_READ;
  for (size_t i = 0; i + 1 < gate->modules.count; i += 2)
    if (lies_in(gate->modules.items[i], resolved) &&
        ends_with(resolved, gate->modules.items[i + 1]))
      return TA_ALLOWED;
  return judge(gate, TA_PATH_READ, resolved);
}

/* ---------------------------------------------------------------- commands */

/* Programs that are linked dynamically load what these say, the last one when they convert
 * texts. */
static bool loads_code(const char *variable) {
  return strncmp(variable, "LD_", 3) == 0 || strncmp(variable, "DYLD_", 5) == 0 ||
         strncmp(variable, "GLIBC_TUNABLES=", 15) == 0 || strncmp(variable, "GCONV_PATH=", 11) == 0;
}

static bool is_ours(const char *variable) {
  extern char **environ;
  for (char **own = environ; own && *own; own++)
    if (strcmp(*own, variable) == 0) return true;
  return false;
}

enum ta_verdict ta_gate_run(const struct ta_gate *gate, const char *path, const char *directory,
                            char *const *environment) {
  char whole[PATH_MAX], resolved[PATH_MAX];
  if (!ta_gate_closes(gate, TA_GATE_RUN)) return TA_ALLOWED;
  bool from = directory && path[0] != '/';
  int written =
      snprintf(whole, sizeof whole, "%s%s%s", from ? directory : "", from ? "/" : "", path);
  if (written < 0 || (size_t)written >= sizeof whole) return TA_NO_RUN;
  if (ta_resolve(whole, true, resolved, sizeof resolved) != 0) return TA_NO_RUN;
  const struct ta_gate_list *list = &gate->lists[TA_GATE_RUN];
  size_t i = 0;
  while (i < list->count && strcmp(list->items[i], resolved) != 0) i++;
  if (i == list->count) return TA_NO_RUN;
  for (; environment && *environment; environment++)
    if (loads_code(*environment) && !is_ours(*environment)) return TA_NO_VARIABLES;
  return TA_ALLOWED;
}

bool ta_gate_names_command(const struct ta_gate *gate, const char *word) {
  if (!ta_gate_closes(gate, TA_GATE_RUN)) return true;
  for (size_t i = 0; i < gate->commands.count; i++)
    if (strcmp(gate->commands.items[i], word) == 0) return true;
  return false;
}

/* ----------------------------------------------------------------- network */

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits) {
  unsigned bytes = bits / 8, rest = bits % 8;
  if (memcmp(a, b, bytes) != 0) return false;
  return rest == 0 || (a[bytes] ^ b[bytes]) >> (8 - rest) == 0;
}

static bool has_host(const struct ta_gate_net *net, const struct ta_gate_net *asked) {
  if (strcmp(net->host, "*") == 0) return true;
  if (net->family)
    return net->family == asked->family && same_bits(net->address, asked->address, net->bits);
  if (asked->family) return false;
  if (strncmp(net->host, "*.", 2) == 0)
    return strlen(asked->host) > strlen(net->host + 1) && ends_with(asked->host, net->host + 1);
  return strcmp(net->host, asked->host) == 0;
}

/* Without a port it is asked whether any of them is among them; `whole`: whether all are. */
static bool has_net(const struct ta_gate_nets *nets, const struct ta_gate_net *asked, bool whole) {
  for (size_t i = 0; i < nets->count; i++) {
    const struct ta_gate_net *net = &nets->items[i];
    bool any = net->port == TA_ANY_PORT || (asked->port == TA_ANY_PORT && !whole);
    if ((any || net->port == asked->port) && has_host(net, asked)) return true;
  }
  return nets->all;
}

static void take_host(struct ta_gate_net *asked, const char *host, char *text, size_t size,
                      int port) {
  snprintf(text, size, "%s", host);
  to_small(text);
  strip_dot(text);
  *asked = (struct ta_gate_net){.host = text, .port = port};
  if (!strchr(text, '/')) parse_address(asked);
}

enum ta_verdict ta_gate_host(const struct ta_gate *gate, const char *host, int port) {
  char text[1100]; /* longer ones are no names, and in no list */
  struct ta_gate_net asked;
  if (!ta_gate_closes(gate, TA_GATE_NET)) return TA_ALLOWED;
  take_host(&asked, host, text, sizeof text, port);
  if (has_net(&gate->denied, &asked, true)) return TA_DENIED_NET;
  return !gate->closed || has_net(&gate->net, &asked, false) ? TA_ALLOWED : TA_NO_NET;
}

static bool take_address(struct ta_gate_net *asked, const struct sockaddr *address) {
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
  static char nothing[] = "";
  bool is_v4 = address->sa_family == AF_INET;
  if (!is_v4 && address->sa_family != AF_INET6) return false;
  *asked = (struct ta_gate_net){.host = nothing, .family = address->sa_family};
  asked->port = ntohs(is_v4 ? v4->sin_port : v6->sin6_port);
  asked->bits = is_v4 ? 32 : 128;
  memcpy(asked->address, is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr,
         is_v4 ? 4 : 16);
  unmap(asked);
  return true;
}

/* The address of no host leads to our own. */
static bool leads_home(struct ta_gate_net *asked) {
  static const unsigned char none[16];
  bool is_v4 = asked->family == AF_INET;
  if (memcmp(asked->address, none, is_v4 ? 4 : 16) != 0) return false;
  if (is_v4) asked->address[0] = 127;
  asked->address[is_v4 ? 3 : 15] = 1;
  return true;
}

enum ta_verdict ta_gate_unix(const struct ta_gate *gate, const char *path, bool abstract) {
  if (!gate) return TA_ALLOWED;
  if (gate->denied.all) return TA_DENIED_NET;
  if (abstract) return gate->closed && !gate->net.all ? TA_NO_NET : TA_ALLOWED;
  return ta_gate_path(gate, TA_PATH_READ | TA_PATH_WRITE, path);
}

static enum ta_verdict ask_local(const struct ta_gate *gate, const struct sockaddr_un *local) {
  char path[sizeof local->sun_path + 1];
  memcpy(path, local->sun_path, sizeof local->sun_path);
  path[sizeof local->sun_path] = '\0';
  return ta_gate_unix(gate, path, !path[0]);
}

enum ta_verdict ta_gate_address(const struct ta_gate *gate, const struct sockaddr *address) {
  struct ta_gate_net asked;
  if (!gate) return TA_ALLOWED;
  if (address->sa_family == AF_UNIX)
    return ask_local(gate, (const struct sockaddr_un *)(const void *)address);
  if (!ta_gate_closes(gate, TA_GATE_NET) || !take_address(&asked, address)) return TA_ALLOWED;
  if (has_net(&gate->denied, &asked, true)) return TA_DENIED_NET;
  return leads_home(&asked) && has_net(&gate->denied, &asked, true) ? TA_DENIED_NET : TA_ALLOWED;
}
