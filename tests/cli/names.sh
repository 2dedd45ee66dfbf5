# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# names.sh -- how a run goes on, and ends, while names are looked up that nobody answers for.

: "${program:?}" "${root:?}"

# Without a network: see names.c.
with_names() {
  cc -shared -fPIC -o names.so "$root/tests/cli/names.c" 2>/dev/null || skip "there is no cc"
  export LD_PRELOAD=$PWD/names.so NAMES=$PWD/asked
  mkdir asked
}

# Each asks for another, and they are asked when `all_asked` has been called.
six_dead='local dns = async.dns
local function all_asked()
  for n = 1, 6 do while not async.fs.exists("asked/" .. n .. ".dead") do sleep(0.01) end end
end
local function six() for n = 1, 6 do spawn(dns.resolve, n .. ".dead") end end
'

are_asked() { [[ -e asked/1.dead && -e asked/2.dead && -e asked/6.dead ]]; }

t_dead_names_hold_up_no_other() {
  with_names
  script <<<"$six_dead"'six() all_asked()
    print(dns.resolve("good.example")[1])
    print(dns.resolve("slow.example")[1], dns.resolve("localhost", "inet")[1])
    print(select("#", dns.resolve "nowhere"), select(3, dns.resolve "nowhere"))
    os.exit(3)'
  run run script.lua
  expect_status 3
  expect_out "127.0.0.1
127.0.0.1	127.0.0.1
3	EAI_NONAME"
}

# Whatever ends the run, it waits for no thread: these would take minutes.
t_no_end_waits_for_dead_names() {
  local how number
  with_names
  script end.lua <<<"$six_dead"'async.race({function() six() sleep(1e9) end, all_asked}) 
    for _, task in ipairs(async.tasks()) do if task ~= async.current() then task:cancel() end end'
  run run end.lua
  expect_status 0
  rm asked/*
  script exit.lua <<<"$six_dead"'six() all_asked() os.exit(5, true)'
  run run exit.lua
  expect_status 5
  rm asked/*
  script fails.lua <<<"$six_dead"'six() all_asked() error("planned")'
  run run --on-error=stop fails.lua
  expect_status 1
  rm asked/*
  script timeout.lua <<<"$six_dead"'six() all_asked() print "asked" sleep(1e9)'
  run run --timeout=2 timeout.lua
  expect_status 124
  for how in INT TERM; do
    rm -f asked/*
    start timeout.lua
    wait_for are_asked
    stop "$how"
    number=2
    [[ $how == INT ]] || number=15
    expect_end "signal $number"
  done
}

t_a_name_that_is_waited_for_is_named() {
  with_names
  script <<<"$six_dead"'six() all_asked() print(async.tree())
    async.with_timeout(0.01, dns.resolve, "7.dead")'
  run run --on-error=stop script.lua
  expect_status 1
  expect_has out "resolve 3.dead"
  expect_has err "timed out after 0.01 seconds"
}

t_names_in_threads_end_with_them() {
  with_names
  script <<'LUA'
    local task = spawn(async.thread, function() return async.dns.resolve("1.dead") end)
    while not async.fs.exists "asked/1.dead" do sleep(0.01) end
    task:cancel()
    print(pcall(await, task))
    print(async.thread(function() return async.dns.resolve("good")[1] end))
LUA
  run run script.lua
  expect_status 0
  expect_has out "cancelled
127.0.0.1"
}

# In certificates none ends with a dot.
t_a_dot_at_the_end_of_a_name_is_no_part_of_it() {
  want_tls
  with_names
  script <<'LUA'
    local own = {certificate = "db.pem", key = "db.key"}
    local server <close> = assert(async.net.listen("127.0.0.1", 0, {tls = own}))
    local other = spawn(function()
      local c <close> = server:accept()
      return c:read()
    end)
    local s <close> = assert(async.net.connect("db.", server.port, {tls = {ca = "root.pem"}}))
    s:write "heard\n"
    print(s.tls.server_name, other:await())
LUA
  run run script.lua
  expect_out "db	heard"
}
