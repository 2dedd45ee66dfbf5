local count = 0
local errors = {{}, {}, {}}
local ok, err = pcall(async.retry, 3, function(i)
  count = count + 1
  error(errors[i])
end, {delay = 1})
print(ok, count, rawequal(err, errors[3]))         -- expect: false	3	true
print(async.now())                                 -- expect: 2.0
print(pcall(async.retry, 1, error))                -- expect: false	1
print(pcall(async.retry, 1.0, error, {delay = 5}))  -- expect: false	1
print(async.now())                                 -- expect: 2.0
