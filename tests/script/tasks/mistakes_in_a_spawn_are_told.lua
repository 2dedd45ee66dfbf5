local function try(...)
  local ok, message = pcall(...)
  print(ok, message:match("%f[%w_]spawn: .*") or message:match("add_task: .*") or message:match("bad argument .*"))
end
try(spawn, {name = 7}, print)      -- expect: false	spawn: option 'name' must be a string, got number
try(spawn, {daemon = "yes"}, print)  -- expect: false	spawn: option 'daemon' must be a boolean, got string
try(spawn, {demon = true}, print)  -- expect: false	spawn: unknown option 'demon' (there are name and daemon)
try(spawn, {print}, print)         -- expect: false	spawn: unknown option '1' (there are name and daemon)
try(function() spawn(nil) end)     -- expect: false	bad argument #1 to 'spawn' (function expected, got nil; pass the function itself: spawn(work, ...))
try(function() spawn() end)        -- expect: false	bad argument #1 to 'spawn' (function expected, got no value; pass the function itself: spawn(work, ...))
try(function() spawn({name = "x"}, 7) end)  -- expect: false	bad argument #2 to 'spawn' (function expected, got number; pass the function itself: spawn(work, ...))
try(function() runner.add_task("x") end)  -- expect: false	bad argument #1 to 'add_task' (function expected, got string; pass the function itself: add_task(work, ...))
try(function() runner:add_task({}) end)  -- expect: false	bad argument #2 to 'add_task' (function expected, got no value; pass the function itself: add_task(work, ...))
try(runner.add_task, {name = 7}, print)  -- expect: false	add_task: option 'name' must be a string, got number
try(runner.add_task, {daemon = 1}, print)  -- expect: false	add_task: option 'daemon' must be a boolean, got number
try(function() runner:add_task({demon = true}, print) end)  -- expect: false	add_task: unknown option 'demon' (there are name and daemon)
async.scope(function(s)
  try(s.spawn, s, {name = 7}, print)  -- expect: false	spawn: option 'name' must be a string, got number
end)
