-- SPDX-License-Identifier: MIT
--
-- module.lua -- what require "tinyasync" promises under plain lua5.4.
--
--   lua5.4 module.lua [WORD]
--
-- tinyasync, the loop of loop.lua and the tests in module/ have to be on Lua's paths.
-- Time is virtual.  With WORD only tests whose name contains it.

local suite = require "module.suite"
for _, part in ipairs {"opening", "call_later", "now", "options", "tasks"} do
  require("module." .. part)
end
os.exit(not suite.failed, true)
