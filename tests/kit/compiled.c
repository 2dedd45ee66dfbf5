/* SPDX-License-Identifier: MIT */
#include "kit/compiled.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static int keep_bytes(lua_State *L, const void *bytes, size_t size, void *data) {
  struct compiled *compiled = data;
  (void)L;
  char *grown = realloc(compiled->bytes, compiled->size + size);
  if (!grown) return 1;
  memcpy(grown + compiled->size, bytes, size);
  compiled->bytes = grown;
  compiled->size += size;
  return 0;
}

void compiled_push(struct compiled *compiled, lua_State *L, const char *name,
                   void (*load)(lua_State *L, const void *data), const void *data) {
  if (compiled->bytes) {
    if (luaL_loadbufferx(L, compiled->bytes, compiled->size, name, "b") != LUA_OK) lua_error(L);
    return;
  }
  load(L, data);
  if (lua_dump(L, keep_bytes, compiled, 0) != 0) luaL_error(L, "not enough memory");
}

void compiled_forget(struct compiled *compiled) {
  free(compiled->bytes);
  *compiled = (struct compiled){.bytes = NULL};
}
