-- SPDX-License-Identifier: MIT
--
-- stdin.lua -- loaded when a script first asks for async.stdin.

return { stdin = open_standard_input() }
