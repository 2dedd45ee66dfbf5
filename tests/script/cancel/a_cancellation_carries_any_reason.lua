local reason = {}
for _, given in ipairs{"word", 7, reason, false} do
  local task = spawn(sleep, 10)
  task:cancel(given)
  local _, err = task:pawait()
  print(err.kind, rawequal(err.reason, given), given == reason or tostring(err))
end
-- expect: cancelled	true	cancelled: word
-- expect: cancelled	true	cancelled: 7
-- expect: cancelled	true	true
-- expect: cancelled	true	cancelled: false
local task = spawn(sleep, 10)
task:cancel()
print(select(2, task:pawait()).reason, (task:pawait()), task.error)  -- expect: nil	false	cancelled
