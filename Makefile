# tinyasync: `make help` lists what there is to make.

VERSION = 0.1.0

CC = gcc
AR = ar
CFLAGS = -O2 -g
PREFIX = /usr/local
DESTDIR =
BUILD = build
PKG_CONFIG = pkg-config

BINDIR = $(PREFIX)/bin
MANDIR = $(PREFIX)/share/man
TYPESDIR = $(PREFIX)/share/tinyasync/types

# ------------------------------------------------------------- dependencies

# Lua 5.4 has a name of its own with each distributor.
LUA_PC := $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,$(shell \
  $(PKG_CONFIG) --exists '$(name) >= 5.4 $(name) < 5.5' && echo $(name))))
UV_PC := $(shell $(PKG_CONFIG) --exists libuv && echo libuv)
NEEDS_NOTHING = help clean format dist
ifneq ($(filter-out $(NEEDS_NOTHING),$(or $(MAKECMDGOALS),all)),)
ifeq ($(LUA_PC),)
$(error Lua 5.4 was not found by $(PKG_CONFIG): install liblua5.4-dev, or run scripts/setup.sh)
endif
ifeq ($(UV_PC),)
$(error libuv was not found by $(PKG_CONFIG): install libuv1-dev, or run scripts/setup.sh)
endif
endif

# The static library where there is one: it starts faster, and C modules that
# scripts require find Lua's functions in the program.
LUA_STATIC := $(wildcard $(shell $(PKG_CONFIG) --variable=libdir $(LUA_PC) 2>/dev/null)/liblua5.4.a)
LUA_CFLAGS := $(if $(LUA_PC),$(shell $(PKG_CONFIG) --cflags $(LUA_PC)))
LUA_LIBS := $(or $(LUA_STATIC),$(if $(LUA_PC),$(shell $(PKG_CONFIG) --libs $(LUA_PC)))) -lm -ldl
UV_CFLAGS := $(if $(UV_PC),$(shell $(PKG_CONFIG) --cflags $(UV_PC)))
UV_LIBS := $(if $(UV_PC),$(shell $(PKG_CONFIG) --libs $(UV_PC)))

# ------------------------------------------------------------------- flags

CF_PROTECTION := $(if $(filter x86_64-% i%86-%,$(shell $(CC) -dumpmachine)),-fcf-protection)
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
HARDEN = -fPIE -fstack-protector-strong -fstack-clash-protection $(CF_PROTECTION) \
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN_LINK = -pie -Wl,-z,relro,-z,now
# Sanitizers want neither fortified functions nor optimised-away frames.
SANITIZE =
ALL_CFLAGS = -std=c11 -pthread -D_GNU_SOURCE -Isrc $(WARNINGS) $(if $(SANITIZE),-fPIE,$(HARDEN)) \
  -DTA_VERSION='"$(VERSION)"' $(LUA_CFLAGS) $(UV_CFLAGS) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread $(HARDEN_LINK) $(LDFLAGS) $(SANITIZE)

# ------------------------------------------------------------------- files

CORE = $(wildcard src/core/*.c)
PRELUDE = $(wildcard src/prelude/*.lua)
REST = $(wildcard src/host/*.c src/trace/*.c src/cli/*.c)
CORE_OBJECTS = $(CORE:src/%.c=$(BUILD)/%.o) $(PRELUDE:src/%.lua=$(BUILD)/%.o)
REST_OBJECTS = $(REST:src/%.c=$(BUILD)/%.o)
HOST_OBJECTS = $(filter $(BUILD)/host/% $(BUILD)/trace/%,$(REST_OBJECTS))
UNIT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/unit/*.c))
FAULT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/fault/*.c))
MACHINE_SCRIPTS = $(patsubst tests/%.lua,$(BUILD)/tests/%.o,$(wildcard tests/machine/*.lua))
MACHINE_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/machine/*.c))
INJECT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/inject/*.c))
COUNTED_OBJECTS = $(CORE:src/%.c=$(BUILD)/counted/%.o) $(PRELUDE:src/%.lua=$(BUILD)/%.o)
LOAD_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/load/*.c))

PROGRAM = $(BUILD)/tinyasync
LIBRARY = $(BUILD)/libtinyasync.a
UNIT = $(BUILD)/tests/unit/run
FAULT = $(BUILD)/tests/fault/run
MACHINE = $(BUILD)/tests/machine/run
INJECT = $(BUILD)/tests/inject/run
LOAD = $(BUILD)/tests/load/run
C_FILES = $(wildcard src/*.h src/*/*.[ch] tests/*/*.[ch])

.SECONDARY: $(PRELUDE:src/%.lua=$(BUILD)/%.c) $(MACHINE_SCRIPTS:.o=.c)
.PHONY: all test check-all asan valgrind fuzz inject bench coverage lint format install uninstall dist \
  clean help tests

all: $(PROGRAM) ## build the program

$(LIBRARY): $(CORE_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(PROGRAM): $(REST_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS) $(UV_LIBS)

$(UNIT): $(UNIT_OBJECTS) $(HOST_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS) $(UV_LIBS)

$(FAULT): $(FAULT_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

$(INJECT): $(INJECT_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

$(LOAD): $(LOAD_OBJECTS) $(COUNTED_OBJECTS)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

# The core once more, with a call wherever its code branches: work is counted.
$(BUILD)/counted/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $< (counted)"
	@$(CC) $(ALL_CFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c -o $@ $<

$(MACHINE): $(MACHINE_OBJECTS) $(MACHINE_SCRIPTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

# The Lua half of the library, a string a line.
$(BUILD)/prelude/%.c: src/prelude/%.lua Makefile
	@mkdir -p $(@D)
	@{ echo '#include "core/prelude.h"'; \
	  echo 'const char *const ta_prelude_$*[] = {'; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n",/' $<; \
	  echo 'NULL};'; } >$@

$(BUILD)/prelude/%.o: $(BUILD)/prelude/%.c Makefile
	@echo "  CC    src/prelude/$*.lua"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The scripts of the state machine likewise.
$(BUILD)/tests/machine/%.c: tests/machine/%.lua Makefile
	@mkdir -p $(@D)
	@{ echo '#include "machine/sources.h"'; \
	  echo 'const char *const machine_$*[] = {'; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n",/' $<; \
	  echo 'NULL};'; } >$@

$(BUILD)/tests/machine/%.o: $(BUILD)/tests/machine/%.c Makefile
	@echo "  CC    tests/machine/$*.lua"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(CORE_OBJECTS) $(REST_OBJECTS) $(UNIT_OBJECTS) $(FAULT_OBJECTS) \
  $(INJECT_OBJECTS) $(LOAD_OBJECTS) $(COUNTED_OBJECTS) $(MACHINE_OBJECTS) $(MACHINE_SCRIPTS))

# ------------------------------------------------------------------- tests

tests: $(PROGRAM) $(UNIT) $(FAULT) $(INJECT) $(LOAD) $(MACHINE)

test: tests ## run the tests of a minute
	tests/run $(BUILD)

asan: ## run the tests under AddressSanitizer, LeakSanitizer and UBSan
	$(MAKE) BUILD=build/asan CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	  SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" tests
	tests/run build/asan

valgrind: tests ## run the unit tests and the example scripts under valgrind
	tests/valgrind $(BUILD)

fuzz: $(PROGRAM) $(MACHINE) ## run many more random programs beside the models
	lua5.4 tests/model/check.lua $(PROGRAM) 20000
	$(MACHINE) 100000

inject: $(INJECT) ## cancel every script at every step, as far as that is affordable
	$(INJECT) -a tests/script/*_*.lua tests/regress/*.lua scripts/*.lua

check-all: test lint asan valgrind fuzz inject ## everything

bench: $(PROGRAM) ## measure, against the peers that are installed
	tests/bench/run $(BUILD)

coverage: ## say which lines the tests reach
	$(MAKE) BUILD=build/coverage CFLAGS="-O0 -g" SANITIZE=--coverage tests
	tests/run build/coverage
	gcovr --root . --filter src/ build/coverage

# -------------------------------------------------------------------- care

lint: ## check the style, the layers, the manual and the shell scripts
	tests/lint

format: ## let clang-format have its way
	clang-format -i $(C_FILES)

install: $(PROGRAM) ## install under DESTDIR and PREFIX
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man7 \
	  $(DESTDIR)$(TYPESDIR)
	install -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)/tinyasync
	install -m 644 man/tinyasync.1 $(DESTDIR)$(MANDIR)/man1/tinyasync.1
	install -m 644 man/tinyasync.7 $(DESTDIR)$(MANDIR)/man7/tinyasync.7
	install -m 644 src/types/tinyasync.lua $(DESTDIR)$(TYPESDIR)/tinyasync.lua

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/tinyasync $(DESTDIR)$(MANDIR)/man1/tinyasync.1 \
	  $(DESTDIR)$(MANDIR)/man7/tinyasync.7 $(DESTDIR)$(TYPESDIR)/tinyasync.lua
	@rmdir $(DESTDIR)$(TYPESDIR) $(DESTDIR)$(PREFIX)/share/tinyasync 2>/dev/null || true

dist: ## make a source archive of the last commit
	@mkdir -p $(BUILD)
	git archive --prefix=tinyasync-$(VERSION)/ -o $(BUILD)/tinyasync-$(VERSION).tar.gz HEAD

clean: ## remove all that was built
	rm -rf $(BUILD)

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14
