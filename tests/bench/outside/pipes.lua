-- Reads what `cat` writes of the files, and prints the CPU seconds that this took here.
--
--   tinyasync run tests/bench/outside/pipes.lua blocks|some|lines|stdin-blocks|stdin-lines FILE...

local BLOCK <const> = 65536
local way, files = arg[1], table.move(arg, 2, #arg, 2, {"cat"})
local size = 0

local function take_blocks(stream)
  for block in function() return stream:read(BLOCK) end do size = size + #block end
end

local function take_some(stream)
  for block in function() return stream:read_some() end do size = size + #block end
end

local function take_lines(each)
  for line in each do size = size + #line + 1 end
end

local function from_child(take)
  files.stdout = "pipe"
  local child <close> = assert(async.process.spawn(files))
  take(child.stdout)
end

local ways = {
  blocks = function() from_child(take_blocks) end,
  some = function() from_child(take_some) end,
  lines = function() take_lines(async.process.lines(files)) end,
  ["stdin-blocks"] = function() take_blocks(async.stdin) end,
  ["stdin-lines"] = function() take_lines(async.stdin:lines()) end,
}

local cpu = os.clock()
ways[way]()
print(string.format("total=%.6f bytes=%d", os.clock() - cpu, size))
