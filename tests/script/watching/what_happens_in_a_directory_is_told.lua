-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

-- expect: created a, changed a, renamed a -> b, deleted b
print(told(d, nil, d, function()
  write(d .. "/a", "1")
  settle()
  write(d .. "/a", "2", "a")
  settle()
  os.rename(d .. "/a", d .. "/b")
  settle()
  os.remove(d .. "/b")
end))

-- What is in directories below is told with recursive only.
sh('mkdir -p "$1/in/deep"', d)
-- expect: created c
print(told(d, {recursive = false}, d, function()
  write(d .. "/in/deep/x", "1")
  write(d .. "/c", "1")
end))
-- expect: renamed c -> in/deep/c
-- expect: changed in/deep/x
print((told(d, {recursive = true}, d, function()
  os.rename(d .. "/c", d .. "/in/deep/c")
  write(d .. "/in/deep/x", "22")
end):gsub(", ", "\n")))

-- A directory that moves takes along what is in it, and goes on being watched.
-- expect: renamed in -> out, changed out/deep/x
print(told(d, {recursive = true}, d, function()
  os.rename(d .. "/in", d .. "/out")
  settle()
  write(d .. "/out/deep/x", "333")
end))

-- Two that change places.
sh('cd "$1"; echo 1 >p; echo 22 >q', d)
-- expect: renamed p -> q, renamed q -> p
print(told(d, nil, d, function() sh('cd "$1"; mv p t; mv q p; mv t q', d) end, true))

-- A second name is no renaming, and permissions are a change.
-- expect: changed p, created r
print((told(d, nil, d, function() sh('cd "$1"; ln p r; chmod 600 p', d) end, true)
  :gsub("changed r, ", ""):gsub(", changed r", "")))

