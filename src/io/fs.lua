-- SPDX-License-Identifier: MIT
--
-- fs.lua -- async.fs: what scripts call.

local parts = fs_parts()

local fs = {}

function fs.exists(path) return parts.exists(path) end

function fs.watch(path, options) return parts.watching().watch(path, options) end

return {fs = fs}
