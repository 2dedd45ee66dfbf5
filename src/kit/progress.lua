-- SPDX-License-Identifier: MIT
--
-- progress.lua -- async.progress: how far something has come, at the bottom of the terminal.

local parts = kit_parts()
local raise_mistake = parts.raise

local types = {total = "number", label = "string", unit = "string", done = "number",
  leave = "boolean"}

local function check_option(key, value)
  local wanted = types[key]
  if type(value) ~= wanted then
    raise_mistake(format("progress: %s must be a %s, got %s", key, wanted, type(value)))
  elseif wanted == "number" and not (value >= 0 and value < huge) then
    raise_mistake(format("progress: %s must be a number of 0 or more, got %s", key,
      value ~= value and "nan" or tostring(value)))
  end
end

local function progress(options)
  options = parts.check_options("progress", options, types)
  for key, value in next, options do check_option(key, value) end
  return new_bar(options.total, options.label, options.unit, options.done or 0,
    options.leave ~= false)
end

return {progress = progress}
