local pauses = {0, 1.5, 0, 3.25, 0}
local count = 0
async.every(1, function()
  count = count + 1
  print(count, async.now())
  sleep(pauses[count])
  if count == 5 then return false end
end)
-- expect: 1	1.0
-- expect: 2	2.0
-- expect: 3	4.0
-- expect: 4	5.0
-- expect: 5	9.0
