-- SPDX-License-Identifier: MIT
--
-- log.lua -- async.log: lines on standard error, with a level, and fields.

local parts, paint = kit_parts(), paint_parts()
local plain = parts.use "plain"
local escape, in_line = plain.escape, plain.in_line
local raise_mistake, small_letters = parts.raise, parts.lower

local DEFAULT = "info"
local names = {"debug", "info", "warn", "error", "off"}
local ranks = {}
for rank, name in ipairs(names) do ranks[name] = rank end

local styles = {debug = "\27[2m", info = "\27[36m", warn = "\27[33m", error = "\27[31m"}
local marks = {debug = "DEBUG", info = "INFO ", warn = "WARN ", error = "ERROR"}

local log = {}

-- ------------------------------------------------------------------------ level

local write -- (rank, message, fields), below
local complained = false

local function hint_at(name, otherwise)
  local hint = parts.hint(name, names)
  return hint ~= "" and hint or otherwise
end

-- What is no level counts as none, which is told once.
local function from_environment()
  local name = paint.setting "TINYASYNC_LOG"
  local rank = name and ranks[small_letters(name)]
  if name and not rank and not complained then
    complained = true
    write(ranks.warn, format("TINYASYNC_LOG: '%s' is no level%s", name, hint_at(small_letters(name),
      format("; it is %s", DEFAULT))))
  end
  return names[rank] or DEFAULT
end

-- The lowest that is shown; sets it, if one is given.
function log.level(name)
  if name == nil then return names[paint.kept_rank()] or from_environment() end
  if not ranks[name] then
    raise_mistake(format("log.level: '%s' is no level%s", tostring(name),
      hint_at(tostring(name), " (debug, info, warn, error, off)")))
  end
  paint.keep_rank(ranks[name])
  return name
end

-- ------------------------------------------------------------------------ words

local function quote(value)
  local text = tostring(value)
  if text ~= "" and not find(text, '[%s%c"=\\]') then return in_line(text) end
  return '"' .. in_line((gsub(text, '["\\]', escape))) .. '"'
end

local function fields_of(fields)
  local list, texts = {}, {}
  for key, value in next, fields do
    list[#list + 1] = {name = in_line(tostring(key)), value = value}
  end
  parts.sort(list, function(a, b) return a.name < b.name end)
  for i, item in ipairs(list) do texts[i] = format(" %s=%s", item.name, quote(item.value)) end
  return concat(texts)
end

local function line_of(name, message, fields)
  local text = in_line(tostring(message)) .. (fields and fields_of(fields) or "")
  if not paint.is_watched() then return format("%s %s %s\n", paint.time_stamp(), marks[name], text) end
  if not paint.wants_colours "stderr" then return format("%s %s\n", marks[name], text) end
  return format("%s%s\27[0m %s\n", styles[name], marks[name], text)
end

function write(rank, message, fields)
  paint.log_line(line_of(names[rank], message, fields))
end

-- -------------------------------------------------------------------- functions

for rank = 1, #names - 1 do
  local name = names[rank]
  log[name] = function(message, fields)
    if fields ~= nil and type(fields) ~= "table" then
      raise_mistake(format("log.%s: the fields must be a table, got %s", name, type(fields)))
    end
    if rank >= ranks[log.level()] then write(rank, message, fields) end
  end
end

return {log = log}
