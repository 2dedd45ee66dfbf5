local function never() print("never") end
print(pcall(async.with_timeout, "soon", never))     -- expect: false	with_timeout: seconds must be a number, got string
print(pcall(async.with_timeout, 0/0, never))       -- expect: false	with_timeout: seconds must be a number, got nan
print(pcall(async.with_timeout, nil, never))       -- expect: false	with_timeout: seconds must be a number, got nil
print(pcall(async.move_on_after, {}, never))       -- expect: false	move_on_after: seconds must be a number, got table
print(pcall(async.move_on_after, -(0/0), never))   -- expect: false	move_on_after: seconds must be a number, got nan
print(pcall(function()
  async.with_timeout(false, never)                 -- expect: false	$FILE:$LINE: with_timeout: seconds must be a number, got boolean
end))
print((pcall(async.with_timeout, 1)))              -- expect: false
print((pcall(async.move_on_after, 1, "fn")))       -- expect: false
