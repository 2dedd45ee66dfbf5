-- options: --virtual-time --traceback=off
local function deeper() return 1 + deeper() end
spawn(deeper)                                      -- expect stderr: stack overflow
spawn(function() print(sleep(1)) end)              -- expect: 1.0
-- expect status: 1
