-- options: --timeout=60
-- At capacity 0 try_send in one thread asks who waits to receive in another.

local c, go, told = async.channel(), async.channel(1), async.channel(1)
local other = spawn(async.thread, function(c, go, told)
  for value in go:iter() do told:send(c:try_send(value) or "full") end
end, c, go, told)

local function try(value)
  go:send(value)
  return told:recv()
end
local function waits(fn)
  local task = spawn(fn or c.recv, c)
  sleep(0)
  return task
end

print(try(1)) -- expect: full
local first = waits()
print(try(2), first:await(), try(3)) -- expect: true	2	full
first = waits()
first:cancel()
first:pawait()
print(try(4)) -- expect: full
print(pcall(async.with_timeout, 0.01, c.recv, c)) -- expect: false	timed out after 0.01 seconds
print(try(5)) -- expect: full

-- In a select as well.
local ready = async.channel(1)
ready:send "here"
print(async.select{c, ready}) -- expect: 2	here
print(try(6)) -- expect: full
print(async.select{c, timeout = 0}, async.select{c, timeout = 0.01}) -- expect: nil	nil	timeout
print(try(7)) -- expect: full
first = waits(function() return async.select{c, ready} end)
ready:send "there"
print(first:await()) -- expect: 2	there
print(try(8)) -- expect: full
first = waits(function() return async.select{ready, c} end)
print(try(9), first:await()) -- expect: true	2	9
first = waits(function() return async.select{c} end)
first:cancel()
first:pawait()
print(try(10)) -- expect: full

-- Who does not wait itself keeps nobody else from it.
first = waits()
local second = waits()
first:cancel()
first:pawait()
print(try(11), second:await(), try(12)) -- expect: true	11	full

-- Nor does who is given up when it was sent something, of which nobody here has heard yet.
for i = 1, 4 do
  local way = i % 2 == 0 and function() return select(2, async.select{c, ready}) end
  first, second = waits(way), waits(way)
  go:send(i)
  local now = os.clock()
  repeat until os.clock() - now > 0.01
  first:cancel()
  local done, value = first:pawait()
  if not done then value = second:await() end
  assert(value == i)
  second:cancel()
  second:pawait()
  assert(told:recv() == true and try(0) == "full")
end
go:close()
other:await()
print "end" -- expect: end
