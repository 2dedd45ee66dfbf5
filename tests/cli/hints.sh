# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# hints.sh -- what beginners get wrong, and the line below the error that says what
# to write instead.

: "${program:?}"

# hint_is HINT CODE...: each of the codes fails, and the line after the error is the
# hint; with "" there is none.
hint_is() {
  local hint=$1 code line lines hints number=0
  shift
  for code; do
    part_has $((number++)) $# || continue
    script beginner.lua <<<"$code"
    run run --virtual-time --traceback=off beginner.lua
    mapfile -t lines <err
    hints=0
    for line in "${lines[@]}"; do [[ $line != "hint: "* ]] || hints=$((hints + 1)); done
    [[ $status != 0 ]] || fail "it does not fail: $code"
    if [[ -z $hint ]]; then
      [[ $hints == 0 ]] || fail "a hint for: $code"$'\n'"$(cat err)"
    else
      [[ $hints == 1 ]] || fail "$hints hints for: $code"$'\n'"$(cat err)"
      [[ ${lines[1]} == "hint: "* ]] || fail "not below the error: $(cat err)"
      [[ ${lines[1]} == "hint: $hint" ]] ||
        fail "for: $code"$'\n'"expected: $hint"$'\n'"$(cat err)"
    fi
  done
}

t_a_hint_for_await_as_a_keyword() {
  hint_is "waiting needs no 'await' here: write sleep(1)" \
    'await sleep(1)' \
    $'print "first"\nlocal x = 1\nawait  sleep(1)\nprint(x)' \
    $'spawn(function()\n  await sleep(1) -- like elsewhere\nend)' \
    $'local slept = await sleep(1)\nprint("slept " .. slept)'
  hint_is "waiting needs no 'await' here: write ch:recv()" \
    'local ch = async.channel() print(await ch:recv())' \
    $'local ch = async.channel()\nif await ch:recv() then print(1) end'
  hint_is "waiting needs no 'await' here: write fetch(\"a page\", {1, 2})" \
    'local function work() return await fetch("a page", {1, 2}) end'
  hint_is "await is a function: write await(task)" \
    $'local task = spawn(print)\nawait task' $'local task = spawn(print)\nlocal r = await task' \
    $'local task = spawn(print)\nlocal r = await task\nprint(r)' \
    $'local task = spawn(print)\nif await task then print(1) end'
  hint_is "waiting needs no 'await' here: write fetch(1)" \
    'local x = await fetch(1)' 'local x, y = await fetch(1), 2' 'local x = await fetch(1) or 2' \
    'print(1) x = await fetch(1) + 1' 'local t = {} t.x = not await fetch(1).body .. "x"' \
    $'local fetch = tostring\nlocal x = await fetch(1)\nprint(table.concat(x))' \
    $'local fetch = tostring\nlocal x = await fetch(1)\nprint(x < 3)' \
    $'local fetch = tostring\nlocal x = await fetch(1)\nprint(("%d"):format(x))' \
    'local fetch local x = await fetch(1)'
  hint_is "waiting needs no 'await' here: write http.get(\"page\")" \
    'local x = await http.get("page")' 'local http = {} local x = await http.get("page")'
  hint_is "await is a function: write await(task)" 'local task local x = await task or 1'
  hint_is "" 'local s = "do await them" x y' \
    'local ok = await or 1 x y' 'local w = {} w.await = 1 print(w.await + nil)' \
    $'local fetch = tostring\nlocal x = await fetch(1)\nerror "other"'
  hint_is "" $'await(spawn(print))\nlocal task print task' $'print(await (spawn(print)))\nx y'
}

t_a_hint_for_async_as_a_keyword() {
  hint_is "functions need no 'async' here: write function work(...)" \
    'async function work() sleep(1) end' \
    $'print(1)\n\nasync  function  work(a, b)\n  sleep(1)\nend' \
    $'local async function work() sleep(1) end\nasync.all{work}' \
    $'local async function work() sleep(1) end\nlocal function main() async.all{work} end\nmain()'
  hint_is "functions need no 'async' here: write function()" \
    'spawn(async function() sleep(1) end)' \
    $'local work = async function()\n  sleep(1)\nend'
  hint_is "async is the library: spawn(fn, ...) makes a task of any function" \
    'async(function() sleep(1) end)' \
    $'local work = async(function() sleep(1) end)\nwork()'
}

t_a_hint_for_a_call_that_was_forgotten() {
  hint_is "a function is called with parentheses: write sleep()" \
    'sleep' \
    $'print "a"\nsleep\nprint "b"' \
    $'local function work()\n  sleep   -- a while\nend'
  hint_is "a function is called with parentheses: write sleep(1)" \
    'sleep 1' \
    $'local function work()\n  sleep 1\nend'
  hint_is "a function is called with parentheses: write spawn(main)" \
    $'local function main() end\nspawn main' $'local function main() end\nspawn main\nprint(1)'
  hint_is "a function is called with parentheses: write async.checkpoint()" \
    $'for i = 1, 3 do async.checkpoint end'
  hint_is "a function is called with parentheses: write ch:close()" \
    $'local ch = async.channel()\nch:close' \
    $'local ch = async.channel()\nch:close\nprint "closed"'
  hint_is "a function is called with parentheses: write ch:recv()" \
    $'local ch = async.channel()\nlocal v = ch:recv\nprint(v)'
  hint_is "a function is called with parentheses: write task.cancel()" \
    $'local task = spawn(print)\ntask.cancel\nprint "cancelled"'
}

t_a_hint_for_a_misspelt_global() {
  local there="the library has async, await, runner, sleep and spawn; async has more"
  hint_is "did you mean spawn? $there" 'spwan(print)' 'local function main() spaw(print) end main()'
  hint_is "did you mean sleep? $there" 'slep(1)' 'sleeep(1)' 'Sleep(1)' 'wait(1)' 'delay(0.5)'
  hint_is "did you mean async.channel? $there" 'local c = channel(1)' 'local c = chanel(1)'
  hint_is "did you mean async.with_timeout? $there" 'with_timeout(1, sleep, 2)'
  hint_is "did you mean async.all? $there" 'gather(print, print)' 'all{print}'
  hint_is "did you mean async?" 'asnyc.all{}' 'print(aysnc.now())'
}

t_a_hint_for_a_misspelt_function_of_async() {
  local code
  for code in 'async.chanel(1)' 'local a = async a.channell()' \
    'local lib = require "tinyasync" lib.chanel()' $'local c =\n  async.chanel(2)'; do
    script x.lua <<<"$code"
    run run --traceback=off x.lua
    grep -qE '^hint: did you mean [a-z]+\.channel\? [a-z]+ has actions, all, .* and with_timeout$' \
      err || fail "$code: $(cat err)"
  done
  run run --traceback=off -e 'async.actons.fly = print'
  expect_has err 'hint: did you mean async.actions? async has '
  run run --traceback=off -e 'async.gather(print)'
  expect_has err 'hint: did you mean async.all? async has '
  run run --traceback=off -e 'async.xyzzy()'
  expect_has err 'hint: async has actions, all, '
  hint_is "sleep is a global: write sleep(...)" 'async.sleep(1)' 'local a = async a.sleep(2)'
  hint_is "spawn is a global: write spawn(...)" 'async.spawn(print)'
  hint_is "did you mean runner.add_task? runner has add_task" 'runner.add(print)' \
    'runner:add_tsk(print)'
  run run --traceback=off -e 'async.run(print)'
  expect_has err 'hint: did you mean spawn? async has '
}

t_a_hint_for_a_misspelt_method() {
  hint_is "did you mean t:await? a Task has await, cancel, pawait and status" \
    'local t = spawn(print) t:join()' \
    $'for _, t in ipairs{spawn(print)} do t:awiat() end' \
    'local t = spawn(print) t.join(t)'
  hint_is "did you mean t:cancel? a Task has await, cancel, pawait and status" \
    'local t = spawn(print) t:cancle()' 'local t = spawn(print) t:kill()'
  hint_is "a Task has await, cancel, pawait and status" 'spawn(print):detach()'
  run run --traceback=off -e 'local ch = async.channel() ch:receive()'
  expect_has err 'hint: did you mean ch:recv? a Channel has close, iter, recv'
  run run --traceback=off -e 'local ch = async.channel(1, "named") ch:put(1)'
  expect_has err 'hint: did you mean ch:send? a Channel has close, '
  run run --traceback=off -e 'local function work(jobs) return jobs:recieve() end work(async.channel())'
  expect_has err 'hint: did you mean jobs:recv? a Channel has close, '
  hint_is "did you mean lock:release? a Lock has acquire, release and with" \
    'local lock = async.lock() lock:unlock()' 'local lock = async.lock "x" lock:relase()'
  hint_is "did you mean e:set? an Event has clear, is_set, set and wait" \
    'local e = async.event() e:notify()'
  hint_is "did you mean s:spawn? a Scope has cancel and spawn" \
    'async.scope(function(s) s:spwan(print) end)'
}

t_a_hint_for_a_dot_where_a_colon_belongs() {
  hint_is "use c:send(1)" 'local c = async.channel(1) c.send(1)' \
    $'local c = async.channel(1, "c")\nspawn(function() c.send(1) end)'
  hint_is "use s:spawn(print, 1)" 'async.scope(function(s) s.spawn(print, 1) end)'
  hint_is "use self.jobs:recv()" 'local self = {jobs = async.channel()} print(self.jobs.recv())'
  hint_is "use t:await()" 'local t = spawn(print) t.await()'
  hint_is "use lock:acquire()" 'local lock = async.lock() local g <close> = lock.acquire()'
  hint_is "use async.channel(1)" 'local c = async:channel(1)'
  hint_is "write for value in c:iter() do" 'local c = async.channel() for v in c.iter do end'
  hint_is "to receive all that comes write for value in c:iter() do" \
    'local c = async.channel() for v in c do print(v) end'
  hint_is "to receive all that comes write for value in self.c:iter() do" \
    'local self = {c = async.channel()} for v in self.c do print(v) end'
}

t_a_hint_for_a_method_that_is_called_like_a_function() {
  hint_is "cancel is a method: write t:cancel()" 'local t = spawn(print) cancel(t)'
  hint_is "cancel is a method: write t:cancel(\"too late\")" \
    $'local t = spawn(print)\ncancel(t, "too late")'
  hint_is "send is a method: write jobs:send(f(1))" \
    'local jobs = async.channel(1) local f = tostring send(jobs, f(1))'
  hint_is "" 'cancel(1)' 'local t = {} cancel(t)' 'send(print, 1)' 'close(io.stdout)' \
    'local t = spawn(print) stop(t)'
}

t_a_hint_for_a_task_instead_of_its_results() {
  hint_is "this is a task; its results are await(t)" 'local t = spawn(print) print(t + 1)' \
    $'local t = spawn(print)\nprint("got " .. t)' 'local t = spawn(print) print(#t)'
  hint_is "this is a task; its results are await(task)" 'if spawn(print) < 3 then print(1) end' \
    'for i = 1, spawn(print) do print(i) end' 'print(("%d"):format(spawn(print)))' \
    'print(3 < spawn(print))' 'print(-spawn(print))'
  hint_is "" 'local c = async.channel() print(c + 1)' 'print({} < 1)' 'local t = {} print(t .. "x")'
}

t_a_hint_for_what_needs_no_doing() {
  hint_is "tasks run by themselves, when the script waits or ends: leave it out" \
    $'runner.add_task(print)\nrunner.run()' 'runner:run()' 'runner.run_forever()'
  run run --traceback=off -e 'local async = require "async"'
  expect_has err 'hint: async is there already, without require'
  hint_is "use async.channel(1)" 'local c = async.channel.new(1)' 'local c = async.channel:new(1)'
  hint_is "" 'require "asnyc"' 'print.new()'
}

t_a_hint_for_a_function_that_is_nil() {
  hint_is "wroker is nil here: did you mean worker?" $'function worker() end\nspawn(wroker)' \
    $'local function worker(n) end\nrunner.add_task(wroker, 1)'
  hint_is "main is nil here: its function is defined further below" \
    $'spawn(main)\nfunction main() end' $'async.scope(main)\nlocal function main(s) end'
  hint_is "wroker is nil here: did you mean worker?" \
    $'local function worker() end\nfor i = 1, 3 do spawn(wroker, i) break end'
  hint_is "" $'local function fm() end\nlocal function go(fn) spawn(fn) end\ngo()' 'spawn(nil)' $'local function f() return nil end\nspawn(f())' 'local f spawn(f)' \
    $'local f\nspawn(f)\n'
}

t_a_hint_for_lua_s_own_select() {
  hint_is "to wait for the first of several put them in a list: async.select{a, b}" \
    'local a, b = async.channel(), async.event() print(select(a, b))' \
    $'local a, b = spawn(print), spawn(print)\nlocal first = select(a, b)'
}

# Ordinary mistakes, names of the script's own, and what only looks alike.
t_no_hint_where_the_library_is_not_meant() {
  hint_is "" 'foo()' 'local t = {} t.x.y = 1' 'error "await sleep(1)"' 'error({code = 1})' \
    'local x = nil + 1' 'print(' 'local function' 'x = = 1' 'fucntion f() end' 'locla x = 1' \
    'print "a" print' 'local o = {} o:send(1)' 'local o = {} o:sent()' 'local o = {} o:join()' \
    'local o = {} o.chanel()' 'io.chanel()' 'string.sleep(1)' '("x"):await()' 'cow()' 'face()' \
    'map2()' 'local spawner = 1 spawner()' 'local s = select("x")' 'select({}, 1)' \
    'local t = {} t.channel()' 'error("attempt to call a nil value (field \"chanel\")", 0)' \
    'await "x" .. 1' 'if async then x end' 'tostring()' 'setmetatable(1)' 'run()' 'start()' \
    'error("bad argument #1 to \"x\"")' 'change(1)' 'setter(1)' 'runners()' 'action()' 'actions()'
  hint_is "" $'local async = {}\nasync.chanel()' $'local async = require "string"\nasync.sleep(1)'
  hint_is "" $'function sweep() end\nsleep = nil\nsweepp()' $'local function spawned() end\nspawne()' \
    $'work()\nlocal function wait() end\nwait2()' $'wait(1)\nfunction wait() end'
}

t_no_hint_for_what_was_caught() {
  run run -e 'print(pcall(function() spwan() end)) print(select(2, pcall(load, "await x")))'
  expect_status 0
  expect_err ""
  run run -e 'print(pcall(function() local t = spawn(print) t:join() end))'
  expect_has out "attempt to call a nil value (method 'join')"
  expect_err ""
}

t_a_hint_is_given_once() {
  run run --traceback=off -e 'for i = 1, 5 do spawn(function() slep(i) end) end spawn(function() spwan() end)'
  expect_status 1
  (($(grep -c '^hint: ' err) == 2)) || fail "$(cat err)"
}

t_hints_find_every_source() {
  script m.lua <<<$'return {\n  work = function()\n    await sleep(1)\n  end\n}'
  run run --traceback=off -e 'require "m"'
  expect_has err "hint: waiting needs no 'await' here: write sleep(1)"
  run run --traceback=off - <<<$'#!/usr/bin/env tinyasync\nawait sleep(2)'
  expect_has err "stdin:2:"
  expect_has err "hint: waiting needs no 'await' here: write sleep(2)"
  run -e 'x = 1' -e 'await sleep(3)'
  expect_has err "hint: waiting needs no 'await' here: write sleep(3)"
  local folder=a_folder_whose_name_is_so_long/that_messages_cut_its_head_off_and_show_dots
  mkdir -p $folder
  script $folder/x.lua <<<'await sleep(4)'
  run $folder/x.lua
  expect_has err "hint: waiting needs no 'await' here: write sleep(4)"
  LUA_INIT='async function f() end' run -e ''
  expect_status 2
}

# The names of the sources in messages are the script's to choose.
t_hints_open_nothing_that_holds_them_up() {
  mkfifo pipe
  run run --traceback=off -e 'error("pipe:1: syntax error near \"x\"", 0)'
  expect_status 1
  run run --traceback=off -e 'load("async.chanel()", "=pipe")()'
  expect_status 1
  run run --traceback=off -e 'load("async.chanel()", "=/dev/zero")()'
  expect_status 1
}

t_hints_stand_above_the_traceback() {
  run run -e 'slep(1)'
  [[ $(sed -n 2p err) == "hint: did you mean sleep?"* ]] || fail "$(cat err)"
  [[ $(sed -n 3p err) == "task #1 -e" ]] || fail "$(cat err)"
}

# What the script has done to Lua's libraries, or to memory, is not felt there.
t_hints_do_not_depend_on_the_script_s_state() {
  run run --traceback=off -e 'for k in pairs(string) do string[k] = nil end
    debug.sethook(function() error "hook" end, "c") sleep, spawn = nil, nil slep()'
  expect_status 1
  run run --traceback=off -e 'getmetatable("").__index = nil string.find = error _G.pairs = nil slep()'
  expect_has err "hint: did you mean sleep?"
}
