print(pcall(function() async.progress{totl = 3} end))
-- expect: false	$FILE:1: progress: unknown option 'totl', did you mean 'total'?
print(select(2, pcall(function() async.progress{total = "3"} end)):match(": (.*)"))
-- expect: progress: total must be a number, got string
print(select(2, pcall(function() async.progress{total = 0/0} end)):match(": (.*)"))
-- expect: progress: total must be a number of 0 or more, got nan
print(select(2, pcall(function() async.progress(3) end)):match(": (.*)"))
-- expect: progress: options must be a table, got number
local bar = async.progress{leave = false}
print(select(2, pcall(function() bar:add("x") end)):match("number expected, got string"))
-- expect: number expected, got string
print(select(2, pcall(function() bar:add(1/0) end)):match("a finite number expected"))
-- expect: a finite number expected
print(select(2, pcall(function() bar:set(1, -1) end)):match("a total is not negative"))
-- expect: a total is not negative
print(select(2, pcall(function() bar:each(3) end)):match("list or an iterator expected, got number"))
-- expect: list or an iterator expected, got number
bar:close()
print(select(2, pcall(function() bar:add() end)):match("the bar is closed"))
-- expect: the bar is closed
