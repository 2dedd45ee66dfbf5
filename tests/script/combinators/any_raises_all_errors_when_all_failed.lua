local object = {}
local ok, err = pcall(async.any, {
  function() error("first", 0) end,
  function() sleep(1) error(object) end,
  function() sleep(2) error("third", 0) end,
})
print(ok, err.kind, err.n, #err)                   -- expect: false	errors	3	3
print(err[1], rawequal(err[2], object), err[3])    -- expect: first	true	third
print(tostring(err):match("^[^\n]*"))              -- expect: 3 errors:
print(async.now())                                 -- expect: 2.0
ok, err = pcall(async.any, {function() error("alone", 0) end})
print(ok, err.kind, err.n, err[1])                 -- expect: false	errors	1	alone
