/* SPDX-License-Identifier: MIT */
#include "io/reading.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "io/refusal.h"
#include "io/stream.h"
#include "io/waiting.h"

#define MOST_FORMATS 250 /* of lines(), as in Lua */
#define LONGEST_NUMBER 200
#define ASKED_FROM ((size_t)1 << 20) /* bytes, for which Lua may not have the memory */

/* The stack of a read: the stream, its formats, and what they gave.  Of one as a file of Lua's
 * that comes first, and how it was asked for. */
enum { STREAM = 1, FIRST_FORMAT = 2, HOW = 3, FIRST_OF_FILE };

/* Upvalues of what lines() gives, after the Runner. */
enum { LINES_STREAM = 2, LINES_RAISES, LINES_COUNT, LINES_FIRST };

/* What is held and was not gone through yet. */
struct rest {
  const char *bytes;
  size_t size;
  bool at_end; /* no more will come */
};

/* What looking for a format came to. */
enum found {
  FOUND,   /* the result is pushed, and gone through */
  NOTHING, /* the end came first */
  TOO_LONG,
  MORE /* is wanted */
};

/* --------------------------------------------------------------------- lines */

/* Where the next end of a line is, counted from the rest on, or a negative number.  Bytes
 * that were looked at before are not looked at again. */
static ptrdiff_t find_newline(struct ta_read *read, const struct rest *rest) {
  if (read->scanned >= rest->size) return -1;
  const char *from = rest->bytes + read->scanned;
  const char *newline = memchr(from, '\n', rest->size - read->scanned);
  if (!newline) read->scanned = rest->size;
  return newline ? newline - rest->bytes : -1;
}

static enum found look_for_line(lua_State *L, struct ta_read *read, const struct rest *rest,
                                size_t most, bool chop) {
  ptrdiff_t newline = find_newline(read, rest);
  size_t length = newline < 0 ? rest->size : (size_t)newline;
  if (length > most) return TOO_LONG;
  if (newline < 0 && !rest->at_end) return MORE;
  if (newline < 0 && length == 0) return NOTHING;
  lua_pushlstring(L, rest->bytes, newline < 0 || chop ? length : length + 1);
  read->at += newline < 0 ? length : length + 1;
  return FOUND;
}

/* ------------------------------------------------------------------- numbers */

/* As in Lua's liolib.c, over what is held: what that reads, and leaves, this reads and
 * leaves. */
struct number {
  const struct rest *rest;
  size_t at; /* the next byte */
  size_t length;
  bool wants_more; /* the next byte has not come yet */
  char text[LONGEST_NUMBER + 1];
};

/* The next byte, or EOF. */
static int look(struct number *number) {
  if (number->at < number->rest->size) return (unsigned char)number->rest->bytes[number->at];
  if (!number->rest->at_end) number->wants_more = true;
  return EOF;
}

static bool go_on(struct number *number) {
  if (number->length >= LONGEST_NUMBER) {
    number->text[0] = '\0';
    return false;
  }
  number->text[number->length++] = (char)look(number);
  number->at++;
  return true;
}

static bool take_one_of(struct number *number, const char *two) {
  int byte = look(number);
  return (byte == two[0] || byte == two[1]) && go_on(number);
}

static int take_digits(struct number *number, bool hex) {
  int count = 0;
  while ((hex ? isxdigit(look(number)) : isdigit(look(number))) && go_on(number)) count++;
  return count;
}

static void take_exponent(struct number *number, bool hex) {
  if (!take_one_of(number, hex ? "pP" : "eE")) return;
  take_one_of(number, "-+");
  take_digits(number, false);
}

static void take_number(struct number *number) {
  const char point[3] = {localeconv()->decimal_point[0], '.', '\0'};
  bool hex = false;
  int count = 0;
  take_one_of(number, "-+");
  if (take_one_of(number, "00")) {
    hex = take_one_of(number, "xX");
    count = hex ? 0 : 1;
  }
  count += take_digits(number, hex);
  if (take_one_of(number, point)) count += take_digits(number, hex);
  if (count > 0) take_exponent(number, hex);
}

/* Blanks that were gone through once are not gone through again, and are no more than a line. */
static enum found look_for_number(lua_State *L, struct ta_read *read, const struct rest *rest,
                                  size_t most) {
  struct number number = {.rest = rest, .at = read->scanned};
  while (isspace(look(&number))) number.at++;
  read->scanned = number.at;
  if (number.at > most) return TOO_LONG;
  if (!number.wants_more) take_number(&number);
  if (number.wants_more) return MORE;
  number.text[number.length] = '\0';
  bool is_number = lua_stringtonumber(L, number.text) > 0;
  read->at += number.at;
  return is_number ? FOUND : NOTHING;
}

/* ------------------------------------------------------------------- formats */

static enum found give_bytes(lua_State *L, struct ta_read *read, const struct rest *rest,
                             size_t count) {
  lua_pushlstring(L, rest->bytes, count);
  read->at += count;
  return FOUND;
}

/* None at all: is it the end? */
static enum found look_for_bytes(lua_State *L, struct ta_read *read, const struct rest *rest,
                                 size_t count) {
  size_t least = count > 0 ? count : 1;
  if (rest->size < least && !rest->at_end) return MORE;
  if (rest->size == 0) return NOTHING;
  return give_bytes(L, read, rest, count < rest->size ? count : rest->size);
}

static char letter_of(const char *format) {
  return format[0] == '*' ? format[1] : format[0];
}

static enum found look_for_format(lua_State *L, struct ta_read *read, const struct rest *rest,
                                  size_t most) {
  if (lua_type(L, read->format) == LUA_TNUMBER)
    return look_for_bytes(L, read, rest, (size_t)lua_tointeger(L, read->format));
  char letter = letter_of(lua_tostring(L, read->format));
  if (letter == 'n') return look_for_number(L, read, rest, most);
  if (letter != 'a') return look_for_line(L, read, rest, most, letter == 'l');
  return rest->at_end ? give_bytes(L, read, rest, rest->size) : MORE;
}

/* As Lua's own messages name it.  May push that. */
static const char *name_of_type(lua_State *L, int index) {
  if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) return lua_tostring(L, -1);
  return lua_islightuserdata(L, index) ? "light userdata" : luaL_typename(L, index);
}

/* What is wrong with the format, or NULL. */
static const char *fault_of_format(lua_State *L, int index) {
  int known;
  if (lua_type(L, index) == LUA_TNUMBER) {
    lua_tointegerx(L, index, &known);
    return known ? NULL : "number has no integer representation";
  }
  if (lua_type(L, index) != LUA_TSTRING)
    return lua_pushfstring(L, "string expected, got %s", name_of_type(L, index));
  char letter = letter_of(lua_tostring(L, index));
  return letter && strchr("nlLa", letter) ? NULL : "invalid format";
}

/* As Lua does, which looks at a format when it comes to it: those before it have taken what they
 * have read. */
static void check_as_file(lua_State *L, struct ta_stream_object *object, struct ta_read *read) {
  const char *fault = fault_of_format(L, read->format);
  bool is_count = !fault && lua_type(L, read->format) == LUA_TNUMBER;
  bool is_vast = is_count && lua_tointeger(L, read->format) < 0;
  if (!fault && !is_vast) return;
  if (read->at) ta_take_from_stream(object, read->at);
  if (fault) luaL_argerror(L, read->format - read->shift, fault);
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
}

static void check_format(lua_State *L, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) {
    luaL_argcheck(L, luaL_checkinteger(L, index) >= 0, index, "a count cannot be negative");
    return;
  }
  char letter = letter_of(luaL_checkstring(L, index));
  luaL_argcheck(L, letter && strchr("nlLa", letter), index, "invalid format");
}

/* ------------------------------------------------------- whatever it looks for */

static enum found look_for_some(lua_State *L, struct ta_read *read, const struct rest *rest) {
  size_t most = (size_t)lua_tointeger(L, FIRST_FORMAT);
  if (rest->size == 0) return rest->at_end ? NOTHING : MORE;
  return give_bytes(L, read, rest, most < rest->size ? most : rest->size);
}

/* What may be the beginning of the text is looked at again. */
static enum found look_for_text(lua_State *L, struct ta_read *read, const struct rest *rest,
                                size_t most) {
  size_t length;
  const char *text = lua_tolstring(L, FIRST_FORMAT, &length);
  const char *from = rest->bytes + read->scanned;
  const char *place = memmem(from, rest->size - read->scanned, text, length);
  size_t before = place ? (size_t)(place - rest->bytes) : rest->size;
  if (before > most) return TOO_LONG;
  if (place) return give_bytes(L, read, rest, before + length);
  if (rest->size >= length) read->scanned = rest->size - (length - 1);
  return rest->at_end ? NOTHING : MORE;
}

static enum found look_for(lua_State *L, const struct ta_stream_object *object,
                           struct ta_read *read) {
  const struct ta_stream *stream = &object->stream;
  struct rest rest = {
      .at_end = read->at_end, .size = ta_stream_held(stream) - read->at, .bytes = ""};
  if (rest.size) rest.bytes = stream->bytes + stream->start + read->at;
  if (read->sort == TA_READ_SOME) return look_for_some(L, read, &rest);
  if (read->sort == TA_READ_UNTIL) return look_for_text(L, read, &rest, object->max_line);
  return look_for_format(L, read, &rest, read->as_file ? SIZE_MAX : object->max_line);
}

/* ------------------------------------------------------------- a read, whole */

/* Returns a refusal on top, or raises it as lines() does. */
static int refuse(lua_State *L, const struct ta_read *read, int values) {
  return read->raises ? ta_error(L, "%s", lua_tostring(L, 1 - values)) : values;
}

static int refuse_long_line(lua_State *L, const struct ta_stream_object *object,
                            const struct ta_read *read) {
  char words[64];
  snprintf(words, sizeof words, "line longer than %zu bytes", object->max_line);
  return refuse(L, read, ta_refuse_in_words(L, words, "EMSGSIZE"));
}

/* A finalizer has read meanwhile: memory is asked for with each result. */
static void check_undisturbed(lua_State *L, const struct ta_stream_object *object,
                              const struct ta_read *read) {
  if (object->takes != read->takes)
    ta_error(L, "somebody else has read %s meanwhile", object->label);
}

/* All is there, or the end: hands over what is above the formats. */
static int finish(lua_State *L, struct ta_stream_object *object, const struct ta_read *read) {
  check_undisturbed(L, object, read);
  if (!object->closed && read->at) ta_take_from_stream(object, read->at);
  return lua_gettop(L) - read->last;
}

/* Looks for one format after the other in what is held, until the stream is closed.  MORE,
 * or how it has come out. */
static enum found look_for_all(lua_State *L, struct ta_stream_object *object,
                               struct ta_read *read) {
  for (; read->format <= read->last && !object->closed; read->format++) {
    if (read->as_file) check_as_file(L, object, read);
    check_undisturbed(L, object, read);
    enum found found = look_for(L, object, read);
    if (found != FOUND) return found;
    read->scanned = 0;
  }
  return read->format > read->last ? FOUND : MORE;
}

/* What is held will be a string: has Lua so much, who may have a limit? */
static bool has_memory(lua_State *L, const struct ta_stream *stream) {
  size_t wanted = ta_stream_held(stream) + TA_STREAM_CHUNK;
  if (wanted < ASKED_FROM || stream->room - stream->end > TA_STREAM_CHUNK) return true;
  void *data, *block;
  lua_Alloc alloc = lua_getallocf(L, &data);
  block = alloc(data, NULL, 0, wanted);
  if (!block) {
    lua_gc(L, LUA_GCCOLLECT);
    block = alloc(data, NULL, 0, wanted);
  }
  if (block) alloc(data, block, wanted, 0);
  return block;
}

/* Is a line looked for, of which nothing has come yet? */
static bool is_at_line(lua_State *L, const struct ta_read *read) {
  if (read->sort != TA_READ_FORMATS || read->at || lua_type(L, read->format) != LUA_TSTRING)
    return false;
  int letter = letter_of(lua_tostring(L, read->format));
  return letter == 'l' || letter == 'L';
}

/* More has come: 0.  Or what the C function returns. */
static int wait_for_more(lua_State *L, struct ta_stream_object *object, struct ta_read *read) {
  bool rests = ta_has_moved_enough(object, L);
  if (!has_memory(L, &object->stream))
    return refuse(L, read, ta_refuse_to_read(L, object, -ENOMEM));
  ssize_t count = rests ? -EAGAIN : ta_fill_stream(object);
  if (count == -EAGAIN && !rests && ta_is_idle_kin(object, is_at_line(L, read))) count = 0;
  if (count == 0) read->at_end = true;
  if (count >= 0) return 0;
  int error = count == -EAGAIN ? ta_arm_reader(L, object, read) : (int)count;
  if (error) return refuse(L, read, ta_refuse_to_read(L, object, error));
  return ta_park_reader(L, object);
}

/* Is there nothing that could be found, as mostly before a read and when it goes on? */
static bool has_nothing(const struct ta_stream_object *object, const struct ta_read *read) {
  bool is_undisturbed = object->takes == read->takes;
  bool is_waiting = !read->at_end && read->format <= read->last;
  return is_undisturbed && is_waiting && ta_stream_held(&object->stream) == read->at;
}

static int go_on_reading(lua_State *L, struct ta_stream_object *object, struct ta_read *read) {
  for (;;) {
    if (object->closed) return refuse(L, read, ta_refuse_closed(L));
    enum found found = has_nothing(object, read) ? MORE : look_for_all(L, object, read);
    if (found == MORE && object->closed) continue;
    if (found == TOO_LONG) return refuse_long_line(L, object, read);
    if (found == NOTHING) lua_pushnil(L);
    if (found != MORE) return finish(L, object, read);
    int values = wait_for_more(L, object, read);
    if (values) return values;
  }
}

static int begin(lua_State *L, struct ta_stream_object *object, enum ta_read_sort sort, int last,
                 bool raises) {
  struct ta_read read = {.go_on = go_on_reading,
                         .sort = sort,
                         .format = FIRST_FORMAT,
                         .last = last,
                         .takes = object->takes,
                         .raises = raises};
  return go_on_reading(L, object, &read);
}

/* Must the task give up its turn first?  It has always found what it looked for. */
static bool has_to_pause(lua_State *L, struct ta_stream_object *object) {
  return ta_has_gone_on(ta_upvalue_runner(L), L) || ta_has_moved_enough(object, L);
}

/* ------------------------------------------------------------ as Lua's files */

/* What lines() gives raises an error, and ends with nothing. */
static int give_to_loop(lua_State *L, const struct ta_read *read, int values) {
  if (!read->raises || lua_toboolean(L, -values)) return values;
  return values > 1 ? ta_error(L, "%s", lua_tostring(L, 1 - values)) : 0;
}

/* As after clearerr(): the next read tries again. */
static int refuse_as_file(lua_State *L, struct ta_stream_object *object, const struct ta_read *read,
                          int error) {
  object->stream.error = 0;
  if (error == -ENOMEM) {
    lua_pushliteral(L, "not enough memory");
    return lua_error(L);
  }
  errno = -error;
  return give_to_loop(L, read, luaL_fileresult(L, 0, NULL));
}

/* Without a buffer nothing is read that was not asked for. */
static size_t bytes_wanted(lua_State *L, const struct ta_stream_object *object,
                           const struct ta_read *read) {
  size_t held = ta_stream_held(&object->stream) - read->at;
  if (!object->unbuffered) return 0;
  if (lua_type(L, read->format) != LUA_TNUMBER)
    return letter_of(lua_tostring(L, read->format)) == 'a' ? 0 : 1;
  size_t count = (size_t)lua_tointeger(L, read->format);
  return count > held ? count - held : 1;
}

/* 0: more has come, or the end, or some may have.  Or what the C function returns. */
static int wait_as_file(lua_State *L, struct ta_stream_object *object, struct ta_read *read) {
  object->stream.most = bytes_wanted(L, object, read);
  ssize_t count = ta_fill_stream(object);
  object->stream.most = object->unbuffered;
  bool rests = count > 0 && ta_has_moved_enough(object, L);
  if (count == 0) read->at_end = true;
  if (count >= 0 && !rests) return 0;
  if (count < 0 && count != -EAGAIN) return refuse_as_file(L, object, read, (int)count);
  bool waits = ta_io_lets_wait(ta_upvalue_runner(L), L);
  int error = waits ? ta_arm_reader(L, object, read)
                    : ta_stream_wait_here(&object->stream, object->stream.needs_to_read);
  if (error) return refuse_as_file(L, object, read, error);
  return waits ? ta_park_reader(L, object) : 0;
}

/* Where somebody could not wait for this read, it has taken from under it. */
static void begin_anew(lua_State *L, const struct ta_stream_object *object, struct ta_read *read) {
  lua_settop(L, read->last);
  read->format = FIRST_OF_FILE;
  read->at = read->scanned = 0;
  read->at_end = false;
  read->takes = object->takes;
}

static int go_on_as_file(lua_State *L, struct ta_stream_object *object, struct ta_read *read) {
  for (;;) {
    if (object->closed) return refuse_as_file(L, object, read, -EBADF);
    if (object->takes != read->takes) begin_anew(L, object, read);
    enum found found = look_for_all(L, object, read);
    if (found == NOTHING) lua_pushnil(L);
    if (found != MORE) return give_to_loop(L, read, finish(L, object, read));
    int values = wait_as_file(L, object, read);
    if (values) return values;
  }
}

static int begin_as_file(lua_State *L, struct ta_stream_object *object) {
  lua_Integer how = lua_tointeger(L, HOW);
  struct ta_read read = {.go_on = go_on_as_file,
                         .format = FIRST_OF_FILE,
                         .last = lua_gettop(L),
                         .takes = object->takes,
                         .as_file = true,
                         .raises = how == TA_FILE_NEXT,
                         .shift = FIRST_OF_FILE - (how == TA_IO_READ ? 1 : 2)};
  return go_on_as_file(L, object, &read);
}

static int k_as_file(lua_State *L, int status, lua_KContext context);

/* Whoever is in the middle of a read comes first, if it is possible to wait for that. */
static int take_turn_as_file(lua_State *L) {
  struct ta_stream_object *object = ta_object_at(L, STREAM);
  if (!object->reader || !ta_io_lets_wait(ta_upvalue_runner(L), L)) return begin_as_file(L, object);
  return ta_wait_for_reader(L, object, k_as_file);
}

static int k_as_file(lua_State *L, int status, lua_KContext context) {
  struct ta_stream_object *object = ta_object_at(L, STREAM);
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  ta_let_next_read(object);
  return take_turn_as_file(L);
}

int ta_read_as_file(lua_State *L, enum ta_file_read how) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_stream_object *object = ta_object_at(L, -1);
  lua_insert(L, STREAM);
  lua_pushinteger(L, how);
  lua_insert(L, HOW);
  luaL_checkstack(L, lua_gettop(L) + LUA_MINSTACK, "too many arguments");
  if (lua_gettop(L) < FIRST_OF_FILE) lua_pushliteral(L, "l");
  if (ta_io_lets_wait(runner, L)) ta_enter(runner, L);
  if (has_to_pause(L, object)) return ta_give_turn_before(runner, L, take_turn_as_file);
  return take_turn_as_file(L);
}

/* ---------------------------------------------------------------- functions */

/* The formats are on the stack, one at least. */
static int check_formats(lua_State *L) {
  if (lua_gettop(L) == STREAM) lua_pushliteral(L, "l");
  int last = lua_gettop(L);
  luaL_checkstack(L, last + LUA_MINSTACK, "too many arguments");
  for (int i = FIRST_FORMAT; i <= last; i++) check_format(L, i);
  return last;
}

/* Of the task that has given up its turn: who closed the stream meanwhile, closed it under
 * somebody who waits. */
static int go_on_after_pause(lua_State *L, enum ta_read_sort sort) {
  struct ta_stream_object *object = ta_object_at(L, STREAM);
  ta_check_reader(L, object);
  return begin(L, object, sort, lua_gettop(L), false);
}

static int l_read_on(lua_State *L) {
  return go_on_after_pause(L, TA_READ_FORMATS);
}

int ta_l_stream_read(lua_State *L) {
  struct ta_stream_object *object = ta_check_stream(L);
  int last = check_formats(L);
  ta_check_reader(L, object);
  if (has_to_pause(L, object)) return ta_give_turn_before(ta_upvalue_runner(L), L, l_read_on);
  return begin(L, object, TA_READ_FORMATS, last, false);
}

static int l_read_some_on(lua_State *L) {
  return go_on_after_pause(L, TA_READ_SOME);
}

int ta_l_stream_read_some(lua_State *L) {
  struct ta_stream_object *object = ta_check_stream(L);
  lua_Integer most = luaL_optinteger(L, FIRST_FORMAT, TA_STREAM_CHUNK);
  luaL_argcheck(L, most > 0, FIRST_FORMAT, "expected a number of bytes from 1 on");
  lua_settop(L, STREAM);
  lua_pushinteger(L, most);
  ta_check_reader(L, object);
  if (has_to_pause(L, object)) return ta_give_turn_before(ta_upvalue_runner(L), L, l_read_some_on);
  return begin(L, object, TA_READ_SOME, FIRST_FORMAT, false);
}

static int l_read_until_on(lua_State *L) {
  return go_on_after_pause(L, TA_READ_UNTIL);
}

int ta_l_stream_read_until(lua_State *L) {
  struct ta_stream_object *object = ta_check_stream(L);
  size_t length;
  luaL_checklstring(L, FIRST_FORMAT, &length);
  luaL_argcheck(L, length > 0, FIRST_FORMAT, "expected a text, got an empty one");
  lua_settop(L, FIRST_FORMAT);
  ta_check_reader(L, object);
  if (has_to_pause(L, object)) return ta_give_turn_before(ta_upvalue_runner(L), L, l_read_until_on);
  return begin(L, object, TA_READ_UNTIL, FIRST_FORMAT, false);
}

/* --------------------------------------------------------------------- lines */

static int l_next_on(lua_State *L) {
  struct ta_stream_object *object = ta_object_at(L, STREAM);
  ta_check_reader(L, object);
  bool raises = lua_toboolean(L, lua_upvalueindex(LINES_RAISES));
  return begin(L, object, TA_READ_FORMATS, lua_gettop(L), raises);
}

/* What lines() gives to the loop. */
static int l_next(lua_State *L) {
  struct ta_stream_object *object = ta_object_at(L, lua_upvalueindex(LINES_STREAM));
  int count = (int)lua_tointeger(L, lua_upvalueindex(LINES_COUNT));
  ta_enter(ta_upvalue_runner(L), L);
  ta_check_not_closed(L, object);
  ta_check_reader(L, object);
  lua_settop(L, 0);
  luaL_checkstack(L, 2 * count + LUA_MINSTACK, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(LINES_STREAM));
  for (int i = 0; i < count; i++) lua_pushvalue(L, lua_upvalueindex(LINES_FIRST + i));
  if (has_to_pause(L, object)) return ta_give_turn_before(ta_upvalue_runner(L), L, l_next_on);
  bool raises = lua_toboolean(L, lua_upvalueindex(LINES_RAISES));
  return begin(L, object, TA_READ_FORMATS, STREAM + count, raises);
}

static int give_lines(lua_State *L, bool raises) {
  ta_check_not_closed(L, ta_check_object(L, STREAM, &ta_stream_kind));
  luaL_argcheck(L, lua_gettop(L) <= MOST_FORMATS, MOST_FORMATS + 1, "too many arguments");
  int last = check_formats(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, STREAM);
  lua_pushboolean(L, raises);
  lua_pushinteger(L, last - STREAM);
  for (int i = FIRST_FORMAT; i <= last; i++) lua_pushvalue(L, i);
  lua_pushcclosure(L, l_next, LINES_FIRST - 1 + last - STREAM);
  return 1;
}

int ta_l_stream_lines(lua_State *L) {
  return give_lines(L, true);
}

int ta_l_stream_line_reader(lua_State *L) {
  return give_lines(L, false);
}
