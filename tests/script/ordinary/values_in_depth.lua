local function try(fn, ...) print(pcall(fn, ...)) end

-- Integers and floats.
print(1 // 0.0, -1 // 0.0, 0 / 0 ~= 0 / 0, 1 % math.huge, -1 % math.huge, 5 % -3, -5 % 3, 5.5 // 2)
print(math.maxinteger + 1 == math.mininteger, math.mininteger // -1, math.maxinteger * 2.0)
print(2^53, 2^53 == 2^53 + 1, 1e15, 1e16, 1e100, -0.0, 0x7fffffffffffffff, 0xffffffffffffffff)
print(3 == 3.0, math.type(3), math.type(3.0), math.type "3", 10 // 3, 10.0 // 3, 7 / 2, 2^2)
print("10" + 5, "0x10" + 0, "1e1" * 1, 10 .. 20, "3" // 1, "7" % "4", -"2", 1 << 63, 1 << 64, 1 >> -1, ~0)
print(math.tointeger "8", math.tointeger(2^53), math.tointeger(2.5), math.ult(1, -1), math.abs(math.mininteger))
print(tonumber "  0x1p4  ", tonumber "1e", tonumber("10", 2), tonumber("zz", 36), tonumber("8", 8), tonumber "")
print(string.format("%5d|%-5s|%05.1f|%x|%c|%i|%a|%q", 42, "ab", 3.14159, 255, 65, 7, 1.0, 1 / 3))
for _, fn in ipairs{
  function() return 1 // 0 end, function() return 1 % 0 end, function() return "a" + 1 end,
  function() return {} .. "x" end, function() return 1 < "2" end, function() return {} < {} end,
  function() return 1.5 | 1 end, function() return "1.5" | 1 end, function() return 2^63 | 0 end,
  function() for _ = 1, 10, 0 do end end, function() for _ = "a", 2 do end end,
  function() return #nil end, function() return -{} end, function() undefined_global() end,
  function() local t = {} t.x.y = 1 end, function() local t = {} t:no_method() end,
  function() string.no_function() end, function() ("x"):no_method() end,
  function() local t = {} t[nil] = 1 end, function() local t = {} t[0 / 0] = 1 end,
  function() local z <close> = {} end, function() return math.random(2, 1) end,
  function() return string.format("%d", 1.5) end, function() return string.format "%y" end,
  function() return ("x"):gsub("(", "") end, function() return ("x"):gsub("x", "%2") end,
  function() return table.concat {1, {}, 3} end, function() return table.insert({}, 5, 1) end,
  function() return table.unpack({}, 1, 1e8) end, function() return setmetatable(1, {}) end,
  function() return setmetatable(setmetatable({}, {__metatable = 1}), {}) end,
  function() return tostring(setmetatable({}, {__tostring = function() return 1 end})) end,
  function() return next({}, "no key") end, function() return rawset({}, nil, 1) end,
  function() return select(0) end, function() return utf8.codepoint "\xff" end,
  function() return string.pack("i17", 1) end, function() return string.unpack("i4", "x") end,
  function() error() end, function() error(nil) end, function() error(7) end,
  function() error(true) end, function() assert(false) end, function() assert(nil, "text") end,
  function() assert(false, nil) end,
} do try(fn) end
for i = math.maxinteger - 1, math.maxinteger do io.write(i, " ") end
for i = 1.0, 2 do io.write(i, " ") end
for i = 3, 1, -1 do io.write(i, " ") end
print()

-- Chunks.
for _, text in ipairs{"return 1 +", "goto nowhere", "break", "local x <const> = 1 x = 2", "for",
  "return '\\q'", "::a:: ::a::", "local x <close>, y <close> = 1", "x = }", "--[[", "'", "return ..."} do
  print((select(2, load(text, "=chunk"))))
  print(load(text, text) == nil)
end
print(load("return 1", "=x", "b"))
print(load("\27Lua", "=x", "t"))
print(load(string.dump(function() return 7 end), "=x", "b")())
print(pcall(load, function() return {} end))
local environment = {print = print}
print(load("x = 1 print(x) return _ENV", "=x", "t", environment)() == environment, environment.x, x)

-- The collector.
for _, call in ipairs{{"isrunning"}, {"stop"}, {"isrunning"}, {"restart"}, {"isrunning"}, {},
  {"collect"}, {"nonsense"}, {7}} do print(pcall(collectgarbage, table.unpack(call))) end
print(math.type(collectgarbage "count"), type(collectgarbage("step", 0)))
collectgarbage "incremental"
print(collectgarbage "generational", collectgarbage "incremental", collectgarbage "incremental")

-- Goto, and variables to be closed.
do
  local i = 1
  ::top::
  if i <= 3 then
    io.write(i, " ")
    i = i + 1
    goto top
  end
  print()
end
for i = 1, 3 do
  local log <close> = setmetatable({}, {__close = function(_, e) print("left", i, e) end})
  if i == 2 then goto continue end
  print("in", i)
  ::continue::
end
