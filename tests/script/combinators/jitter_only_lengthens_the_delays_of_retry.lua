local low, high, last = math.huge, 0, nil
pcall(async.retry, 200, function()
  if last then
    local pause = async.now() - last
    low, high = math.min(low, pause), math.max(high, pause)
  end
  last = async.now()
  error("again")
end, {delay = 1, jitter = 0.5})
print(low >= 1, low < 1.25)                        -- expect: true	true
print(high > 1.25, high <= 1.5)                    -- expect: true	true
