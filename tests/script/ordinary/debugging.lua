local function place() return debug.getinfo(2, "Sl") end
local info = place()
print(info.short_src == arg[0], info.currentline, info.what)
local function f(a, b, ...)
  local c = 3
  print(debug.getlocal(1, 1), debug.getlocal(1, 3))
  return a, b, c, ...
end
f(1, 2)
local up = 1
local function g() up = up + 1 return up end
print(debug.getupvalue(g, 1), debug.setupvalue(g, 1, 10), g())
print(debug.getinfo(f, "u").nparams, debug.getinfo(f, "u").isvararg)
print(debug.getinfo(print).what, debug.getinfo(1, "n").name)
local lines = 0
debug.sethook(function() lines = lines + 1 end, "l")
local x = 1
x = x + 1
debug.sethook()
print(lines, debug.gethook())
local co = coroutine.create(function(a) local b = a coroutine.yield(b) end)
coroutine.resume(co, 7)
print(debug.getlocal(co, 1, 1))
print((debug.traceback(co)))
print((debug.traceback("message", 1):match("^message\nstack traceback:\n\t[^\n]*:29: in main chunk")))
print(debug.traceback({}) ~= nil, debug.getmetatable("").__index == string)
print(xpcall(function() error("x", 0) end, function(m) return m .. " handled" end))
