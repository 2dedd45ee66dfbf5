/* SPDX-License-Identifier: MIT
 *
 * spawn.h -- starts a program.
 *
 * By vfork: nothing of this process is copied, however large it is, and when the call
 * returns the program runs, or it is known which step failed.  The child has descriptors 0
 * to 2 and no others, and the signal mask and dispositions that this process was started
 * with.  Which program a word means is found here too, before.  Nobody is waited for.
 */
#ifndef TA_HOST_SPAWN_H
#define TA_HOST_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ta_spawn {
  const char *path; /* of the program */
  char *const *argv, *const *envp;
  const char *directory; /* NULL: ours */
  int fds[3];            /* stay the caller's */
  pid_t group;           /* to join; 0: it leads a new one */
  bool session;          /* it leads a new session, whose terminal is fds[0] */
  int terminal;          /* its group is to be in front there; -1: no */
  int note_to;           /* the descriptor of a guardian that is told of it; -1: none */
  const int *wall;       /* a descriptor: see host/wall.h; NULL, or -1: none */
};

/* What cannot be done: the step, and by which errno. */
enum ta_spawn_step {
  TA_SPAWN_FORK,
  TA_SPAWN_GROUP,
  TA_SPAWN_DESCRIPTORS,
  TA_SPAWN_DIRECTORY,
  TA_SPAWN_GUARD, /* the guardian has gone */
  TA_SPAWN_EXECUTE
};

/* The process runs, and is to be waited for.  Else a negative errno, and *step says where;
 * nothing is left then. */
int ta_spawn(const struct ta_spawn *spawn, pid_t *pid, enum ta_spawn_step *step);

/* The program that the word means, as a shell finds it: through `search`, which is as PATH
 * and may be NULL, or from `directory`, which may be NULL, when there is a slash in it.
 * Writes its path.  0; -ENOENT; -EACCES: it is there, and may not be executed;
 * -ENAMETOOLONG. */
int ta_find_program(const char *word, const char *search, const char *directory, char *path,
                    size_t size);

/* Of a program that is there and could not be executed for want of something: writes the
 * interpreter that its first line names.  False: it names none. */
bool ta_read_interpreter(const char *path, char *interpreter, size_t size);

#endif
