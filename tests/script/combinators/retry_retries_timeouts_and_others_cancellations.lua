print(async.retry(3, function(i)
  return async.with_timeout(i, function()
    sleep(2.5)
    return "try " .. i, async.now()
  end)
end))
-- expect: try 3	5.5
print(async.retry(2, function(i)                   -- expect: try 2
  local task = spawn(function() sleep(1) return "try " .. i end)
  if i == 1 then task:cancel() end
  return task:await()
end))
