#!/usr/bin/env tinyasync
-- Converts many files, several at a time.  A log says which are done: killed at any moment and
-- started again it goes on where it was, and those that failed are tried again.
--
--   tinyasync run scripts/kit/convert.lua --to=out --command='gzip -c' *.txt

local options = async.args{
  "Sends each file through a command, and writes what that prints to a file of the same name.",
  {"FILE...", "what to convert"},
  {"-t, --to=DIR", "where to write", required = true},
  {"-c, --command=COMMAND", "what to send them through", default = "gzip -c"},
  {"-j, --jobs=N", "how many at a time", type = "integer", min = 1, default = 4},
  {"-l, --log=FILE", "what is done", default = "convert.log"},
}

-- The result, if there is one; or the reason why not, and the end.
local function have(result, problem)
  if result then return result end
  io.stderr:write("convert.lua: ", problem, "\n")
  os.exit(1, true)
end

-- Where each is written to: two that are called alike would overwrite each other.
local made, taken = {}, {}
for _, file in ipairs(options.file) do
  local name = have(file:match "[^/]+$", "'" .. file .. "' names no file")
  local other = taken[name] or file
  have(other == file,
    ("%s and %s would both be written to %s/%s"):format(other, file, options.to, name))
  made[file], taken[name] = name, file
end

local log = have(async.jobs(options.log))
have(async.fs.mkdir(options.to, {parents = true}))

-- However much it prints, what was made before is there as a whole: it gets its name in the end.
local function convert(file)
  local part = options.to .. "/." .. made[file] .. ".part"
  local clean_up <close> = async.defer(function() async.shield(async.fs.remove, part) end)
  async.process.run{"sh", "-c", options.command, stdin = {file = file}, stdout = {file = part}}
  assert(async.fs.rename(part, options.to .. "/" .. made[file]))
end

local summary = log:map(options.file, convert, {limit = options.jobs})

print(("%d converted, %d were done before, %d failed"):format(summary.done, summary.skipped,
  summary.failed))
for file, why in pairs(summary.errors) do print(file, why) end
if summary.failed > 0 then os.exit(1, true) end
