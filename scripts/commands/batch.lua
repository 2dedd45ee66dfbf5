-- A batch over all files of a folder, so many at a time, with a bar.  Each that is done is noted
-- in a file at once: a run that was ended goes on where it stopped.
--
--   tinyasync run scripts/commands/batch.lua FOLDER RECORD [COMMAND...]
--
-- The command, `gzip -kf` if none is given, gets the name of a file after its own words.

local process, log = async.process, async.log
local folder, record = arg[1], arg[2]
if not record then
  log.error("usage: batch.lua FOLDER RECORD [COMMAND...]")
  os.exit(2)
end
local command = #arg > 2 and {table.unpack(arg, 3)} or {"gzip", "-kf"}

-- The files that earlier runs have done; half a line is none.
local function read_record()
  local done = {}
  local file <close> = io.open(record)
  for line in file and file:lines("L") or function() end do
    if line:sub(-1) == "\n" then done[line:sub(1, -2)] = true end
  end
  return done
end

local function list(done)
  local files, count = {}, 0
  for name in process.lines{"find", folder, "-type", "f", "!", "-name", "*.gz"} do
    count = count + 1
    if not done[name] then files[#files + 1] = name end
  end
  table.sort(files)
  return files, count
end

local files, count = list(read_record())
local notes <close> = assert(io.open(record, "a"))
notes:setvbuf("no")
notes:seek("end")
local bar <close> = async.progress{total = count, done = count - #files, label = "converting",
  unit = "files"}
if #files < count then log.info("going on", {done = count - #files, left = #files}) end

local function convert(name)
  local words = {table.unpack(command)}
  words[#words + 1] = name
  local result = assert(process.try(words))
  if not result.ok then
    log.warn("failed", {file = name, status = result.status or result.signal})
    return false
  end
  notes:write(name, "\n")
  bar:add()
  return true
end

local failed = 0
for _, ok in ipairs(async.map(files, convert, {limit = 2})) do
  if not ok then failed = failed + 1 end
end
bar:close()
print(("%d of %d done"):format(count - failed, count))
if failed > 0 then os.exit(1, true) end
