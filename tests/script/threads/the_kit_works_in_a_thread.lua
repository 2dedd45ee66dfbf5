-- Each thing of the kit once, in a thread; and what it takes over from its caller.
local dir <close> = async.temp_dir()

print(async.thread(function()
  return #async.csv.parse "a,b\n1,2\n", (async.csv.line{1, "x,y"}:gsub("%s+$", ""))
end))
-- expect: 2	1,"x,y"

print(async.thread(function(at)
  async.fs.write(at .. "/env", "KEY='a b'\n")
  return async.dotenv(at .. "/env").KEY
end, dir.path))                                          -- expect: a b

print(async.thread(function(at)
  return async.stale(at .. "/made", at .. "/env"), async.stale(at .. "/env", at .. "/env")
end, dir.path))                                          -- expect: true	false

print(async.thread(function(at)
  local log = async.jobs(at .. "/jobs")
  local done = 0
  for _ = 1, 2 do log:run("one", function() done = done + 1 end) end
  return done
end, dir.path))                                          -- expect: 1

-- Relative paths begin where the caller's do, and what a thread changes is its own.
async.cd(dir.path)
print(async.thread(function(at)
  return async.cd() == at, async.fs.exists "env",
    async.all{function() return async.cd() == at end}[1], async.cd "/"
end, dir.path))                                          -- expect: true	true	true	true
print(async.cd() == dir.path)                            -- expect: true
print(async.thread(function(at)
  return async.thread(function() return async.cd() end) == at
end, dir.path))                                          -- expect: true

-- Log lines are lines of their own, and the level is the caller's.
async.log.level "debug"
async.thread(function()
  io.stderr:write "begun"
  async.log.debug("in a thread", {n = 1})
  io.stderr:write "on\n"
  return async.log.level()
end)
-- expect stderr: begun
-- expect stderr: DEBUG in a thread n=1
-- expect stderr: on
async.thread(function() async.log.level "error" end)
print(async.log.level())                                 -- expect: debug

print(async.thread(function()
  return async.color.red "x", async.color.enabled(io.stderr), async.color.strip "\27[1mx"
end))                                                    -- expect: x	false	x
