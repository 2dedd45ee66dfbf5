local function set(name, fn) async.actions[name] = fn end
print(pcall(set, "x", 7))                          -- expect: false	$FILE:1: actions: expected a function for 'x', got number
print(pcall(set, "x", {}))                         -- expect: false	$FILE:1: actions: expected a function for 'x', got table
print(pcall(coroutine.yield, {action = "x"}))      -- expect: false	Unknown async action 'x'.
