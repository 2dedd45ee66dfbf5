-- Random patterns over a random tree, with links to directories, hidden names and such that are
-- not ASCII, against bash with globstar.
--
-- not under sanitizers: bash is what takes its time

local fs, process = async.fs, async.process
local top <close> = assert(fs.temp_dir())
math.randomseed(1203)
local function pick(list) return list[math.random(#list)] end

local names = {"a", "b", "ab", "ba.c", "b.c", "a.h", ".a", ".ab", "é", "éa"}

local function grow(path, depth)
  for _ = 1, math.random(3, 6) do
    local name = path .. "/" .. pick(names)
    if not fs.exists(name) then
      local what = math.random(6)
      if what <= 3 and depth < 4 then
        fs.mkdir(name)
        grow(name, depth + 1)
      elseif what == 4 then
        fs.link(pick {"a", "../a", "../b", "nowhere"}, name)
      else
        fs.write(name, "", {sync = false})
      end
    end
  end
end

local pieces = {"*", "?", "a", "b", "[ab]", "[!a]", "*.c", "{a,b}*", "**", ".a*", "{*.c,*.h}", "a*",
  "?b", "{a,b/*}", "*a", "é", "[é-ê]*", "{ab,{b,a}}", ".*", "[[:digit:]b]?", "\\a*"}

local function pattern()
  local list = {}
  for i = 1, math.random(4) do list[i] = pick(pieces) end
  if list[#list] == "**" and math.random(2) == 1 then list[#list] = "{**,a*}/*" end
  local text = table.concat(list, "/") .. (math.random(5) == 1 and "/" or "")
  return math.random(6) == 1 and "./" .. text or text
end

local script = [[
shopt -s globstar nullglob
while IFS= read -r pattern; do
  eval "set -- $pattern"
  for path; do if [ -e "$path" ] || [ -L "$path" ]; then echo "$path"; fi; done
  echo "end"
done]]

local function sorted(set)
  local list = {}
  for path in pairs(set) do list[#list + 1] = path end
  table.sort(list)
  return table.concat(list, " ")
end

-- To bash "a/**" is "a" too; to us it is "a/**/*".
local function for_bash(one) return (one:gsub("%*%*$", "**/*")) end

-- What "." and ".." are is for bash alone.
local function is_ours(path)
  return path ~= "./" and not ("/" .. path .. "/"):find("/%.%.?/", path:sub(1, 2) == "./" and 2 or 1)
end

local same, found = 0, 0
for round = 1, 6 do
  local root = top.path .. "/" .. round
  fs.mkdir(root)
  grow(root, 1)
  local patterns, theirs = {}, {}
  for i = 1, 120 do
    patterns[i] = pattern()
    theirs[i] = for_bash(patterns[i])
  end
  local output = process.read {"bash", "-c", script, cwd = root, env = {LC_ALL = "C.UTF-8"},
    stdin = table.concat(theirs, "\n") .. "\n"}
  local next_line = output:gmatch "[^\n]+"
  async.cd(root)
  for _, one in ipairs(patterns) do
    local want, got = {}, {}
    for path in next_line do
      if path == "end" then break end
      if is_ours(path) then want[path] = true end
    end
    for path in fs.glob(one) do
      if got[path] then print("twice", path) end
      got[path] = true
      found = found + 1
    end
    if sorted(want) ~= sorted(got) then
      print(one, "bash: " .. sorted(want), "ours: " .. sorted(got))
    else
      same = same + 1
    end
  end
end
print(same, found > 400) -- expect: 720	true
