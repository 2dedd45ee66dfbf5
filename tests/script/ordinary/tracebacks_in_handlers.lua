-- What a handler of xpcall sees above the call itself is what lua5.4 shows.
local function cut(text) return type(text) == "string" and (text:gsub("\n%s*%[C%]: in function 'xpcall'.*", "")) end
local function show(message) print(cut(debug.traceback(message))) return message end
local function second(message) print(cut(debug.traceback(message, 2))) return message end

local function inner(message) error(message) end
local function outer(message)
  local x <close> = setmetatable({}, {__close = function(_, err) print("close", err) end})
  inner(message)
  return 1
end
function Global(message) outer(message) return 2 end

print(xpcall(outer, show, "one"))
print(xpcall(Global, second, "two"))
print(xpcall(function() Global("three") end, function(m) return cut(debug.traceback(m, 1)) end))
print(xpcall(error, show, "four", 0))
print(xpcall(error, show, {}) == false)
print(xpcall(function() local t = nil; return t.x end, show))
print(xpcall(function() return ("x") + 1 end, show))
print(xpcall(string.rep, show))
print(xpcall(function() table.sort({3, 2, 1}, function() error "in sort" end) end, show))
print(xpcall(function() ("abc"):gsub(".", function() error "in gsub" end) end, show))

-- Where the handler is called from.
print(xpcall(outer, function(message)
  local info = debug.getinfo(2, "nSl")
  local above = debug.getinfo(3, "nSl")
  print(info.what, info.name, info.currentline, above.what, above.name, above.currentline)
  return message
end, "five"))

-- In nested calls, coroutines, and after yields.
print(xpcall(function()
  print(pcall(error, "caught", 0))
  print(xpcall(outer, show, "six"))
  Global "seven"
end, show))
local co = coroutine.wrap(function()
  print(xpcall(function()
    coroutine.yield "yielded"
    pcall(coroutine.yield, "again")
    outer "eight"
  end, show))
  return "end"
end)
print(co(), co(), co())
print(coroutine.resume(coroutine.create(function()
  return xpcall(function() coroutine.wrap(function() outer "nine" end)() end, show)
end)))

-- A handler that fails is called again for its own error.
local calls = 0
print(xpcall(error, function(message)
  calls = calls + 1
  if calls < 3 then error("handler " .. calls, 0) end
  return "finally " .. message
end, "ten", 0))
print(xpcall(error, function() return nil, 2 end, "eleven"))
print(select("#", xpcall(error, function() return nil, 2 end, "twelve")))
print(pcall(xpcall), pcall(xpcall, print))
print(pcall(xpcall, print, 7))

-- The same without a handler's help.
print(select(2, pcall(Global, "thirteen")))
co = coroutine.create(function() outer "fourteen" end)
print(coroutine.resume(co))
print((debug.traceback(co):gsub("%s*$", "")))
co = coroutine.create(function() pcall(function() coroutine.yield() end) end)
coroutine.resume(co)
print(debug.traceback(co), debug.traceback(co, "at level 1", 1))
