-- needs: cqueues
local cqueues = require "cqueues"
local condition = require "cqueues.condition"
local socket = require "cqueues.socket"

-- Each waits for the one before, so that a busy machine prints the same.
local loop, go, ready = cqueues.new(), condition.new(), condition.new()
local a, b = socket.pair()
loop:wrap(function()
  go:wait(5)
  for i = 1, 3 do
    a:write("line ", i, "\n")
    cqueues.sleep(0.001)
  end
  a:shutdown "w"
end)
loop:wrap(function()
  for line in b:lines() do print("read", line) end
  ready:signal()
end)
loop:wrap(function() print("ready", ready:wait(5)) end)
loop:wrap(function()
  local co, main = coroutine.running()
  print(type(co), main, coroutine.isyieldable(), cqueues.running() ~= nil)
  print(pcall(function() cqueues.sleep(0.001) error("caught", 0) end))
  go:signal()
end)
print(loop:loop(5), loop:count(), cqueues.running())
loop:wrap(function() error "fails" end)
print((select(2, loop:loop(5)):gsub(".*: ", "")))
print(cqueues.sleep(0.001))
