# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# asking.sh -- bars of progress on a terminal, and questions there.

: "${program:?}" "${here:?}" "${closing:=}"

# expect_seen [COLUMNS] <LINES: what stands on the terminal in the end; numbers of seconds and rates are
# nobody's promise.
expect_seen() {
  local seen wanted
  seen=$(python3 -SI "$here/seen.py" "${1:-80}" | sed -E 's/ in [0-9.]+ (s|min).*/ in TIME/; s/, [0-9.]+\/s.*//')
  wanted=$(cat)
  [[ $seen == "$wanted" ]] || fail "expected on the terminal:
$wanted
but there is:
$seen"
}

# ---------------------------------------------------------------------- bars

t_bars_stay_below_all_that_is_printed() {
  script <<'LUA'
local p = async.process
local copying = async.progress{total = 9, label = "copying"}
local other = async.progress{total = 9, label = "zwei ü 漢", leave = false}
local steps = {
  function() print "a line" end,
  function() io.write "unfinished" end,
  function() print ", and its end" end,
  function() p.run{"echo", "of a command"} end,
  function() p.run{"echo", "labelled", label = "L"} end,
  function() p.run{"sh", "-c", "echo one; echo two >&2", output = "group"} end,
  function() p.run{"printf", "as it is", output = "raw"} end,
  function() spawn(function() error("meh", 0) end) sleep(0) end,
  function() io.stderr:write("on stderr\n") end,
}
for _, step in ipairs(steps) do
  step()
  sleep(0.12)
  copying:add()
  other:add()
end
other:close()
copying:close()
print "after"
LUA
  NO_COLOR=1 in_window "$program" run --traceback=off script.lua <<'STEPS'
see copying [
see   0% 0/9
see a line
see zwei
see unfinished
see , and its end
see of a command
see L | labelled
see as it is
see Error in task: meh
see on stderr
end
STEPS
  expect_seen <<'SEEN'
a line
unfinished, and its end
of a command
L | labelled
one
two
as it is
Error in task: meh
on stderr
copying: 9/9 (100%) in TIME
after

cursor 12 1
SEEN
}

t_a_bar_is_not_wider_than_the_window() {
  script <<'LUA'
local bar <close> = async.progress{total = 1000, label = "ein langes Wort 漢字", leave = false}
local changed = async.event()
async.signal.on("WINCH", function() changed:set() end)
local function until_changed()
  changed:wait()
  changed:clear()
end
bar:set(300)
print "begins"
until_changed()
bar:set(550)
until_changed()
for _ = 1, 9 do
  sleep(0.12)
  bar:add(50)
end
LUA
  in_window "$program" run script.lua <<'STEPS'
see begins
see =>
size 24 30
see ein langes Wort  55
size 24 9
see ein  9
end
STEPS
  tail -c 60 screen | tr '\r' '\n' | sed 's/\x1b\[[0-9]*[A-Za-z]//g' | while IFS= read -r row; do
    [ ${#row} -le 8 ] || fail "a row of ${#row} columns: '$row'"
  done
}

# What is printed draws them again as they were drawn last: by then that was for the new window.
t_a_window_that_changes_has_bars_drawn_at_once() {
  script <<'LUA'
local bar <close> = async.progress{total = 10, done = 5, label = "a bar", leave = false}
bar:set(5)
local changed = async.event()
async.signal.on("WINCH", function() changed:set() end)
print "begins"
changed:wait()
print "changed"
sleep(0.02)
LUA
  in_window "$program" run script.lua <<'STEPS'
see begins
see 5/10
size 24 20
see changed
end
STEPS
  tr '\r' '\n' <screen | sed 's/\x1b\[[0-9]*[A-Za-z]//g' | sed '1,/changed/d' | grep bar >rows
  [ -s rows ] || fail "no bar is drawn"
  while IFS= read -r row; do
    [ ${#row} -le 19 ] || fail "a row of ${#row} columns: '$row'"
  done <rows
}

t_a_terminal_that_does_not_know_its_width_has_columns_in_the_environment() {
  script <<'LUA'
os.execute "stty rows 0 cols 0 </dev/tty"
local bar <close> = async.progress{total = 10, done = 5, label = "a bar", leave = false}
bar:set(5)
sleep(0.15)
LUA
  COLUMNS=20 in_window "$program" run script.lua <<'STEPS'
see 5/10
end
STEPS
  tr '\r' '\n' <screen | sed 's/\x1b\[[0-9]*[A-Za-z]//g' | grep bar | tail -1 >rows
  read -r row <rows
  [ ${#row} -le 19 ] || fail "a row of ${#row} columns: '$row'"
}

t_of_many_bars_the_first_are_drawn() {
  script <<'LUA'
local bars = {}
for i = 1, 30 do bars[i] = async.progress{total = 2, done = 1, label = "bar " .. i, leave = false} end
for i = 1, 30 do bars[i]:add() end
sleep(0.15)
print "drawn"
sleep(0.15)
for i = 1, 30 do bars[i]:close() end
print "after"
LUA
  # shellcheck disable=SC2016 # is the inner shell's
  in_window sh -c 'stty rows 40; exec "$0" run script.lua' "$program" <<'STEPS'
see drawn
see after
end
STEPS
  [[ $(<screen) == *'bar 20 ['* && $(<screen) != *'bar 21 ['*'drawn'* ]] || fail "$(cat screen)"
  expect_seen <<<$'drawn\nafter\n\ncursor 3 1'
}

t_bars_come_again_after_ctrl_z() {
  script <<'LUA'
local bar <close> = async.progress{total = 20, label = "copying"}
local two <close> = async.progress{label = "counting"}
print "begins"
local n = 0
while n < 20 do
  sleep(0.1)
  if io.open "go" or n < 3 then n = n + 1 bar:add() end
end
LUA
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
see begins
see 15% 3/20
type \x1a
see Stopped
see ready>
type echo betw''een >go; cat go\n
see between
see ready>
type fg\n
see 30% 6/20
see copying: 20/20
type exit\n
end
STEPS
  expect_shown between
  python3 -SI "$here/seen.py" 80 >seen
  grep -qx between seen || fail "rows of others were taken back: $(cat seen)"
  [ "$(grep -c '] .*%.*/20' seen)" = 1 ] || fail "more is left than what Ctrl-Z left: $(cat seen)"
}

t_ctrl_c_leaves_a_bar_as_a_line() {
  script <<'LUA'
local bar <close> = async.progress{total = 10, label = "copying"}
bar:add(3)
sleep(60)
LUA
  on_shell <<'STEPS'
see  30% 3/10
type \x03
see status 130
STEPS
  python3 -SI "$here/seen.py" 80 >seen
  grep -q '^copying: 3/10 (30%) in' seen || fail "no line is left: $(cat seen)"
  ! grep -q '\[=' seen || fail "the bar is left: $(cat seen)"
}

t_os_exit_leaves_what_comes_then_a_row_of_its_own() {
  script <<'LUA'
local bar = async.progress{total = 10, label = "copying"}
bar:add(3)
sleep(0.2)
os.exit(4)
LUA
  on_shell <<'STEPS'
see  30% 3/10
see status 4
STEPS
  python3 -SI "$here/seen.py" 80 >seen
  grep -qx 'status 4' seen || fail "it is not a row: $(cat seen)"
}

t_a_dumb_terminal_and_a_file_are_told_in_lines() {
  script <<'LUA'
local bar <close> = async.progress{total = 10, label = "copying"}
bar:add(10)
LUA
  in_window env TERM=dumb "$program" run script.lua <<<end
  [[ $(<screen) == 'copying: 10/10 (100%) in '* ]] || fail "a dumb terminal was sent: $(cat -v screen)"
  run script.lua
  [[ $(<err) == 'copying: 10/10 (100%) in '* && $(wc -l <err) == 1 ]] || fail "a file was sent: $(cat -v err)"
}

t_bars_step_aside_for_who_has_the_terminal() {
  script <<'LUA'
local bar <close> = async.progress{total = 10, label = "copying"}
bar:add(3)
sleep(0.2)
local busy = spawn(function() while true do sleep(0.05) bar:set(4) end end)
os.execute "echo here; sleep 0.4; read x; echo it has $x"
busy:cancel()
busy:pawait() -- it may have been about to draw once more
bar:set(5)
sleep(0.3)
LUA
  in_window "$program" run script.lua <<'STEPS'
see 30% 3/10
see here
type word\n
see it has word
see 50% 5/10
end
STEPS
  [[ $(<screen) != *here*40%*"it has"* ]] || fail "the bar was drawn meanwhile: $(cat -v screen)"
  expect_seen <<'SEEN'
here
word
it has word
copying: 5/10 (50%) in TIME

cursor 5 1
SEEN
}

# ------------------------------------------------------------------- questions

t_a_default_steers_no_terminal() {
  script <<'LUA'
print(#async.prompt("Name", {default = "a\27[2Jb\nc\xC2\x9B2Jd"}))
LUA
  in_window "$program" run script.lua <<'STEPS'
see Name [a [2Jb c 2Jd]: 
type \n
see 13
STEPS
}

t_questions_are_answered_on_the_terminal() {
  script <<'LUA'
local ticking = false
spawn(function() sleep(0.2) ticking = true print "meanwhile" end)
local bar <close> = async.progress{total = 10, label = "work", leave = false}
bar:add(3)
print("name", async.prompt("Your name", {default = "bob"}), ticking)
print("default", async.prompt("Again?", {default = "bob"}))
print("secret", async.prompt("Password", {secret = true}))
print("number", async.prompt("Number:", {check = tonumber}))
print("short", async.prompt("Short", {check = function(x) return #x < 3, "too long" end}))
print("sure", async.confirm("Sure?", false))
print("not sure", async.confirm("Sure?", false))
print("fruit", async.select_one("Fruit", {"apple", "banana", "blueberry"}))
print("second", async.select_one("Fruit", {"apple", "banana"}, {default = "apple"}))
print("end", async.prompt("End"))
LUA
  in_window "$program" run script.lua <<'STEPS'
see Your name [bob]: 
see meanwhile
see Your name [bob]: 
type ann\n
see name	ann	true
see Again? [bob] 
type \n
see default	bob
see Password: 
type hush\n
see secret	hush
see Number: 
type x\n
see that is no valid answer
see Number: 
type 12\n
see number	12
see Short: 
type long\n
see too long
see Short: 
type ab\n
see short	ab
see Sure? [y/N] 
type maybe\n
see please answer yes or no
type Yes\n
see sure	true
see Sure? [y/N] 
type \n
see not sure	false
see   3) blueberry
see Fruit [1-3]: 
type b\n
see 'b' begins 2 of them
type BL\n
see fruit	blueberry	3
see Fruit [1]: 
type 2\n
see second	banana	2
see End: 
type \x04
see end	nil	end of input	EOF
end
STEPS
  expect_not_shown $'Password: hush'
  expect_seen <<'SEEN'
meanwhile
Your name [bob]: ann
name	ann	true
Again? [bob]
default	bob
Password:
secret	hush
Number: x
that is no valid answer
Number: 12
number	12
Short: long
too long
Short: ab
short	ab
Sure? [y/N] maybe
please answer yes or no
Sure? [y/N] Yes
sure	true
Sure? [y/N]
not sure	false
  1) apple
  2) banana
  3) blueberry
Fruit [1-3]: b
'b' begins 2 of them
Fruit [1-3]: BL
fruit	blueberry	3
  1) apple
  2) banana
Fruit [1]: 2
second	banana	2
End:
end	nil	end of input	EOF

cursor 35 1
SEEN
}

t_two_questions_come_one_after_the_other() {
  script <<'LUA'
async.all{
  function() print("first", async.prompt "First") end,
  function() print("second", async.prompt "Second") end,
}
LUA
  in_window "$program" run script.lua <<'STEPS'
see First: 
type a\n
see first	a
see Second: 
type b\n
see second	b
end
STEPS
}

t_a_question_waits_for_a_command_that_has_the_terminal_and_it_for_a_question() {
  script <<'LUA'
local p = async.process
local read = {"sh", "-c", "echo reads; read x; echo it has $x", stdin = "inherit"}
async.all{
  function() p.run(read) end,
  function() sleep(0.1) print("asked", async.prompt "Question") end,
  function() while not io.open "go" do sleep(0.01) end p.run(read) end,
}
LUA
  in_window "$program" run script.lua <<'STEPS'
see reads
type one\n
see it has one
see Question: 
make go
see reads
type two\n
see asked	two
type three\n
see it has three
end
STEPS
}

t_however_a_question_ends_what_is_typed_is_shown_again() {
  script <<'LUA'
print("late", async.move_on_after(0.2, async.prompt, "Late", {secret = true}))
io.read()
async.prompt("Never", {secret = true})
LUA
  on_shell <<'STEPS'
see Late: 
see late	nil	timeout
echo
type go\n
see Never: 
type \x03
see status 130
echo
STEPS
  ! tail -n 3 screen | grep -e -echo || fail "what is typed is not shown: $(cat screen)"
}

t_a_second_ctrl_c_gives_the_terminal_its_modes_back() {
  script <<'LUA'
spawn(function()
  local _ <close> = async.defer(function() async.shield(sleep, 0.4) print "cancelled" end)
  sleep(60)
end)
sleep(0)
async.shield(async.prompt, "Never", {secret = true})
LUA
  on_shell <<'STEPS'
see Never: 
type \x03
see cancelled
type \x03
see status 130
echo
STEPS
  ! tail -n 3 screen | grep -e -echo || fail "what is typed is not shown: $(cat screen)"
}

t_a_question_is_shown_again_after_ctrl_z() {
  script <<<'print("answer: " .. async.prompt "Name")'
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua\n
see Name: 
type \x1a
see Stopped
type echo betw''een\n
see between
type fg\n
see Name: 
type Ada\n
see answer: Ada
type exit\n
end
STEPS
}

t_a_question_in_the_background_stops_until_it_is_in_front() {
  script <<<'print("answer: " .. async.prompt "Name")'
  on_bash <<'STEPS'
type "$TINYASYNC" run script.lua & wait -n; jobs\n
see Stopped
type fg\n
see Name: 
type Ada\n
see answer: Ada
type exit\n
end
STEPS
}

# As by Ctrl-S: nothing that is written there gets through, and others go on.
t_a_terminal_that_was_stopped_holds_up_nobody_but_what_is_shown() {
  script flow.py <<<$'import os, sys, termios\ntermios.tcflow(os.open("/dev/tty", os.O_RDWR), getattr(termios, sys.argv[1]))'
  script <<'LUA'
local bar <close> = async.progress{total = 500, label = "copying", leave = false}
local p = async.process
p.run{"python3", "-SI", "flow.py", "TCOOFF"}
for _ = 1, 100 do
  bar:add()
  sleep(0.01)
end
io.open("went", "w"):close()
p.run{"python3", "-SI", "flow.py", "TCOON"}
print "goes on"
LUA
  in_window "$program" run script.lua <<'STEPS'
file went
see goes on
end
STEPS
  expect_shown "goes on"
}

t_a_question_needs_no_standard_streams() {
  script <<'LUA'
io.stdin:close()
local answer = async.prompt "Question"
io.open("answer", "w"):write(answer):close()
LUA
  # shellcheck disable=SC2016 # is the inner shell's
  in_window sh -c '"$0" run script.lua <&- >out 2>err' "$program" <<'STEPS'
see Question: 
type yes\n
file answer
end
STEPS
  [[ $(<answer) == yes ]] || fail "it was answered '$(<answer)'"
}

t_without_a_terminal_nobody_is_asked() {
  script <<'LUA'
print(async.prompt("Question", {default = "x"}))
print(async.confirm("Sure?", true))
print(async.select_one("Which", {"a", "b"}))
LUA
  setsid --wait "$program" run script.lua >out 2>err </dev/null || fail "it failed: $(cat err)"
  [[ $(<out) == "nil	there is no terminal to ask on	ENOTTY
nil	there is no terminal to ask on	ENOTTY
nil	there is no terminal to ask on	ENOTTY" ]] || fail "it printed: $(cat out)"
}

# -------------------------------------------------------------- colours and logs

t_colours_and_logs_know_terminals_and_no_color() {
  local red=$'\033[31m'
  script <<'LUA'
print(async.color.red("a" .. async.color.blue("b") .. "c"))
async.log.warn("careful", {n = 1})
LUA
  in_window env -u NO_COLOR "$program" run script.lua <<<end
  expect_shown "${red}a"$'\033[34mb\033[39m'"${red}c"$'\033[39m'
  expect_shown $'\033[33mWARN \033[0m careful n=1'
  in_window env NO_COLOR=1 FORCE_COLOR=1 "$program" run script.lua <<<end
  [[ $(tr -d '\r' <screen) == $'abc\nWARN  careful n=1' ]] || fail "there is: $(cat -v screen)"
  in_window env TERM=dumb "$program" run script.lua <<<end
  expect_not_shown $'\033'
  [[ $(CLICOLOR_FORCE=1 "$program" run script.lua 2>err) == "${red}a"* ]] || fail "not forced"
  [[ $(CLICOLOR_FORCE=0 "$program" run script.lua 2>err) == abc ]] || fail "forced"
  [[ $(FORCE_COLOR=1 "$program" run script.lua 2>err) == "${red}a"* ]] || fail "not forced"
  [[ $(TINYASYNC_LOG=error "$program" run script.lua 2>&1) == abc ]] || fail "the level is not known"
  script <<<'async.log.info "one" async.log.info "two"'
  TINYASYNC_LOG=inof run script.lua
  [[ $(sed 's/^[^ ]* //' err) == "WARN  TINYASYNC_LOG: 'inof' is no level, did you mean 'info'?"$'\nINFO  one\nINFO  two' ]] ||
    fail "$(cat err)"
}
