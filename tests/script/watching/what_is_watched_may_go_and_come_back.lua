-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

local function events(path, act) return told(path, {recursive = true}, d, act) end
sh('mkdir -p "$1/w/in"; : >"$1/w/in/f"', d)
-- expect: deleted w/in/f, deleted w/in, deleted w, created w, created w/g, created w/h
print(events(d .. "/w", function()
  sh('rm -r "$1/w"', d)
  settle()
  sh('mkdir "$1/w"; : >"$1/w/g"', d)
  settle()
  write(d .. "/w/h", "")
end))
-- Faster than anybody looks.
-- expect: deleted w/h, changed w/g, created w/i
print(events(d .. "/w", function()
  sh('cd "$1"; rm -r w; mkdir w; echo new >w/g; : >w/i', d)
end))
-- expect: created w/j
print(events(d .. "/w", function() write(d .. "/w/j", "") end))
-- With the directory that it lies in, which was renamed.
sh('mkdir -p "$1/a/b/c"', d)
-- expect: deleted a/b/c, created a/b/c, created a/b/c/k, created a/b/c/l
print(events(d .. "/a/b/c", function()
  sh('mv "$1/a/b" "$1/z"', d)
  settle()
  sh('mkdir -p "$1/a/b/c"; : >"$1/a/b/c/k"', d)
  settle()
  write(d .. "/a/b/c/l", "")
end))
-- A directory in the place of a file, and the other way round.
-- expect: deleted w, created w
-- expect: deleted w, created w, created w/f
print((events(d .. "/w", function()
  sh('rm -r "$1/w"; : >"$1/w"', d)
end):gsub("deleted w/%a, ", "")))
print(events(d .. "/w", function() sh('rm "$1/w"; mkdir "$1/w"; : >"$1/w/f"', d) end))
