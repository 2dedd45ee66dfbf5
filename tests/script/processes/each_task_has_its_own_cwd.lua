-- options: --timeout=100
local process = async.process
local root = process.read{"mktemp", "-d"}
process.run{"mkdir", "a", "b", "c", "d", cwd = root}

local function work(name)
  local cwd = root .. "/" .. name
  process.run{"sh", "-c", "printf %s \"$1\" >file", "sh", name, cwd = cwd}
  sleep(0.05)
  assert(process.read{"pwd", "-P", cwd = cwd} == process.read{"realpath", cwd})
  assert(process.read{"cat", stdin = {file = "file"}, cwd = cwd} == name)
  process.run{"echo", "out", stdout = {file = "out"}, cwd = cwd}
  assert(process.read{"cat", "out", cwd = cwd} == "out")
  assert(process.run{"true", cwd = cwd}.cwd == cwd)
end

local here = process.read{"pwd"}
async.map({"a", "b", "c", "d"}, work)
-- expect: true
print(process.read{"pwd"} == here)

-- A command with a slash in it is looked for from there, and so is a relative PATH.
process.run{"sh", "-c", "mkdir bin; printf '#!/bin/sh\necho found\n' >bin/find-me; chmod +x bin/find-me",
  cwd = root .. "/a"}
-- expect: found
-- expect: found
process.run{"bin/find-me", cwd = root .. "/a"}
process.run{"find-me", cwd = root .. "/a", env = {PATH = "nowhere:bin:/bin"}}
-- expect: nil	true	ENOENT
local r, message, code = process.try{"bin/find-me", cwd = root .. "/b"}
print(r, message:find("bin/find-me: no such command (in " .. root .. "/b)", 1, true) ~= nil, code)
r, message, code = process.try{"find-me", cwd = root .. "/b", env = {PATH = "bin:/bin"}}
-- expect: nil	ENOENT
print(r, code)
process.run{"rm", "-r", root}
