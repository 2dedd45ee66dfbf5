local function failing(message)
  return function()
    sleep(1)
    error(message)
  end
end
print(pcall(coroutine.wrap(failing({})))  == false)  -- expect: true
print(pcall(coroutine.wrap(failing "one")))        -- expect: false	$FILE:4: one
print(pcall(function() coroutine.wrap(failing "two")() end))  -- expect: false	$FILE:$LINE: $FILE:4: two
print(coroutine.resume(coroutine.create(failing "three")))  -- expect: false	$FILE:4: three
