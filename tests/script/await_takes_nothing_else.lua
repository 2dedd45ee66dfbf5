print(pcall(function() await(7) end))              -- expect: false	$FILE:$LINE: await: cannot await a number
print(pcall(function() await "word" end))          -- expect: false	$FILE:$LINE: await: cannot await a string
print(pcall(function() await(nil) end))            -- expect: false	$FILE:$LINE: await: cannot await a nil
print(pcall(function() await(print) end))          -- expect: false	$FILE:$LINE: await: cannot await a function
print(pcall(function() await{} end))               -- expect: false	$FILE:$LINE: await: cannot await a table without an action or __await
print((pcall(await)))                              -- expect: false
print(async.now())                                 -- expect: 0.0
