local sibling
print(pcall(async.scope, function(s)               -- expect: false	boom
  sibling = s:spawn(sleep, 10)
  s:spawn(function() error("boom", 0) end)
end))
print(sibling:status(), sibling.error.kind)        -- expect: cancelled	cancelled
print(sibling.error.reason)                        -- expect: a task of its scope failed
async.scope(function(s)
  sibling = s:spawn(sleep, 10)
  sleep(0)
  s:cancel("closing time")
end)
print(sibling:status(), sibling.error.kind)        -- expect: cancelled	cancelled
print(sibling.error.reason)                        -- expect: closing time
print(sibling.error)                               -- expect: cancelled: closing time
