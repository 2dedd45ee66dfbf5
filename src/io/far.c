/* SPDX-License-Identifier: MIT */
#include "io/far.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "list.h"

/* The channels of a state, by their crossings: under the address of this one in the registry. */
static const char channels;

struct far_end;
struct passage;

/* Of the Runner: all its ends, and who looks after them when the loop was woken. */
struct ta_crossings {
  struct ta_io *io;
  struct ta_listener listener;
  struct far_end *first;
  const struct passage *passages; /* of channels that are on their way, the innermost first */
};

/* A state's end of a crossing.  It has memory of its own, for a holder may be lost. */
struct far_end {
  struct ta_far far;
  struct ta_crossing_end end;
  struct ta_io *io;
  struct ta_list senders; /* of this state that wait: struct sending */
  struct far_end *next, **link;
};

/* What Lua has of it. */
struct holder {
  struct far_end *end; /* NULL: it has parted */
};

/* A task that waits to send, in an object of its own. */
struct sending {
  struct ta_offer offer;
  struct ta_link link;
  struct ta_ticket ticket;
  struct far_end *end; /* NULL: nothing is offered */
};

static struct far_end *far_end_of(struct ta_far *far) {
  return TA_HOLDER(far, struct far_end, far);
}

/* ----------------------------------------------------------------- being woken */

/* May whoever waits go on?  Else it asks again whether it is alone. */
static void wake_senders(struct far_end *end, bool all) {
  struct ta_link *link = ta_list_first(&end->senders), *next;
  for (; link; link = next) {
    const struct sending *sending = TA_HOLDER(link, struct sending, link);
    next = ta_list_after(&end->senders, link);
    if (!all && !ta_crossing_accepted(end->end.crossing, &sending->offer)) continue;
    ta_unpark(end->io->runner, sending->ticket);
  }
}

static void wake_receivers(struct far_end *end, uint64_t count) {
  while (count-- > 0 && ta_wake_first(end->io->runner, &end->far.receivers)) continue;
}

static void look_after(struct far_end *end) {
  uint64_t waiting = ta_list_count(&end->far.receivers);
  struct ta_crossing_state state = ta_crossing_look_for(&end->end, waiting);
  bool all = state.closed || state.alone;
  wake_senders(end, all);
  wake_receivers(end, all ? UINT64_MAX : state.count + state.offered);
}

static void on_woken(struct ta_listener *listener) {
  struct ta_crossings *crossings = listener->data;
  for (struct far_end *end = crossings->first; end; end = end->next)
    if (ta_crossing_has_changed(&end->end)) look_after(end);
}

static struct ta_crossings *crossings_of(struct ta_io *io) {
  if (io->crossings) return io->crossings;
  struct ta_crossings *crossings = calloc(1, sizeof *crossings);
  if (!crossings) return NULL;
  crossings->io = io;
  crossings->listener = (struct ta_listener){.woken = on_woken, .data = crossings};
  ta_loop_listen(io->loop, &crossings->listener);
  io->crossings = crossings;
  return crossings;
}

/* ---------------------------------------------------------------------- ends */

static void part(struct far_end *end) {
  if (end->next) end->next->link = end->link;
  *end->link = end->next;
  ta_crossing_part(&end->end);
  free(end);
}

static int l_part(lua_State *L);

static const struct ta_function meta[] = {{"__gc", l_part}, {NULL, NULL}};
static const struct ta_object_kind holder_kind = {.name = "Crossing", .meta = meta};

/* The channel is not used any more.  Who waits for it still was left behind, and the state is
 * being closed: those waits are disarmed later, and the end goes with all others. */
static int l_part(lua_State *L) {
  struct holder *holder = ta_check_object(L, 1, &holder_kind);
  struct far_end *end = holder->end;
  holder->end = NULL;
  if (end && ta_list_empty(&end->far.receivers) && ta_list_empty(&end->senders)) part(end);
  return 0;
}

void ta_close_crossings(struct ta_io *io) {
  if (!io->crossings) return;
  while (io->crossings->first) part(io->crossings->first);
  ta_loop_unlisten(io->loop, &io->crossings->listener);
  free(io->crossings);
  io->crossings = NULL;
}

static const struct ta_far_kind far_kind;

/* Has the channel at `index` go by the crossing. */
static void join(struct ta_runner *runner, lua_State *L, int index, struct ta_crossing *crossing) {
  struct ta_io *io = ta_io_of(runner, L);
  struct holder *holder = ta_push_object(runner, L, &holder_kind, sizeof *holder, 0);
  struct ta_crossings *crossings = crossings_of(io);
  struct far_end *end = crossings ? calloc(1, sizeof *end) : NULL;
  if (!end) luaL_error(L, "not enough memory");
  end->far.kind = &far_kind;
  end->io = io;
  ta_list_init(&end->far.receivers);
  ta_list_init(&end->senders);
  ta_crossing_join(crossing, &end->end, io->loop);
  end->next = crossings->first;
  end->link = &crossings->first;
  if (end->next) end->next->link = &end->next;
  crossings->first = end;
  holder->end = end;
  ta_send_channel_far(runner, L, index, &end->far);
}

/* ------------------------------------------------------------------ receiving */

/* Pushes what is in the parcel, which it frees; without one, nil. */
static int push_parcel(lua_State *L, struct ta_parcel *parcel) {
  if (!parcel) {
    lua_pushnil(L);
    return 1;
  }
  struct ta_flat flat = parcel->flat;
  free(parcel);
  return ta_flat_move(ta_upvalue_runner(L), L, &flat);
}

static bool far_ready(struct ta_far *far) {
  struct far_end *end = far_end_of(far);
  return ta_crossing_ready(end->end.crossing);
}

static void far_waits(struct ta_far *far) {
  ta_crossing_await(&far_end_of(far)->end, !ta_list_empty(&far->receivers));
}

static int far_give(lua_State *L, struct ta_far *far) {
  struct far_end *end = far_end_of(far);
  struct ta_parcel *parcel;
  bool known = ta_crossing_take(end->end.crossing, &parcel);
  return known ? push_parcel(L, parcel) : TA_GONE;
}

static bool far_by_tasks(const struct ta_far *far) {
  const struct far_end *end = (const struct far_end *)far;
  return ta_crossing_look(end->end.crossing).alone;
}

/* It was given up. */
static void disarm_recv(void *subject) {
  far_waits(ta_far_of_channel(subject));
}

static const struct ta_wait_kind recv_kind = {
    .action = "recv", .describe = ta_describe_channel, .disarm = disarm_recv};
static const struct ta_wait_kind recv_alone_kind = {.action = "recv",
                                                    .describe = ta_describe_channel,
                                                    .disarm = disarm_recv,
                                                    .by_tasks = true,
                                                    .advice =
                                                        "no other thread has the channel any more"};

static struct ta_far *check_far(lua_State *L) {
  struct ta_channel_about about;
  ta_look_at_channel(ta_upvalue_runner(L), L, 1, &about);
  return about.far;
}

static int far_recv(lua_State *L, struct ta_far *far);

static int l_recv(lua_State *L) {
  return far_recv(L, check_far(L));
}

static int take_or_wait(lua_State *L, struct ta_far *far);

static int k_recv(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  ta_check_wait_end(ta_upvalue_runner(L), L);
  lua_settop(L, 1);
  return take_or_wait(L, check_far(L));
}

static int wait_for_parcel(lua_State *L, struct ta_far *far) {
  const struct ta_wait_kind *kind = far_by_tasks(far) ? &recv_alone_kind : &recv_kind;
  ta_check_wait(ta_upvalue_runner(L), L, "recv");
  luaL_checkstack(L, LUA_MINSTACK, NULL); /* nothing fails once the others know of it */
  ta_crossing_await(&far_end_of(far)->end, true);
  return ta_wait_in(ta_upvalue_runner(L), L, "recv", kind, lua_touserdata(L, 1), &far->receivers,
                    k_recv);
}

/* What was there may have gone to another thread since somebody looked. */
static int take_or_wait(lua_State *L, struct ta_far *far) {
  int given = far_give(L, far);
  return given == TA_GONE ? wait_for_parcel(L, far) : given;
}

static int far_recv(lua_State *L, struct ta_far *far) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_enter(runner, L);
  lua_settop(L, 1);
  if (!far_ready(far)) return wait_for_parcel(L, far);
  return ta_has_gone_on(runner, L) ? ta_give_turn_before(runner, L, l_recv) : take_or_wait(L, far);
}

static int give_reason(lua_State *L, const char *reason) {
  lua_pushnil(L);
  lua_pushstring(L, reason);
  return 2;
}

static int far_try_recv(lua_State *L, struct ta_far *far) {
  struct far_end *end = far_end_of(far);
  struct ta_parcel *parcel;
  bool known = ta_crossing_take(end->end.crossing, &parcel);
  if (known && parcel) return push_parcel(L, parcel);
  return give_reason(L, known ? "closed" : "empty");
}

/* -------------------------------------------------------------------- sending */

static int raise_closed(lua_State *L, struct far_end *end) {
  const char *name = ta_crossing_name(end->end.crossing);
  if (!name) return luaL_error(L, "send: the channel is closed");
  return luaL_error(L, "send: channel '%s' is closed", name);
}

/* The parcel, which it frees, was not put in. */
static int raise_refusal(lua_State *L, struct far_end *end, struct ta_parcel *parcel,
                         const char *name, int error) {
  ta_parcel_free(parcel);
  if (error == -EPIPE) return raise_closed(L, end);
  return luaL_error(L, "%s: the channel would lie in itself", name);
}

/* Packs the value at index 2.  Raises what cannot be copied. */
static struct ta_parcel *pack(lua_State *L, const char *name) {
  struct ta_complaint complaint;
  struct ta_parcel *parcel = calloc(1, sizeof *parcel);
  int error = parcel ? ta_flat_pack(ta_upvalue_runner(L), L, 2, 1, "the value", 0, &parcel->flat,
                                    &complaint)
                     : -ENOMEM;
  if (!error) return parcel;
  ta_parcel_free(parcel);
  if (error == -ENOMEM)
    luaL_error(L, "not enough memory");
  else
    luaL_error(L, "%s: %s", name, complaint.text);
  return NULL;
}

/* False: it was accepted before. */
static bool withdraw(struct sending *sending) {
  struct far_end *end = sending->end;
  ta_list_leave(&sending->link);
  sending->end = NULL;
  if (!end) return true;
  struct ta_parcel *parcel = ta_crossing_withdraw(end->end.crossing, &sending->offer);
  ta_parcel_free(parcel);
  return parcel;
}

static void disarm(void *subject) {
  withdraw(subject);
}

/* What another thread has taken was sent. */
static bool is_sent(void *subject) {
  return !withdraw(subject);
}

static void describe_sending(const void *subject, char *text, size_t size);

static const struct ta_wait_kind send_kind = {
    .action = "send", .describe = describe_sending, .disarm = disarm, .is_over = is_sent};
static const struct ta_wait_kind send_alone_kind = {.action = "send",
                                                    .describe = describe_sending,
                                                    .disarm = disarm,
                                                    .is_over = is_sent,
                                                    .by_tasks = true,
                                                    .advice =
                                                        "no other thread has the channel any more"};

static void describe_sending(const void *subject, char *text, size_t size) {
  const struct far_end *end = ((const struct sending *)subject)->end;
  const char *name = end ? ta_crossing_name(end->end.crossing) : NULL;
  const char *quote = name ? "'" : "";
  snprintf(text, size, "on channel%s%s%.100s%s", name ? " " : "", quote, name ? name : "", quote);
}

static int l_withdraw(lua_State *L);

static const struct ta_function sending_meta[] = {{"__gc", l_withdraw}, {NULL, NULL}};
static const struct ta_object_kind sending_kind = {.name = "Sending", .meta = sending_meta};

static int l_withdraw(lua_State *L) {
  withdraw(ta_check_object(L, 1, &sending_kind));
  return 0;
}

enum { SENDING = 3 };

static int wait_to_send(lua_State *L, struct sending *sending);

static int k_send(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  struct sending *sending = ta_check_object(L, SENDING, &sending_kind);
  struct far_end *end = far_end_of(check_far(L));
  if (ta_crossing_accepted(end->end.crossing, &sending->offer)) {
    withdraw(sending);
    return 0;
  }
  if (!ta_crossing_look(end->end.crossing).closed) return wait_to_send(L, sending);
  withdraw(sending);
  return raise_closed(L, end);
}

/* What it offers lies in the crossing. */
static int wait_to_send(lua_State *L, struct sending *sending) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  bool alone = far_by_tasks(&sending->end->far);
  sending->ticket = ta_retake_ticket(runner, L, alone ? &send_alone_kind : &send_kind, sending);
  return ta_park(runner, L, sending->ticket, 0, k_send);
}

/* There is no room. */
static int offer(lua_State *L, struct far_end *end) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  ta_check_wait(runner, L, "send");
  struct sending *sending = ta_push_object(runner, L, &sending_kind, sizeof *sending, 0);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  struct ta_parcel *parcel = pack(L, "send");
  sending->offer.end = &end->end;
  int error = ta_crossing_put(end->end.crossing, parcel, &sending->offer, false);
  if (error == 0) return 0;
  if (error != -EAGAIN) return raise_refusal(L, end, parcel, "send", error);
  sending->end = end;
  ta_list_append(&end->senders, &sending->link);
  return wait_to_send(L, sending);
}

static int far_send(lua_State *L, struct ta_far *far);

static int l_send(lua_State *L) {
  return far_send(L, check_far(L));
}

static int far_send(lua_State *L, struct ta_far *far) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct far_end *end = far_end_of(far);
  ta_enter(runner, L);
  lua_settop(L, 2);
  struct ta_crossing_state state = ta_crossing_look(end->end.crossing);
  if (state.closed) return raise_closed(L, end);
  if (state.offered > 0 || state.count >= ta_crossing_capacity(end->end.crossing))
    return offer(L, end);
  if (ta_has_gone_on(runner, L)) return ta_give_turn_before(runner, L, l_send);
  struct ta_parcel *parcel = pack(L, "send");
  int error = ta_crossing_put(end->end.crossing, parcel, NULL, false);
  if (error == 0) return 0;
  if (error != -EAGAIN) return raise_refusal(L, end, parcel, "send", error);
  ta_parcel_free(parcel);
  return offer(L, end);
}

static int far_try_send(lua_State *L, struct ta_far *far) {
  struct far_end *end = far_end_of(far);
  struct ta_parcel *parcel = pack(L, "try_send");
  int error = ta_crossing_put(end->end.crossing, parcel, NULL, true);
  if (error == -ELOOP) return raise_refusal(L, end, parcel, "try_send", error);
  if (error) ta_parcel_free(parcel);
  if (error) return give_reason(L, error == -EPIPE ? "closed" : "full");
  lua_pushboolean(L, true);
  return 1;
}

static void far_close(struct ta_far *far) {
  ta_crossing_close(far_end_of(far)->end.crossing);
}

static uint64_t far_count(struct ta_far *far) {
  const struct far_end *end = far_end_of(far);
  return ta_crossing_look(end->end.crossing).count;
}

static const struct ta_far_kind far_kind = {.recv = far_recv,
                                            .send = far_send,
                                            .try_recv = far_try_recv,
                                            .try_send = far_try_send,
                                            .close = far_close,
                                            .count = far_count,
                                            .ready = far_ready,
                                            .give = far_give,
                                            .by_tasks = far_by_tasks,
                                            .waits = far_waits};

/* -------------------------------------------------------------------- crossing */

static void push_channels(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &channels) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_newtable(L);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &channels);
}

/* Has the channel at `index` go by the crossing, and notes it: the place for the note is made
 * before, so that either both are done or nothing is. */
static void join_and_note(struct ta_runner *runner, lua_State *L, int index,
                          struct ta_crossing *crossing) {
  push_channels(L);
  lua_pushboolean(L, false);
  lua_rawsetp(L, -2, crossing);
  join(runner, L, index, crossing);
  lua_pushvalue(L, index);
  lua_rawsetp(L, -2, crossing);
  lua_pop(L, 1);
}

void ta_push_crossing(struct ta_runner *runner, lua_State *L, struct ta_crossing *crossing) {
  uint64_t capacity = ta_crossing_capacity(crossing);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  push_channels(L);
  if (lua_rawgetp(L, -1, crossing) == LUA_TUSERDATA) {
    lua_remove(L, -2);
    return;
  }
  lua_pop(L, 2);
  ta_push_channel(runner, L, capacity == UINT64_MAX ? LUA_MAXINTEGER : (lua_Integer)capacity,
                  ta_crossing_name(crossing));
  int index = lua_gettop(L);
  join_and_note(runner, L, index, crossing);
}

/* What l_cross is to do. */
struct passage {
  struct ta_runner *runner;
  struct ta_complaint *complaint;
  struct ta_crossing *crossing;
  int error;
  struct ta_crossings *crossings; /* NULL: it is not noted there */
  const void *channel;            /* which one it is */
  const struct passage *outer;    /* of one that this one lies in */
};

static bool is_on_its_way(const struct ta_crossings *crossings, const void *channel) {
  for (const struct passage *passage = crossings->passages; passage; passage = passage->outer)
    if (passage->channel == channel) return true;
  return false;
}

/* What lies in the channel, as parcels. */
static int move_values(lua_State *L, struct passage *passage, lua_Integer count) {
  for (lua_Integer i = 1; i <= count; i++) {
    struct ta_parcel *parcel = calloc(1, sizeof *parcel);
    if (!parcel) return -ENOMEM;
    ta_push_channel_value(passage->runner, L, 2, i);
    int error = ta_flat_pack(passage->runner, L, lua_gettop(L), 1, "what lies in the channel", 0,
                             &parcel->flat, passage->complaint);
    lua_pop(L, 1);
    if (!error) error = ta_crossing_put(passage->crossing, parcel, NULL, false);
    if (error) ta_parcel_free(parcel);
    if (error) return error;
  }
  return 0;
}

/* Moves what lies in it, among which it is not itself. */
static int move_all(lua_State *L, struct passage *passage, lua_Integer count) {
  struct ta_crossings *crossings = crossings_of(ta_io_of(passage->runner, L));
  if (!crossings) return -ENOMEM;
  passage->channel = lua_topointer(L, 2);
  if (is_on_its_way(crossings, passage->channel)) {
    snprintf(passage->complaint->text, sizeof passage->complaint->text,
             "cannot copy a channel that lies in itself to another thread");
    return -EINVAL;
  }
  passage->crossings = crossings;
  passage->outer = crossings->passages;
  crossings->passages = passage;
  return move_values(L, passage, count);
}

/* (passage, channel): the passage has a share of the crossing afterwards, also when it raises. */
static int l_cross(lua_State *L) {
  struct passage *passage = lua_touserdata(L, 1);
  struct ta_channel_about about;
  if (!ta_look_at_channel(passage->runner, L, 2, &about)) {
    passage->error = -ENOENT;
    return 0;
  }
  if (about.far) {
    passage->crossing = far_end_of(about.far)->end.crossing;
    ta_crossing_share(passage->crossing);
    return 0;
  }
  uint64_t capacity = about.capacity == LUA_MAXINTEGER ? UINT64_MAX : (uint64_t)about.capacity;
  passage->crossing = ta_crossing_new(capacity, about.name);
  passage->error = passage->crossing ? move_all(L, passage, about.count) : -ENOMEM;
  if (passage->error) return 0;
  if (about.closed) ta_crossing_close(passage->crossing);
  join_and_note(passage->runner, L, 2, passage->crossing);
  return 0;
}

/* Of the error on top, which it pops: there was no memory, or no room on the stack. */
static int error_of(lua_State *L, struct ta_complaint *complaint) {
  const char *words = lua_tostring(L, -1);
  bool is_deep = words && strstr(words, "overflow");
  lua_pop(L, 1);
  if (!is_deep) return -ENOMEM;
  snprintf(complaint->text, sizeof complaint->text, "channels lie too deep in one another");
  return -EINVAL;
}

/* No finalizer runs meanwhile: it could use the channel, whose values are in two places, or
 * change a table that is being packed. */
static int call_cross(lua_State *L) {
  bool collects = lua_gc(L, LUA_GCISRUNNING);
  if (collects) lua_gc(L, LUA_GCSTOP);
  int status = lua_pcall(L, 2, 0, 0);
  if (collects) lua_gc(L, LUA_GCRESTART);
  return status;
}

int ta_share_channel(struct ta_runner *runner, lua_State *L, int index,
                     struct ta_crossing **crossing, struct ta_complaint *complaint) {
  struct passage passage = {.runner = runner, .complaint = complaint};
  if (!lua_checkstack(L, LUA_MINSTACK)) return -ENOMEM;
  index = lua_absindex(L, index);
  lua_pushcfunction(L, l_cross);
  lua_pushlightuserdata(L, &passage);
  lua_pushvalue(L, index);
  int status = call_cross(L);
  if (passage.crossings) passage.crossings->passages = passage.outer;
  if (status != LUA_OK) passage.error = error_of(L, complaint);
  if (passage.error && passage.crossing) ta_crossing_leave(passage.crossing);
  *crossing = passage.error ? NULL : passage.crossing;
  return passage.error;
}
