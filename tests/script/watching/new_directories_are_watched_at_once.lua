-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

-- What was made in a new directory before anybody listened there is told too, and once.
-- expect: created a, created a/b, created a/b/c, created a/b/c/f, created a/b/g
print(told(d, {recursive = true}, d, function()
  sh('cd "$1"; mkdir -p a/b/c; : >a/b/c/f; : >a/b/g', d)
end, true))

-- While it goes on, without a pause for looking.
local lines = watching.tell(d, {recursive = true, debounce = 0}, d, function()
  sh('cd "$1"; for i in 1 2 3 4 5 6 7 8 9; do mkdir -p n$i/m; : >n$i/m/f; done', d)
end)
local times = {}
for _, line in ipairs(lines) do
  if line:find "^created" then times[line] = (times[line] or 0) + 1 end
end
local all, once = 0, true
for _, count in pairs(times) do
  all, once = all + 1, once and count == 1
end
-- expect: 27	true
print(all, once)

-- What moves into the tree was made, what moves out is deleted, with all that is in it.
sh('mkdir "$1/tree"; mkdir -p "$1/else/x"; : >"$1/else/x/f"', d)
-- expect: created tree/in, created tree/in/x, created tree/in/x/f, deleted tree/in, deleted tree/in/x, deleted tree/in/x/f
print(told(d .. "/tree", {recursive = true}, d, function()
  os.rename(d .. "/else", d .. "/tree/in")
  settle()
  os.rename(d .. "/tree/in", d .. "/else")
end, true))

-- Out of one that is deleted, into one that is new.
sh('cd "$1/tree"; mkdir old; echo 1 >old/f', d)
-- expect: created tree/new, deleted tree/old, renamed tree/old/f -> tree/new/f
print(told(d .. "/tree", {recursive = true}, d, function()
  sh('cd "$1/tree"; mkdir new; mv old/f new; rmdir old', d)
end, true))

-- Links are names: also those that lead in a circle, or out of the tree.
sh('mkdir -p "$1/loop/in" "$1/out"; ln -s .. "$1/loop/in/up"; ln -s "$1/out" "$1/loop/out"', d)
-- expect: created loop/in/f
print(told(d .. "/loop", {recursive = true}, d, function()
  write(d .. "/out/f", "")
  write(d .. "/loop/in/f", "")
end))

-- Where we may not look there is a name, until we may.
-- expect: created loop/shut/f
print((told(d .. "/loop", {recursive = true}, d, function()
  sh('mkdir -p "$1/loop/shut"; chmod 0 "$1/loop/shut"; sleep 0.15; chmod 700 "$1/loop/shut"', d)
  settle()
  write(d .. "/loop/shut/f", "")
end):gsub("changed loop/shut, ", ""):gsub("created loop/shut, ", "")
  :gsub(", changed loop/shut$", "")))
