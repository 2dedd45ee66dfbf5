local function message(...)
  local _, text = pcall(...)
  print((text:gsub("^.*%.lua:%d+: ", "")))
end
local function work() end

message(function() spawn(work()) end)
-- expect: bad argument #1 to 'spawn' (function expected, got no value; pass the function itself: spawn(work, ...))
message(function() spawn({name = "x"}, work()) end)
-- expect: bad argument #2 to 'spawn' (function expected, got no value; pass the function itself: spawn(work, ...))
message(function() async.scope(function(s) s:spawn(work()) end) end)
-- expect: bad argument #1 to 'spawn' (function expected, got no value; pass the function itself: s:spawn(work, ...))
message(function() async.scope(work()) end)
-- expect: bad argument #1 to 'scope' (function expected, got no value; pass the function itself: scope(work))
message(function() async.with_timeout(1, work()) end)
-- expect: bad argument #2 to 'with_timeout' (function expected, got no value; pass the function itself: with_timeout(seconds, work, ...))
message(function() async.shield(work()) end)
-- expect: bad argument #1 to 'shield' (function expected, got no value; pass the function itself: shield(work, ...))
message(function() async.defer(work()) end)
-- expect: bad argument #1 to 'defer' (function expected, got no value; pass the function itself: defer(work))
message(function() async.lock():with(work()) end)
-- expect: bad argument #1 to 'with' (function expected, got no value; pass the function itself: with(work, ...))
message(function() async.map({}, work()) end)
-- expect: map: expected a function as argument 2, got nil; pass the function itself
message(function() async.all{sleep(0)} end)
-- expect: all: expected a function or a task at index 1, got number; pass functions, do not call them

message(function() async.with_timeout(work, 1) end)
-- expect: with_timeout: seconds come first: with_timeout(1, work, ...)
message(function() async.move_on_after(work, 1) end)
-- expect: move_on_after: seconds come first: move_on_after(1, work, ...)
message(function() async.every(work, 1) end)       -- expect: every: seconds come first: every(1, fn)
message(function() async.retry(work, 3) end)       -- expect: retry: the number of tries comes first: retry(3, fn)
message(function() async.map(work, {}) end)        -- expect: map: expected a list, got function; the list comes first: map(list, fn)

local a, b = async.channel(), async.event()
message(function() async.select(a, b) end)
-- expect: bad argument #1 to 'select' (table expected, got Channel; put them in a list: select{a, b})
message(function() async.all(work, work) end)      -- expect: all: expected a list, got function; put them in a list: all{f, g}
message(function() async.race(spawn(work)) end)    -- expect: race: expected a list, got Task; put them in a list: race{f, g}
message(function() async.any(work) end)            -- expect: any: expected a list, got function; put them in a list: any{f, g}

message(function() await(work) end)
-- expect: await: cannot await a function; call it, or await(spawn(fn, ...))
message(function() await(sleep(0)) end)
-- expect: await: cannot await a number; a call that waits needs no await, as in sleep(1)
message(function() await(work()) end)
-- expect: bad argument #1 to 'await' (value expected; a call that waits needs no await, as in sleep(1))

message(function() async.map({}, work, {limt = 2}) end)
-- expect: map: unknown option 'limt' (there are limit and keep_going)
message(function() async.retry(2, work, {dealy = 1}) end)
-- expect: retry: unknown option 'dealy' (there are delay, factor, max and jitter)
