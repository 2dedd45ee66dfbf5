-- Children inherit nothing of what was taken over.
local process, signal = async.process, async.signal
local names = {"HUP", "INT", "TERM", "USR1", "USR2", "QUIT", "PIPE", "CHLD", "WINCH"}
local function masks(of)
  local text = process.read{"cat", "/proc/" .. of .. "/status"}
  return text:match "SigIgn:%s*(%x+)", text:match "SigCgt:%s*(%x+)"
end
local before_ignored, before_caught = masks "self"
local handlers = {}
for i, name in ipairs(names) do handlers[i] = signal.on(name, function() end) end
local ignored, caught = masks "self"
print(ignored == before_ignored, caught == before_caught)
-- expect: true	true
local ours = select(2, masks(process.read{"sh", "-c", "echo $PPID"}))
for _, handler in ipairs(handlers) do handler:close() end
print(ours ~= select(2, masks(process.read{"sh", "-c", "echo $PPID"})))
-- expect: true
