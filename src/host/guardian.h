/* SPDX-License-Identifier: MIT
 *
 * guardian.h -- a process that sees this one go, and ends what it leaves.
 *
 * It is told of each process group that begins and ends.  When nobody can tell it any
 * more, however that came about, it kills those that are left, and takes the terminal from
 * them, and removes the paths that it was told of.  It is this program, executed again before it
 * has done anything else.  Whoever leaves its group, with setsid, escapes it.
 */
#ifndef TA_HOST_GUARDIAN_H
#define TA_HOST_GUARDIAN_H

#include <stdbool.h>
#include <sys/types.h>

struct ta_guardian {
  pid_t pid; /* 0: none runs */
  int notes; /* the descriptor to tell it by, when it runs */
};

/* Starts it if it does not run.  `program` executes as the guardian when its name is
 * TA_GUARDIAN_NAME.  0, or a negative errno. */
int ta_guardian_start(struct ta_guardian *guardian, const char *program);

/* Tells it, before all else, how it would find the terminal now.  0, or a negative errno. */
int ta_guardian_note_home(int notes);

/* Tells it of a group that begins, or has ended.  Also in a child that was forked off, where
 * it asks nothing of the C library.  0, or -1 with errno: it has gone, or does not listen. */
int ta_guardian_note(int notes, pid_t group, bool begins);

/* What is to go with us, whoever ends us: a file, or a directory with all that is in it.  Its
 * name is one that nobody could guess, so that it is ours or nothing. */
enum ta_guarded { TA_GUARDED_FILE, TA_GUARDED_TREE, TA_GUARDED_NO_MORE };

/* Tells it of the absolute path, before it is made and when it has gone.  In any thread.  0; or a
 * negative errno, and it knows nothing: -ENAMETOOLONG, where that would not go in one piece. */
int ta_guardian_note_path(int notes, enum ta_guarded what, const char *path);

/* It is not needed any more: lets it end.  Groups that it was not told the end of are killed. */
void ta_guardian_end(struct ta_guardian *guardian);

/* It has gone, or does not listen: it is ended, and kills nobody. */
void ta_guardian_drop(struct ta_guardian *guardian);

#define TA_GUARDIAN_NAME "tinyasync-guardian"

/* To be asked first of all in main(): was this program executed as a guardian?  One that does
 * not ask is no guardian. */
bool ta_guardian_is_meant(int argc, char **argv);

/* What to execute as the guardian: this program, or NULL when it has not asked. */
const char *ta_guardian_program(void);

/* Then it is one.  Gives the exit status. */
int ta_guardian_be(void);

#endif
