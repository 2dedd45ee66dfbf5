-- SPDX-License-Identifier: MIT
--
-- how.lua -- runs a shell command and says how it ended: "exit 3" or
-- "signal 2", which a shell cannot tell apart.  The command's pid goes into the
-- file `pid`.
--
--   lua5.4 how.lua COMMAND

local _, how, code = os.execute("echo $$ >pid; exec " .. arg[1])
local file <close> = assert(io.open("ended", "w"))
file:write(how, " ", code, "\n")
