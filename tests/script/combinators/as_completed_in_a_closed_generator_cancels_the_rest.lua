-- Clean-up there cannot wait: the rest is cancelled, and unwinds by itself.
local unwound = 0
local function job(seconds)
  return function()
    local _ <close> = async.defer(function() unwound = unwound + 1 end)
    sleep(seconds)
  end
end

local walk = coroutine.create(function()
  for i in async.as_completed {job(1), job(9), job(9)} do coroutine.yield(i) end
end)
print(coroutine.resume(walk))              -- expect: true	1
print(coroutine.close(walk), unwound)      -- expect: true	1
sleep(0)
sleep(0)
print(unwound, #async.tasks())             -- expect: 3	1

local given = spawn(job(9))
walk = spawn(function()
  coroutine.wrap(function() async.all {given, job(9)} end)()
end)
sleep(1)
walk:cancel()
print(walk:pawait())                       -- expect: false	cancelled
sleep(0)
sleep(0)
print(unwound, #async.tasks())             -- expect: 5	1
