-- A coroutine that dies of an error does not run its pending clean-up: the mark
-- that a module is being loaded stayed, and the next require saw a loop.

local attempts = 0
package.preload.weak = function()
  attempts = attempts + 1
  sleep(0.1)
  if attempts == 1 then error("the first time fails", 0) end
  return "loaded"
end

local co = coroutine.create(function() require("weak") end)
print(coroutine.resume(co))      -- expect: false	the first time fails
print((require("weak")))         -- expect: loaded
