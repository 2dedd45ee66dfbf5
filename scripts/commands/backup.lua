-- A backup through a pipeline, of which every stage counts: when one fails the file that was
-- begun goes, and what was there before stays.
--
--   tinyasync run scripts/commands/backup.lua

local process = async.process

local function back_up(source, target)
  local partial = target .. ".part"
  local done
  local clean_up <close> = async.defer(function()
    if not done then async.shield(process.run, {"rm", "-f", partial}) end
  end)
  process.run(process.pipe(source, {"gzip"}, {"cat", stdout = {file = partial}}))
  process.run{"mv", partial, target}
  done = true
end

local folder = process.read{"mktemp", "-d"}
local temporary <close> = async.defer(function()
  async.shield(process.run, {"rm", "-r", folder})
end)
local target = folder .. "/backup.gz"

back_up({"echo", "all of the data"}, target)
print(process.read{"gzip", "-dc", target})

print(pcall(back_up, {"sh", "-c", "echo half of the data; exit 3"}, target))
print(process.read{"gzip", "-dc", target}, process.read{"ls", folder})

-- expect: all of the data
-- expect: false	command 'sh -c 'echo half of the data; exit 3' | gzip | cat' failed with status 3 (stage 1 of 3, 'sh -c 'echo half of the data; exit 3'')
-- expect: all of the data	backup.gz
