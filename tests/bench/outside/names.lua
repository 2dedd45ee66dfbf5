-- Six names that nobody answers for, and one that is known: when it is answered.  The rest is for
-- the stopwatch, which sees how long the end takes.

local began = async.now()
local dead = {}
for n = 1, 6 do dead[n] = spawn(async.dns.resolve, n .. ".dead") end
assert(async.dns.resolve "good"[1] == "127.0.0.1")
print(string.format("answered=%.6f", async.now() - began))
for _, task in ipairs(dead) do task:cancel() end
