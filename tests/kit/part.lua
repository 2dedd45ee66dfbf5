-- SPDX-License-Identifier: MIT
--
-- part.lua -- what one run of the tests takes of a sweep, as in part.h.

local part = {}

local first, each = (os.getenv "TA_TEST_PART" or ""):match "^(%d+)/(%d+)$"
part.first, part.each = math.tointeger(tonumber(first or 0)), math.tointeger(tonumber(each or 1))
part.is_all = part.each == 1

-- Is what has that number, counted from 0, in it?
function part.has(number) return number % part.each == part.first % part.each end

return part
