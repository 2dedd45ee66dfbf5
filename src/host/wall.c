/* SPDX-License-Identifier: MIT */
#include "host/wall.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/landlock.h"
#include "host/modules.h"

/* As <linux/landlock.h> has them, which may be older than the kernel. */
#define EXECUTE (UINT64_C(1) << 0)
#define WRITE_FILE (UINT64_C(1) << 1)
#define READ_FILE (UINT64_C(1) << 2)
#define READ_DIR (UINT64_C(1) << 3)
#define REMOVE_DIR (UINT64_C(1) << 4)
#define REMOVE_FILE (UINT64_C(1) << 5)
#define MAKE_DIR (UINT64_C(1) << 7)
#define MAKE_REG (UINT64_C(1) << 8)
#define MAKE_SOCK (UINT64_C(1) << 9)
#define MAKE_FIFO (UINT64_C(1) << 10)
#define MAKE_SYM (UINT64_C(1) << 12)
#define REFER (UINT64_C(1) << 13)
#define TRUNCATE (UINT64_C(1) << 14)
#define ALL_OF_1 ((UINT64_C(1) << 13) - 1)

#define BIND_TCP (UINT64_C(1) << 0)
#define CONNECT_TCP (UINT64_C(1) << 1)
#define ABSTRACT_SOCKETS (UINT64_C(1) << 0)

#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE)
#define READS (READ_FILE | READ_DIR)
#define CHANGES (WRITE_FILE | TRUNCATE)
#define BESIDE (CHANGES | READ_DIR | MAKE_REG | REMOVE_FILE | REFER)
#define WRITES (BESIDE | REMOVE_DIR | MAKE_DIR | MAKE_SOCK | MAKE_FIFO | MAKE_SYM)

#define DNS_PORT 53

struct wall {
  const struct ta_gate *gate;
  struct ta_landlock_set set;
  int version, fd, error;
};

/* ------------------------------------------------------------------- rules */

static void note(struct wall *wall, long result) {
  if (result < 0 && !wall->error) wall->error = -errno;
}

static void add_fd(struct wall *wall, int fd, uint64_t rights) {
  struct stat about;
  if (fstat(fd, &about) != 0) return;
  if (!S_ISDIR(about.st_mode)) rights &= OF_FILES;
  rights &= wall->set.files;
  if (!rights) return;
  /* What cannot have a rule, as what is in no tree, stays closed. */
  if (ta_landlock_allow_path(wall->fd, fd, rights) != 0 && errno == ENOMEM) note(wall, -1);
}

/* What is not there needs no rule.  False: it is not. */
static bool add(struct wall *wall, const char *path, uint64_t rights) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return false;
  if (fd < 0 && errno != EACCES) note(wall, fd);
  if (fd < 0) return true;
  add_fd(wall, fd, rights);
  close(fd);
  return true;
}

static void add_all(struct wall *wall, const char *const *paths, uint64_t rights) {
  for (; *paths; paths++) add(wall, *paths, rights);
}

/* Where the link leads others are made in its place. */
static void add_directory_of(struct wall *wall, const char *link) {
  char path[PATH_MAX];
  if (!realpath(link, path) || strncmp(path, "/run/", 5) != 0) return;
  *strrchr(path, '/') = '\0';
  add(wall, path, READS);
}

/* ------------------------------------------------- what programs need to run */

static const char *const libraries[] = {"/usr",   "/lib",    "/lib32",
                                        "/lib64", "/libx32", "/bin",
                                        "/sbin",  "/proc",   "/sys/devices/system/cpu",
                                        NULL};

/* Who is who, /etc/passwd, is not among them. */
static const char *const settings[] = {
    "/etc/ld.so.cache", "/etc/ld.so.preload",   "/etc/nsswitch.conf",
    "/etc/hosts",       "/etc/host.conf",       "/etc/resolv.conf",
    "/etc/gai.conf",    "/etc/services",        "/etc/protocols",
    "/etc/localtime",   "/etc/timezone",        "/etc/ssl",
    "/etc/pki",         "/etc/ca-certificates", "/etc/alternatives",
    "/etc/terminfo",    "/etc/locale.alias",    NULL};

static const char *const devices[] = {"/dev/null",   "/dev/zero",    "/dev/full",
                                      "/dev/random", "/dev/urandom", "/dev/tty",
                                      "/dev/ptmx",   "/dev/pts",     NULL};

/* Its name is a text in the program: the dynamic linker, which the kernel executes. */
static void add_linker(struct wall *wall, const struct dl_phdr_info *info) {
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_INTERP)
      add(wall, (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr), EXECUTE | READ_FILE);
}

static int add_loaded(struct dl_phdr_info *info, size_t size, void *data) {
  struct wall *wall = data;
  (void)size;
  if (info->dlpi_name && info->dlpi_name[0]) add(wall, info->dlpi_name, READ_FILE);
  if (!info->dlpi_name || !info->dlpi_name[0]) add_linker(wall, info);
  return 0;
}

/* Ours are found beside the program; the guardian is the program. */
static void add_program(struct wall *wall) {
  char path[PATH_MAX];
  dl_iterate_phdr(add_loaded, wall);
  add(wall, "/proc/self/exe", EXECUTE | READ_FILE);
  for (int i = 0; ta_module_directory(i, path, sizeof path) == 0; i++) add(wall, path, READS);
}

static void add_basics(struct wall *wall) {
  add_all(wall, libraries, READS);
  add_all(wall, settings, READS);
  add_all(wall, devices, READS | WRITE_FILE);
  add_directory_of(wall, "/etc/resolv.conf");
  add_program(wall);
}

/* ------------------------------------------------------------------- the gate's */

static bool is_directory(const char *path) {
  struct stat about;
  return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Leaves the directory of it, which is absolute.  False: it has none. */
static bool cut_name(char *path) {
  char *slash = strrchr(path, '/');
  if (!slash || !slash[1]) return false;
  slash[slash == path] = '\0';
  return true;
}

/* What is not there yet is made in the nearest directory that is. */
static void add_nearest(struct wall *wall, const char *path, uint64_t rights) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", path);
  while (!add(wall, parent, rights) && cut_name(parent)) continue;
}

/* A file is replaced by one that is made beside it, in a directory that is there. */
static void add_beside(struct wall *wall, const char *path) {
  char parent[PATH_MAX];
  snprintf(parent, sizeof parent, "%s", path);
  if (cut_name(parent)) add(wall, parent, BESIDE);
}

/* `strict`: only what is there. */
static void add_allowed(struct wall *wall, const char *path, uint64_t rights, bool strict) {
  if (strict)
    add(wall, path, rights);
  else
    add_nearest(wall, path, rights);
}

static void add_writing(struct wall *wall, const char *path, bool strict) {
  add_allowed(wall, path, WRITES, strict);
  if (!strict && !is_directory(path)) add_beside(wall, path);
}

static void add_lists(struct wall *wall, bool strict) {
  const struct ta_gate_list *reads = &wall->gate->lists[TA_GATE_READ];
  const struct ta_gate_list *writes = &wall->gate->lists[TA_GATE_WRITE];
  if (reads->all) add(wall, "/", READS);
  for (size_t i = 0; i < reads->count; i++) add_allowed(wall, reads->items[i], READS, strict);
  if (writes->all) add(wall, "/", WRITES);
  for (size_t i = 0; i < writes->count; i++) add_writing(wall, writes->items[i], strict);
}

/* What is installed with programs in the directory, if that is "bin": it is changed. */
static void add_installed(struct wall *wall, char *directory) {
  static const char *const parts[] = {"lib", "lib64", "libexec", "share", NULL};
  const char *slash = strrchr(directory, '/');
  if (!slash || strcmp(slash, "/bin") != 0 || !cut_name(directory)) return;
  for (int i = 0; parts[i]; i++) {
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", directory, parts[i]);
    add(wall, path, READS);
  }
}

static void add_command(struct wall *wall, const char *command) {
  char path[PATH_MAX];
  if (!realpath(command, path)) return;
  add(wall, path, READ_FILE);
  if (cut_name(path)) add_installed(wall, path);
}

/* All that are found without a slash. */
static void add_search_path(struct wall *wall) {
  char directory[PATH_MAX];
  for (const char *at = getenv("PATH"); at && *at;) {
    int length = (int)strcspn(at, ":");
    snprintf(directory, sizeof directory, "%.*s", length, at);
    if (directory[0] == '/') {
      add(wall, directory, READS);
      add_installed(wall, directory);
    }
    at += length + (at[length] == ':');
  }
}

/* What a command starts nobody knows before; each is to be read, where it is found. */
static void add_commands(struct wall *wall) {
  const struct ta_gate_list *commands = &wall->gate->lists[TA_GATE_RUN];
  if (!commands->all && commands->count == 0) return;
  add(wall, "/", EXECUTE);
  for (size_t i = 0; i < commands->count; i++) add_command(wall, commands->items[i]);
  if (commands->all) add_search_path(wall);
}

static void add_modules(struct wall *wall, const char *script) {
  const struct ta_gate_list *modules = &wall->gate->modules;
  if (script) add(wall, script, READ_FILE);
  for (size_t i = 0; i < modules->count; i += 2) add(wall, modules->items[i], READS);
}

/* ----------------------------------------------------------------- network */

/* Only all of it, and ports, can be told apart.  False: nothing can be refused. */
static bool closes_net(const struct ta_gate *gate) {
  if (gate->denied.all) return true;
  if (!gate->closed || gate->net.all) return false;
  for (size_t i = 0; i < gate->net.count; i++)
    if (gate->net.items[i].port == TA_ANY_PORT) return false;
  return true;
}

static void add_port(struct wall *wall, int port, uint64_t rights) {
  note(wall, ta_landlock_allow_port(wall->fd, port, rights & wall->set.net));
}

/* Long answers to questions of names come by TCP. */
static void add_ports(struct wall *wall) {
  const struct ta_gate_nets *net = &wall->gate->net;
  if (!wall->set.net || wall->gate->denied.all) return;
  for (size_t i = 0; i < net->count; i++) {
    add_port(wall, net->items[i].port, BIND_TCP | CONNECT_TCP);
    if (!net->items[i].family) add_port(wall, DNS_PORT, CONNECT_TCP);
  }
  if (net->count > 0) add_port(wall, 0, BIND_TCP);
}

/* ------------------------------------------------------------------- the wall */

static bool closes_files(const struct ta_gate *gate) {
  const struct ta_gate_list *commands = &gate->lists[TA_GATE_RUN];
  return ta_gate_closes(gate, TA_GATE_READ) || ta_gate_closes(gate, TA_GATE_WRITE) ||
         (gate->closed && !commands->all && commands->count == 0);
}

/* What this kernel can refuse of what is to be refused. */
static void choose(struct wall *wall) {
  const struct ta_gate *gate = wall->gate;
  struct ta_landlock_set *set = &wall->set;
  bool files = closes_files(gate);
  if (files) set->files = ALL_OF_1;
  if (files && wall->version >= 2) set->files |= REFER;
  if (files && wall->version >= 3) set->files |= TRUNCATE;
  if (!closes_net(gate)) return;
  if (wall->version >= 4) set->net = BIND_TCP | CONNECT_TCP;
  if (wall->version >= 6) set->scoped = ABSTRACT_SOCKETS;
}

static int version_of_kernel(void) {
  const char *wish = getenv("TINYASYNC_LANDLOCK");
  if (wish && strcmp(wish, "off") == 0) return 0;
  return ta_landlock_version();
}

/* Without a descriptor, -1, it has none. */
static struct wall begin(const struct ta_gate *gate) {
  struct wall wall = {.gate = gate, .fd = -1, .version = version_of_kernel()};
  if (wall.version > 0) choose(&wall);
  if (!wall.set.files && !wall.set.net) return wall;
  wall.fd = ta_landlock_new(&wall.set, wall.version);
  note(&wall, wall.fd);
  return wall;
}

static void fill(struct wall *wall, const char *script, bool strict) {
  add_ports(wall);
  if (!wall->set.files) return;
  add_basics(wall);
  add_lists(wall, strict);
  add_commands(wall);
  if (!strict) add_modules(wall, script);
}

static int put_up(const struct wall *wall) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
  return ta_landlock_restrict(wall->fd) == 0 ? 0 : -errno;
}

int ta_wall_put_up(struct ta_gate *gate, const char *script) {
  struct wall wall = begin(gate);
  if (wall.fd < 0) return wall.error;
  fill(&wall, script, false);
  int error = wall.error ? wall.error : put_up(&wall);
  close(wall.fd);
  gate->has_wall = !error && wall.set.files;
  return error ? error : 1;
}

int ta_wall_for_child(const struct ta_gate *gate, int *wall) {
  struct wall made = gate && gate->has_wall ? begin(gate) : (struct wall){.fd = -1};
  if (made.fd >= 0) fill(&made, NULL, true);
  *wall = made.fd;
  if (!made.error) return 0;
  if (made.fd >= 0) close(made.fd);
  *wall = -1;
  return made.error;
}

#else

int ta_wall_put_up(struct ta_gate *gate, const char *script) {
  (void)gate, (void)script;
  return 0;
}

int ta_wall_for_child(const struct ta_gate *gate, int *wall) {
  (void)gate;
  *wall = -1;
  return 0;
}

#endif
