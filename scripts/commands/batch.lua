-- A batch over all files of a folder, on all cores, with a bar.  A log of jobs has each that is
-- done at once: a run that was ended goes on where it stopped, and tries again what failed.
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
local cores = tonumber(process.read{"nproc"})
local jobs = assert(async.jobs(record))

local files, before = {}, 0
for name in process.lines{"find", folder, "-type", "f", "!", "-name", "*.gz"} do
  files[#files + 1] = name
  if jobs:done(name) then before = before + 1 end
end
table.sort(files)
if before > 0 then log.info("going on", {done = before, left = #files - before}) end

local bar <close> = async.progress{total = #files, done = before, label = "converting",
  unit = "files"}

local function convert(name)
  local words = {table.unpack(command)}
  words[#words + 1] = name
  local result, problem = process.try(words)
  if result and result.ok then
    bar:add()
  else
    local status = result and (result.status or result.signal)
    log.warn("failed", {file = name, status = status, problem = problem})
  end
  return result, problem
end

local summary = jobs:map(files, convert, {limit = cores})
bar:close()
print(("%d of %d done"):format(#files - summary.failed, #files))
if summary.failed > 0 then os.exit(1, true) end
