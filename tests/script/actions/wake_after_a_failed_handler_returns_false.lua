local late, late_fail
async.actions.x = function(_, wake, fail)
  late, late_fail = wake, fail
  error("no", 0)
end
print(pcall(await, {action = "x"}))                -- expect: false	no
print(late(1), late_fail("x"))                     -- expect: false	false
async.actions.y = function(_, wake)
  late = wake
  return 7
end
print((pcall(await, {action = "y"})))              -- expect: false
print(late(1))                                     -- expect: false
