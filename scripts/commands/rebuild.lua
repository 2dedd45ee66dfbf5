-- Builds again whenever something changes in a directory, and then starts a server anew.
--
--   tinyasync run scripts/commands/rebuild.lua src make build/server
--
-- The last two are commands for a shell.  A build that fails leaves the old server running.  What
-- the build writes had better lie elsewhere, or it would be built again for that.

local process = async.process
local sources, build, serve = ...
if not serve then
  io.stderr:write("usage: rebuild.lua DIRECTORY BUILD SERVER\n")
  os.exit(2, true)
end

local server
local function stop()
  if server then server:stop() end
  server = nil
end
local clean_up <close> = async.defer(function() async.shield(stop) end)

-- What changes while it builds is told afterwards.
local function rebuild()
  local result, why = process.try{"sh", "-c", build, stdout = "inherit", stderr = "inherit"}
  if not result or not result.ok then
    print("the build failed" .. (server and ", and the old server runs" or "") ..
      (why and ": " .. why or ""))
    return
  end
  stop()
  server = assert(process.spawn{"sh", "-c", "exec " .. serve})
  print("serving")
end

-- The watch begins before the first build: nothing is overlooked.
local watch <close> = assert(async.fs.watch(sources, {recursive = true, debounce = 0.1}))
rebuild()
for event in watch do
  print(event.kind .. " " .. event.path)
  if not event.more then rebuild() end
end
