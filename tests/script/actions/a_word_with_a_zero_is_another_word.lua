-- An action, an option, a field is the whole string.
async.actions["fly"] = function(_, wake) wake("fly") end
async.actions["fly\0high"] = function(_, wake) wake("high") end
async.actions["sleep\0"] = function(_, wake) wake("not sleep") end
print(coroutine.yield{action = "fly"}, coroutine.yield{action = "fly\0high"})  -- expect: fly	high
print(coroutine.yield{action = "sleep\0", delay = 5}, async.now())  -- expect: not sleep	0.0
print(select(2, pcall(coroutine.yield, {action = "no\0such"})))
-- expect: Unknown async action 'no such'.
print((select(2, pcall(spawn, {["name\0x"] = "a"}, print)):gsub("%z", "0")))
-- expect: spawn: unknown option 'name x' (there are name and daemon)
print((select(2, pcall(async.select, {["timeout\0"] = 1}))))
-- expect: select: unexpected 'timeout ' in the list (there is timeout)
print(async.current()["id\0"], async.lock("l")["name\0"], async["all\0"])  -- expect: nil	nil	nil
