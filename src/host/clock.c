/* SPDX-License-Identifier: MIT */
#include "host/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

double ta_monotonic(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void ta_clock_open(struct ta_clock *clock, bool is_virtual) {
  *clock = (struct ta_clock){.is_virtual = is_virtual, .origin = ta_monotonic()};
}

double ta_clock_real(const struct ta_clock *clock) {
  return ta_monotonic() - clock->origin;
}

double ta_clock_now(const struct ta_clock *clock) {
  return clock->is_virtual ? clock->virtual_now : ta_clock_real(clock);
}

double ta_clock_after(const struct ta_clock *clock, double seconds) {
  return fmax(clock->virtual_now + seconds, nextafter(clock->virtual_now, HUGE_VAL));
}

void ta_clock_advance(struct ta_clock *clock, double to) {
  if (to > clock->virtual_now) clock->virtual_now = to;
}

void ta_clock_stamp(char text[TA_STAMP_SIZE], bool is_fine) {
  struct timespec now = {0};
  struct tm parts;
  char rest[8] = "Z";
  clock_gettime(CLOCK_REALTIME, &now);
  if (is_fine) snprintf(rest, sizeof rest, ".%03dZ", (int)(now.tv_nsec / 1000000) % 1000);
  text[0] = '\0';
  if (!gmtime_r(&now.tv_sec, &parts)) return;
  size_t size = strftime(text, TA_STAMP_SIZE - sizeof rest, "%Y-%m-%dT%H:%M:%S", &parts);
  memcpy(text + size, rest, strlen(rest) + 1);
}
