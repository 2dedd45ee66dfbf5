-- Prints what a command says, again and again: when it was there.
--
--   tinyasync run tests/bench/outside/latency.lua COMMAND TIMES

local lines = {}
for i = 1, tonumber(arg[2]) do lines[i] = async.process.read{arg[1]} end
print(table.concat(lines, "\n"))
