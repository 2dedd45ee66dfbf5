-- SPDX-License-Identifier: MIT
--
-- cases.lua -- scripts and their input, after Lua's manual and what its library does.
--
-- A name is the promise; a case with an input reads it.

local cases = {}

local function case(name, input, code)
  cases[#cases + 1] = {name = name, input = input, code = code}
end

local lines = "one\ntwo\n\nfour\nlast"

-- --------------------------------------------------------------------- reading

case("a_read_gives_a_line_and_then_nil", lines, [[
for _ = 1, 7 do print(io.read()) end
print(io.read("a"), io.read("l"), io.read(0), io.read(3))
]])

case("lines_are_read_with_or_without_their_end", lines, [[
print(io.read("L"), io.read("l"), io.read("*L"), io.read("*l"), io.read("L"), io.read("L"))
]])

case("all_is_what_is_left", lines, [[
print(io.read("l", "a", "a", "l"))
print(io.read("a"), #io.read("a"))
]])

case("counts_give_as_many_bytes_as_there_are", lines, [[
print(io.read(0), io.read(2), io.read(0), io.read(5, 0, 1))
print(io.read(3.0), io.read(1000), io.read(1), io.read(0))
]])

case("several_formats_end_with_the_first_that_fails", lines, [[
print(select("#", io.read("l", "n", "l")))
print(io.read("l", "l", "L", "l"))
print(io.read("l", "l"))
print(io.read("a", "n", "x"))
]])

case("a_format_is_looked_at_when_it_is_its_turn", lines, [[
print(pcall(io.read, "l", "x"))
print(pcall(io.read, "", "l"))
print(pcall(io.read, "*", "l"))
print(pcall(io.read, "l", {}))
print(pcall(io.read, 1.5))
print(pcall(io.read, nil))
print(pcall(io.read, "3"))
print(pcall(io.read, -1))
print(pcall(io.read, "l", setmetatable({}, {__name = "Mine"})))
print(io.read("a"))
]])

case("mistakes_name_the_function_and_its_argument", lines, [[
local function try(fn) print(select(2, pcall(fn))) end
try(function() io.read("x") end)
try(function() io.read("l", "x") end)
try(function() io.stdin:read("x") end)
try(function() io.stdin:read("l", "x") end)
try(function() local r = io.stdin.read r(io.stdin, 1, false) end)
try(function() for _ in io.lines(nil, "x") do end end)
try(function() for _ in io.stdin:lines("l", "x") do end end)
try(function() io.stdin.read() end)
try(function() io.stdin.read({}) end)
try(function() io.stdin.lines(1) end)
try(function() io.stdin:setvbuf("some") end)
try(function() io.stdin:setvbuf() end)
try(function() io.stdin:setvbuf("no", {}) end)
try(function() io.stdin:seek("there") end)
try(function() io.stdin:seek("set", 1.5) end)
print(io.read("a"))
]])

local numbers = {
  "1", "12 13", "  \t\n 5", "-3", "+4", "--5 6", "0", "007", "0x", "0x10", "0XfF", "0x.8", "0x.p1",
  "0xA.8p2", "0x1p-3", "0x1p", "1e", "1e+", "1e5", "1E-2x", ".5", "5.", ".", "-.5e1", "1.2.3",
  "1..2", "x1", "e5", "1e5e5", "0x1g", "nan", "inf", "1,5", "9223372036854775807",
  "9223372036854775808", "-9223372036854775808", "0xffffffffffffffff", "0x1ffffffffffffffff",
  "1_000", "12abc", "- 5", "+-5", "0b1", "1e400", "1e-400", "0x1P+2", "0e0", "00x1",
}
for i, number in ipairs(numbers) do
  case("number_" .. i .. "_is_read_and_left_as_in_lua", number .. " rest\n7", [[
print(io.read("n"))
print(io.read("l"), io.read("n"), io.read("a"))
]])
end

case("a_number_of_200_characters_is_one_and_of_201_none", ("1"):rep(200) .. " " .. ("2"):rep(201)
  .. " " .. (" "):rep(300) .. "3 0x" .. ("f"):rep(300) .. " 4", [[
print(io.read("n"))
print(io.read("n"), io.read("n"), io.read("n"), io.read("n"), io.read("n"))
print(io.read("a"))
]])

case("numbers_end_at_the_end", "12", [[print(io.read("n", "n")) print(io.read("a", "n"))]])
case("blanks_before_the_end_are_no_number", " \n ", [[print(io.read("n")) print(io.read("a"), io.read("l"))]])
case("nothing_is_read_of_nothing", "", [[
print(io.read("n"), io.read("l"), io.read("L"), io.read(0), io.read(1), io.read("a"))
print(select("#", io.lines()()), io.read("a", "l"))
]])

case("zero_bytes_and_returns_are_bytes", "a\0b\r\nc\0\n\0", [[
for line in io.lines() do print(#line, (line:gsub("%c", "?"))) end
]])

case("long_lines_and_many", ("x"):rep(200000) .. "\n" .. ("y\n"):rep(3000) .. ("z"):rep(70000), [[
local count, length = 0, 0
for line in io.lines() do count, length = count + 1, length + #line end
print(count, length, io.read())
]])

case("blocks_of_all_sizes", ("0123456789"):rep(3000), [[
local sum, size = 0, 1
repeat
  local block = io.read(size)
  if block then sum = (sum * 31 + #block + block:byte()) % 1000003 end
  size = size * 2 % 7001 + 1
until not block
print(sum)
]])

-- ----------------------------------------------------------------------- lines

case("lines_take_formats", "1 2 3\nab\ncd\n4 x", [[
for a, b in io.lines(nil, "n", 1) do print(a, b) end
print(io.read("L"))
for a, b in io.stdin:lines("L", 0) do print(a, b) end
print(io.read())
]])

case("an_iterator_may_be_called_by_hand", lines, [[
local next_line = io.lines()
print(next_line(), next_line())
print(select("#", io.stdin:lines("a")()), next_line())
print(select("#", next_line()), select("#", io.stdin:lines("a")()))
]])

case("lines_have_a_limit_on_formats", "x\n", [[
local formats = {}
for i = 1, 250 do formats[i] = 0 end
print(select("#", io.stdin:lines(table.unpack(formats))()))
formats[251] = 0
print(pcall(io.stdin.lines, io.stdin, table.unpack(formats)))
print(select("#", io.read(table.unpack(formats))))
]])

case("all_ways_to_read_share_a_buffer", lines, [[
print(io.read(1), io.stdin:read(1), io.lines(nil, 1)(), io.input():read())
for line in io.stdin:lines() do print(line) break end
print(io.input() == io.stdin, io.type(io.stdin), tostring(io.stdin))
print(io.read("a"))
]])

-- ------------------------------------------------------- what else stdin can do

case("standard_input_cannot_be_closed", lines, [[
print(io.stdin:close())
print(io.close(io.stdin))
print(io.type(io.stdin), io.read())
do local input <close> = io.stdin end
print(io.read())
]])

case("standard_input_takes_its_modes", lines, [[
print(io.stdin:setvbuf("no"), io.read())
print(io.stdin:setvbuf("full", 1024), io.read())
print(io.stdin:setvbuf("line"), io.read("a"))
print(io.stdin:write("x"))
]])

case("without_a_buffer_a_command_reads_what_follows", "first\nsecond\n12345rest", [[
io.stdout:setvbuf("no")
io.stdin:setvbuf("no")
print(io.read())
print(os.execute("head -c 7"))
print(io.read(5))
print(io.popen("cat"):read("a"))
print(io.read())
]])

case("input_may_be_another_file", lines, [[
local name = "other"
local file = assert(io.open(name, "w"))
file:write("of a file\n2\n3\n")
file:close()
print(io.read())
io.input(name)
print(io.read("l", "n"))
for line in io.lines() do print("[" .. line .. "]") end
print(io.input() ~= io.stdin, io.close(io.input()))
print(pcall(io.read))
print(pcall(io.lines))
io.input(io.stdin)
print(io.read())
io.input(io.popen("echo of a command; echo 12"))
print(io.read("l", "n", "n"))
print(io.input():close())
print(pcall(io.read))
os.remove(name)
]])

for _, seeking in ipairs {'"cur"', '"set", 4', '"end"', '"end", -3', '"cur", 1', '"set"', '"set", -1'} do
  cases[#cases + 1] = {
    name = "seek_" .. seeking:gsub("%W+", "_") .. "_is_that_of_a_file",
    code = [[
os.execute("printf 'one\ntwo\nthree\n' >file")
local own = assert(io.open("file"))
print(own:read(), own:seek(]] .. seeking .. [[), own:read(), own:seek())
own:close()
print(io.popen("true"):seek(]] .. seeking .. [[))
print(io.popen("cat >/dev/null", "w"):seek(]] .. seeking .. [[))
]]}
  case("standard_input_seeks_" .. seeking:gsub("%W+", "_"), lines, [[
print(io.read("l", "n"))
print(io.stdin:seek(]] .. seeking .. [[))
print(io.stdin:seek())
print(io.stdin:read(3))
print(io.stdin:seek("cur", -2))
print(io.read("a"))
]])
end

-- ---------------------------------------------------------------------- popen

local function command(name, code) case(name, nil, code) end

command("what_a_command_writes_is_read_in_all_ways", [[
local f = io.popen("printf 'one\ntwo\n3 0x10 x\nrest\nof it'")
print(io.type(f), f:read("l"), f:read("L"), f:read("n", "n", "n"))
for line in f:lines() do print(line) end
print(f:read(), f:read("a"), f:read(0), f:read(1))
print(f:close())
]])

command("a_command_ends_with_a_status_or_a_signal", [[
for _, code in ipairs {"true", "exit 0", "exit 1", "exit 255", "kill -9 $$", "kill -TERM $$",
  "false | true", "no-such-command 2>/dev/null", "(exit 7)"} do
  print(code, io.popen(code):close())
  print(code, io.popen(code .. "; cat >/dev/null; true", "w"):close())
  print(code, os.execute(code))
end
]])

command("a_file_of_a_command_is_a_file", [[
local f = io.popen("true", "r")
print(io.type(f), tostring(f):match("^file %("), getmetatable(f) == getmetatable(io.stdout))
print(io.type(f), f:close())
print(io.type(f), tostring(f))
print(pcall(f.close, f))
print(pcall(f.read, f))
print(pcall(f.lines, f))
print(pcall(f.write, f, "x"))
print(pcall(f.seek, f))
print(pcall(f.flush, f))
print(pcall(f.setvbuf, f, "no"))
print(pcall(io.close, f))
]])

command("the_wrong_way_is_refused", [[
local f = io.popen("cat >/dev/null", "w")
print(f:read())
print(f:read(0))
print(pcall(f:lines()))
print(f:close())
f = io.popen("echo x")
print(f:write("y"))
print(f:write())
print(f:read(), f:flush(), f:close())
]])

command("mistakes_of_popen", [[
print(pcall(io.popen))
print(pcall(io.popen, {}))
print(pcall(io.popen, "true", "rw"))
print(pcall(io.popen, "true", ""))
print(pcall(io.popen, "true", "x"))
print(pcall(io.popen, "true", {}))
print(io.type(io.popen("true", nil)))
print(io.popen("echo cut\0here"):read())
print(pcall(os.execute, {}))
print(os.execute("exit 3\0; exit 4"))
local f = io.popen("cat", "w")
print(select(2, pcall(function() f:write("a", {}, "b") end)))
print(select(2, pcall(function() f:write(nil) end)))
print(select(2, pcall(function() io.output(f) io.write("c", print) end)))
io.output(io.stdout)
f:write("\n")
print(f:close())
print(select(2, pcall(function() io.popen("echo"):read("x") end)))
print(select(2, pcall(function() io.popen("echo"):read("l", "x") end)))
print(select(2, pcall(function() for _ in io.popen("echo x"):lines("x") do end end)))
print(select(2, pcall(function() io.popen("true"):setvbuf("x") end)))
print(select(2, pcall(function() io.popen("true"):seek("x") end)))
]])

command("what_is_written_reaches_the_command", [[
io.stdout:setvbuf("no")
local f = io.popen("cat", "w")
print(f:write("a", 1, " ", 2.5, " ", 1e100, "\n") == f)
print(f:write(), f:flush(), f:write(("x"):rep(10), "\n") == f, f:flush())
print(f:close())
f = io.popen("wc -c", "w")
for i = 1, 20000 do f:write(i, "\n") end
f:write(("y"):rep(300000), ("z"):rep(5000), "\n")
print(f:close())
]])

command("modes_of_what_is_written", [[
io.stdout:setvbuf("no")
local f = io.popen("cat", "w")
print(f:setvbuf("no"))
f:write("at once\n")
print(f:setvbuf("full"), f:setvbuf("line"))
f:write("a line\n", "and ")
print(f:setvbuf("full", 100))
f:write("more\n")
print(f:close())
]])

command("a_default_output_may_be_a_command", [[
io.stdout:setvbuf("no")
io.output(io.popen("sed s/^/out:/", "w"))
print(io.write("one\n", 2, "\n") == io.output(), io.flush())
print(io.output():flush())
print(io.close())
print(pcall(io.write, "x"))
print(pcall(io.close))
io.output(io.stdout)
print(io.write("back\n") == io.stdout)
]])

command("lines_of_a_closed_file", [[
local f = io.popen("echo a; echo b")
local next_line = f:lines()
print(next_line())
f:close()
print(pcall(next_line))
print(select(2, pcall(function() for _ in next_line do end end)))
]])

command("a_variable_may_close_it", [[
io.stdout:setvbuf("no")
local file
do
  local f <close> = io.popen("cat", "w")
  file = f
  f:write("closed with its block\n")
end
print(io.type(file))
print(pcall(function()
  local f <close> = io.popen("cat; echo done", "w")
  f:write("closed by an error\n")
  error("oops", 0)
end))
for i = 1, 2 do
  local f <close> = io.popen("echo " .. i)
  print(f:read())
end
]])

command("what_is_forgotten_is_written_at_the_end", [[
local f = io.popen("cat; sleep 0.2; echo the end", "w")
f:write("forgotten\n")
f = nil
collectgarbage()
]])

command("what_is_never_closed_is_written_at_the_end", [[
still = io.popen("sleep 0.1; cat; sleep 0.1; echo the end", "w")
still:write(("never closed\n"):rep(3))
]])

command("nobody_waits_for_a_pipe_that_another_holds", [[
local f = io.popen("echo x; sleep 0.3 & exit 4")
print(f:read())
print(f:close())
f = io.popen("(sleep 0.2; echo late) & echo soon; exit 5")
print(f:read("a"))
print(f:close())
]])

command("a_large_output_comes_whole", [[
local f = io.popen("seq 100000")
local sum = 0
for line in f:lines() do sum = sum + line end
print(sum, f:close())
f = io.popen("seq 50000")
print(#f:read("a"), f:read("a"), f:close())
f = io.popen("head -c 1000000 /dev/zero | tr '\\0' x")
print(#f:read(700000), #f:read(700000), f:read(1), f:close())
]])

-- -------------------------------------------------------------------- os.execute

command("os_execute_says_whether_there_is_a_shell", [[
print(os.execute())
print(os.execute(nil))
print(pcall(os.execute, print))
]])

command("what_was_printed_comes_before_what_a_command_prints", [[
io.stdout:setvbuf("no")
print("before")
os.execute("echo between")
print("after")
]])

command("commands_inherit_input_and_output", [[
io.stdout:setvbuf("no")
print(os.execute("cat; echo out; echo err >&2"))
print(io.popen("cat; echo err >&2; echo out"):read("a"))
]])

command("commands_see_the_environment_and_arguments_of_the_shell", [[
print(io.popen("echo \"$HOME\" $0 $#"):read("a"))
print(os.execute("test \"$0\" = sh"))
]])

return cases
