/* SPDX-License-Identifier: MIT */
#include "host/image.h"

#include <dlfcn.h>
#include <string.h>

static const void *base_of(void (*function)(void)) {
  Dl_info info;
  void *address;
  _Static_assert(sizeof address == sizeof function, "dladdr() takes a function's address");
  memcpy(&address, &function, sizeof address);
  return dladdr(address, &info) ? info.dli_fbase : NULL;
}

bool ta_image_is_same(void (*one)(void), void (*other)(void)) {
  const void *base = base_of(one);
  return !base || base == base_of(other);
}
