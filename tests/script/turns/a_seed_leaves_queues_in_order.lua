-- options: --virtual-time --seed=7
-- Who steps first is shuffled; who gets is not.
local ch, lock, semaphore = async.channel(0), async.lock(), async.semaphore(1)
local got, held, let_in = {}, {}, {}
lock:acquire()
semaphore:acquire()
local function at(seconds, fn)
  spawn(function()
    sleep(seconds)
    fn()
  end)
end
for i = 1, 5 do
  at(5 - i, function() got[i] = i .. "=" .. ch:recv() end)
  at(5 - i, function() lock:with(function() held[#held + 1] = i sleep(1) end) end)
  at(5 - i, function() semaphore:with(function() let_in[#let_in + 1] = i sleep(1) end) end)
end
sleep(6)
for i = 1, 5 do ch:send(i) end
lock:release()
semaphore:release()
sleep(10)
print(table.concat(got, " "))                      -- expect: 1=5 2=4 3=3 4=2 5=1
print(table.concat(held, " "))                     -- expect: 5 4 3 2 1
print(table.concat(let_in, " "))                   -- expect: 5 4 3 2 1
