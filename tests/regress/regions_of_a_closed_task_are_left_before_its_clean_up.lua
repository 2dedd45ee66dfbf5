-- A task that goes on after a hundred cancellations is closed with a deadline open,
-- and its clean-up collects what is dead.
local t = spawn(function()
  local d <close> = async.defer(function()
    collectgarbage()
    collectgarbage()
    for i = 1, 1000 do local x = {i} end
    pcall(sleep, 1)
  end)
  async.with_timeout(100, function()
    while true do
      pcall(function()
        local e <close> = async.defer(function() error "clean-up" end)
        sleep(1)
      end)
    end
  end)
end)
sleep(0)
t:cancel()
sleep(1)
print(t:status())                                  -- expect: cancelled
-- expect stderr: clean-up
-- expect status: 1
