-- What is everybody waiting for?  The script can ask at any time; Control-\ asks
-- from outside; and when nothing can go on any more, the Runner says so itself
-- and ends with status 3.
--
--   tinyasync run scripts/why.lua

local disk = async.lock("disk")
local pages = async.channel(2, "pages")

local function save()
  local guard <close> = disk:acquire()
  for page in pages:iter() do print("saved " .. page) end
end

local function load(name)
  sleep(0.5)
  pages:send(name)
  sleep(2)
end

spawn({name = "saver"}, save)
spawn({name = "backup"}, function() disk:with(sleep, 10) end)
local loader = spawn({name = "loader"}, function()
  async.scope(function(s)
    s:spawn({name = "page 1"}, load, "page 1")
    s:spawn({name = "page 2"}, load, "page 2")
  end)
end)

sleep(1)
print(loader:status())
io.write(async.tree())

-- The mistake of this script: nobody closes the channel, so the saver keeps the
-- disk for ever, and the backup never gets it.

-- expect: saved page 1
-- expect: saved page 2
-- expect: waiting	scope with 2 tasks
-- expect: #1 why.lua: running at scripts/why.lua:32
-- expect:   #2 saver: waiting, recv on channel 'pages' (0 of 2) at scripts/why.lua:12
-- expect:   #3 backup: waiting, lock 'disk' held by #2 saver at scripts/why.lua:22
-- expect:   #4 loader: waiting, scope with 2 tasks at scripts/why.lua:24
-- expect:     #5 page 1: waiting, sleep 2s at scripts/why.lua:18
-- expect:     #6 page 2: waiting, sleep 2s at scripts/why.lua:18
-- expect stderr is: deadlock: 2 tasks wait and nothing can wake them
-- expect stderr is:   #2 saver: recv on channel 'pages' (0 of 2) at scripts/why.lua:12
-- expect stderr is:     spawned at scripts/why.lua:21 by #1 why.lua
-- expect stderr is:   #3 backup: lock 'disk' held by #2 saver at scripts/why.lua:22
-- expect stderr is:     spawned at scripts/why.lua:22 by #1 why.lua
-- expect stderr is:   hint: iter() goes on until the channel is closed, and nobody can send any more: was close() forgotten?
-- expect status: 3
