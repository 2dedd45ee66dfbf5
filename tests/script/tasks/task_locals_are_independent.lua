local a, b = async.task_local(), async.task_local(0)
a:set("a")
print(a:get(), b:get(), async.task_local():get())  -- expect: a	0	nil
local shared = {}
b:set(shared)
async.scope(function(s)
  s:spawn(function() print(a:get(), b:get() == shared) end)
end)
-- expect: a	true
print(async.all{function() return a:get() end}[1])  -- expect: a
print(async.map({1}, function() return a:get() end)[1])  -- expect: a
b:set(false)
print(b:get())                                     -- expect: false
