# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# threads.sh -- how a run ends while its threads compute.

: "${program:?}" "${began:?}"

# Three threads that are busy: a hook reaches the first two, the one behind protected calls; the
# third is in a function of C that takes years.  A file says of each that it is.
busy='local function busy(how)
  local mark = io.open(how .. ".busy", "w")
  mark:close()
  if how == "in C" then return ("a"):rep(60):find(("a*"):rep(30) .. "b") end
  while true do
    if how == "protected" then pcall(function() while true do end end) end
  end
end
local guard <close> = async.defer(function() print "closed" end)
for _, how in ipairs {"plain", "protected", "in C"} do
  spawn({name = how}, async.thread, busy, how)
end'

till_busy="local function is(how) local file = io.open(how .. '.busy') return file and file:close() end
  while not (is 'plain' and is 'protected' and is 'in C') do sleep(0.01) end"

are_busy() { [[ -e plain.busy && -e protected.busy && -e "in C.busy" ]]; }

t_a_signal_ends_a_run_whose_threads_compute() {
  local signal number
  script <<<"$busy sleep(60)"
  for signal in INT TERM; do
    rm -f ./*.busy
    start script.lua
    wait_for are_busy
    stop "$signal"
    number=2
    [[ $signal == INT ]] || number=15
    expect_end "signal $number"
    expect_out closed
    wait_for is_gone "$(cat pid)"
  done
}

t_a_timeout_ends_a_run_whose_threads_compute() {
  script <<<"$busy $till_busy $began sleep(60)"
  run_late script.lua
  expect_status 124
  expect_out closed
  expect_has err "timed out with"
}

t_os_exit_ends_a_run_whose_threads_compute() {
  local close
  for close in '' ', true'; do
    rm -f ./*.busy
    script <<<"$busy $till_busy os.exit(7$close)"
    run run script.lua
    expect_status 7
    if [[ $close ]]; then expect_out closed; else expect_out ""; fi
  done
}

# The end of the run waits for shields: for threads too.
t_a_second_signal_ends_a_run_whose_threads_compute() {
  script <<'LUA'
spawn({name = "shielded"}, async.shield, async.thread, function()
  io.open("shielded.busy", "w"):close()
  while true do end
end)
local guard <close> = async.defer(function() print "closed" end)
sleep(60)
LUA
  start --grace=60 script.lua
  wait_for test -e shielded.busy
  stop INT
  wait_for has out closed
  stop_again INT
  expect_end "signal 2"
  expect_has err "ended at once; these would not stop: #2 shielded"
  wait_for is_gone "$(cat pid)"
}

# The state is closed while they wait, after what they wait for was finalized: ASan sees more.
t_who_waits_for_a_channel_of_threads_may_be_left_behind() {
  script <<LUA
local c, here = async.channel(), async.channel(1)
for _ = 1, 50 do
  spawn(function()
    local guard <close> = async.defer(function()
      local start = os.clock()
      repeat until os.clock() - start > 0.05
    end)
    sleep(60)
  end)
end
spawn(async.thread, function(c, here)
  here:send(true)
  return ("a"):rep(60):find(("a*"):rep(30) .. "b") -- for years
end, c, here)
here:recv()
spawn(async.shield, c.recv, c)
spawn(async.shield, async.select, {c, here})
spawn(async.shield, here.recv, here)
sleep(0)
$began
LUA
  run_late --grace=0.2 script.lua
  expect_status 124
  expect_has err "left without clean-up"
}
