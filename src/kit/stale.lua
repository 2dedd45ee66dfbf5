-- SPDX-License-Identifier: MIT
--
-- stale.lua -- async.stale: is something to be made anew?

local parts = kit_parts()
local raise = parts.raise
local fs = parts.use("fs").fs

local function list_of(paths, what)
  local list = type(paths) == "table" and paths or {paths}
  for i = 1, #list do
    parts.check_path("stale", list[i], what .. " as a path or a list of paths")
  end
  return list
end

-- When it was changed, in nanoseconds; nil: it is not there.  What cannot be known is raised: a
-- script that took it for an answer would make nothing, and go on.
local function time_of(path, may_lack)
  local about, message, code = fs.stat(path)
  if about then return about.mtime_ns end
  if may_lack and (code == "ENOENT" or code == "ENOTDIR") then return end
  raise("stale: " .. message)
end

local function stale(outputs, inputs)
  local made, from = list_of(outputs, "outputs"), list_of(inputs, "inputs")
  if #made == 0 then raise "stale: expected an output" end
  local newest, newest_at
  for i = 1, #from do
    local at = time_of(from[i])
    if not newest_at or at > newest_at then newest, newest_at = from[i], at end
  end
  for i = 1, #made do
    local at = time_of(made[i], true)
    if not at then return true, made[i] .. " is missing" end
    if newest_at and at < newest_at then
      return true, format("%s is older than %s", made[i], newest)
    end
  end
  return false
end

return {stale = stale}
