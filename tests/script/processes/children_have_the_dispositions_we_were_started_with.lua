-- SIGPIPE is not ignored in them, whoever starts them: yes ends in silence.
-- options: --timeout=100
local process = async.process

local function dispositions() return process.read{"grep", "SigIgn", "/proc/self/status"} end

-- expect: y
-- expect: y
process.run{"sh", "-c", "yes | head -1"}
process.run(process.pipe({"yes"}, {"head", "-1"}))
-- expect: true	exit	0
print(os.execute("yes | head -1 >/dev/null"))
local pipe = io.popen("yes 2>&1 | head -1")
-- expect: y
print(pipe:read("a"):match("%C+"))
pipe:close()
local plain = io.open("/proc/self/status"):read("a"):match("SigIgn:%s*(%x+)")
-- expect: true
print(dispositions():match("%x+$") == plain)
local blocked = io.open("/proc/self/status"):read("a"):match("SigBlk:%s*(%x+)")
-- expect: true
print(process.read{"grep", "SigBlk", "/proc/self/status"}:match("%x+$") == blocked)
