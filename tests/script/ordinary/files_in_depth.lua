-- arguments: x
local name = os.tmpname()
local file = io.open(name, "w+")
print(io.type(file), file:write("line 1\nline 2\n3.5 0x10 -7 nan\nrest") == file, file:seek "set")
print(file:read("l", "L", "n", "n", "n", "n"))
print(file:read "a", file:read "a", file:read "l", file:read(0))
print(file:seek("set", 2), file:read(3), file:seek "cur", file:seek "end")
for _, mistake in ipairs{
  function() file:read "x" end, function() file:seek "nowhere" end,
  function() file:setvbuf "most" end, function() file:write {} end, function() file.read() end,
  function() io.open(name, "zz") end, function() io.lines "/no/such/file" end,
  function() for _ in io.lines(name, "q") do end end, function() io.popen("true", "rw") end,
  function() io.input "/no/such/file" end, function() io.write {} end, function() io.type() end,
} do print((tostring(select(2, pcall(mistake))):gsub(name:gsub("%p", "%%%0"), "NAME"))) end
print(file:close(), pcall(file.read, file), tostring(file), io.type(file), io.type(1))
print(io.open "/no/such/file")
for a, b in io.lines(name, 1, "l") do print(a, b) end

io.output(name)
io.write("a", 1, 2.5, "\n")
io.close()
io.output(io.stdout)
io.input(name)
print(io.read(), io.read(), io.close(io.input()), pcall(io.read))
io.input(io.stdin)
print(io.read "a", io.read "l", io.read(0), io.read "n")
print(io.write "" == io.stdout, io.stdout:setvbuf "line", io.type(io.stdout), io.stderr:write "" == io.stderr)

local pipe = io.popen("cat; exit 3", "w")
pipe:write "through a pipe\n"
io.stdout:flush()
print(pipe:close())
print(io.popen "kill -9 $$":close())
print(io.popen "echo out":read "a")
for line in io.popen "printf 'a\\nb'":lines "L" do io.write("[", line, "]") end
print(os.execute "true", os.execute "exit 5", os.execute(nil))
print(os.remove(name), select(3, os.remove(name)), select(3, os.rename("/no/such/file", name)))
local temporary = io.tmpfile()
print(temporary:write "kept" == temporary, temporary:seek "set" == 0 and temporary:read "a")
print(os.getenv "NO_SUCH_VARIABLE", os.date("!%F %T", 86400), os.setlocale "C", os.difftime(3, 1))
print(pcall(os.date, "%Ez", 0), pcall(os.date, "%Q", 0), pcall(os.time, {year = 2020}))
warn "@on"
warn("a ", "warning")
warn "@off"
warn "unseen"
io.stderr:write "straight to stderr\n"
do
  local script <close> = io.open(arg[0])
  print(io.type(script), arg[1], #arg, ...)
end
