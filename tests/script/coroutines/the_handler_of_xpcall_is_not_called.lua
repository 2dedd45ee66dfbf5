local calls = 0
local function count(message) calls = calls + 1 return message end
local function flat() xpcall(sleep, count, 10) print "never" end
local function deep()
  xpcall(function()
    xpcall(coroutine.wrap(function() pcall(sleep, 10) print "never" end), count)
    print "never"
  end, count)
  print "never"
end
local tasks = {spawn(flat), spawn(deep)}
sleep(1)
for _, task in ipairs(tasks) do task:cancel() end
sleep(1)
print(calls, tasks[1]:status(), tasks[2]:status())  -- expect: 0	cancelled	cancelled
