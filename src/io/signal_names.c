/* SPDX-License-Identifier: MIT */
#include "io/signal_names.h"

#include <signal.h>
#include <string.h>

static const struct {
  const char *name;
  int number;
} names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT},   {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"BUS", SIGBUS},     {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},   {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM},   {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ},
    {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH}, {"IO", SIGIO},
    {"SYS", SIGSYS},
};
#define COUNT (sizeof names / sizeof *names)

int ta_signal_number(const char *name) {
  for (size_t i = 0; i < COUNT; i++)
    if (strcmp(names[i].name, name) == 0) return names[i].number;
  return 0;
}

const char *ta_signal_name(int number) {
  for (size_t i = 0; i < COUNT; i++)
    if (names[i].number == number) return names[i].name;
  return NULL;
}

void ta_push_signal_name(lua_State *L, int number) {
  const char *name = ta_signal_name(number);
  if (name)
    lua_pushstring(L, name);
  else
    lua_pushfstring(L, "%d", number);
}
