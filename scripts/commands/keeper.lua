-- Keeps a service alive: it is started again when it fails, after a pause that grows, but not
-- for ever.
--
--   tinyasync run scripts/commands/keeper.lua

local process = async.process

local function keep(command, tries)
  async.retry(tries, function(try)
    local result = process.try(command)
    if result.ok then return end
    print(("try %d: status %d"):format(try, result.status))
    error(("'%s' failed %d times"):format(result.command, try), 0)
  end, {delay = 0.1, factor = 2, max = 1})
end

local folder = process.read{"mktemp", "-d"}
local temporary <close> = async.defer(function()
  async.shield(process.run, {"rm", "-r", folder})
end)

-- It works from its third start on.
keep({"sh", "-c", "echo >>starts; test $(wc -l <starts) -ge 3", cwd = folder}, 5)
print("it works")
print(pcall(keep, {"sh", "-c", "exit 7"}, 2))

-- expect: try 1: status 1
-- expect: try 2: status 1
-- expect: it works
-- expect: try 1: status 7
-- expect: try 2: status 7
-- expect: false	'sh -c 'exit 7'' failed 2 times
