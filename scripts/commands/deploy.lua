-- Deploys to one host after the other.  When one of them is not well afterwards, those that were
-- done go back to what they had, the last one first.
--
--   tinyasync run scripts/commands/deploy.lua

local process = async.process

local folder = process.read{"mktemp", "-d"}
local temporary <close> = async.defer(function()
  async.shield(process.run, {"rm", "-r", folder})
end)

-- Instead of `ssh HOST ...`: a file for each host says which version it runs.
local function on(host, template, ...)
  local command = process.sh(template, ...)
  command.cwd, command.env = folder, {HOST = host}
  return process.read(command)
end

local function install(host, version)
  print(host, "installs " .. version)
  on(host, "echo {} >$HOST", version)
end

local function check(host)
  on(host, "test $HOST != two || ! grep -q bad $HOST")
end

local function deploy(hosts, version)
  local undo = {}
  local ok, err = pcall(function()
    for _, host in ipairs(hosts) do
      undo[#undo + 1] = {host, on(host, "cat $HOST")}
      install(host, version)
      check(host)
    end
  end)
  if ok then return print("all run " .. version) end
  for i = #undo, 1, -1 do async.shield(install, undo[i][1], undo[i][2]) end
  error(err, 0)
end

local hosts = {"one", "two", "three"}
for _, host in ipairs(hosts) do install(host, "1.0") end
deploy(hosts, "1.1")
print(select(2, pcall(deploy, hosts, "bad")).status)

-- expect: one	installs 1.0
-- expect: two	installs 1.0
-- expect: three	installs 1.0
-- expect: one	installs 1.1
-- expect: two	installs 1.1
-- expect: three	installs 1.1
-- expect: all run 1.1
-- expect: one	installs bad
-- expect: two	installs bad
-- expect: two	installs 1.1
-- expect: one	installs 1.1
-- expect: 1
