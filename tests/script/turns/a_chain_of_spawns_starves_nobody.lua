-- Of the tasks added in a pass 10,000 more than there were to step take their first
-- step in it, the rest in the next.
local steps, on = 0, true
local function chain()
  steps = steps + 1
  if on then spawn(chain) end
end
spawn(chain)
async.checkpoint()
print(steps)                                       -- expect: 10001
async.checkpoint()
print(steps)                                       -- expect: 20004
on = false
async.checkpoint()
print(steps)                                       -- expect: 20005

-- Many at once come in the order of their creation, some now and some in the next
-- pass.
local order, sorted, first = {}, true, nil
spawn(function()
  async.checkpoint()
  first = #order
end)
for i = 1, 15000 do
  spawn(function() order[#order + 1] = i end)
end
async.checkpoint()
print(#order)                                      -- expect: 10000
async.checkpoint()
for i = 1, 15000 do sorted = sorted and order[i] == i end
print(#order, first, sorted)                       -- expect: 15000	10000	true
