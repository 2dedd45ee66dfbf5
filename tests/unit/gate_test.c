/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/gate.h"
#include "host/removal.h"
#include "host/wall.h"
#include "unit/system.h"
#include "unit/test.h"

static char scratch[PATH_MAX];

static void make_scratch(void) {
  char made[] = "/tmp/tinyasync-XXXXXX";
  CHECK(mkdtemp(made) && realpath(made, scratch));
}

static void drop_scratch(void) {
  CHECK(ta_sweep(scratch) == 0);
}

static const char *at(const char *name) {
  static char paths[8][2 * PATH_MAX];
  static unsigned turn;
  char *path = paths[turn++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
  return path;
}

static struct ta_gate *gate_with(enum ta_gate_kind kind, const char *list) {
  const char *wrong;
  int length;
  struct ta_gate *gate = ta_gate_new();
  CHECK(gate && ta_gate_allow(gate, kind, list, &wrong, &length) == 0);
  return gate;
}

/* ---------------------------------------------------------------- resolving */

static void make_maze(void) {
  CHECK(mkdir(at("in"), 0755) == 0 && mkdir(at("in/deep"), 0755) == 0);
  CHECK(mkdir(at("inner"), 0755) == 0 && mkdir(at("out"), 0755) == 0);
  CHECK(symlink("../out", at("in/away")) == 0 && symlink("deep", at("in/near")) == 0);
  CHECK(symlink(at("out/none"), at("in/dangles")) == 0);
  CHECK(symlink("round", at("in/round")) == 0);
  CHECK(symlink(at("in"), at("out/back")) == 0);
}

/* Where a path of the maze leads, seen from the scratch; itself: of a link the link. */
static void a_path_is_compared_by_where_it_leads(void) {
  static const struct {
    const char *path, *leads;
    bool itself;
  } all[] = {{"in", "in", false},
             {"in/", "in", false},
             {"in//deep/./..", "in", false},
             {"in/../out", "out", false},
             {"in/away", "out", false},
             {"in/away", "in/away", true},
             {"in/away/", "out", true},
             {"in/away/.", "out", true},
             {"in/away/..", "", false},
             {"in/near/..", "in", false},
             {"in/away/back/near", "in/deep", false},
             {"in/dangles", "out/none", false},
             {"in/dangles", "in/dangles", true},
             {"in/none/../../out", "out", false},
             {"in/none/../away/file", "out/file", false},
             {"in/deep/none/more", "in/deep/none/more", false},
             {"in/away/back/away/back/deep", "in/deep", false}};
  char resolved[PATH_MAX], wanted[2 * PATH_MAX];
  make_scratch();
  make_maze();
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    CHECK(ta_resolve(at(all[i].path), all[i].itself, resolved, sizeof resolved) == 0);
    snprintf(wanted, sizeof wanted, "%s%s%s", scratch, all[i].leads[0] ? "/" : "", all[i].leads);
    CHECK_TEXT(resolved, wanted);
  }
  CHECK(ta_resolve(at("in/round"), false, resolved, sizeof resolved) == -ELOOP);
  drop_scratch();
}

static void paths_of_the_root_and_long_ones_are_resolved_too(void) {
  char resolved[PATH_MAX], *path = malloc(3 * PATH_MAX);
  static const char *const roots[] = {"/", "//", "/..", "/../../.", "/./", "/none/.."};
  for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
    CHECK(ta_resolve(roots[i], false, resolved, sizeof resolved) == 0);
    CHECK_TEXT(resolved, "/");
  }
  CHECK(path);
  memset(path, 'x', 3 * PATH_MAX - 1);
  path[3 * PATH_MAX - 1] = '\0';
  CHECK(ta_resolve(path, false, resolved, sizeof resolved) == -ENAMETOOLONG);
  path[0] = '/';
  CHECK(ta_resolve(path, false, resolved, sizeof resolved) == -ENAMETOOLONG);
  memset(path, '/', 3 * PATH_MAX - 1);
  CHECK(ta_resolve(path, false, resolved, sizeof resolved) == -ENAMETOOLONG);
  free(path);
}

/* -------------------------------------------------------------------- paths */

static void a_tree_that_is_allowed_ends_at_its_links(void) {
  static const struct {
    const char *path;
    enum ta_verdict verdict;
  } all[] = {
      {"in", TA_ALLOWED},           {"in/deep/new", TA_ALLOWED}, {"inner", TA_NO_READ},
      {"in/away", TA_NO_READ},      {"in/dangles", TA_NO_READ},  {"in/../out", TA_NO_READ},
      {"out/back", TA_ALLOWED},     {"in/round", TA_NO_READ},    {"", TA_NO_READ},
      {"in/away/back", TA_ALLOWED}, {"in/none/..", TA_ALLOWED},  {"in/none/../..", TA_NO_READ}};
  make_scratch();
  make_maze();
  struct ta_gate *gate = gate_with(TA_GATE_READ, at("in"));
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (ta_gate_path(gate, TA_PATH_READ, at(all[i].path)) != all[i].verdict)
      CHECK_TEXT(all[i].path, "something else");
  CHECK(ta_gate_path(gate, TA_PATH_READ | TA_PATH_ITSELF, at("in/away")) == TA_ALLOWED);
  CHECK(ta_gate_path(gate, TA_PATH_WRITE, at("in")) == TA_NO_WRITE);
  CHECK(ta_gate_path(gate, TA_PATH_EITHER, at("in")) == TA_ALLOWED);
  CHECK(ta_gate_path(NULL, TA_PATH_WRITE, "/") == TA_ALLOWED);
  ta_gate_free(gate);
  drop_scratch();
}

/* To move it there would make it readable. */
static void what_may_not_be_read_is_moved_to_no_place_that_may(void) {
  const char *wrong;
  int length;
  char list[5 * PATH_MAX];
  make_scratch();
  make_maze();
  struct ta_gate *gate = gate_with(TA_GATE_READ, at("in"));
  snprintf(list, sizeof list, "%s,%s", at("in"), at("out"));
  CHECK(ta_gate_allow(gate, TA_GATE_WRITE, list, &wrong, &length) == 0);
  CHECK(ta_gate_move(gate, at("out/secret"), at("out/other")) == TA_ALLOWED);
  CHECK(ta_gate_move(gate, at("in/text"), at("out/other")) == TA_ALLOWED);
  CHECK(ta_gate_move(gate, at("out/secret"), at("in/text")) == TA_NO_READ);
  CHECK(ta_gate_move(gate, at("inner/x"), at("out/x")) == TA_NO_WRITE);
  ta_gate_free(gate);
  drop_scratch();
}

static void modules_are_what_the_templates_would_find(void) {
  char path[4 * PATH_MAX];
  make_scratch();
  make_maze();
  struct ta_gate *gate = gate_with(TA_GATE_WRITE, at("out"));
  snprintf(path, sizeof path, "%s;;none;%s", at("in/?.lua"), at("out/?/init.lua"));
  CHECK(ta_gate_allow_modules(gate, path) == 0);
  CHECK(ta_gate_module(gate, at("in/a/b.lua")) == TA_ALLOWED);
  CHECK(ta_gate_module(gate, at("out/a/init.lua")) == TA_ALLOWED);
  CHECK(ta_gate_module(gate, at("out/a.lua")) == TA_NO_READ);
  CHECK(ta_gate_module(gate, at("in/a.txt")) == TA_NO_READ);
  CHECK(ta_gate_module(gate, at("in/away/a.lua")) == TA_NO_READ);
  CHECK(ta_gate_path(gate, TA_PATH_READ, at("in/a.lua")) == TA_NO_READ);
  ta_gate_free(gate);
  drop_scratch();
}

/* ----------------------------------------------------------------- commands */

static enum ta_verdict run(const struct ta_gate *gate, const char *path) {
  return ta_gate_run(gate, path, NULL, NULL);
}

static void a_command_is_the_program_that_its_name_meant(void) {
  char preload[] = "LD_PRELOAD=/none", tame[] = "LC_ALL=C";
  char *const loads[] = {tame, preload, NULL}, *const harmless[] = {tame, NULL};
  make_scratch();
  CHECK(symlink("/bin/true", at("true")) == 0);
  struct ta_gate *gate = gate_with(TA_GATE_RUN, "true");
  CHECK(run(gate, "/bin/true") == TA_ALLOWED || run(gate, "/usr/bin/true") == TA_ALLOWED);
  CHECK(run(gate, at("true")) == TA_NO_RUN);
  CHECK(run(gate, "/bin/sh") == TA_NO_RUN && run(gate, "true") == TA_NO_RUN);
  CHECK(ta_gate_names_command(gate, "true") && !ta_gate_names_command(gate, "sh"));
  ta_gate_free(gate);
  gate = gate_with(TA_GATE_RUN, at("true"));
  CHECK(run(gate, at("true")) == TA_ALLOWED && run(gate, "/bin/true") == TA_NO_RUN);
  CHECK(ta_gate_run(gate, "./true", scratch, harmless) == TA_ALLOWED);
  CHECK(ta_gate_run(gate, "true", "/", NULL) == TA_NO_RUN);
  CHECK(ta_gate_run(gate, at("true"), NULL, loads) == TA_NO_VARIABLES);
  ta_gate_free(gate);
  gate = gate_with(TA_GATE_RUN, NULL);
  CHECK(ta_gate_run(gate, "/bin/sh", NULL, loads) == TA_ALLOWED);
  ta_gate_free(gate);
  drop_scratch();
}

/* ------------------------------------------------------------------ network */

struct asked {
  const char *host;
  int port;
  enum ta_verdict verdict;
};

static void check_hosts(const struct ta_gate *gate, const struct asked *asked) {
  for (; asked->host; asked++) {
    char text[100], wanted[100];
    snprintf(wanted, sizeof wanted, "%s:%d %d", asked->host, asked->port, asked->verdict);
    snprintf(text, sizeof text, "%s:%d %d", asked->host, asked->port,
             ta_gate_host(gate, asked->host, asked->port));
    CHECK_TEXT(text, wanted);
  }
}

static void hosts_are_compared_as_names_and_addresses_as_numbers(void) {
  static const struct asked all[] = {{"db", 5432, TA_ALLOWED},
                                     {"DB.", 5432, TA_ALLOWED},
                                     {"db", 5433, TA_NO_NET},
                                     {"db", TA_ANY_PORT, TA_ALLOWED},
                                     {"xdb", 5432, TA_NO_NET},
                                     {"any.port", 1, TA_ALLOWED},
                                     {"a.example.org", 443, TA_ALLOWED},
                                     {"a.b.example.org", 443, TA_ALLOWED},
                                     {"example.org", 443, TA_NO_NET},
                                     {"aexample.org", 443, TA_NO_NET},
                                     {"anything", 53, TA_ALLOWED},
                                     {"::1", 80, TA_ALLOWED},
                                     {"0:0::0:1", 80, TA_ALLOWED},
                                     {"::2", 80, TA_NO_NET},
                                     {"10.1.255.3", 9, TA_ALLOWED},
                                     {"::ffff:10.1.0.1", 9, TA_ALLOWED},
                                     {"10.2.0.1", 9, TA_NO_NET},
                                     {"127.0.0.1", 8080, TA_ALLOWED},
                                     {"127.1", 8080, TA_NO_NET},
                                     {"2130706433", 8080, TA_NO_NET},
                                     {"0x7f000001", 8080, TA_NO_NET},
                                     {"localhost", 8080, TA_NO_NET},
                                     {"", 53, TA_ALLOWED},
                                     {"fd00:1::9", 7, TA_ALLOWED},
                                     {"fd00:2::9", 7, TA_NO_NET},
                                     {NULL, 0, TA_ALLOWED}};
  struct ta_gate *gate =
      gate_with(TA_GATE_NET, "db:5432,any.port,*.example.org:443,*:53,[::1]:80,10.1.0.0/16,"
                             "127.0.0.1:8080,[fd00:1::/32]:7");
  check_hosts(gate, all);
  ta_gate_free(gate);
}

static enum ta_verdict ask_address(const struct ta_gate *gate, const char *text, int port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
    return ta_gate_address(gate, (const struct sockaddr *)(const void *)&v4);
  CHECK(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1);
  return ta_gate_address(gate, (const struct sockaddr *)(const void *)&v6);
}

/* Whatever name has led there. */
static void what_is_denied_is_denied_by_its_address(void) {
  static const struct asked all[] = {{"169.254.169.254", 80, TA_DENIED_NET},
                                     {"::ffff:169.254.169.254", 80, TA_DENIED_NET},
                                     {"db", 5432, TA_DENIED_NET},
                                     {"db", 80, TA_ALLOWED},
                                     {"db", TA_ANY_PORT, TA_ALLOWED},
                                     {"127.0.0.1", 25, TA_DENIED_NET},
                                     {"elsewhere", 1, TA_ALLOWED},
                                     {NULL, 0, TA_ALLOWED}};
  const char *wrong;
  int length;
  struct ta_gate *gate = ta_gate_new();
  CHECK(gate && ta_gate_deny_net(gate, "169.254.169.254,db:5432,127.0.0.1:25,[::1]:25", &wrong,
                                 &length) == 0);
  check_hosts(gate, all);
  CHECK(ask_address(gate, "169.254.169.254", 80) == TA_DENIED_NET);
  CHECK(ask_address(gate, "::ffff:169.254.169.254", 80) == TA_DENIED_NET);
  CHECK(ask_address(gate, "0.0.0.0", 25) == TA_DENIED_NET);
  CHECK(ask_address(gate, "::", 25) == TA_DENIED_NET && ask_address(gate, "::1", 26) == TA_ALLOWED);
  CHECK(ask_address(gate, "10.0.0.1", 25) == TA_ALLOWED);
  CHECK(ta_gate_path(gate, TA_PATH_WRITE, "/") == TA_ALLOWED && run(gate, "sh") == TA_ALLOWED);
  CHECK(ta_gate_unix(gate, "/run/x", false) == TA_ALLOWED);
  CHECK(ta_gate_deny_net(gate, NULL, &wrong, &length) == 0);
  CHECK(ta_gate_host(gate, "elsewhere", 1) == TA_DENIED_NET);
  CHECK(ta_gate_unix(gate, "/run/x", false) == TA_DENIED_NET);
  ta_gate_free(gate);
}

static void sockets_of_unix_are_files_or_the_network(void) {
  const char *wrong;
  int length;
  make_scratch();
  struct ta_gate *gate = gate_with(TA_GATE_READ, scratch);
  CHECK(ta_gate_unix(gate, at("socket"), false) == TA_NO_WRITE);
  CHECK(ta_gate_allow(gate, TA_GATE_WRITE, scratch, &wrong, &length) == 0);
  CHECK(ta_gate_unix(gate, at("socket"), false) == TA_ALLOWED);
  CHECK(ta_gate_unix(gate, "@name", true) == TA_NO_NET);
  CHECK(ta_gate_allow(gate, TA_GATE_NET, NULL, &wrong, &length) == 0);
  CHECK(ta_gate_unix(gate, "@name", true) == TA_ALLOWED);
  ta_gate_free(gate);
  drop_scratch();
}

static void what_is_no_list_is_told(void) {
  static const struct {
    enum ta_gate_kind kind;
    const char *list, *wrong;
  } all[] = {{TA_GATE_NET, "db:port", "db:port"},
             {TA_GATE_NET, "a,b:65536,c", "b:65536"},
             {TA_GATE_NET, ":80", ":80"},
             {TA_GATE_NET, "a,", ""},
             {TA_GATE_NET, "[::1", "[::1"},
             {TA_GATE_NET, "[::1]80", "[::1]80"},
             {TA_GATE_NET, "10.0.0.0/33", "10.0.0.0/33"},
             {TA_GATE_NET, "name/8", "name/8"},
             {TA_GATE_NET, "db:", "db:"},
             {TA_GATE_NET, "db:+1", "db:+1"},
             {TA_GATE_NET, "db:1x", "db:1x"},
             {TA_GATE_READ, "", ""},
             {TA_GATE_READ, "/a,,/b", ""},
             {TA_GATE_RUN, "", ""}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const char *wrong;
    int length;
    struct ta_gate *gate = ta_gate_new();
    CHECK(gate && ta_gate_allow(gate, all[i].kind, all[i].list, &wrong, &length) == -EINVAL);
    char text[100];
    snprintf(text, sizeof text, "%.*s", length, wrong);
    CHECK_TEXT(text, all[i].wrong);
    ta_gate_free(gate);
  }
}

/* ----------------------------------------------------------------- failures */

static void a_gate_for_which_there_is_no_memory_is_none(void) {
  static const char *const lists[] = {"/a,/b,/c,/d,/e,/f", "/g", "true,/bin/sh", "a:1,b,[::1]:5"};
  for (int kind = 0; kind < TA_GATE_KINDS; kind++) {
    unsigned nth = 1;
    int error = -ENOMEM;
    for (; error; nth++) {
      const char *wrong;
      int length;
      struct ta_gate *gate = ta_gate_new();
      CHECK(gate && nth < 100);
      system_fail(SYSTEM_ALLOCATE, nth, ENOMEM);
      error = ta_gate_allow(gate, (enum ta_gate_kind)kind, lists[kind], &wrong, &length);
      system_go_well();
      CHECK(error == 0 || error == -ENOMEM);
      ta_gate_free(gate);
    }
  }
}

static int count_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  CHECK(directory);
  while (readdir(directory)) count++;
  closedir(directory);
  return count;
}

/* A descriptor that cannot be had must not make it wider, as a name that is not there does. */
static void a_wall_that_cannot_be_made_leaves_nothing(void) {
  struct ta_gate *gate = gate_with(TA_GATE_WRITE, "/tmp/none/none");
  int before = count_descriptors(), error = -EMFILE;
  gate->has_wall = true;
  for (unsigned nth = 1; error; nth++) {
    int wall;
    CHECK(nth < 1000);
    system_fail(SYSTEM_OPEN, nth, EMFILE);
    error = ta_wall_for_child(gate, &wall);
    system_go_well();
    CHECK(error == 0 || (error == -EMFILE && wall == -1));
    if (wall >= 0) close(wall);
    CHECK(count_descriptors() == before);
  }
  ta_gate_free(gate);
}

const struct test gate_tests[] = {TEST(a_path_is_compared_by_where_it_leads),
                                  TEST(paths_of_the_root_and_long_ones_are_resolved_too),
                                  TEST(a_tree_that_is_allowed_ends_at_its_links),
                                  TEST(what_may_not_be_read_is_moved_to_no_place_that_may),
                                  TEST(modules_are_what_the_templates_would_find),
                                  TEST(a_command_is_the_program_that_its_name_meant),
                                  TEST(hosts_are_compared_as_names_and_addresses_as_numbers),
                                  TEST(what_is_denied_is_denied_by_its_address),
                                  TEST(sockets_of_unix_are_files_or_the_network),
                                  TEST(what_is_no_list_is_told),
                                  TEST(a_gate_for_which_there_is_no_memory_is_none),
                                  TEST(a_wall_that_cannot_be_made_leaves_nothing),
                                  TESTS_END};
