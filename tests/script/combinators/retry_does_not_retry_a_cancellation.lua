local tries = 0
local function attempt()
  tries = tries + 1
  sleep(10)
end
local task = spawn(async.retry, 5, attempt)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
print(tries)                                       -- expect: 1
print(async.move_on_after(1, async.retry, 5, attempt))  -- expect: nil	timeout
print(tries)                                       -- expect: 2
print(async.scope(function(s)                      -- expect: nil	cancelled
  s:spawn(function()
    sleep(1)
    s:cancel()
  end)
  async.retry(5, attempt)
end))
print(tries, async.now())                          -- expect: 3	3.0
