-- Each of these takes thousands of passes.
local function took_no_time(name, fn)
  local began = async.now()
  local ok, err = pcall(async.with_timeout, 3600, fn)
  print(name, ok, ok and async.now() - began or err)
end

local there, back = async.channel(), async.channel()
spawn({daemon = true}, function()
  for value in there:iter() do back:send(value) end
end)
took_no_time("values to and fro", function()
  for i = 1, 2000 do
    there:send(i)
    back:recv()
  end
end)
-- expect: values to and fro	true	0.0

local event
spawn({daemon = true}, function()
  while true do
    if event then event:set() end
    async.checkpoint()
  end
end)
took_no_time("events of one that polls", function()
  for _ = 1, 2000 do
    event = async.event()
    event:wait()
  end
  event = nil
end)
-- expect: events of one that polls	true	0.0

local queue = async.channel(math.huge)
took_no_time("a full channel", function()
  for i = 1, 200000 do queue:send(i) end
end)
-- expect: a full channel	true	0.0
took_no_time("values and turns", function()
  for _ = 1, 2000 do
    queue:recv()
    async.checkpoint()
  end
end)
-- expect: values and turns	true	0.0
took_no_time("a lock taken often", function()
  local lock = async.lock()
  for _ = 1, 200000 do lock:with(math.abs, 1) end
end)
-- expect: a lock taken often	true	0.0
took_no_time("tasks one after the other", function()
  for _ = 1, 2000 do spawn(math.abs, 1):await() end
end)
-- expect: tasks one after the other	true	0.0
