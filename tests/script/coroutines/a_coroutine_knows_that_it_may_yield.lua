print(coroutine.isyieldable())                     -- expect: true
print(coroutine.wrap(coroutine.isyieldable)())     -- expect: true
table.sort({2, 1}, function() print(coroutine.isyieldable()) return false end)  -- expect: false
