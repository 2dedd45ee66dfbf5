-- A graceful end.  Control-C cancels all tasks where they wait: their clean-up
-- runs, and may take its time in a shield, as much as --grace allows.  A second
-- Control-C would not wait for it.
--
--   tinyasync run scripts/shutdown.lua; echo $?

local requests = async.channel(10, "requests")

-- Half a request is worse than none: each is finished before the end.
local function serve(name)
  local farewell <close> = async.defer(function() print(name .. " is closed") end)
  for request in requests:iter() do
    print(("%s begins %s"):format(name, request))
    async.shield(function()
      sleep(0.7)
      print(("%s ends %s"):format(name, request))
    end)
  end
end

-- To say goodbye takes a while, and everything is being cancelled meanwhile.
local function stay_registered()
  local goodbye <close> = async.defer(function()
    async.shield(function()
      sleep(0.2)
      print("signed off")
    end)
  end)
  print("signed on")
  sleep(math.huge)
end

spawn(stay_registered)
spawn(serve, "north")
spawn(serve, "south")
for number = 1, 3 do requests:send("request " .. number) end

-- Nobody is here to press Control-C, so the script sends itself the signal.
sleep(1)
print("Control-C")
io.popen("kill -s INT $PPID"):close()
sleep(60)
print("this is never reached")

-- expect: signed on
-- expect: north begins request 1
-- expect: south begins request 2
-- expect: north ends request 1
-- expect: north begins request 3
-- expect: south ends request 2
-- expect: Control-C
-- expect: south is closed
-- expect: signed off
-- expect: north ends request 3
-- expect: north is closed
-- expect status: 130
