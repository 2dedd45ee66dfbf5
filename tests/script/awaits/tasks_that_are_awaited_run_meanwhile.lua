-- Awaiting one does not hold the others up, and a finished one is not asked again.
local started = async.now()
local tasks = {}
for i = 1, 3 do
  tasks[i] = spawn(function()
    print("starts", i)
    sleep(i)
    return i
  end)
end
for i = 3, 1, -1 do print(await(tasks[i]), async.now() - started) end
-- expect: starts	1
-- expect: starts	2
-- expect: starts	3
-- expect: 3	3.0
-- expect: 2	3.0
-- expect: 1	3.0
