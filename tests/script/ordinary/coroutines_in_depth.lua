local main = coroutine.running()

-- Each refusal, seen from inside.
local co
co = coroutine.create(function(...)
  print("started", select("#", ...), ...)
  print(coroutine.status(co), coroutine.running() == co, coroutine.status(main))
  print(coroutine.resume(co))
  print(coroutine.resume(main))
  print(pcall(coroutine.close, co))
  coroutine.wrap(function()
    print(coroutine.status(co), coroutine.resume(co))
    print(pcall(coroutine.close, co))
  end)()
  print("resumed", coroutine.yield(1, nil, 3, nil))
  error(setmetatable({}, {__tostring = function() return "an object" end}))
end)
print(coroutine.resume(co, 1, nil, nil))
print(coroutine.status(co))
local ok, e = coroutine.resume(co, nil, 2, nil)
print(ok, tostring(e), coroutine.status(co))
print(coroutine.resume(co))
print(coroutine.close(co))
print(coroutine.close(co))

-- Closing.
local function closing(name, message)
  return setmetatable({}, {__close = function(_, err)
    print("close", name, err)
    if message then error(message, 0) end
  end})
end
co = coroutine.create(function()
  local a <close> = closing "a"
  local b <close> = closing("b", "of b")
  local c <close> = closing "c"
  coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co))
print(coroutine.status(co), coroutine.resume(co))
co = coroutine.create(function()
  local a <close> = closing "a"
  error "oops"
end)
print(coroutine.resume(co))
print(coroutine.close(co))
local wrapped = coroutine.wrap(function()
  local a <close> = closing "a"
  local b <close> = closing("b", "of b")
  error "oops"
end)
print(pcall(wrapped))
print(pcall(wrapped))
do
  local inner <close> = closing "at the end of a block"
  print(pcall(function()
    local x <close> = closing("x", "of x")
    error "first"
  end))
end

-- A plain yield in every place that allows it, and in those that do not.
local function collect(fn)
  local next_value, list = coroutine.wrap(fn), {}
  repeat
    list[#list + 1] = next_value()
  until list[#list] == "end" or #list > 30
  print(table.concat(list, " "))
end
local mt = {}
for event in ("add sub mul div mod pow unm idiv band bor bxor shl shr bnot concat len eq lt le " ..
  "index newindex call close"):gmatch "%a+" do
  mt["__" .. event] = function() coroutine.yield(event) return "x" end
end
local function object() return setmetatable({}, mt) end
collect(function()
  local a, b = object(), object()
  local _ = {a + b, a - b, a * b, a / b, a % b, a ^ b, -a, a // b, a & b, a | b, a ~ b, a << b,
    a >> b, ~a, a .. b, #a, a == b, a ~= b, a < b, a <= b, a > b, a >= b, a.key}
  a.key = 1
  a()
  do local c <close> = a end
  return "end"
end)
collect(function()
  pcall(coroutine.yield, "pcall")
  xpcall(function() coroutine.yield "xpcall" end, print)
  for _ in function() coroutine.yield "iterator" end do end
  coroutine.wrap(function() end)()
  return "end"
end)
for _, fn in ipairs{
  function() table.sort({1, 2, 3}, coroutine.yield) end,
  function() ("x"):gsub(".", coroutine.yield) end,
  function() return load(coroutine.yield) end,
  function() return tostring(setmetatable({}, {__tostring = coroutine.yield})) end,
} do print(pcall(coroutine.wrap(fn))) end

-- Depth.
local function nest(n) return n == 0 and 0 or 1 + coroutine.wrap(nest)(n - 1) end
print(nest(100))
print(xpcall(error, function(m) error(m) end, "x"))
print(xpcall(error, function(m) return m, 2 end, "x"))
print(pcall(error))
print(select("#", pcall(error, nil)))
print(xpcall(error, function(m) return m == nil end))
print(pcall(string.rep, "x", 1 << 60))

-- Many values.
print(coroutine.resume(coroutine.create(function(...) return select("#", ...), ... end), nil, nil))
local echo = coroutine.wrap(function(...)
  local values = table.pack(...)
  while true do values = table.pack(coroutine.yield(table.unpack(values, 1, values.n))) end
end)
for _, n in ipairs{0, 1, 200, 5000} do print(select("#", echo(table.unpack({}, 1, n)))) end

-- Finalizers.
do local object <const> = setmetatable({}, {__gc = function()
  print("collected", coroutine.isyieldable(), pcall(coroutine.wrap(function() error "in it" end)))
end}) end
collectgarbage()
collectgarbage()
print(coroutine.isyieldable(coroutine.create(print)), coroutine.isyieldable(co))
