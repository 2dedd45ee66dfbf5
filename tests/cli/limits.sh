# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# limits.sh -- --max-memory, --max-step and --warn-slow.

: "${program:?}" "${here:?}"

# ------------------------------------------------------------------ --max-memory

t_memory_beyond_the_limit_is_an_error_that_can_be_caught() {
  run run --max-memory=32M -e '
    print(pcall(string.rep, "x", 1 << 30))
    local ok, message = pcall(function()
      local list = {}
      for i = 1, math.huge do list[i] = {i} end
    end)
    print(ok, message)
    spawn(function() print "others go on" end)
    sleep(0)
    print(#string.rep("x", 1 << 20), collectgarbage("count") < 32 * 1024)'
  expect_status 0
  expect_out "false	not enough memory
false	not enough memory
others go on
1048576	true"
}

t_a_task_that_asks_for_too_much_fails_alone() {
  run run --max-memory=20M --traceback=off -e '
    spawn(function() return ("x"):rep(1 << 25) end)
    sleep(0)
    print "here"'
  expect_status 1
  expect_out here
  expect_err "Error in task: not enough memory"
}

# It lies in a buffer first, and not in the memory of Lua.
t_what_never_ends_is_not_read_beyond_the_limit() {
  truncate -s 1G sparse
  run run --max-memory=32M -e '
    print(async.fs.read "sparse")
    print(async.fs.read "/dev/zero")
    local ok, message, code = async.fs.open "/dev/zero":read "a"
    print(ok, message, code)
    print(#async.fs.open "/dev/zero":read(1 << 20))'
  expect_status 0
  expect_out "nil	cannot read sparse: cannot allocate memory	ENOMEM
nil	cannot read /dev/zero: cannot allocate memory	ENOMEM
nil	cannot read /dev/zero: cannot allocate memory	ENOMEM
1048576"
}

# All of them hang on to what they have, and each asks for more.
t_at_the_limit_of_memory_the_run_ends_and_cleans_up() {
  run run --max-memory=24M --traceback=off -e '
    local cleaned <close> = async.defer(function() async.shield(sleep, 0.01) print "cleaned" end)
    local kept = {}
    for i = 1, 10000 do
      spawn(function()
        while true do
          pcall(function() for _ = 1, math.huge do kept[#kept + 1] = {i} end end)
          sleep(0)
        end
      end)
    end
    sleep(3600)'
  expect_status 1
  expect_out cleaned
  expect_has err "the memory of --max-memory is used up"
}

t_tasks_that_fail_at_the_limit_one_by_one_come_to_an_end() {
  run run --max-memory=24M --traceback=off -e '
    print(pcall(function() while true do spawn(function() sleep(1) end) end end))
    sleep(1)'
  expect_status 1
  expect_out "false	not enough memory"
}

t_what_threads_use_counts_as_well() {
  run run --max-memory=32M -e '
    local function fill(n)
      local list = {}
      for i = 1, n do list[i] = ("x"):rep(1000) .. i end
      return #list
    end
    print(pcall(async.thread, fill, 1000000))
    print(async.thread(fill, 20000)) -- what the first one had is there again
    local mine = {}
    for i = 1, 25000 do mine[i] = ("y"):rep(1000) .. i end
    print(pcall(async.thread, fill, 20000))
    print(async.thread(fill, 500))
    mine = nil
    local done
    for _ = 1, 100 do done = done or pcall(async.thread, fill, 20000) end
    print(done) -- garbage of ours was in the way'
  expect_status 0
  expect_out "false	not enough memory
20000
false	not enough memory
500
true"
}

t_a_thread_that_does_nothing_but_ask_for_memory_ends() {
  run run --max-memory=24M -e '
    print(pcall(async.thread, function()
      local kept = {}
      while true do
        pcall(function() for _ = 1, math.huge do kept[#kept + 1] = {} end end)
      end
    end))
    print(async.thread(function() return 1 end))'
  expect_status 0
  expect_out "false	not enough memory
1"
}

t_a_limit_that_is_too_low_to_start_is_said() {
  run run --max-memory=20k -e 'print(1)'
  expect_status 2
  expect_err "tinyasync: not enough memory"
}

t_garbage_is_collected_before_the_limit_refuses() {
  run run --max-memory=16M -e '
    local made = 0
    for i = 1, 200000 do
      local thing = setmetatable({("x"):rep(100)}, {__gc = function() made = made + 1 end})
      local channel = async.channel()
    end
    print "made"'
  expect_status 0
  expect_out made
}

t_sizes_that_are_none_are_refused() {
  local size
  for size in '' 0 -1 64X M 1e 1.5.2G nan inf 64MM 99999999999T; do
    run run "--max-memory=$size" -e ''
    expect_status 2
    expect_err "tinyasync run: --max-memory: expected a size, as in 64M or 1.5G, got '$size' (see 'tinyasync help run')"
  done
  for size in 64M 64m 1.5G 64MiB 512K 8000000 1T; do
    run run "--max-memory=$size" -e 'print(1)'
    expect_out 1
  done
}

# -------------------------------------------------------------------- --max-step
#
# While the process is stopped half a second counts: more is allowed than that, so that it is
# the right step, at the right line, that takes too long.

t_a_step_that_does_not_wait_gets_an_error_at_its_line() {
  local clock
  script <<'LUA'
local function forever()
  while true do end
end
print(pcall(forever))
print(pcall(coroutine.wrap(function() pcall(error) forever() end)))
sleep(0)
spawn(function() sleep(0.01) print "other" end)
forever()
LUA
  for clock in --seed=1 --virtual-time; do
    run run "$clock" --max-step=0.6 --traceback=off script.lua
    expect_status 1
    expect_out "false	script.lua:2: this step took longer than 0.6 seconds without waiting
false	script.lua:2: this step took longer than 0.6 seconds without waiting
other"
    expect_err "Error in task: script.lua:2: this step took longer than 0.6 seconds without waiting"
  done
}

t_a_step_in_a_chunk_of_ours_gets_its_error_at_the_script_s_line() {
  script <<'LUA'
print(pcall(function()
  for _ in async.csv.rows(function() return "a,b\n" end) do
  end
end))
print(pcall(function()
  while true do async.signal.on("HUP", print):close() end
end))
LUA
  run run --max-step=0.6 script.lua
  expect_status 0
  expect_has out "false	script.lua:2: this step took longer than 0.6 seconds without waiting
false	script.lua:6: this step took longer than 0.6 seconds without waiting"
}

t_a_step_that_catches_the_error_for_ever_is_cancelled() {
  script <<'LUA'
spawn(function() sleep(0) print "other" end)
local guard <close> = async.defer(function() print "closed" end)
while true do pcall(function() while true do end end) end
LUA
  run run --max-step=0.6 script.lua
  expect_status 1
  expect_out $'closed\nother'
  expect_err "tinyasync: interrupted #1 script.lua at script.lua:3"
}

t_a_step_in_a_shield_that_catches_the_error_for_ever_is_cancelled() {
  script <<'LUA'
spawn(function() sleep(0) print "other" end)
local guard <close> = async.defer(function() print "closed" end)
async.shield(function()
  while true do pcall(function() while true do end end) end
end)
print "after"
LUA
  run run --max-step=0.6 script.lua
  expect_status 1
  expect_out $'closed\nother'
  expect_err "tinyasync: interrupted #1 script.lua at script.lua:4"
}

t_steps_that_wait_in_time_are_left_alone() {
  run run --max-step=1.5 -e '
    local function busy(seconds)
      local till = os.clock() + seconds
      while os.clock() < till do end
    end
    for _ = 1, 32 do busy(0.05) sleep(0) end
    sleep(1.6)
    print "end"'
  expect_status 0
  expect_out end
  expect_err ""
}

# --------------------------------------------------------------------- --warn-slow

t_a_step_that_does_not_wait_is_named_while_it_runs() {
  script <<'LUA'
spawn({name = "busy"}, function()
  for i = 1, math.huge do if i % 10000 == 0 and os.clock() > 1 then break end end
end)
sleep(0.1)
print "end"
LUA
  run run --warn-slow=0.2 script.lua
  expect_status 0
  expect_out end
  expect_has err "#2 busy at script.lua:2 has not waited for 0."
  # Each time after twice as long.
  sed -n 's/.*#2 busy .* has not waited for \([0-9.]*\) seconds.*/\1/p' err >named
  awk '$1 < 1.8 * last { exit 1 } { last = $1 }' named || fail "too many lines: $(cat err)"
}

t_a_step_in_c_or_a_finalizer_is_named_too() {
  script <<'LUA'
local function is_told()
  local file <close> = io.open "err"
  return file:read("a"):find "in a finalizer"
end
local slow = setmetatable({}, {__gc = function() repeat until is_told() end})
slow = nil
collectgarbage()
print "end"
LUA
  run run --warn-slow=0.1 script.lua
  expect_status 0
  grep -qE '#1 script.lua has not waited for [0-9.]+ seconds: it is in a finalizer at script.lua:' err ||
    fail "$(cat err)"
}

t_nothing_is_said_of_those_that_wait() {
  run run --warn-slow=0.7 -e 'for _ = 1, 5 do sleep(0.2) end sleep(0.9) print "end"'
  expect_status 0
  expect_out end
  expect_err ""
}

t_spans_of_steps_have_to_be_some() {
  local option
  for option in max-step=0 warn-slow=0 max-step=-1; do
    run run "--$option" -e ''
    expect_status 2
    expect_has err "tinyasync run: --${option%=*}: expected "
  done
  run run --warn-slow -e 'print(1)'
  expect_out 1
}
