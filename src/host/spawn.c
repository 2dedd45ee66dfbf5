/* SPDX-License-Identifier: MIT */
#include "host/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/guardian.h"
#include "host/landlock.h"
#include "host/signals.h"
#include "host/vfork.h"

#define FDS 3
#define MOST_TO_MARK 65536 /* descriptors, where the kernel cannot do it at once */

/* Shared by parent and child, which has the parent's memory until it executes. */
struct shared {
  const struct ta_spawn *spawn;
  const struct ta_started_with *started_with;
  volatile enum ta_spawn_step step;
  volatile int error;
};

/* Of this thread's child: what was to stop it, before it executed. */
static _Thread_local volatile sig_atomic_t stop_came;

/* --------------------------------------------------------------- in the child */

/* Here nothing may be asked of the C library but system calls: its locks may be held. */

static int set_default(int number) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  struct sigaction now_set;
  if (sigaction(number, NULL, &now_set) != 0) return 0; /* the C library's own */
  if (now_set.sa_handler == SIG_DFL || now_set.sa_handler == SIG_IGN) return 0;
  return sigaction(number, &action, NULL);
}

/* A handler of ours must not run here, on our memory. */
static void restore_signals(const struct ta_started_with *started_with, bool has_handlers) {
  struct sigaction ignore = {.sa_handler = SIG_IGN}, by_default = {.sa_handler = SIG_DFL};
  for (int number = 1; number < NSIG; number++)
    if (sigismember(&started_with->ignored, number) == 1)
      sigaction(number, &ignore, NULL);
    else if (sigismember(&started_with->by_default, number) == 1)
      sigaction(number, &by_default, NULL);
    else if (has_handlers)
      set_default(number);
}

static void note_stop(int number) {
  stop_came = number;
}

/* Who is stopped here holds the parent too, which no signal reaches in vfork, and nobody would
 * hear of the stop.  A handler is gone with the execution, so this one does not last. */
static void put_off_stops(void) {
  static const int numbers[] = {SIGTSTP, SIGTTIN, SIGTTOU};
  struct sigaction action = {.sa_handler = note_stop}, now_set;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (sigaction(numbers[i], NULL, &now_set) == 0 && now_set.sa_handler == SIG_DFL)
      sigaction(numbers[i], &action, NULL);
}

static int set_group(const struct ta_spawn *spawn) {
  if (spawn->session) {
    if (setsid() < 0) return -1;
    return ioctl(spawn->fds[0], TIOCSCTTY, 0);
  }
  if (setpgid(0, spawn->group) != 0) return -1;
  if (spawn->terminal >= 0) tcsetpgrp(spawn->terminal, getpgrp()); /* all signals are blocked */
  return 0;
}

/* Those below 3 are moved out of the way first. */
static int set_descriptors(const struct ta_spawn *spawn) {
  int from[FDS];
  for (int i = 0; i < FDS; i++) {
    from[i] = spawn->fds[i];
    if (from[i] < FDS && from[i] != i) from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FDS);
    if (from[i] < 0) return -1;
  }
  for (int i = 0; i < FDS; i++) {
    int done = from[i] == i ? fcntl(i, F_SETFD, 0) : dup2(from[i], i);
    if (done < 0) return -1;
  }
  return 0;
}

/* What others in this process have opened is not for the child. */
static int mark_descriptors(void) {
#if defined(SYS_close_range) && defined(CLOSE_RANGE_CLOEXEC)
  if (syscall(SYS_close_range, FDS, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return 0;
#endif
  for (int fd = FDS; fd < MOST_TO_MARK; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && !(flags & FD_CLOEXEC)) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
  }
  return 0;
}

static int change_directory(const struct ta_spawn *spawn) {
  return spawn->directory ? chdir(spawn->directory) : 0;
}

static int note(const struct ta_spawn *spawn) {
  return spawn->note_to < 0 ? 0 : ta_guardian_note(spawn->note_to, getpid(), true);
}

static int put_up_wall(const struct ta_spawn *spawn) {
  return spawn->wall && *spawn->wall >= 0 ? ta_landlock_restrict(*spawn->wall) : 0;
}

static bool do_step(struct shared *shared, enum ta_spawn_step step, int result) {
  if (result >= 0) return true;
  shared->step = step;
  shared->error = errno;
  return false;
}

static void be_child(void *data, bool has_handlers) {
  struct shared *shared = data;
  const struct ta_spawn *spawn = shared->spawn;
  restore_signals(shared->started_with, has_handlers);
  put_off_stops();
  if (do_step(shared, TA_SPAWN_GROUP, set_group(spawn)) &&
      do_step(shared, TA_SPAWN_DESCRIPTORS, set_descriptors(spawn)) &&
      do_step(shared, TA_SPAWN_DIRECTORY, change_directory(spawn)) &&
      do_step(shared, TA_SPAWN_DESCRIPTORS, mark_descriptors()) &&
      do_step(shared, TA_SPAWN_GUARD, note(spawn)) &&
      do_step(shared, TA_SPAWN_EXECUTE, put_up_wall(spawn))) {
    sigprocmask(SIG_SETMASK, &shared->started_with->mask, NULL);
    execve(spawn->path, spawn->argv, spawn->envp);
    do_step(shared, TA_SPAWN_EXECUTE, -1);
  }
  _exit(127);
}

/* -------------------------------------------------------------- in the parent */

/* The child that could not execute has ended already. */
static void reap(pid_t pid) {
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

int ta_spawn(const struct ta_spawn *spawn, pid_t *pid, enum ta_spawn_step *step) {
  struct ta_started_with started_with;
  struct shared shared = {.spawn = spawn, .started_with = &started_with};
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  ta_signals_started_with(&old, &started_with);
  stop_came = 0;
  *pid = ta_vfork(be_child, &shared);
  if (*pid < 0) do_step(&shared, TA_SPAWN_FORK, -1);
  if (*pid > 0 && !shared.error && stop_came) kill(*pid, stop_came);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  *step = shared.step;
  if (*pid > 0 && shared.error) reap(*pid);
  return -shared.error;
}

/* ------------------------------------------------------------------ searching */

/* 0, or why it cannot be executed. */
static int look_at(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return -errno;
  if (S_ISDIR(status.st_mode)) return -EISDIR;
  return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

static int join(const char *directory, int length, const char *word, char *path, size_t size) {
  const char *slash = length > 0 && directory[length - 1] != '/' ? "/" : "";
  int written = snprintf(path, size, "%.*s%s%s", length, directory, slash, word);
  return written >= 0 && (size_t)written < size ? 0 : -ENAMETOOLONG;
}

/* A path from `directory` is for the child, which has gone there: it is looked at from here. */
static int look_from(const char *directory, const char *path) {
  char from_here[PATH_MAX];
  if (*path == '/' || !directory) return look_at(path);
  int error = join(directory, (int)strlen(directory), path, from_here, sizeof from_here);
  return error ? error : look_at(from_here);
}

/* In a part of the search path, which ends at a colon or with the text. */
static int find_in(const char *part, const char *word, const char *directory, char *path,
                   size_t size) {
  size_t length = strcspn(part, ":");
  if (length == 0) part = ".", length = 1;
  int error = join(part, (int)length, word, path, size);
  return error ? error : look_from(directory, path);
}

static int find_at(const char *word, const char *directory, char *path, size_t size) {
  int error = join("", 0, word, path, size);
  if (!error) error = look_from(directory, path);
  return error == -EISDIR ? -EACCES : error;
}

int ta_find_program(const char *word, const char *search, const char *directory, char *path,
                    size_t size) {
  int found = -ENOENT;
  if (!*word) return found;
  if (strchr(word, '/')) return find_at(word, directory, path, size);
  for (const char *at = search ? search : "/usr/local/bin:/usr/bin:/bin"; at;) {
    int error = find_in(at, word, directory, path, size);
    if (!error) return 0;
    if (error == -EACCES || error == -ENAMETOOLONG) found = error;
    at = strchr(at, ':');
    if (at) at++;
  }
  return found;
}

bool ta_read_interpreter(const char *path, char *interpreter, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  ssize_t count = read(fd, interpreter, size - 1);
  close(fd);
  if (count < 3 || memcmp(interpreter, "#!", 2) != 0) return false;
  interpreter[count] = '\0';
  char *start = interpreter + 2 + strspn(interpreter + 2, " \t");
  size_t length = strcspn(start, " \t\r\n");
  memmove(interpreter, start, length);
  interpreter[length] = '\0';
  return length > 0;
}
