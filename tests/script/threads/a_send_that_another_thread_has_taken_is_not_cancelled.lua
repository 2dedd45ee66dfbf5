-- It was over before the cancellation came, though this thread had not heard of that.
-- options: --timeout=60

local c, go, told = async.channel(), async.channel(1), async.channel(1)
local other = spawn(async.thread, function(c, go, told)
  for _ in go:iter() do told:send(c:try_recv() or "nothing") end
end, c, go, told)

-- Has the other thread take what it finds, while nobody here hears of anything.
local function have_it_taken()
  go:send(true)
  local limit, taken = os.clock() + 30, nil
  repeat taken = told:try_recv() until taken ~= nil or os.clock() > limit
  return taken
end

local function send(value)
  c:send(value)
  return "sent"
end
local sender = spawn(send, "a")
sleep(0)
print(have_it_taken(), sender:cancel("late"), sender:await()) -- expect: a	true	sent

async.scope(function(scope)
  sender = scope:spawn(send, "b")
  sleep(0)
  print(have_it_taken(), scope:cancel(), sender:status()) -- expect: b	true	runnable
end)
print(sender:await()) -- expect: sent

-- What nobody has taken is not there any more.
sender = spawn(send, "c")
sleep(0)
sender:cancel()
print(have_it_taken(), sender:pawait()) -- expect: nothing	false	cancelled
go:close()
other:await()
