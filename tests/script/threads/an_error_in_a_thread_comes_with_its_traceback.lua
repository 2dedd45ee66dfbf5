-- expect status: 1
print(select(2, pcall(async.thread, function() error({code = 5}) end)).code)  -- expect: 5
print(select(2, pcall(async.thread, function() error(nil) end)))              -- expect: nil
print(select(2, pcall(async.thread, function()
  error(setmetatable({}, {__tostring = function() return "in words" end}))
end)))                                       -- expect: in words
local function outer()
  async.thread(function()
    local function inner() error "deep down" end
    inner()
  end)
end
outer()
-- expect stderr is: Error in task: $FILE:9: deep down
-- expect stderr is: task #1 an_error_in_a_thread_comes_with_its_traceback.lua
-- expect stderr is: stack traceback:
-- expect stderr is: 	[C]: in function 'error'
-- expect stderr: 9: in local 'inner'
-- expect stderr: (thread 4 '
-- expect stderr: [C]: in function 'async.thread'
-- expect stderr: in local 'outer'
