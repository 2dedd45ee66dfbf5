print(pcall(function() await(7) end))              -- expect: false	$FILE:$LINE: await: cannot await a number; a call that waits needs no await, as in sleep(1)
print(pcall(function() await "word" end))          -- expect: false	$FILE:$LINE: await: cannot await a string; a call that waits needs no await, as in sleep(1)
print(pcall(function() await(nil) end))            -- expect: false	$FILE:$LINE: await: cannot await a nil; a call that waits needs no await, as in sleep(1)
print(pcall(function() await(print) end))          -- expect: false	$FILE:$LINE: await: cannot await a function; call it, or await(spawn(fn, ...))
print(pcall(function() await{} end))               -- expect: false	$FILE:$LINE: await: cannot await a table without an action or __await
print(pcall(function() await{spawn(sleep, 0)} end))  -- expect: false	$FILE:$LINE: await: cannot await a table without an action or __await; several tasks are awaited by async.all{...}
print(pcall(function() await(async.channel()) end))  -- expect: false	$FILE:$LINE: await: cannot await a Channel; its own method waits: ch:recv()
print(pcall(function() await(async.event()) end))  -- expect: false	$FILE:$LINE: await: cannot await an Event; its own method waits: event:wait()
print(pcall(function() await(async.lock()) end))   -- expect: false	$FILE:$LINE: await: cannot await a userdata
print(pcall(function() await(io.stdout) end))      -- expect: false	$FILE:$LINE: await: cannot await a userdata
print((pcall(await)))                              -- expect: false
print(async.now())                                 -- expect: 0.0
