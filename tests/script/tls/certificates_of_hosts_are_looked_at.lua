-- scripts/net/certificates.lua, with servers of all sorts.
-- options: --timeout=110

local net, process = async.net, async.process
local dir <close> = assert(async.temp_dir())
process.run{"tests/kit/certificates.sh", dir.path, "expired", "other"}
local function at(name) return dir.path .. "/" .. name end

local servers = {}
local function serve(name)
  local server = assert(net.listen("127.0.0.1", 0, name and {tls = {certificate = at(name .. ".pem"),
    key = at(name .. ".key")}}))
  servers[#servers + 1] = server
  spawn({daemon = true}, function()
    while true do
      local c = server:accept()
      if not c then break end
      spawn({daemon = true}, function()
        local connection <close> = c
        c:read("a")
      end)
    end
  end)
  return "127.0.0.1:" .. server.port
end

local good, old, other, mute = serve "db", serve "expired", serve "other", serve(nil)
-- Nobody listens where we have called from.
local caller <close> = assert(net.connect("127.0.0.1", mute:match "%d+$"))
local closed = caller.local_address

local program = assert(async.fs.readlink "/proc/self/exe")

local function run(...)
  local result = process.try{program, "run", "scripts/net/certificates.lua", "--ca", at "root.pem", ...}
  for line in result.stdout:gmatch("[^\n]+") do
    print((line:gsub("127.0.0.1:%d+", "HERE"):gsub("%d+ days, until [%d-]+", "DAYS")))
  end
  print(result.status)
end

run(good) -- expect: ok   HERE: DAYS, CN=db
-- expect: 0
run("--warn=100000", good) -- expect: SOON HERE: DAYS, CN=db
-- expect: 1
run(old, closed, good, other)
-- expect: BAD  HERE: certificate of 127.0.0.1 has expired (2026-01-02)
-- expect: BAD  HERE: cannot connect to HERE: connection refused
-- expect: ok   HERE: DAYS, CN=db
-- expect: BAD  HERE: certificate of 127.0.0.1 is for other.example, a, b, c and 2 more, not for 127.0.0.1
-- expect: 1
run("--timeout=0.5", mute) -- expect: BAD  HERE: no answer within 0.5 seconds
-- expect: 1
for _, server in ipairs(servers) do server:close() end
