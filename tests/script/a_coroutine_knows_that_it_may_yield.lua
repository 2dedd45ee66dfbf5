print(coroutine.isyieldable())                     -- expect: true
print(select(2, coroutine.running()))              -- expect: false
table.sort({2, 1}, function() print(coroutine.isyieldable()) return false end)  -- expect: false
