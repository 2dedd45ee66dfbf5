-- Patterns as long as they may be, and longer.

local fs = async.fs
local dir <close> = assert(fs.temp_dir())
async.cd(dir.path)
fs.mkdir "a"
fs.write("a/file", "", {sync = false})

local function count(pattern)
  local found = 0
  for _ in fs.glob(pattern) do found = found + 1 end
  return found
end
local function refused(pattern) return (select(2, pcall(count, pattern)):gsub("^.-: ", "", 1)) end

-- A last "**" is a part more.
print(count("*/" .. ("**/"):rep(58) .. "*")) -- expect: 1
print(count(("**/"):rep(58) .. "**")) -- expect: 2
print(refused(("*/"):rep(59) .. "**"))
-- expect: fs.glob: a pattern may have 60 parts, got 61

-- Braces in one part, in several, and around parts.
print(refused(("{a,b}"):rep(40)))
-- expect: fs.glob: the braces of a pattern may stand for 10000 texts, these for more
print(refused(("{a,b}"):rep(12) .. ("/" .. ("{c,d}"):rep(12)):rep(3)))
-- expect: fs.glob: the braces of a pattern may stand for 10000 texts, these for more
print(refused(("{a/,b/}"):rep(40)))
-- expect: fs.glob: the braces of a pattern may stand for 10000 texts, these for more
print(count(("{a,}"):rep(10) .. "/*"), count("{a/,}*{x,y}{a,b}")) -- expect: 1	0

-- A name that is longer than names are.
print(count("*/" .. ("a"):rep(255)), count("*/" .. ("a"):rep(4096)), count("*/" .. ("a"):rep(65510)))
-- expect: 0	0	0
print(count("{*/" .. ("a"):rep(70000) .. ",*/file}")) -- expect: 1
