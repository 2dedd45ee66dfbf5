local function set(name, fn) async.actions[name] = fn end
for _, name in ipairs{"sleep", "join", "event", "recv"} do
  print(pcall(set, name, print))
end
-- expect: false	$FILE:1: actions: 'sleep' is built in
-- expect: false	$FILE:1: actions: 'join' is built in
-- expect: false	$FILE:1: actions: 'event' is built in
-- expect: false	$FILE:1: actions: 'recv' is built in
print(sleep(1), coroutine.yield{action = "sleep", delay = 1})  -- expect: 1.0	1.0
-- By hand a script yields sleep and what it registered.
print(pcall(coroutine.yield, {action = "join", task = async.current()}))  -- expect: false	Unknown async action 'join'.
