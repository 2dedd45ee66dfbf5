-- The program of the article "Creating a tiny async framework".  Nothing in it
-- is marked async: any function may sleep, and so may whoever calls it.

function main()
  sleep(1)
  print("main slept")
  sleep(1)
  print("main slept")
  runner.add_task({name = "harry"}, sub, "harry", 3)
  runner.add_task({name = "ron"}, sub, "ron", 4)
  runner.add_task(fail)
end

function sub(name, n)
  for _ = 1, n do
    sleep(0.1)
    print(name .. " slept")
  end
end

function fail()
  sleep(2)
  error("Meh", 0)
end

main()

-- expect: main slept
-- expect: main slept
-- expect: harry slept
-- expect: ron slept
-- expect: harry slept
-- expect: ron slept
-- expect: harry slept
-- expect: ron slept
-- expect: ron slept
-- expect stderr: Error in task: Meh
-- expect stderr: task #4 fail
-- expect stderr: demo.lua:23: in function 'fail'
-- expect stderr: demo.lua:11 by #1 demo.lua
-- expect status: 1
