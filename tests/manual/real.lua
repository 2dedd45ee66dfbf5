-- SPDX-License-Identifier: MIT
--
-- real.lua -- prints what the library really has, for `make lint`:
--
--   tinyasync run --virtual-time tests/manual/real.lua
--
-- A line is "function NAME", "waits NAME" or "value NAME".  Functions are tried
-- in a task that is being cancelled: it ends there if the function may wait.
-- That is not so for those whose purpose it is to hold this off, or to clean up.

local LUA = {}
for name in ([[_G _VERSION arg assert collectgarbage coroutine debug dofile error getmetatable io
    ipairs load loadfile math next os package pairs pcall print rawequal rawget rawlen rawset
    require select setmetatable string table tonumber tostring type utf8 warn xpcall]])
    :gmatch("%S+") do
  LUA[name] = true
end

-- ----------------------------------------------------------------- the objects

local function nothing() end

local function caught(fn, ...)
  local _, err = pcall(fn, ...)
  return err
end

local ended = spawn(nothing)
local cancelled = spawn(nothing)
cancelled:cancel("tried")
sleep(1)

local scope
async.scope(function(s) scope = s end)

-- A result with all that one may have: of several commands.
local process, result = async.process, {}
for _, command in ipairs {
  {"sh", "-c", "echo; sleep 60 &", leftovers = "keep", max_output = 0, cwd = "/"},
  {"sleep", "60", timeout = 0},
} do
  for name, value in pairs(process.try(command)) do result[name] = value end
  process.try{"kill", "--", "-" .. result.pid}
end
result.status = result.status or 0
result.error = "raised" -- by a function among the stages
result.code = "EPERM" -- of what another user has started, which no test can

local folder = async.temp_dir()
local objects = {
  result = result,
  process_error = caught(process.run, {"no-such-command"}),
  child = process.spawn{"cat", stdin = "pipe", stdout = "pipe", stderr = "pipe"},
  task = cancelled, -- has all of its fields
  scope = scope,
  channel = async.channel(1, "named"),
  event = async.event("named"),
  lock = async.lock("named"),
  semaphore = async.semaphore(1, "named"),
  task_local = async.task_local(),
  stream = async.fs.temp(),
  stat = async.fs.stat "/",
  temp_dir = folder,
  jobs = async.jobs(folder.path .. "/log"),
  server = async.net.listen("127.0.0.1", 0),
  socket = async.net.udp("127.0.0.1"),
  signal_handler = async.signal.on("WINCH", nothing),
  watch = async.fs.watch("."),
  bar = async.progress{leave = false},
  timeout = caught(async.with_timeout, 0, sleep, 1),
  cancelled = cancelled.error,
  errors = caught(async.any, {function() error("tried") end}),
}

-- -------------------------------------------------- what functions are tried with

local arguments = {
  ["spawn"] = {nothing},
  ["runner.add_task"] = {nothing},
  ["sleep"] = {1},
  ["await"] = {ended},
  ["async.every"] = {1, nothing},
  ["async.scope"] = {nothing},
  ["async.with_timeout"] = {1, nothing},
  ["async.move_on_after"] = {1, nothing},
  ["async.shield"] = {nothing},
  ["async.defer"] = {nothing},
  ["async.all"] = {{}},
  ["async.any"] = {{nothing}},
  ["async.race"] = {{nothing}},
  ["async.settle"] = {{nothing}},
  ["async.as_completed"] = {{nothing}},
  ["async.map"] = {{}, nothing},
  ["async.retry"] = {1, nothing},
  ["async.channel"] = {1},
  ["async.select"] = {{timeout = 0}},
  ["async.semaphore"] = {1},
  ["scope:spawn"] = {nothing},
  ["channel:send"] = {1},
  ["channel:try_send"] = {1},
  ["task_local:set"] = {1},
  ["lock:with"] = {nothing},
  ["semaphore:with"] = {nothing},
  ["stream:read_until"] = {"."},
  ["stream:copy_to"] = {async.stdin},
  ["stream:start_tls"] = {{server_name = "localhost"}},
  ["async.secret"] = {"text"},
  ["async.process.run"] = {{"true"}},
  ["async.process.read"] = {{"true"}},
  ["async.thread"] = {function() end},
  ["async.process.try"] = {{"true"}},
  ["async.process.lines"] = {{"true"}},
  ["async.process.spawn"] = {{"true"}},
  ["async.process.pipe"] = {{"true"}, {"true"}},
  ["async.process.sh"] = {"true"},
  ["async.process.quote"] = {"text"},
  ["async.process.which"] = {"true"},
  ["child:signal"] = {"CONT"},
  ["async.prompt"] = {"text"},
  ["async.confirm"] = {"text"},
  ["async.select_one"] = {"text", {"one"}},
  ["async.color.strip"] = {"text"},
  ["bar:set"] = {1},
  ["bar:each"] = {{}},
  ["async.args"] = {{}, {}},
  ["async.csv.rows"] = {nothing},
  ["async.csv.parse"] = {""},
  ["async.csv.line"] = {{}},
  ["async.csv.write"] = {"/dev/null", {}},
  ["async.jobs"] = {folder.path .. "/log"},
  ["async.stale"] = {"/dev/null", "/dev/null"},
  ["jobs:run"] = {"key", nothing},
  ["jobs:map"] = {{}, nothing},
  ["jobs:done"] = {"key"},
  ["jobs:failed"] = {"key"},
  ["async.signal.on"] = {"WINCH", nothing},
  ["async.signal.wait"] = {"WINCH"},
  ["async.dns.resolve"] = {"localhost"},
  ["async.dns.reverse"] = {"127.0.0.1"},
  ["async.net.connect"] = {"127.0.0.1", 1},
  ["async.net.connect_unix"] = {"/nowhere"},
  ["async.net.listen"] = {"127.0.0.1", 0},
  ["async.net.listen_unix"] = {"/nowhere/socket"},
  ["async.net.listen_fd"] = {},
  ["async.net.wait"] = {"127.0.0.1", 1},
  ["async.net.udp"] = {"127.0.0.1"},
  ["server:serve"] = {nothing},
  ["socket:send"] = {"text", "127.0.0.1", 9},
  ["async.cd"] = {"/"},
}

for name in pairs(async.fs) do arguments["async.fs." .. name] = {"/nowhere", "/nowhere"} end
for _, name in ipairs {"open", "temp", "temp_dir", "stat", "mkdir", "remove", "walk", "glob", "read",
  "exists", "list", "readlink"} do
  arguments["async.fs." .. name] = {"/nowhere"}
end
for _, name in ipairs {"async.fs.temp", "async.fs.temp_dir"} do arguments[name] = {} end
arguments["async.fs.watch"] = {"."}

for _, style in ipairs{"bold", "dim", "italic", "underline", "reverse", "black", "red", "green",
  "yellow", "blue", "magenta", "cyan", "white", "gray"} do
  arguments["async.color." .. style] = {"text"}
end
async.log.level "off"

-- These are not tried.
local waits = {["async.shield"] = true, ["stream:close"] = true, ["temp_dir:close"] = true}

-- What has to be so before a method is tried.
local before = {
  ["task"] = function() return ended end,
  ["bar"] = function() return async.progress{leave = false} end,
  ["scope:spawn"] = function()
    local open
    spawn(async.scope, function(s) open = s sleep(1) end)
    sleep(0)
    return open
  end,
  ["lock:release"] = function(lock) lock:acquire() return lock end,
  ["socket"] = function() return (async.net.udp("127.0.0.1")) end,
  ["semaphore:release"] = function(semaphore) semaphore:acquire() return semaphore end,
}

-- `make` gives the object of a method, in the task that tries it.
local function kind_of(name, fn, make)
  if waits[name] then return "waits" end
  local list = table.pack(table.unpack(arguments[name] or {}))
  local task = spawn(function()
    if make then table.insert(list, 1, make()) end
    async.current():cancel()
    fn(table.unpack(list))
  end)
  task:pawait()
  local state = task:status()
  if state == "failed" then
    error(("real.lua cannot try %s: %s"):format(name, tostring(task.error)), 0)
  end
  return state == "cancelled" and "waits" or "function"
end

-- ------------------------------------------------------------------------ names

local told = {}
local function tell(kind, name) told[#told + 1] = kind .. " " .. name end

-- Tables of functions.
local tables = {["async.process"] = true, ["async.fs"] = true, ["async.signal"] = true,
  ["async.dns"] = true, ["async.net"] = true,
  ["async.csv"] = true, ["async.log"] = true, ["async.color"] = true}

local function tell_table(prefix, list)
  for name, value in pairs(list) do
    name = prefix .. name
    tell(type(value) == "function" and kind_of(name, value) or "value", name)
    if tables[name] then tell_table(name .. ".", value) end
  end
end

-- The tables in which an object's methods and fields are found.
local function members(object)
  local meta = debug.getmetatable(object) or {}
  local index = rawget(meta, "__index")
  local found = {type(object) == "table" and object or {}}
  if type(index) == "table" then found[#found + 1] = index end
  local i = type(index) == "function" and 0
  while i do
    i = i + 1
    local name, upvalue = debug.getupvalue(index, i)
    if not name then break end
    if type(upvalue) == "table" then found[#found + 1] = upvalue end
  end
  return found, meta
end

local function tell_method(word, name, fn)
  local full = word .. ":" .. name
  local make = before[full] or before[word] or function(object) return object end
  tell(kind_of(full, fn, function() return make(objects[word]) end), full)
end

-- A function of C may answer for fields, which no table shows then.  Each word in
-- the program is tried; the shortest ones may have become part of its code.
local words = {id = true, n = true}
do
  local file <close> = assert(io.open(arg[-2], "rb"))
  for word in file:read("a"):gmatch("%f[%w_]%l[%l_]*%f[^%w_]") do words[word] = true end
end

local function tell_object(word, object)
  local seen = {}
  local tables, meta = members(object)
  for _, list in ipairs(tables) do
    for name, value in next, list do
      local public = type(name) == "string" and name:find("^%l") and not seen[name]
      if public and type(value) == "function" then
        seen[name] = true
        tell_method(word, name, value)
      end
    end
  end
  for name in pairs(words) do
    if not seen[name] and object[name] ~= nil then tell("value", word .. "." .. name) end
  end
  if rawget(meta, "__len") then tell("value", "#" .. word) end
end

for name, value in pairs(_G) do
  if LUA[name] then
    -- Lua's own
  elseif type(value) == "table" then
    tell_table(name .. ".", value)
  else
    tell(type(value) == "function" and kind_of(name, value) or "value", name)
  end
end
for word, object in pairs(objects) do tell_object(word, object) end

-- A connection that speaks TLS has what a file has not.
do
  local key, certificate = folder.path .. "/key", folder.path .. "/certificate"
  process.run{"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
    certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
    stderr = "null"}
  local server = async.net.listen("localhost", 0, {tls = {certificate = certificate, key = key,
    alpn = "x"}})
  local other = spawn(function() return server:accept():read() end)
  local stream = assert(async.net.connect("localhost", server.port, {tls = {verify = false,
    alpn = "x"}}))
  for name in pairs(words) do
    if not objects.stream[name] and stream[name] ~= nil then tell("value", "stream." .. name) end
  end
  for name in pairs(stream.tls) do tell("value", "tls." .. name) end
  for name in pairs(stream.tls.certificate) do tell("value", "certificate." .. name) end
  stream:close()
  other:await()
end
print(table.concat(told, "\n"))
os.exit(0)
