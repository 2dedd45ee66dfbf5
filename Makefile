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
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
PKGCONFIGDIR = $(LIBDIR)/pkgconfig
LUACDIR = $(PREFIX)/lib/lua/5.4
MANDIR = $(PREFIX)/share/man
TYPESDIR = $(PREFIX)/share/tinyasync/types
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

# ------------------------------------------------------------- dependencies

# Lua 5.4 has a name of its own with each distributor.
LUA_PC := $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,$(shell \
  $(PKG_CONFIG) --exists '$(name) >= 5.4 $(name) < 5.5' && echo $(name))))
NEEDS_NOTHING = help clean format dist
NEEDS_A_BUILD := $(filter-out $(NEEDS_NOTHING),$(or $(MAKECMDGOALS),all))
ifneq ($(NEEDS_A_BUILD),)
ifeq ($(LUA_PC),)
$(error Lua 5.4 was not found by $(PKG_CONFIG): install liblua5.4-dev, or run scripts/setup.sh)
endif
endif

# The static library where there is one: it starts faster, and C modules that
# scripts require find Lua's functions in the program.
LUA_STATIC := $(wildcard $(shell $(PKG_CONFIG) --variable=libdir $(LUA_PC) 2>/dev/null)/liblua5.4.a)
LUA_CFLAGS := $(if $(LUA_PC),$(shell $(PKG_CONFIG) --cflags $(LUA_PC)))
LUA_LIBS := $(or $(LUA_STATIC),$(if $(LUA_PC),$(shell $(PKG_CONFIG) --libs $(LUA_PC)))) -lm -ldl
# The shared library is for hosts that have Lua in a library of its own.
LUA_SHARED_LIBS := $(if $(LUA_PC),$(shell $(PKG_CONFIG) --libs $(LUA_PC)))

# ------------------------------------------------------------------- flags

CF_PROTECTION := $(if $(filter x86_64-% i%86-%,$(shell $(CC) -dumpmachine)),-fcf-protection)
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
# What goes into shared libraries is for any address too, and calls itself
# without asking who else may have a function of that name.
POSITION = -fPIE
SHARED_POSITION = -fPIC -fno-semantic-interposition
HARDEN = -fstack-protector-strong -fstack-clash-protection $(CF_PROTECTION) \
  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN_LINK = -pie -Wl,-z,relro,-z,now
SHARED_LINK = -shared -Wl,-z,relro,-z,now,-Bsymbolic-functions
# Sanitizers want neither fortified functions nor optimised-away frames.
SANITIZE =
ALL_CFLAGS = -std=c11 -pthread -D_GNU_SOURCE -Isrc $(WARNINGS) $(POSITION) -fvisibility=hidden \
  $(if $(SANITIZE),,$(HARDEN)) -DTA_VERSION='"$(VERSION)"' $(LUA_CFLAGS) $(CFLAGS) $(SANITIZE)
ALL_LDFLAGS = -pthread $(HARDEN_LINK) $(LDFLAGS) $(SANITIZE)
# A sanitizer's functions are found in the program, not in the library.
ALL_SHARED_LDFLAGS = $(SHARED_LINK) $(LDFLAGS) $(if $(SANITIZE),$(SANITIZE),-Wl,-z,defs)
MODULE_LDFLAGS = $(SHARED_LINK) $(LDFLAGS) $(SANITIZE) -Wl,--exclude-libs,ALL

# ------------------------------------------------------------------- files

FLOORS = core words library
CORE = $(wildcard $(FLOORS:%=src/%/*.c))
CORE_LUA = $(wildcard $(FLOORS:%=src/%/*.lua))
REST_LUA = $(wildcard src/cli/*.lua src/io/*.lua src/kit/*.lua)
MODULE_C = $(wildcard src/module/*.c)
MODULE_LUA = $(wildcard src/module/*.lua)
REST = $(wildcard src/host/*.c src/io/*.c src/kit/*.c src/trace/*.c src/cli/*.c)
CORE_OBJECTS = $(CORE:src/%.c=$(BUILD)/%.o) $(CORE_LUA:src/%=$(BUILD)/%.o)
MODULE_OBJECTS = $(MODULE_C:src/%.c=$(BUILD)/%.o) $(MODULE_LUA:src/%=$(BUILD)/%.o)
HOSTED_C = $(wildcard src/host/*.c src/io/*.c src/hosted/*.c)
HOSTED_OBJECTS = $(HOSTED_C:src/%.c=$(BUILD)/%.o) \
  $(patsubst src/%,$(BUILD)/%.o,$(wildcard src/io/*.lua))
REST_OBJECTS = $(REST:src/%.c=$(BUILD)/%.o) $(REST_LUA:src/%=$(BUILD)/%.o)
KIT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/kit/*.c))
UNIT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/unit/*.c))
UNIT_SCRIPTS = $(patsubst tests/%.lua,$(BUILD)/tests/%.o,$(wildcard tests/unit/*.lua))
# Calls that tests/unit/system.c can have fail.
WRAPPED = read __read_chk write preadv2 pwritev2 epoll_ctl malloc calloc realloc fcntl shutdown \
  pipe2 open wait4 kill setpgid dup2 execve syscall openat __openat_2 fstatat unlinkat mkdirat \
  symlinkat readlinkat __readlinkat_chk fsync renameat fchmod \
  copy_file_range pthread_create ioctl tcgetattr tcsetattr tcgetpgrp isatty fstat flock ftruncate \
  lseek socket connect getaddrinfo getnameinfo \
  bind listen accept4 getsockopt setsockopt getsockname sendto recvfrom recv __recv_chk send close
FAULT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/fault/*.c))
MACHINE_SCRIPTS = $(patsubst tests/%.lua,$(BUILD)/tests/%.o,\
  $(wildcard tests/machine/*.lua tests/machine/play/*.lua))
MACHINE_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/machine/*.c))
INJECT_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/inject/*.c))
CALLBACK_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/callback/*.c))
COUNTED_OBJECTS = $(CORE:src/%.c=$(BUILD)/counted/%.o) $(CORE_LUA:src/%=$(BUILD)/%.o)
LOAD_OBJECTS = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/load/*.c))
# Scripts of these folders need a loop, or other programs.
OUTSIDE = ordinary processes signals watching kit files trees threads net tls
SCRIPT_TESTS = $(filter-out $(OUTSIDE:%=tests/script/%/%),$(wildcard tests/script/*/*.lua))

# Modules that the program loads at first use: each is a room, and needs a package.
LOADED_ROOMS = watch tls
PACKAGE_OF_watch = libuv
DEBIAN_OF_watch = libuv1-dev
PACKAGE_OF_tls = openssl
DEBIAN_OF_tls = libssl-dev
LOADED_HERE := $(if $(NEEDS_A_BUILD),$(foreach name,$(LOADED_ROOMS),$(shell \
  $(PKG_CONFIG) --exists '$(PACKAGE_OF_$(name))' && echo $(name))))
LOADED_MISSING = $(filter-out $(LOADED_HERE),$(LOADED_ROOMS))
LOADED = $(LOADED_HERE:%=$(BUILD)/lib/tinyasync/%.so)
LOADED_OBJECTS = $(foreach name,$(LOADED_HERE),$(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/$(name)/*.c)))

PROGRAM = $(BUILD)/tinyasync
LIBRARY = $(BUILD)/libtinyasync.a
SHARED = $(BUILD)/libtinyasync.so
SONAME = libtinyasync.so.0
OUTSIDE_LIBRARY = $(BUILD)/libtinyasync_outside.a
OUTSIDE_SHARED = $(BUILD)/libtinyasync_outside.so
OUTSIDE_SONAME = libtinyasync_outside.so.0
LUA_MODULE = $(BUILD)/lua/tinyasync.so
UNIT = $(BUILD)/tests/unit/run
FAULT = $(BUILD)/tests/fault/run
MACHINE = $(BUILD)/tests/machine/run
INJECT = $(BUILD)/tests/inject/run
CALLBACK = $(BUILD)/tests/callback/run
LOAD = $(BUILD)/tests/load/run
# One program for each event loop whose library is there.
EMBED_GLIB := $(shell $(PKG_CONFIG) --exists glib-2.0 && echo glib)
EMBED_EVENT := $(shell $(PKG_CONFIG) --exists libevent_core && echo libevent)
EMBED_UV := $(shell $(PKG_CONFIG) --exists libuv && echo libuv)
EMBED_LOOPS = $(EMBED_GLIB) $(EMBED_EVENT) $(EMBED_UV) frames poll
EMBED = $(EMBED_LOOPS:%=$(BUILD)/tests/embed/%)
EMBED_OUTSIDE = $(patsubst %,$(BUILD)/tests/embed/outside_%,$(filter-out frames,$(EMBED_LOOPS)))
EMBED_THREADS = $(BUILD)/tests/embed/threads
EMBED_MODULE = $(BUILD)/tests/embed/starved $(BUILD)/tests/embed/closing
EMBED_LUA = $(BUILD)/tests/embed/lua
EMBED_CLOCK = $(BUILD)/tests/embed/clock.so
EMBED_KNOCK = $(BUILD)/tests/embed/knock.so
EMBED_ALL = $(EMBED) $(EMBED_OUTSIDE) $(EMBED_THREADS) $(EMBED_MODULE) $(EMBED_LUA) $(EMBED_CLOCK) $(EMBED_KNOCK)
EMBED_OBJECTS = $(EMBED:=.o) $(EMBED_OUTSIDE:=.o) $(BUILD)/tests/embed/outside.o $(EMBED_THREADS).o $(EMBED_MODULE:=.o) $(EMBED_LUA).o \
  $(EMBED_CLOCK:.so=.o) $(EMBED_KNOCK:.so=.o) $(BUILD)/tests/embed/host.o
C_FILES = $(wildcard src/*.h src/*/*.[ch] tests/*/*.[ch])

.SECONDARY: $(UNIT_SCRIPTS:.o=.c) $(CORE_LUA:src/%=$(BUILD)/%.c) $(MODULE_LUA:src/%=$(BUILD)/%.c) $(REST_LUA:src/%=$(BUILD)/%.c) $(MACHINE_SCRIPTS:.o=.c)
.PHONY: all test test-all check-all asan tsan valgrind fuzz fuzzers inject callback bench coverage lint \
  format install uninstall dist clean help tests FORCE

all: $(PROGRAM) $(LIBRARY) $(SHARED) $(OUTSIDE_LIBRARY) $(OUTSIDE_SHARED) $(LUA_MODULE) $(LOADED) ## build the program and the libraries
	@$(foreach name,$(LOADED_MISSING),echo "  (without the module '$(name)': $(PKG_CONFIG) finds no \
	  $(PACKAGE_OF_$(name)), install $(DEBIAN_OF_$(name)))";) :

$(LIBRARY): $(CORE_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(SHARED): $(CORE_OBJECTS)
	@echo "  LINK  $@"
	@$(CC) $(ALL_SHARED_LDFLAGS) -Wl,-soname,$(SONAME) -o $@ $^ $(LUA_SHARED_LIBS) -lm

# What scripts of other programs find outside, on top of that.
$(OUTSIDE_LIBRARY): $(HOSTED_OBJECTS)
	@rm -f $@
	@$(AR) rcs $@ $^

$(OUTSIDE_SHARED): $(HOSTED_OBJECTS) $(SHARED)
	@echo "  LINK  $@"
	@$(CC) $(ALL_SHARED_LDFLAGS) -Wl,-soname,$(OUTSIDE_SONAME) -o $@ $(HOSTED_OBJECTS) \
	  -L$(BUILD) -ltinyasync $(LUA_SHARED_LIBS) -lm

# The program that requires it has Lua, and has nothing to do with our core.
$(LUA_MODULE): $(MODULE_OBJECTS) $(LIBRARY)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(CC) $(MODULE_LDFLAGS) -o $@ $^ -lm

$(CORE_OBJECTS) $(MODULE_OBJECTS) $(HOSTED_OBJECTS): POSITION = $(SHARED_POSITION)

# Not from the archive, of which only what the program itself needs would be linked: C
# modules that scripts require find the rest of our functions in it too.
$(PROGRAM): $(REST_OBJECTS) $(CORE_OBJECTS)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

# What they use of ours, and of Lua, they find in the program.
define LOADED_RULES
$(BUILD)/lib/tinyasync/$(1).so: $(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/$(1)/*.c))
	@mkdir -p $$(@D)
	@echo "  LINK  $$@"
	@$$(CC) $$(MODULE_LDFLAGS) -o $$@ $$^ $$$$($$(PKG_CONFIG) --libs $$(PACKAGE_OF_$(1)))

$(BUILD)/$(1)/%.o: POSITION = $$(SHARED_POSITION) -DTA_IS_MODULE \
  $$(shell $$(PKG_CONFIG) --cflags $$(PACKAGE_OF_$(1)) | sed 's/-I/-isystem /g')
endef
$(foreach name,$(LOADED_HERE),$(eval $(call LOADED_RULES,$(name))))

# The way from one to the other is in the program, whatever the PREFIX: another way, as of
# `make install LIBDIR=`, makes it anew.
UNDER_PREFIX = $(and $(filter $(PREFIX)/%,$(BINDIR)),$(filter $(PREFIX)/%,$(LIBDIR)))
FROM = $(if $(UNDER_PREFIX),$(BINDIR:$(PREFIX)%=%),$(BINDIR))
TO = $(if $(UNDER_PREFIX),$(LIBDIR:$(PREFIX)%=%),$(LIBDIR))
$(BUILD)/directories: FORCE
	@mkdir -p $(@D)
	@echo '$(FROM) $(TO)' | cmp -s - $@ || echo '$(FROM) $(TO)' >$@
$(BUILD)/host/modules.o: $(BUILD)/directories
$(BUILD)/host/modules.o: POSITION += -DTA_BINDIR='"$(FROM)"' -DTA_LIBDIR='"$(TO)"'
FORCE:

# The module tls is linked in, so that its calls come by there as well.
UNIT_TLS = $(if $(filter tls,$(LOADED_HERE)),$(patsubst src/%.c,$(BUILD)/%.o,$(wildcard src/tls/*.c)))
$(BUILD)/tests/unit/tls_test.o $(BUILD)/tests/unit/certificate.o: POSITION += $(if $(UNIT_TLS),-DHAVE_TLS)
$(UNIT): $(UNIT_OBJECTS) $(UNIT_SCRIPTS) $(KIT_OBJECTS) $(UNIT_TLS) $(BUILD)/hosted/hosted.o \
  $(filter-out $(BUILD)/cli/main.o,$(REST_OBJECTS)) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LUA_LIBS) \
	  $(if $(UNIT_TLS),$$($(PKG_CONFIG) --libs $(PACKAGE_OF_tls)))

# Targets of libFuzzer, for whatever reads what peers send: `make fuzzers` builds them apart.
FUZZ_TARGETS = lines $(if $(UNIT_TLS),certificate handshake)
FUZZ = $(FUZZ_TARGETS:%=$(BUILD)/tests/fuzz/%)
FUZZ_SHARED = $(BUILD)/tests/fuzz/fuzz.o \
  $(patsubst %,$(BUILD)/tests/unit/%.o,outside world system names certificate)
$(FUZZ): %: %.o $(FUZZ_SHARED) $(KIT_OBJECTS) $(UNIT_TLS) \
  $(filter-out $(BUILD)/cli/main.o,$(REST_OBJECTS)) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer $(WRAPPED:%=-Wl,--wrap=%) -o $@ $^ $(LUA_LIBS) \
	  $(if $(UNIT_TLS),$$($(PKG_CONFIG) --libs $(PACKAGE_OF_tls)))

$(FAULT): $(FAULT_OBJECTS) $(KIT_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

$(INJECT): $(INJECT_OBJECTS) $(KIT_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

$(CALLBACK): $(CALLBACK_OBJECTS) $(KIT_OBJECTS) $(BUILD)/tests/machine/walk.o $(MODULE_OBJECTS) \
  $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

$(LOAD): $(LOAD_OBJECTS) $(KIT_OBJECTS) $(COUNTED_OBJECTS)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

$(BUILD)/tests/embed/glib $(BUILD)/tests/embed/glib.o: LOOP = glib-2.0
$(BUILD)/tests/embed/libevent $(BUILD)/tests/embed/libevent.o: LOOP = libevent_core
$(BUILD)/tests/embed/libuv $(BUILD)/tests/embed/libuv.o: LOOP = libuv
$(EMBED): %: %.o $(BUILD)/tests/embed/host.o $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS) $(if $(LOOP),$$($(PKG_CONFIG) --libs $(LOOP)))

$(BUILD)/tests/embed/outside_glib $(BUILD)/tests/embed/outside_glib.o: LOOP = glib-2.0
$(BUILD)/tests/embed/outside_libevent $(BUILD)/tests/embed/outside_libevent.o: LOOP = libevent_core
$(BUILD)/tests/embed/outside_libuv $(BUILD)/tests/embed/outside_libuv.o: LOOP = libuv
$(EMBED_OUTSIDE): %: %.o $(BUILD)/tests/embed/outside.o $(OUTSIDE_LIBRARY) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS) $(if $(LOOP),$$($(PKG_CONFIG) --libs $(LOOP)))

$(EMBED_THREADS): $(EMBED_THREADS).o $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

$(EMBED_MODULE): %: %.o $(KIT_OBJECTS) $(MODULE_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

$(EMBED_LUA): $(EMBED_LUA).o $(EMBED_CLOCK:.so=.o) $(MODULE_OBJECTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-E -o $@ $^ $(LUA_LIBS)

$(EMBED_CLOCK:.so=.o) $(EMBED_KNOCK:.so=.o): POSITION = $(SHARED_POSITION)
$(EMBED_CLOCK) $(EMBED_KNOCK): %.so: %.o
	@echo "  LINK  $@"
	@$(CC) $(MODULE_LDFLAGS) -o $@ $^

# GLib's headers are not for us to warn about.
$(BUILD)/tests/embed/%.o: tests/embed/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -Itests \
	  $(if $(LOOP),$$($(PKG_CONFIG) --cflags $(LOOP) | sed 's/-I/-isystem /g')) -MMD -MP -c -o $@ $<

# The core once more, with a call wherever its code branches: work is counted.
$(BUILD)/counted/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $< (counted)"
	@$(CC) $(ALL_CFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c -o $@ $<

$(MACHINE): $(MACHINE_OBJECTS) $(KIT_OBJECTS) $(MACHINE_SCRIPTS) $(LIBRARY)
	@echo "  LINK  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LUA_LIBS)

# Lua beside C: the program has it as strings, of 40 lines each: so long a string every compiler
# takes, and for each the program that is loaded has an address to mend.
$(BUILD)/%.lua.c: src/%.lua Makefile
	@mkdir -p $(@D)
	@{ echo 'extern const char *const ta_chunk_$(*F)[];'; \
	  echo 'const char *const ta_chunk_$(*F)[] = {'; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $< | \
	    awk '{ print } NR % 40 == 0 { print "," }'; \
	  echo '"", (const char *)0};'; } >$@

$(BUILD)/%.lua.o: $(BUILD)/%.lua.c Makefile
	@echo "  CC    src/$*.lua"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The scripts of the unit tests likewise.
$(BUILD)/tests/unit/%.c: tests/unit/%.lua Makefile
	@mkdir -p $(@D)
	@{ echo 'extern const char *const unit_$(*F)[];'; \
	  echo 'const char *const unit_$(*F)[] = {'; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n",/' $<; \
	  echo '(const char *)0};'; } >$@

$(BUILD)/tests/unit/%.o: $(BUILD)/tests/unit/%.c Makefile
	@echo "  CC    tests/unit/$*.lua"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The scripts of the state machine likewise.
$(BUILD)/tests/machine/%.c: tests/machine/%.lua Makefile
	@mkdir -p $(@D)
	@{ echo '#include "machine/sources.h"'; \
	  echo 'const char *const machine_$(*F)[] = {'; \
	  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&\\n",/' $<; \
	  echo 'NULL};'; } >$@

$(BUILD)/tests/machine/%.o: $(BUILD)/tests/machine/%.c Makefile
	@echo "  CC    tests/machine/$*.lua"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(FUZZ:=.o) $(FUZZ_SHARED) $(CORE_OBJECTS) $(REST_OBJECTS) $(KIT_OBJECTS) $(UNIT_OBJECTS) $(UNIT_SCRIPTS) \
  $(FAULT_OBJECTS) $(INJECT_OBJECTS) $(CALLBACK_OBJECTS) $(MODULE_OBJECTS) $(EMBED_OBJECTS) $(LOADED_OBJECTS) $(LOAD_OBJECTS) $(COUNTED_OBJECTS) $(MACHINE_OBJECTS) $(MACHINE_SCRIPTS))

# ------------------------------------------------------------------- tests

tests: all $(UNIT) $(FAULT) $(INJECT) $(CALLBACK) $(LOAD) $(MACHINE) $(EMBED_ALL)

test: tests ## run the tests, of each long sweep a part
	tests/run $(BUILD)

test-all: tests ## run the tests, and of the sweeps all that CI runs
	TA_TEST_PART=all tests/run $(BUILD)

asan: ## run the tests under AddressSanitizer, LeakSanitizer and UBSan
	$(MAKE) BUILD=build/asan CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	  SANITIZE="-fsanitize=address,undefined -fno-sanitize-recover=undefined" tests
	TA_TEST_PART=all tests/run build/asan

tsan: ## run whatever has threads under ThreadSanitizer
	$(MAKE) BUILD=build/tsan CC=clang CFLAGS="-O1 -g" SANITIZE=-fsanitize=thread \
	  build/tsan/tests/embed/threads build/tsan/tests/unit/run build/tsan/tinyasync \
	  $(LOADED_HERE:%=build/tsan/lib/tinyasync/%.so)
	build/tsan/tests/embed/threads
	build/tsan/tests/unit/run watch workers flat resolver hosted connect net tls
	for script in tests/script/threads/*.lua tests/script/net/*.lua tests/script/tls/*.lua; do name=$${script##*/}; \
	  lua5.4 tests/script/run.lua build/tsan/tinyasync $${name%.lua} || exit 1; done

valgrind: tests ## run the unit tests and the example scripts under valgrind
	tests/valgrind $(BUILD)

fuzzers: $(FUZZ)

fuzz: $(PROGRAM) $(MACHINE) $(UNIT) ## run many more random programs beside the models
	lua5.4 tests/model/check.lua $(PROGRAM) 20000
	$(MACHINE) 100000
	TA_TEST_SEEDS=20000 $(UNIT) what_a_queue_of_bytes_has
	TA_TEST_SEEDS=3000 $(UNIT) bytes_over_tls altered_on_their_way
	$(PROGRAM) run tests/model/processes.lua 1 5000
	$(PROGRAM) run tests/model/soak.lua 10000
	$(PROGRAM) run tests/model/sockets.lua 600s
	$(MAKE) BUILD=build/fuzz CC=clang CFLAGS="-O1 -g -fno-omit-frame-pointer" \
	  SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined" fuzzers
	tests/fuzz/run build/fuzz 60
	ROUNDS=20 bash tests/cli/run.sh $(PROGRAM) a_kill_at_any_moment
	TA_TEST_EVERY=1 $(UNIT) while_commands refused_to_commands
	lua5.4 tests/standard/run.lua -a $(PROGRAM)

inject: $(INJECT) $(UNIT) ## act at every step, and in the middle of every call
	$(INJECT) -a $(SCRIPT_TESTS) tests/regress/*.lua scripts/*.lua
	TA_TEST_WHOLE=1 $(UNIT) whatever_acts

callback: $(CALLBACK) ## let a callback do everything at every point of every call
	$(CALLBACK) -a

check-all: test-all lint asan tsan valgrind fuzz inject callback ## everything

bench: $(PROGRAM) ## measure, against the peers that are installed
	tests/bench/run $(BUILD)

coverage: ## say which lines the tests reach
	$(MAKE) BUILD=build/coverage CFLAGS="-O0 -g" SANITIZE=--coverage tests
	TA_TEST_PART=all tests/run build/coverage
	gcovr --root . --filter src/ build/coverage

# -------------------------------------------------------------------- care

lint: ## check the style, the layers, the manual and the shell scripts
	tests/lint

format: ## let clang-format have its way
	clang-format -i $(C_FILES)

install: all ## install under DESTDIR and PREFIX
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR) \
	  $(DESTDIR)$(PKGCONFIGDIR) $(DESTDIR)$(LUACDIR) $(DESTDIR)$(MANDIR)/man1 \
	  $(DESTDIR)$(MANDIR)/man3 $(DESTDIR)$(MANDIR)/man7 $(DESTDIR)$(TYPESDIR) \
	  $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	install -m 755 $(PROGRAM) $(DESTDIR)$(BINDIR)/tinyasync
	install -m 644 $(LIBRARY) $(DESTDIR)$(LIBDIR)/libtinyasync.a
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/libtinyasync.so.$(VERSION)
	ln -sf libtinyasync.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libtinyasync.so
	install -m 644 $(OUTSIDE_LIBRARY) $(DESTDIR)$(LIBDIR)/libtinyasync_outside.a
	install -m 755 $(OUTSIDE_SHARED) $(DESTDIR)$(LIBDIR)/libtinyasync_outside.so.$(VERSION)
	ln -sf libtinyasync_outside.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(OUTSIDE_SONAME)
	ln -sf $(OUTSIDE_SONAME) $(DESTDIR)$(LIBDIR)/libtinyasync_outside.so
	$(if $(LOADED),install -d $(DESTDIR)$(LIBDIR)/tinyasync)
	$(if $(LOADED),install -m 755 $(LOADED) $(DESTDIR)$(LIBDIR)/tinyasync)
	install -m 644 src/tinyasync.h src/tinyasync_lib.h src/tinyasync_outside.h \
	  $(DESTDIR)$(INCLUDEDIR)
	for name in tinyasync tinyasync_outside; do sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)%=$${prefix}%)|' \
	  -e 's|@INCLUDEDIR@|$(INCLUDEDIR:$(PREFIX)%=$${prefix}%)|' -e 's|@VERSION@|$(VERSION)|' \
	  -e 's|@LUA@|$(LUA_PC)|' $$name.pc.in >$(DESTDIR)$(PKGCONFIGDIR)/$$name.pc && \
	  chmod 644 $(DESTDIR)$(PKGCONFIGDIR)/$$name.pc || exit 1; done
	install -m 755 $(LUA_MODULE) $(DESTDIR)$(LUACDIR)/tinyasync.so
	install -m 644 man/tinyasync.1 $(DESTDIR)$(MANDIR)/man1/tinyasync.1
	install -m 644 man/tinyasync.3 $(DESTDIR)$(MANDIR)/man3/tinyasync.3
	install -m 644 man/tinyasync.7 $(DESTDIR)$(MANDIR)/man7/tinyasync.7
	install -m 644 src/types/tinyasync.lua src/types/module.lua $(DESTDIR)$(TYPESDIR)
	install -m 644 completions/tinyasync.bash $(DESTDIR)$(BASHDIR)/tinyasync
	install -m 644 completions/_tinyasync $(DESTDIR)$(ZSHDIR)/_tinyasync
	install -m 644 completions/tinyasync.fish $(DESTDIR)$(FISHDIR)/tinyasync.fish

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/tinyasync $(DESTDIR)$(INCLUDEDIR)/tinyasync.h \
	  $(DESTDIR)$(INCLUDEDIR)/tinyasync_lib.h $(DESTDIR)$(INCLUDEDIR)/tinyasync_outside.h \
	  $(DESTDIR)$(LIBDIR)/libtinyasync_outside.a $(DESTDIR)$(LIBDIR)/libtinyasync_outside.so \
	  $(DESTDIR)$(LIBDIR)/$(OUTSIDE_SONAME) $(DESTDIR)$(LIBDIR)/libtinyasync_outside.so.$(VERSION) \
	  $(DESTDIR)$(PKGCONFIGDIR)/tinyasync_outside.pc \
	  $(DESTDIR)$(LIBDIR)/libtinyasync.a $(DESTDIR)$(LIBDIR)/libtinyasync.so \
	  $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libtinyasync.so.$(VERSION) \
	  $(DESTDIR)$(PKGCONFIGDIR)/tinyasync.pc $(DESTDIR)$(LUACDIR)/tinyasync.so \
	  $(DESTDIR)$(MANDIR)/man1/tinyasync.1 $(DESTDIR)$(MANDIR)/man3/tinyasync.3 \
	  $(DESTDIR)$(MANDIR)/man7/tinyasync.7 $(DESTDIR)$(TYPESDIR)/tinyasync.lua \
	  $(DESTDIR)$(TYPESDIR)/module.lua $(DESTDIR)$(BASHDIR)/tinyasync \
	  $(DESTDIR)$(ZSHDIR)/_tinyasync $(DESTDIR)$(FISHDIR)/tinyasync.fish
	rm -f $(LOADED_ROOMS:%=$(DESTDIR)$(LIBDIR)/tinyasync/%.so)
	@rmdir $(DESTDIR)$(TYPESDIR) $(DESTDIR)$(PREFIX)/share/tinyasync $(DESTDIR)$(LIBDIR)/tinyasync \
	  2>/dev/null || true

dist: ## make a source archive of the last commit
	@mkdir -p $(BUILD)
	git archive --prefix=tinyasync-$(VERSION)/ -o $(BUILD)/tinyasync-$(VERSION).tar.gz HEAD

clean: ## remove all that was built
	rm -rf $(BUILD)

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14
