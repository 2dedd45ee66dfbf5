-- A graceful end.  os.exit(status, true) ends all tasks where they stand, and
-- their to-be-closed variables see to it that nothing is left half done.
-- Control-C does the same.
--
--   tinyasync run scripts/shutdown.lua; echo $?

-- A resource that says when it is given back.
local function open(name)
  print("open  " .. name)
  return setmetatable({}, {__close = function() print("close " .. name) end})
end

local function server(name)
  local socket <close> = open(name)
  for request = 1, math.huge do
    local answer <close> = open(("%s/request %d"):format(name, request))
    sleep(0.4)
  end
end

spawn(server, "web")
spawn(server, "mail")

sleep(0.5)
print("that is enough")
os.exit(3, true)

-- expect: open  web
-- expect: open  web/request 1
-- expect: open  mail
-- expect: open  mail/request 1
-- expect: close web/request 1
-- expect: open  web/request 2
-- expect: close mail/request 1
-- expect: open  mail/request 2
-- expect: that is enough
-- expect: close web/request 2
-- expect: close web
-- expect: close mail/request 2
-- expect: close mail
-- expect status: 3
