-- A parent that eats its cancellations is closed after 100 of them; its children go on alone.
local function eat()
  local eaten = 0
  local function clean_up()
    eaten = eaten + 1
    if eaten <= 100 then error("eaten", 0) end
  end
  while true do
    pcall(function()
      local _ <close> = async.defer(clean_up)
      sleep(9)
    end)
  end
end

local function late()
  async.shield(sleep, 5)
  sleep(9)
end

local child, grandchild
local function work(s)
  child = s:spawn(async.scope, function(inner)
    grandchild = inner:spawn(late)
    late()
  end)
  eat()
end

local function show(parent)
  print(parent:pawait())
  print(child:pawait())
  print(grandchild:pawait())
end

local parent = spawn(async.scope, work)
sleep(1)
parent:cancel "why"
show(parent)
-- expect: false	cancelled: why
-- expect: false	cancelled: why
-- expect: false	cancelled: why

show(spawn(async.scope, function(s)
  spawn(function() sleep(1) s:cancel "enough" end)
  work(s)
end))
-- expect: false	cancelled: enough
-- expect: false	cancelled: enough
-- expect: false	cancelled: enough

show(spawn(async.with_timeout, 1, async.scope, work))
-- expect: false	cancelled: timeout
-- expect: false	cancelled: timeout
-- expect: false	cancelled: timeout

-- A closed task has failed where its result is wanted.
print(pcall(async.all, {function() async.with_timeout(1, eat) end}))
-- expect: false	cancelled: timeout

-- What ends the run is told to all others, and to none of those.
spawn(function()
  local _ <close> = setmetatable({}, {__close = function(_, err) print(err) end})
  sleep(9)
end)
sleep(0)
os.exit(true, true)
-- expect: cancelled: exit
