-- Level 2 of the function is whoever has called it, in another thread.
local function check(...)
  local got = async.thread(
    function(level) error("wrong", level) end, ...)
  return got
end
print(pcall(check, 2))            -- expect: false	$FILE:3: wrong
print(pcall(check, 1))            -- expect: false	$FILE:4: wrong
print(pcall(check, 0))            -- expect: false	wrong
print(pcall(async.thread, function() error("wrong", 2) end))          -- expect: false	wrong
print(select(2, pcall(async.thread, function() error({code = 5}, 2) end)).code)  -- expect: 5
print(pcall(async.thread, function()
  local function inner() error("inner", 2) end
  inner()
end))  -- expect: false	$FILE:14: inner
print(pcall(async.thread, function() error() end))                    -- expect: false	nil
