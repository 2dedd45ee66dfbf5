-- Reads files whole:  tinyasync run tests/bench/outside/files.lua FOLDER N
-- Copies one:         tinyasync run tests/bench/outside/files.lua FROM TO copy

if arg[3] then
  assert(async.fs.copy(arg[1], arg[2]))
else
  local size = 0
  for i = 1, tonumber(arg[2]) do size = size + #assert(async.fs.read(arg[1] .. "/" .. i)) end
  assert(size == 1000 * tonumber(arg[2]))
end
