local given = spawn(function() sleep(2) error("given", 0) end)
for i, one in ipairs(async.settle {
  function() sleep(3) return "a", "b" end,
  function() sleep(1) error({code = 5}) end,
  given,
  function() async.current():cancel("by itself") sleep(1) end,
  function() end,
}) do
  local err = one.error
  print(i, one.ok, one.value, type(err) == "table" and (err.code or err.kind) or err)
end
-- expect: 1	true	a	nil
-- expect: 2	false	nil	5
-- expect: 3	false	nil	given
-- expect: 4	false	nil	cancelled
-- expect: 5	true	nil	nil
print(async.now(), #async.settle {}, #async.tasks())  -- expect: 3.0	0	1

-- One that fails in its own clean-up is heard, and not reported.
print(async.settle {function()
  local _ <close> = async.defer(function() error("unwinding", 0) end)
  async.current():cancel()
  sleep(1)
end}[1].error)                                     -- expect: unwinding

-- A cancellation of the caller ends them all; what fails in clean-up then is told.
local task = spawn({name = "caller"}, async.settle, {
  given,
  spawn({name = "slow"}, function()
    local _ <close> = async.defer(function() print("unwound") end)
    sleep(9)
  end),
  function()
    local _ <close> = async.defer(function() error("while unwinding", 0) end)
    sleep(9)
  end,
})
sleep(1)
task:cancel()
print(task:pawait())
-- expect: unwound
-- expect: false	cancelled
print(pcall(async.settle, {5}))
-- expect: false	settle: expected a function or a task at index 1, got number; pass functions, do not call them
-- expect stderr: Error in task: while unwinding
-- expect status: 1
