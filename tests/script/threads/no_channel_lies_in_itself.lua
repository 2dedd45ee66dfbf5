-- A channel that lay in itself could be received by nobody who does not have it already, and
-- never be freed.
local function pass(channels)
  return async.thread(function(list) return #list, list[1] end, channels)
end

local c = async.channel(2)
c:send(c)
print(pcall(pass, {c}))
-- expect: false	$FILE:4: thread: cannot copy a channel that lies in itself to another thread

local a, b = async.channel(2), async.channel(2)
a:send {b}
b:send {a}
print(pcall(pass, {a}))
-- expect: false	$FILE:4: thread: cannot copy a channel that lies in itself to another thread
print(a:recv()[1] == b, b:recv()[1] == a)                -- expect: true	true

-- The same of channels that lead elsewhere already; the sender can go on.
local one, two, three = async.channel(1), async.channel(1), async.channel(1)
pass {one, two, three}
print(pcall(one.send, one, one))         -- expect: false	send: the channel would lie in itself
print(pcall(one.try_send, one, {one}))   -- expect: false	try_send: the channel would lie in itself
one:send {two}
two:send {three}
print(pcall(three.send, three, one))     -- expect: false	send: the channel would lie in itself
three:send "end"
print(pcall(async.with_timeout, 0.01, three.send, three, one))
-- expect: false	send: the channel would lie in itself
print(one:recv()[1]:recv()[1]:recv())    -- expect: end
three:send(one)
print(three:recv() == one)               -- expect: true

-- More than one way to the same one is no circle; nor is a long way there.
local ends = async.channel(1)
ends:send "found"
local first = ends
for _ = 1, 20 do
  local outer = async.channel(2)
  outer:send(first)
  outer:send(first)
  first = outer
end
print(async.thread(function(channel)
  while type(channel) == "userdata" do channel = channel:recv() end
  return channel
end, first))                             -- expect: found

first = async.channel(1)
pass {first}
local at = first
for _ = 1, 3000 do
  local inner = async.channel(1)
  at:send(inner)
  at = inner
end
first, at = nil, nil
collectgarbage()
print "freed"                            -- expect: freed
