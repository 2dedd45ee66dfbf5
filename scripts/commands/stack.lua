-- A stack of services while one develops: what each writes has its name in front, and when one
-- of them ends all the others are stopped.
--
--   tinyasync run scripts/commands/stack.lua

local process = async.process

local function service(name, script)
  process.run{"sh", "-c", script, label = name}
  error(name .. " has ended", 0)
end

local ok, err = pcall(async.scope, function(s)
  s:spawn(service, "database", "echo ready; exec sleep 60")
  s:spawn(service, "web", "echo listening; sleep 0.3; echo out of memory; exit 1")
  s:spawn(service, "worker", "trap 'echo finishing; exit' TERM; while :; do sleep 0.05; done")
end)
print("stopped: " .. tostring(err))
