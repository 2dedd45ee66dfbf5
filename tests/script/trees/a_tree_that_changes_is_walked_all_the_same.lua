-- What disappears is not told of; what cannot be read is raised, or told to whoever wants to know.

local fs = async.fs
local top <close> = assert(fs.temp_dir())
async.cd(top.path)
for i = 1, 40 do
  fs.mkdir(("d%02d/sub"):format(i), {parents = true})
  for k = 1, 60 do fs.write(("d%02d/%s%d"):format(i, ("x"):rep(100), k), "", {sync = false}) end
end

local first, seen = true, 0
for path in fs.walk "." do
  if first then
    for i = 1, 40 do fs.remove(("d%02d"):format(i), {recursive = true}) end
  end
  first = false
  seen = seen + 1
end
print(seen > 0 and seen < 2480) -- expect: true

print(pcall(function() for _ in fs.walk "gone" do end end)) -- expect: false	$FILE:$LINE: cannot walk gone: no such file or directory
local function tell(path, message, code) print(path, message, code) end
for _ in fs.walk("gone", {on_error = tell}) do end -- expect: gone	cannot walk gone: no such file or directory	ENOENT
fs.write("file", "")
print(pcall(function() for _ in fs.walk "file" do end end)) -- expect: false	$FILE:$LINE: cannot walk file: not a directory

-- Mistakes.
local function wrong(f, ...)
  local _, message = pcall(f, ...)
  print((message:gsub("^.-:%d+: ", "")))
end
wrong(fs.walk, 5) -- expect: fs.walk: expected a path, got number
wrong(fs.walk, ".", {folow = true}) -- expect: fs.walk: unknown option 'folow', did you mean 'follow'?
wrong(fs.walk, ".", {depth = 0}) -- expect: fs.walk: depth must be 1 or more levels, got 0
wrong(fs.walk, ".", {types = "fiel"}) -- expect: fs.walk: types has no type 'fiel', did you mean 'file'?
wrong(fs.walk, ".", {on_error = 1}) -- expect: fs.walk: on_error must be a function, got number
wrong(fs.glob, "*/../x") -- expect: fs.glob: '..' may only come before all parts with * ? [ or {
wrong(fs.glob, ("*/"):rep(61)) -- expect: fs.glob: a pattern may have 60 parts, got 61
wrong(fs.glob, "a\0b") -- expect: fs.glob: a pattern has no zero byte
