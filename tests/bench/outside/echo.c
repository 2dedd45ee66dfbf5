/* SPDX-License-Identifier: MIT
 *
 * echo.c -- the least that echoes: epoll and no more; and who asks it, or others.
 *
 *   echo serve                           listens, writes its port, and serves until it is ended
 *   echo ask PORT CONNECTIONS SECONDS    how many requests of 64 bytes are answered
 *   echo hold PORT CONNECTIONS           connects so many, and writes "held"
 *   echo storm PORT CONNECTIONS          so many, each with one request under way at once
 *   echo drain MEGABYTES                 listens, writes its port, and "drained" when so much has come
 *   echo pour PORT MEGABYTES             connects and writes so much
 *
 * Those that hold, drain and pour then wait until they are ended, or their peer is.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define REQUEST 64
#define EVENTS 256

static _Noreturn void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void watch(int poller, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

/* ------------------------------------------------------------------- serving */

static void answer(int fd) {
  static char bytes[65536];
  ssize_t count = read(fd, bytes, sizeof bytes);
  if (count > 0 && write(fd, bytes, (size_t)count) == count) return;
  close(fd);
}

static int listen_and_tell(int flags) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | flags, 0);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 4096) != 0)
    die("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static int serve(void) {
  struct epoll_event events[EVENTS];
  int listener = listen_and_tell(SOCK_NONBLOCK), poller = epoll_create1(0);
  watch(poller, listener);
  for (;;) {
    int count = epoll_wait(poller, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd, taken;
      if (fd != listener)
        answer(fd);
      else
        while ((taken = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) watch(poller, taken);
    }
  }
}

/* -------------------------------------------------------------------- asking */

static int dial(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  return fd;
}

static const char request[REQUEST + 1] =
    "012345678901234567890123456789012345678901234567890123456789abc\n";

static void ask(int fd) {
  if (write(fd, request, REQUEST) != REQUEST) die("write");
}

/* How many of the connections are answered until the time, or once each. */
static long answers(int poller, double until, long wanted) {
  struct epoll_event events[EVENTS];
  char bytes[REQUEST];
  long answered = 0;
  while (now() < until && answered < wanted) {
    int count = epoll_wait(poller, events, EVENTS, 100);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      if (read(fd, bytes, sizeof bytes) != REQUEST) die("read");
      answered++;
      if (wanted > 1000000000) ask(fd);
    }
  }
  return answered;
}

static void ask_all(int port, int connections, double seconds, long wanted) {
  int poller = epoll_create1(0), *fds = calloc((size_t)connections, sizeof *fds);
  for (int i = 0; i < connections; i++) {
    fds[i] = dial(port);
    watch(poller, fds[i]);
  }
  double began = now();
  for (int i = 0; i < connections; i++) ask(fds[i]);
  long answered = answers(poller, began + seconds, wanted);
  printf("requests=%ld seconds=%.3f\n", answered, now() - began);
  free(fds);
}

static void hold(int port, int connections) {
  for (int i = 0; i < connections; i++) dial(port);
  printf("held\n");
  fflush(stdout);
  pause();
}

/* ------------------------------------------------------------ through a proxy */

static char block[1 << 16];

static int drain(long megabytes) {
  int fd = accept(listen_and_tell(0), NULL, NULL);
  long long left = megabytes * 1000000LL;
  ssize_t count = 1;
  while (left > 0 && (count = read(fd, block, sizeof block)) > 0) left -= count;
  printf("%s\n", left > 0 ? "cut short" : "drained");
  fflush(stdout);
  pause();
  return 0;
}

static void pour(int port, long megabytes) {
  int fd = dial(port);
  long long left = megabytes * 1000000LL;
  while (left > 0) {
    size_t size = left < (long long)sizeof block ? (size_t)left : sizeof block;
    ssize_t count = write(fd, block, size);
    if (count < 0) die("write");
    left -= count;
  }
  pause();
}

int main(int argc, char **argv) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "serve") == 0) return serve();
  if (strcmp(what, "drain") == 0 && argc > 2) return drain(atol(argv[2]));
  if (argc < 4) return 2;
  int port = atoi(argv[2]), connections = atoi(argv[3]);
  if (strcmp(what, "ask") == 0) ask_all(port, connections, atof(argv[4]), 2000000000);
  if (strcmp(what, "storm") == 0) ask_all(port, connections, 60, connections);
  if (strcmp(what, "hold") == 0) hold(port, connections);
  if (strcmp(what, "pour") == 0) pour(port, connections);
  return 0;
}
