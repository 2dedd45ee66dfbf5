-- SPDX-License-Identifier: MIT
--
-- part.lua -- is what has that number one of those that this run of the tests takes?  As in
-- part.h; `all` takes each.

local first, each = (os.getenv "TA_TEST_PART" or ""):match "^(%d+)/(%d+)$"
first, each = tonumber(first or 0), tonumber(each or 1)

return function(number, all) return all or number % each == first end
