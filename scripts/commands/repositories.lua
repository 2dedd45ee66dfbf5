-- Tests many repositories, two at a time: each one's output in one piece, and at the end a list
-- of those that failed.
--
--   tinyasync run scripts/commands/repositories.lua

local process = async.process

-- Four stand-ins for repositories, which go when the script ends.
local folder = process.read{"mktemp", "-d"}
local temporary <close> = async.defer(function()
  async.shield(process.run, {"rm", "-r", folder})
end)

local tests = {api = "echo 12 passed", web = "echo 1 failed; exit 1", docs = "echo 3 passed",
  tools = "echo no compiler >&2; exit 2"}
local names = {"api", "web", "docs", "tools"}
for _, name in ipairs(names) do
  process.run{"mkdir", folder .. "/" .. name}
  process.run{"tee", folder .. "/" .. name .. "/test.sh", stdin = tests[name], stdout = "null"}
end

local results, failures = async.map(names, function(name)
  return process.run{"sh", "test.sh", cwd = folder .. "/" .. name, label = name,
    output = "group", stderr = "stdout"}
end, {limit = 2, keep_going = true})

print(("%d of %d failed"):format(#names - (results[1] and 1 or 0) - (results[3] and 1 or 0), #names))
for i, name in ipairs(names) do
  if failures[i] then print(name, "status " .. failures[i].status) end
end
