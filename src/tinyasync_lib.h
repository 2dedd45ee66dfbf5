/* SPDX-License-Identifier: MIT
 *
 * tinyasync_lib.h -- for libraries: C modules and hosts that give scripts functions which
 * wait.
 *
 * It adds to tinyasync.h what such functions are made of: the Runner of a Lua state, kinds
 * of objects, queues, what a task is to give back when it ends, Lua beside C, and events
 * and channels that C sets and fills.  Everything here belongs to the thread that runs the
 * Lua state.  Other threads call ta_wake(), which wakes tickets: they wake no queue, and
 * neither set events nor fill channels.
 *
 * A wait that has begun ends in `k`, or in `disarm`, or, once it was completed, perhaps in
 * neither: the Runner may be freed, its state closed, or the task robbed of its coroutine
 * before `k` goes on.  What a completed wait holds for `k` is therefore to hang on the task,
 * with ta_attach(), or to lie in a userdata with a __gc.
 *
 * Objects outlive their Runner, and their functions still have it as upvalue: a __gc, or a
 * method called later, may hand it to ta_unpark() and ta_wake_first(), which do nothing then.
 *
 * When memory is out Lua may free a userdata without calling its __gc, which asks for some.
 * The bytes of ta_push_object() are not in the userdata and stay until the __gc has returned,
 * so loops, threads, lists and tasks may point into them: of an object that was lost they are
 * there until nothing of the Runner is.  Its user values are not: what is called for it
 * then, as an attachment's on_end, uses no pointer into those.
 */
#ifndef TINYASYNC_LIB_H
#define TINYASYNC_LIB_H

#include "tinyasync.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------- the Runner */

/* The Runner that runs L, or else the one made last on its state and not freed; NULL when
 * there is none.  [-0, +0, -] */
TA_API struct ta_runner *ta_runner_of(lua_State *L);

/* Raises when the Runner was freed.  To be called after whatever may run Lua: a finalizer
 * may have done that.  [-0, +0, v] */
TA_API void ta_check_open(const struct ta_runner *runner, lua_State *L);

/* -------------------------------------------------------------- functions */

struct ta_function {
  const char *name;
  lua_CFunction function;
};

/* Pushes a C function whose first upvalue is the Runner, or raises when that was freed.
 * [-0, +1, v] */
TA_API void ta_push_function(struct ta_runner *runner, lua_State *L, lua_CFunction function);

/* Sets such functions, up to one without a name, in the table on top.  [-0, +0, v] */
TA_API void ta_set_functions(struct ta_runner *runner, lua_State *L,
                             const struct ta_function *functions);

/* In such a function: its Runner.  [-0, +0, -] */
static inline struct ta_runner *ta_upvalue_runner(lua_State *L) {
  return (struct ta_runner *)lua_touserdata(L, lua_upvalueindex(1));
}

/* The function calls others, with lua_callk() or lua_pcallk(), so that these can wait:
 * where a task cannot, it is not named as what keeps it.  [-0, +0, v] */
TA_API void ta_lets_wait(struct ta_runner *runner, lua_State *L, lua_CFunction function);

/* A function that may wait asks, when it need not: must the task give up its turn first?  It
 * must when 128 of its calls have gone on so in one step: others would starve.  Where
 * nothing can wait it goes on.  [-0, +0, -] */
TA_API bool ta_has_gone_on(struct ta_runner *runner, lua_State *L);

/* Gives up the turn, and then calls `function`, which mostly is the one that runs, with what
 * is on the stack and the same upvalues, of which the first is the Runner.  Use it as the
 * return of a C function.  [-all, +?, v] */
TA_API int ta_give_turn_before(struct ta_runner *runner, lua_State *L, lua_CFunction function);

/* Returns the `count` values on top, for which the task did not have to wait: after the turn
 * was given up if it has gone on too often.  They are lost when it is cancelled meanwhile:
 * what cannot be had again is asked for after ta_has_gone_on() instead.  Use it as the return
 * of a C function.  [-count, +count, v] */
TA_API int ta_return_at_once(struct ta_runner *runner, lua_State *L, int count);

/* `action`, the name of a wait in traces and reports, is taken: scripts may give no action
 * of their own that name.  [-0, +0, v] */
TA_API void ta_name_action(struct ta_runner *runner, lua_State *L, const char *action);

/* Can the value be called?  [-0, +0, m] */
TA_API bool ta_is_callable(lua_State *L, int index);

/* Sets table[key], raw, to the value on top, which is not nil, and remembers what was there:
 * ta_runner_free() puts it back, unless somebody has put another there by then.  The table
 * is at `table`.  From the look at what was there on nothing runs Lua.  [-1, +0, m] */
TA_API void ta_replace(struct ta_runner *runner, lua_State *L, int table, const char *key);

/* Calls `function` with `data` and L before spawn(), add_task() or a scope's spawn() makes a
 * task: it may do what scripts do, and may raise, and there is no task then.  A host whose
 * loop may refuse to come back says so there.  NULL: nobody is called.  [-0, +0, -] */
typedef void ta_spawn_fn(void *data, lua_State *L);
TA_API void ta_before_spawn(struct ta_runner *runner, ta_spawn_fn *function, void *data);

/* Is the running task a daemon?  Are all tasks being cancelled, by ta_cancel_all()?  [-0, +0, -] */
TA_API bool ta_is_daemon(const struct ta_runner *runner);
TA_API bool ta_is_ending(const struct ta_runner *runner);

/* For a chunk: as async.scope, but of a task in it that fails nobody is told but whoever hears
 * of those that nobody awaits, at once, and the others go on. */
TA_API int ta_l_reporting_scope(lua_State *L);

/* Replaces the values from index `first` on by one table of them, with their number in `n`;
 * and such a table on top by its values, whose number it returns: it raises when `n` is not
 * one, or there is no room.  [-n, +1, m] and [-1, +n, v] */
TA_API void ta_pack(lua_State *L, int first);
TA_API int ta_unpack(lua_State *L);

/* ------------------------------------------------------------ Lua beside C */

/* A chunk is given by its text, in pieces of whole lines, up to a NULL.  It sees no globals
 * but these, and what is set in ta_push_environment(), and returns a table of functions:
 *   error ipairs next pcall setmetatable tostring type, and from Lua's libraries concat pack
 *   remove unpack, floor huge max min random tointeger, byte find format gsub match rep sub,
 *   all under these names;
 *   async, once that was opened: all that ta_open() gives it, and nothing that others
 *   have set there.
 * Its lines are those of "(tinyasync)" in messages, and tracebacks leave them out.
 * Pushes that table; the chunk is loaded once.  [-0, +1, e] */
TA_API void ta_push_chunk(struct ta_runner *runner, lua_State *L, const char *const *lines);

/* Pushes the table of what chunks of libraries see, one for all of the Runner's: what is
 * set there had better have names of its own.  [-0, +1, v] */
TA_API void ta_push_environment(struct ta_runner *runner, lua_State *L);

/* The table on top, which is async or one like it, gets the chunk's functions of these
 * names, up to a NULL, when a script looks for one, unless it has something else there by
 * then.  A metatable that it has already stays: its __index and __pairs are called after
 * ours, which lie in their place until nothing is offered any more.  Both arrays must
 * last.  [-0, +0, v] */
TA_API void ta_offer_chunk(struct ta_runner *runner, lua_State *L, const char *const *names,
                           const char *const *lines);

/* The same for several, up to one without names: cheaper than one after the other. */
struct ta_chunk_offer {
  const char *const *names;
  const char *const *lines;
};
TA_API void ta_offer_chunks(struct ta_runner *runner, lua_State *L,
                            const struct ta_chunk_offer *offers);

/* luaL_error() for functions that chunks call as well as scripts: the message begins with the
 * script's line.  [-0, +0, v] */
TA_API int ta_error(lua_State *L, const char *format, ...);

/* A function for a chunk, () -> whether the generic for will close the fourth value whose
 * values the function computes that calls the chunk's function.  Up to Lua 5.4.4 it does not
 * where the loop's body makes a closure and has a `break`: what is given to it there would be
 * closed at some time or other. */
TA_API int ta_l_for_closes(lua_State *L);

/* For what comes before there is a Runner: a new table of those functions of Lua's, to which
 * more may be added; and what a chunk returns that sees the table on top in the place of
 * it.  Kept nowhere.  [-0, +1, m] and [-1, +1, e] */
TA_API void ta_push_basics(lua_State *L);
TA_API void ta_load_chunk(lua_State *L, const char *const *lines);

/* ----------------------------------------------------------------- queues */

struct ta_link {
  struct ta_link *next; /* NULL: in no list */
  struct ta_link *prev;
};

/* A ring through its links.  A link lies in what is listed. */
struct ta_list {
  struct ta_link ring;
};

static inline void ta_list_init(struct ta_list *list) {
  list->ring.next = list->ring.prev = &list->ring;
}

/* Does nobody wait in it? */
static inline bool ta_list_empty(const struct ta_list *list) {
  return list->ring.next == &list->ring;
}

/* Waits in the queue of `subject`, the userdata that is at index 1, until it is woken;
 * `name` is the function that does so for the script.  Use it as the return of a C
 * function.  `k` begins with ta_check_wait_end(), asks again, and waits again if
 * somebody was faster: others run between the wake and `k`.  It takes what is there also
 * when the task was cancelled meanwhile, and so does not call ta_enter() before: nobody else
 * was woken for that.  [-0, +0, v] */
TA_API int ta_wait_in(struct ta_runner *runner, lua_State *L, const char *name,
                      const struct ta_wait_kind *kind, void *subject, struct ta_list *waiting,
                      lua_KFunction k);

/* Raises the cancellation because of which the wait was given up, if it was.
 * [-0, +0, v] */
TA_API void ta_check_wait_end(struct ta_runner *runner, lua_State *L);

/* Wakes the first who waits in the queue, if any: its task.  Whoever was robbed of its
 * coroutine does not count: its task is sent away, and fails. */
TA_API struct ta_task *ta_wake_first(struct ta_runner *runner, struct ta_list *waiting);

/* ---------------------------------------------------------------- objects */

/* What `give` returns when there is nothing any more. */
#define TA_GONE (-1)

/* How async.select() waits for objects of a kind. */
struct ta_selectable {
  /* Is it ready?  May run Lua only by waking tasks. */
  bool (*ready)(struct ta_runner *runner, void *object);

  /* The queue in which who waits until then lies.  Who is woken there asks again when it
   * runs, and waits again for its whole list if somebody was faster. */
  struct ta_list *(*queue)(void *object);

  /* Pushes what is ready, of the object at `index`, and returns how many values; or TA_GONE:
   * nothing is any more, for another thread was faster.  [-0, +n, v] */
  int (*give)(struct ta_runner *runner, lua_State *L, int index);

  /* Can only tasks make it ready?  NULL: no. */
  bool (*by_tasks)(const void *object);

  /* Who is woken does not ask again: it has what it waited for, as of an event that was set
   * and cleared meanwhile. */
  bool woken_has_it;
};

/* A kind of userdata, a static struct each.  All but `name` may be NULL.  `methods` are what
 * __index finds; a function __index among `meta` takes their place, and finds them itself. */
struct ta_object_kind {
  const char *name;                   /* as in messages: "Stream" */
  const struct ta_function *methods;  /* up to one without a name */
  const struct ta_function *meta;     /* likewise: __gc, __close, __tostring ... */
  const struct ta_selectable *select; /* it can be selected */
};

/* Pushes a new object of the kind: `size` bytes of zeros, with so many user values, which
 * are nil: what the object keeps in Lua, by lua_setiuservalue().  The functions of the kind
 * have the Runner as their first upvalue.  Raises when that was freed.  Of an object that a
 * finalizer makes while lua_close() is at work Lua calls no __gc.
 * The bytes are not what lua_touserdata() gives.  They stay as long as the object, and at
 * least until the kind's __gc has returned, which sees to it that nobody points to them any
 * more; one that raises has not done so, and they stay.  When another finalizer brings the
 * object back, and ta_check_object() finds it, its __gc is called once more in the end.
 * [-0, +1, v] */
TA_API void *ta_push_object(struct ta_runner *runner, lua_State *L,
                            const struct ta_object_kind *kind, size_t size, int user_values);

/* The object at `index`, or NULL when that is none of the kind and the Runner.  Also after
 * the Runner was freed.  [-0, +0, -] */
TA_API void *ta_to_object(const struct ta_runner *runner, lua_State *L, int index,
                          const struct ta_object_kind *kind);

/* The same for an argument, or raises; the first upvalue is the Runner.  [-0, +0, v] */
TA_API void *ta_check_object(lua_State *L, int index, const struct ta_object_kind *kind);

/* The object at an index where one is known to be, of whatever kind and Runner; NULL where
 * there is none.  [-0, +0, -] */
TA_API void *ta_object_at(lua_State *L, int index);

/* ------------------------------------------------------ failures in words */

typedef void ta_write_fn(void *data, const char *text, size_t length);

/* Writes a failure in pieces, as tinyasync(1) shows it: "Error in task: MESSAGE", and of one
 * that was reported before who has awaited it, which does not end the line; and the lines
 * with whose error it is, from where, unless it was reported before.  For ta_on_failure():
 * they ask for no memory.  [-0, +0, -] */
TA_API void ta_write_failure(const struct ta_failure *failure, ta_write_fn *write, void *data);
TA_API void ta_write_failure_lines(const struct ta_failure *failure, ta_write_fn *write,
                                   void *data);

/* The frames on top, a text whose lines each begin with a newline and a tab, are what a report
 * shows first of the error object below them, if that is raised next in the running task: it
 * comes from elsewhere.  [-1, +0, m] */
TA_API void ta_add_frames(struct ta_runner *runner, lua_State *L);

/* ------------------------------------------------------------- the trace */

/* Tells the trace, if there is one, of something outside: TA_EVENT_START, in the running task at
 * L, or TA_EVENT_END, where L may be NULL.  `action` says what it is ("process"), `number` by
 * what it is known there, `subject` what it is called, `message` how it ended, or NULL.
 * [-0, +0, -] */
TA_API void ta_tell_of_outside(struct ta_runner *runner, lua_State *L, enum ta_event_kind kind,
                               const char *action, uint64_t number, const char *subject,
                               const char *message);

/* ------------------------------------------------- what a task gives back */

struct ta_attachment;

struct ta_attachment_kind {
  /* The task has ended, and has it no more; a wait that was given up was disarmed before.
   * May wake tasks, and not raise. */
  void (*on_end)(struct ta_runner *runner, struct ta_task *task, struct ta_attachment *attachment);

  /* The Runner is freed, or its Lua state closed: it may not use that.  Waits were disarmed
   * before, and objects finalized perhaps.  May be NULL. */
  void (*on_forget)(struct ta_attachment *attachment);
};

/* Something that a task has and that is to be given back when it ends.  It lies in what it
 * stands for, the bytes of ta_push_object() or memory of its own but no other userdata, and is
 * zero before its first use.  An object that holds one has a __gc which calls ta_detach(): the
 * task does not keep the object. */
struct ta_attachment {
  struct ta_link link;
  const struct ta_attachment_kind *kind;
};

/* Hangs it on the running task, to which it moves from where it hung before; outside a task
 * that does nothing.  0, or -ENOMEM: it is where it was. */
TA_API int ta_attach(struct ta_runner *runner, struct ta_attachment *attachment,
                     const struct ta_attachment_kind *kind);

/* The same with a task that has not ended, such as one that was just added. */
TA_API int ta_attach_to(struct ta_runner *runner, struct ta_task *task,
                        struct ta_attachment *attachment, const struct ta_attachment_kind *kind);

/* The task at `index`, which has not ended, or NULL.  [-0, +0, -] */
TA_API struct ta_task *ta_task_at(struct ta_runner *runner, lua_State *L, int index);

/* Takes it off again, if it hangs on a task: before its memory goes, at the latest. */
TA_API void ta_detach(struct ta_attachment *attachment);

/* In `on_end`: was it a cancellation that ended the task?  [-0, +0, -] */
TA_API bool ta_ended_cancelled(const struct ta_task *task);

/* --------------------------------------------------- events and channels from C */

/* Pushes an event, as async.event(name), which C sets: who waits for it waits for the
 * outside.  `name` may be NULL.  The event lasts as long as Lua has the object.  Raises
 * unless ta_open() or ta_open_table() has opened the library.  [-0, +1, v] */
struct ta_event_flag;
TA_API struct ta_event_flag *ta_push_event(struct ta_runner *runner, lua_State *L,
                                           const char *name);

/* As event:set().  Allocates nothing.  [-0, +0, -] */
TA_API void ta_set_event(struct ta_runner *runner, struct ta_event_flag *event);

/* Pushes a channel, as async.channel(capacity, name), which C fills: who receives from it
 * waits for the outside.  A capacity of LUA_MAXINTEGER is no limit; raises for a negative
 * one, and as ta_push_event() does.  [-0, +1, v] */
TA_API void ta_push_channel(struct ta_runner *runner, lua_State *L, lua_Integer capacity,
                            const char *name);

/* Sends the value on top into the channel at `index`, and pops it.  False when there is no
 * room, or the channel was closed.  Raises for nil, and where there is no channel.
 * [-1, +0, v] */
TA_API bool ta_try_send(struct ta_runner *runner, lua_State *L, int index);

/* A channel whose values lie elsewhere, as between threads: its functions are those of a kind.
 * Each has the channel at index 1, and the Runner as its first upvalue. */
struct ta_far;
struct ta_far_kind {
  int (*recv)(lua_State *L, struct ta_far *far); /* as channel:recv */
  int (*send)(lua_State *L, struct ta_far *far); /* the value, not nil, is at index 2 */
  int (*try_recv)(lua_State *L, struct ta_far *far);
  int (*try_send)(lua_State *L, struct ta_far *far);
  void (*close)(struct ta_far *far);
  uint64_t (*count)(struct ta_far *far);
  bool (*ready)(struct ta_far *far);             /* is there a value, or the end of all? */
  int (*give)(lua_State *L, struct ta_far *far); /* pushes that, or nil; or TA_GONE */
  bool (*by_tasks)(const struct ta_far *far); /* can only this Runner's tasks end waits for it? */
};
struct ta_far {
  const struct ta_far_kind *kind;
  struct ta_list receivers; /* who is woken there asks again */
};

/* What a channel has. */
struct ta_channel_about {
  struct ta_far *far;   /* NULL: its values are its own */
  lua_Integer capacity; /* LUA_MAXINTEGER: no limit */
  lua_Integer count;
  const char *name; /* or NULL */
  bool closed;
};

/* False: there is no channel at `index`.  [-0, +0, -] */
TA_API bool ta_look_at_channel(struct ta_runner *runner, lua_State *L, int index,
                               struct ta_channel_about *about);

/* Pushes value number `number`, from 1 on, that lies in the channel at `index`.  [-0, +1, -] */
TA_API void ta_push_channel_value(struct ta_runner *runner, lua_State *L, int index,
                                  lua_Integer number);

/* From now on the channel at `index`, and who waits for it, goes by `far`, which lasts as long
 * as the object on top, which the channel keeps.  What it held is forgotten.  [-1, +0, -] */
TA_API void ta_send_channel_far(struct ta_runner *runner, lua_State *L, int index,
                                struct ta_far *far);

/* What a wait for a channel is about, for a ta_wait_kind: the subject is what lua_touserdata()
 * gives for the channel. */
TA_API void ta_describe_channel(const void *channel, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif
