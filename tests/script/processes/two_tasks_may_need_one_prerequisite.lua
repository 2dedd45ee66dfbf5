-- It runs once, both wait for its end, and a late one has its failure too.
-- options: --timeout=100
local process = async.process
local file = os.tmpname()

local function need(status)
  local task = spawn(function()
    process.run{"sh", "-c", "echo x >>\"$1\"; sleep 0.2; exit $2", "sh", file, status}
  end)
  local function user() return pcall(await, task) end
  local first, second = spawn(user), spawn(user)
  local a, b = await(first), await(second)
  return a, b, (user())
end

-- expect: true	true	true
print(need(0))
-- expect: false	false	false
print(need(3))
local count = 0
for _ in io.lines(file) do count = count + 1 end
-- expect: 2
print(count)
os.remove(file)
