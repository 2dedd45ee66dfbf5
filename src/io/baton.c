/* SPDX-License-Identifier: MIT */
#include "io/baton.h"

#include "holder.h"

static void on_end(struct ta_runner *runner, struct ta_task *task, struct ta_attachment *hung) {
  struct ta_baton *baton = TA_HOLDER(hung, struct ta_baton, hung);
  (void)runner, (void)task;
  baton->drop(baton);
}

/* Others may have been woken before, and have not come yet: what they leave the last one finds. */
bool ta_hand_baton(struct ta_runner *runner, struct ta_list *waiting, struct ta_baton *baton) {
  static const struct ta_attachment_kind kind = {.on_end = on_end};
  struct ta_task *task = ta_wake_first(runner, waiting);
  if (!task) return false;
  if (ta_attach_to(runner, task, &baton->hung, &kind) != 0)
    while (ta_wake_first(runner, waiting)) continue;
  return true;
}

void ta_take_baton(struct ta_runner *runner, lua_State *L, struct ta_baton *baton) {
  ta_check_wait_end(runner, L);
  ta_detach(&baton->hung);
  if (!ta_is_cancelled(runner) || ta_is_unwinding(runner)) return;
  baton->drop(baton);
  ta_raise_cancellation(runner, L);
}
