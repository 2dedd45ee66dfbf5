-- What it waited for comes while it waits for something else.
local wake
async.actions.outside = function(_, w) wake = w end
local sub = spawn(function() sleep(2) end)
local channel, event, tasks = async.channel(1), async.event(), {}
for _, way in ipairs{
  {"await", await, sub}, {"recv", channel.recv, channel}, {"event", event.wait, event},
  {"sleep", sleep, 2}, {"action", coroutine.yield, {action = "outside"}},
  {"select", async.select, {channel, event, sub, timeout = 2}},
} do
  tasks[#tasks + 1] = spawn(function()
    local guard <close> = async.defer(function()
      print(way[1], async.shield(sleep, 5), async.now())
    end)
    way[2](way[3])
  end)
end
sleep(1)
for _, task in ipairs(tasks) do task:cancel() end
sleep(2)
channel:send "kept"
event:set()
print(wake())                                      -- expect: false
-- expect: await	5.0	6.0
-- expect: recv	5.0	6.0
-- expect: event	5.0	6.0
-- expect: sleep	5.0	6.0
-- expect: action	5.0	6.0
-- expect: select	5.0	6.0
sleep(10)
print(#channel)                                    -- expect: 1
