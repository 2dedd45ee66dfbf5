async.actions.x = function(_, wake) wake "one" end
print(coroutine.yield{action = "x"})               -- expect: one
async.actions.x = function(_, wake) wake "two" end
print(coroutine.yield{action = "x"})               -- expect: two
async.actions.x = nil
print(pcall(coroutine.yield, {action = "x"}))      -- expect: false	Unknown async action 'x'.
print(pcall(await, {action = "x"}))                -- expect: false	Unknown async action 'x'.
