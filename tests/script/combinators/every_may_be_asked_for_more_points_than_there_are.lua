for _, seconds in ipairs{5e-324, 1e-300, 1e-20, 1e-9} do
  local calls = 0
  sleep(0.01)
  async.every(seconds, function()
    calls = calls + 1
    sleep(0.001)
    return calls < 3
  end)
  print(calls)
end
-- expect: 3
-- expect: 3
-- expect: 3
-- expect: 3
print(async.now() < 0.06)                          -- expect: true
