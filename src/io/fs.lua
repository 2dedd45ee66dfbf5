-- SPDX-License-Identifier: MIT
--
-- fs.lua -- async.fs: what scripts call.

local parts = fs_parts()

local fs = {}

function fs.exists(path) return parts.exists(path) end

return {fs = fs}
