-- Of what is captured head and tail are kept, and the command goes on.
-- options: --timeout=100
local process = async.process

local function resident()
  local file <close> = io.open "/proc/self/status"
  return tonumber(file:read("a"):match("VmRSS:%s*(%d+)"))
end

local before = resident()
local r = process.try{"sh", "-c", "echo first >&2; head -c 300000000 /dev/zero >&2; echo last >&2; exit 3",
  max_output = 1000000}
-- expect: 3	true	1000000	first	last
print(r.status, r.truncated, #r.stderr, r.stderr:match("^%a+"), r.stderr:match("(%a+)\n$"))
r = nil
collectgarbage()
-- expect: true
print(resident() - before < 20000)

r = process.try{"printf", "0123456789", max_output = 4}
-- expect: 0189	true
print(r.stdout, r.truncated)
r = process.try{"printf", "0123", max_output = 4}
-- expect: 0123	nil
print(r.stdout, r.truncated)
r = process.try{"printf", "0123456789", max_output = 0}
-- expect: true		true
print(r.ok, r.stdout, r.truncated)

-- In a list as well.
r = process.try{"seq", 100000, max_output = 8, stdout = {"capture", "null"}}
-- expect: 8	true	true
print(#r.stdout, r.truncated, r.ok)

-- What is read is all of it, or nothing.
local ok, err = pcall(process.read, {"yes", max_output = 100})
-- expect: false	command 'yes' wrote more than 100 bytes
print(ok, err)
-- expect: process	true
print(err.kind, err.truncated)
-- expect: false	command 'yes' wrote more than 100 bytes
print(pcall(process.read, {"yes", max_output = 100, stdout = {"capture", "null"}}))
