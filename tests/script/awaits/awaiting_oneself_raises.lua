local self = async.current()
print(pcall(function() await(self) end))  -- expect: false	$FILE:$LINE: await: a task cannot await itself
local function try(...)
  local ok, message = pcall(...)
  print(ok, message:find("a task cannot await itself", 1, true) ~= nil)
end
try(await, self)                                   -- expect: false	true
try(self.await, self)                              -- expect: false	true
try(self.pawait, self)                             -- expect: false	true
try(coroutine.wrap(await), self)                   -- expect: false	true
print(sleep(1))                                    -- expect: 1.0
