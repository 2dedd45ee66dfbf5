local co = coroutine.create(function(a, b)
  local slept = sleep(a)
  local c = coroutine.yield(slept, b)
  sleep(c)
  return "done", nil, nil
end)
print(coroutine.resume(co, 2, "b"))                -- expect: true	2.0	b
print(coroutine.resume(co, 3))                     -- expect: true	done	nil	nil
print(async.now(), coroutine.status(co))           -- expect: 5.0	dead
print(coroutine.resume(co))                        -- expect: false	cannot resume dead coroutine
