-- How deep things lie, what they are called, and where errors point.
for level = 0, 4 do print(debug.traceback("from level " .. level, level)) end
print(debug.traceback("from level 99", 99))
print(debug.traceback(), debug.traceback(nil), debug.traceback(7), debug.traceback(true))

for level = 0, 3 do
  local info = debug.getinfo(level, "nSltr")
  if info then
    print(level, info.name, info.namewhat, info.what, info.short_src, info.currentline,
      info.linedefined, info.istailcall, info.ftransfer, info.ntransfer)
  else
    print(level, info)
  end
end
for level = 0, 5 do print(level, (pcall(debug.getlocal, level, 1))) end

local function tail() return debug.traceback "tail" end
local function calls() return tail() end
print((calls()))
local function deep(n)
  if n == 0 then return (debug.traceback "deep") end
  local text = deep(n - 1)
  return text
end
print(deep(3))
print(deep(30))
print(coroutine.wrap(function() return (debug.traceback "in a coroutine") end)())
local co = coroutine.create(function() coroutine.yield() error "in it" end)
print(debug.traceback(co))
coroutine.resume(co)
print(debug.traceback(co), debug.traceback(co, "text", 1), debug.traceback(co, nil))
print(coroutine.resume(co))
print(debug.traceback(co))

-- Positions.
local function misused(level) error("misused", level) end
for level = 0, 9 do
  print(level, pcall(error, "x", level))
  print(level, pcall(misused, level))
  print(level, pcall(function() misused(level) end))
  print(level, select(2, xpcall(misused, debug.traceback, level)))
  print(level, select(2, xpcall(function() misused(level) end, debug.traceback)))
end

-- What a handler sees of errors in all kinds of places.
local function fails(name) return function() error(name) end end
local function with(event) return setmetatable({}, {[event] = fails(event)}) end
local places = {
  {"a missing field", function() local x = nil; x.y = 1 end},
  {"an argument", function() string.rep() end},
  {"wrap", function() coroutine.wrap(fails "wrapped")() end},
  {"sort", function() table.sort({3, 2, 1}, fails "sort") end},
  {"gsub", function() ("x"):gsub(".", fails "gsub") end},
  {"__index", function() return with "__index".foo end},
  {"__len", function() return #with "__len" end},
  {"__pairs", function() for _ in pairs(with "__pairs") do end end},
  {"__tostring", function() print(with "__tostring") end},
  {"__close", function() local a <close> = with "__close" end},
  {"dofile", function() dofile "/no/such/file" end},
  {"a chunk", load("error 'in the chunk'", "=chunk")},
  {"a reader", function() assert(load(fails "reader")) end},
  {"pcall", function() pcall(pcall, pcall, function() print(debug.traceback "pcalls") end) error "x" end},
  {"an iterator", function() for _ in fails "iterator" do end end},
}
for _, place in ipairs(places) do
  print(place[1], select(2, xpcall(place[2], debug.traceback)))
  print(place[1], pcall(place[2]))
end

-- Hooks.
debug.sethook(function()
  debug.sethook()
  print(debug.traceback "in a hook")
end, "l")
local here = 1
debug.sethook(function(event)
  debug.sethook()
  print(event, debug.getinfo(2, "S").what, debug.getinfo(3, "S").what, debug.getinfo(4, "S").what,
    debug.getinfo(5, "S"))
end, "c")
math.abs(here)
