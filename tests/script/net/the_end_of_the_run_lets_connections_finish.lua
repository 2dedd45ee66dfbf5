-- What is idle is closed at once, what is under way may finish; nobody is taken any more.
-- options: --virtual-time --grace=10
local net = async.net
local server = assert(net.listen("127.0.0.1", 0))
spawn(function()
  server:serve(function(connection)
    for line in connection:lines() do
      sleep(tonumber(line))
      connection:write("slept ", line, "\n")
    end
    print "a handler has ended"
  end)
end)

local function dial() return assert(net.connect("127.0.0.1", server.port)) end
async.shield(spawn, function()
  async.shield(function()
    local idle, busy, asked = dial(), dial(), dial()
    asked:write "0\n"
    assert(asked:read())
    busy:write "2\n"
    while busy:write "" and async.tree():find "sleep" == nil do sleep(0) end
    spawn(os.exit, 7, true)
    -- expect: a handler has ended
    -- expect: a handler has ended
    -- expect: nil	nil
    print(idle:read(), asked:read())
    -- expect: nil	ECONNREFUSED
    local none, _, code = net.connect("127.0.0.1", server.port)
    print(none, code)
    -- expect: a handler has ended
    -- expect: slept 2	nil
    print(busy:read(), busy:read())
  end)
end)
-- expect status: 7
