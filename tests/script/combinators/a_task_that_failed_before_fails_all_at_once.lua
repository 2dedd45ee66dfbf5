local failed = spawn(function() error("long ago", 0) end)
print(failed:pawait())                             -- expect: false	long ago
print(pcall(async.all, {function() sleep(10) print("never") end, failed}))  -- expect: false	long ago
print(async.now())                                 -- expect: 0.0
