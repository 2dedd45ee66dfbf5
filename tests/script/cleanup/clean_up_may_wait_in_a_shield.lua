local task = spawn(function()
  local first <close> = setmetatable({}, {__close = function(_, err)
    print("closing", err.kind, async.shield(sleep, 1), async.now())
  end})
  local second <close> = async.defer(function(err)
    async.shield(sleep, 2)
    print("deferred", err.kind, async.now())
  end)
  sleep(10)
end)
sleep(1)
task:cancel()
print((task:pawait()), async.now())
-- expect: deferred	cancelled	3.0
-- expect: closing	cancelled	1.0	4.0
-- expect: false	4.0
