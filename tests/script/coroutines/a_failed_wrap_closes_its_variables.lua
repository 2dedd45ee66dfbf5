local function closing(name)
  return setmetatable({}, {__close = function(_, err) print("close " .. name, err) end})
end
local generator = coroutine.wrap(function()
  local a <close> = closing "a"
  sleep(1)
  error("broken", 0)
end)
print(pcall(generator))
-- expect: close a	broken
-- expect: false	broken
print(pcall(generator))                            -- expect: false	cannot resume dead coroutine
