-- `when` decides, while there are tries left; it may wait.
local asked = {}
local function again(err, try)
  asked[#asked + 1] = err .. try
  sleep(1)
  return err ~= "fatal"
end

local function fails(messages)
  return function(try) error(messages[try], 0) end
end

print(pcall(async.retry, 5, fails {"a", "b", "fatal", "d"}, {when = again}))  -- expect: false	fatal
print(table.concat(asked, " "), async.now())                                  -- expect: a1 b2 fatal3	3.0
asked = {}
print(pcall(async.retry, 2, fails {"a", "b"}, {when = again, delay = 1}))     -- expect: false	b
print(table.concat(asked, " "), async.now())                                  -- expect: a1	5.0
print(async.retry(3, function(try) return try == 2 or error("once", 0) end, {when = again}))
-- expect: true

-- The error is the same value, and one in `when` is raised.
local object = {}
local _, err = pcall(async.retry, 3, function() error(object) end, {when = function() end})
print(err == object)                                                          -- expect: true
print(pcall(async.retry, 3, fails {"a"}, {when = function() error("bad", 0) end}))  -- expect: false	bad

print(pcall(async.retry, 3, print, {when = true}))
-- expect: false	retry: when must be a function, got boolean
