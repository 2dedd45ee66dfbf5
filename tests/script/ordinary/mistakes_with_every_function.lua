-- What each function says of arguments that it cannot use, called by Lua and by C.
-- Where one function has two names Lua finds either.
local function shown(value)
  return (tostring(value):gsub("0x%x+", "ADDRESS"):gsub("atan2", "atan"))
end

local function try(name, call, ...)
  local got = table.pack(pcall(call, ...))
  for i = 1, got.n do got[i] = shown(got[i]) end
  print(name, table.unpack(got, 1, got.n))
end

local function try_all(name, f)
  local lists = {{n = 0}, {n = 1}, {{}, n = 1}, {true, n = 1}, {1.5, n = 1}, {3, {}, n = 2},
    {print, n = 1}, {"text", nil, n = 2}, {"text", 1 << 60, n = 2}}
  for number, list in ipairs(lists) do
    local title = name .. " " .. number
    try(title, function() f(table.unpack(list, 1, list.n)) end)
    try(title, f, table.unpack(list, 1, list.n))
  end
end

local function words(text)
  local set = {}
  for word in text:gmatch "%g+" do set[word] = true end
  return set
end

-- What gives other results each time, or waits, or ends.
local left_out = words [[
  _G.collectgarbage _G.dofile _G.load _G.loadfile _G.print _G.require _G.warn coroutine.yield
  coroutine.isyieldable coroutine.running debug.debug debug.gethook debug.getinfo debug.getregistry
  debug.sethook debug.setmetatable debug.traceback math.random math.randomseed os.clock os.date os.exit os.time
  math.atan2 os.tmpname os.execute string.rep utf8.codes]]

local function names_in(tab)
  local names = {}
  for name, value in pairs(tab) do
    if type(name) == "string" and type(value) == "function" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local base = {}
for name in pairs(words [[assert error getmetatable ipairs next pairs pcall rawequal rawget rawlen
  rawset select setmetatable tonumber tostring type xpcall]]) do base[name] = _G[name] end
local io_some = {open = io.open, type = io.type}
local libraries = {_G = base, coroutine = coroutine, debug = debug, io = io_some, math = math,
  os = os, string = string, table = table, utf8 = utf8}

for _, library in ipairs{"_G", "coroutine", "debug", "io", "math", "os", "string", "table", "utf8"} do
  for _, name in ipairs(names_in(libraries[library])) do
    local full = library .. "." .. name
    if not left_out[full] then try_all(full, libraries[library][name]) end
  end
end

for _, bad in ipairs{{}, true} do
  try("os.execute", os.execute, bad)
  try("os.execute", function() os.execute(bad) end)
end
local co = coroutine.create(print)
try("resume", coroutine.resume, co, 1)
try("resume a dead one", coroutine.resume, co)
try("close", coroutine.close, co)
