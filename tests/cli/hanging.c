/* SPDX-License-Identifier: MIT
 *
 * hanging.c -- a file system whose server hangs: for tests, in namespaces of their own.
 *
 *   hanging DIRECTORY SECONDS COMMAND...
 *
 * is mounted there while the command runs, for so long at most (status 99), and ends with its
 * status; 77: it cannot be mounted.  Of whatever is called hang... nothing is ever heard.  The
 * file "slow" can be opened; what is read from it or written to it, and its closing, waits until
 * somebody asks for "release", once, which there is not.  Of "long", which has ten bytes, that is
 * said once when it was opened, and then no sooner either.  "mine" and what else is made there is
 * no better.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLOW = 2, LONG }; /* nodes */
#define ROOM (1 << 17)
#define MOST 256

static int device;
static bool released, is_told;

/* Requests that wait for their answers. */
static struct {
  uint64_t unique, node;
  uint32_t opcode, size;
} held[MOST];
static int count;

static void answer(uint64_t unique, int error, const void *bytes, size_t size) {
  char text[sizeof(struct fuse_out_header) + 512];
  struct fuse_out_header head = {(uint32_t)(sizeof head + size), error, unique};
  memcpy(text, &head, sizeof head);
  if (size > 0) memcpy(text + sizeof head, bytes, size);
  if (write(device, text, head.len) < 0) return; /* whoever asked has gone */
}

static struct fuse_attr about(uint64_t node) {
  struct fuse_attr attr = {
      .ino = node, .nlink = 1, .mode = node >= SLOW ? S_IFREG | 0666 : S_IFDIR | 0777};
  if (node == LONG) attr.size = 10;
  return attr;
}

static void do_now(const struct fuse_in_header *in, uint32_t size) {
  struct fuse_write_out written = {.size = size};
  struct fuse_attr_out attr = {.attr = about(in->nodeid)};
  if (in->opcode == FUSE_WRITE)
    answer(in->unique, 0, &written, sizeof written);
  else if (in->opcode == FUSE_GETATTR)
    answer(in->unique, 0, &attr, sizeof attr);
  else
    answer(in->unique, 0, NULL, 0);
}

static void hold(const struct fuse_in_header *in, uint32_t size) {
  if (count == MOST) exit(70);
  held[count].unique = in->unique;
  held[count].node = in->nodeid;
  held[count].opcode = in->opcode;
  held[count++].size = size;
}

static void release(void) {
  released = true;
  for (int i = 0; i < count; i++) {
    struct fuse_in_header in = {
        .unique = held[i].unique, .opcode = held[i].opcode, .nodeid = held[i].node};
    if (in.opcode != FUSE_LOOKUP) do_now(&in, held[i].size);
  }
  count = 0;
}

/* Whoever waits has been killed, or a signal has come. */
static void interrupt(const struct fuse_interrupt_in *in) {
  for (int i = 0; i < count; i++)
    if (held[i].unique == in->unique) {
      answer(in->unique, -EINTR, NULL, 0);
      held[i] = held[--count];
      return;
    }
}

static void look_up(const struct fuse_in_header *in, const char *name) {
  uint64_t node = strcmp(name, "long") == 0 ? LONG : SLOW;
  struct fuse_entry_out entry = {.nodeid = node, .generation = 1, .attr = about(node)};
  if (strncmp(name, "hang", 4) == 0)
    hold(in, 0);
  else if (node == LONG || strcmp(name, "slow") == 0)
    answer(in->unique, 0, &entry, sizeof entry);
  else
    answer(in->unique, -ENOENT, NULL, 0);
  if (strcmp(name, "release") == 0) release();
}

static void measure(const struct fuse_in_header *in) {
  bool waits = in->nodeid == LONG && is_told && !released;
  is_told |= in->nodeid == LONG;
  if (waits)
    hold(in, 0);
  else
    do_now(in, 0);
}

static void serve(const struct fuse_in_header *in, const void *body) {
  struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 65536, .max_readahead = 65536};
  struct fuse_attr_out attr = {.attr = about(in->nodeid)};
  struct fuse_open_out open = {.open_flags = FOPEN_DIRECT_IO};
  const struct fuse_write_in *write_in = body;
  uint32_t size = in->opcode == FUSE_WRITE ? write_in->size : 0;
  switch (in->opcode) {
  case FUSE_INIT:
    answer(in->unique, 0, &init, sizeof init);
    return;
  case FUSE_LOOKUP:
    look_up(in, body);
    return;
  case FUSE_GETATTR:
    measure(in);
    return;
  case FUSE_SETATTR:
    answer(in->unique, 0, &attr, sizeof attr);
    return;
  case FUSE_OPEN:
    is_told &= in->nodeid != LONG;
    answer(in->unique, 0, &open, sizeof open);
    return;
  case FUSE_OPENDIR:
    answer(in->unique, 0, &open, sizeof open);
    return;
  case FUSE_INTERRUPT:
    interrupt(body);
    return;
  case FUSE_FORGET:
  case FUSE_BATCH_FORGET:
    return;
  case FUSE_READ:
  case FUSE_WRITE:
  case FUSE_FLUSH:
    if (released)
      do_now(in, size);
    else
      hold(in, size);
    return;
  case FUSE_RELEASE:
  case FUSE_RELEASEDIR:
    answer(in->unique, 0, NULL, 0);
    return;
  case FUSE_MKDIR:
  case FUSE_CREATE:
  case FUSE_MKNOD:
  case FUSE_READDIR:
    hold(in, 0);
    return;
  default:
    answer(in->unique, -ENOSYS, NULL, 0);
  }
}

static int end_with(pid_t child, bool late) {
  int status;
  if (late) kill(child, SIGKILL);
  for (int i = 0; i < 500; i++) { /* it may have to be interrupted */
    struct pollfd asked = {.fd = device, .events = POLLIN};
    static char bytes[ROOM];
    if (waitpid(child, &status, WNOHANG) == child)
      return late ? 99 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (poll(&asked, 1, 10) > 0 && read(device, bytes, sizeof bytes) > 0)
      serve((void *)bytes, bytes + sizeof(struct fuse_in_header));
  }
  return 125;
}

static int attend(pid_t child, int seconds) {
  static char bytes[ROOM];
  time_t end = time(NULL) + seconds;
  siginfo_t info;
  while (time(NULL) < end) {
    struct pollfd asked = {.fd = device, .events = POLLIN};
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
      return end_with(child, false);
    if (poll(&asked, 1, 10) > 0 && read(device, bytes, sizeof bytes) > 0)
      serve((void *)bytes, bytes + sizeof(struct fuse_in_header));
  }
  return end_with(child, true);
}

int main(int count_of_words, char **words) {
  char options[100];
  if (count_of_words < 4) return 2;
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) return 77;
  snprintf(options, sizeof options, "fd=%d,rootmode=40777,user_id=0,group_id=0", device);
  if (mount("hanging", words[1], "fuse.hanging", MS_NOSUID | MS_NODEV, options) != 0) return 77;
  pid_t child = fork();
  if (child == 0) {
    execv(words[3], words + 3);
    _exit(127);
  }
  return attend(child, atoi(words[2]));
}
