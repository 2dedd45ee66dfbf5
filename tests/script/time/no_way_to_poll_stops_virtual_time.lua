-- Nobody sleeps here: time moves on by a millisecond now and then.
local empty, never = async.channel(), async.event()
local ways = {
  {"checkpoint", async.checkpoint},
  {"a short sleep", function() sleep(1e-300) end},
  {"a yield by hand", function() coroutine.yield() end},
  {"select that looks", function() async.select{empty, never, timeout = 0} end},
  {"select with next to no time", function() async.select{empty, timeout = 1e-300} end},
  {"a deadline of zero", function() async.move_on_after(0, empty.recv, empty) end},
  {"a short deadline", function() async.move_on_after(1e-300, never.wait, never) end},
}
for _, way in ipairs(ways) do
  local start = async.now()
  while async.now() < start + 0.01 do way[2]() end
  local late = async.now() - start
  if late > 0.0111 then print(way[1], late) end
end
print("time went on")                              -- expect: time went on

-- With a deadline ahead it goes there, however one polls.
for _, way in ipairs(ways) do
  local start = async.now()
  spawn(sleep, 7)
  while async.now() < start + 7 do
    local before = async.now()
    way[2]()
    if async.now() > before and async.now() < start + 7 then
      print(way[1], async.now() - start)
      break
    end
  end
end
print("it went there")                             -- expect: it went there
