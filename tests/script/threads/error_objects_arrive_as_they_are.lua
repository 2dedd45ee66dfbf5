-- What a thread raises is an error object of the caller's, with its fields and its words.
local function caught(fn, ...)
  local ok, err = pcall(async.thread, fn, ...)
  assert(not ok)
  return err
end

local err = caught(function() error {kind = "mine", code = 4, at = {1, 2}} end)
print(err.kind, err.code, #err.at, getmetatable(err))     -- expect: mine	4	2	nil

-- The library's own.
err = caught(function() async.with_timeout(0.001, function() async.event():wait() end) end)
print(err.kind, err.seconds, err)                         -- expect: timeout	0.001	timed out after 0.001 seconds

-- With a metatable, also one in the other, more than once, and through two threads.
err = caught(function()
  async.thread(function()
    local Mine = {__tostring = function(self) return "mine: " .. self.word end}
    local inner = setmetatable({word = "inner"}, Mine)
    error(setmetatable({word = "outer", cause = inner, again = inner, call = print,
      named = {[inner] = true}}, Mine))
  end)
end)
print(err, err.word, err.cause, err.cause == err.again, next(err.named) == err.cause)
-- expect: mine: outer	outer	mine: inner	true	true
print((err.call:gsub("builtin: %x+", ""):gsub("0x%x+", "")))  -- expect: function: 

-- One that cannot say what it is, or says so at length.
err = caught(function()
  error(setmetatable({code = 7}, {__tostring = function() error "no" end}))
end)
print(err.code, err)                                      -- expect: 7	table
err = caught(function()
  error(setmetatable({}, {__tostring = function() return ("x"):rep(1000) end}))
end)
print(#tostring(err))                                     -- expect: 1000

-- One that changes while it is looked at is told in words at worst.
err = caught(function()
  local outer = {}
  local inner = setmetatable({}, {__tostring = function()
    for i = 1, 100 do outer[i .. ""] = i end
    collectgarbage()
    return "inner"
  end})
  outer.a, outer.b, outer.c = inner, inner, 1
  error(outer)
end)
print(type(err) == "table" and tostring(err.a or err.b) == "inner" or type(err) == "string")  -- expect: true

print(caught(function() error(nil) end), type(caught(function() error(print) end)))
-- expect: nil	string
