-- SPDX-License-Identifier: MIT
--
-- log.lua -- async.log: lines on standard error, with a level, and fields.

local DEFAULT = "info"
local names = {"debug", "info", "warn", "error", "off"}
local ranks = {}
for rank, name in ipairs(names) do ranks[name] = rank end

local styles = {debug = "\27[2m", info = "\27[36m", warn = "\27[33m", error = "\27[31m"}
local marks = {debug = "DEBUG", info = "INFO ", warn = "WARN ", error = "ERROR"}

local log = {}

-- ------------------------------------------------------------------------ level

local function from_environment()
  local name = setting "TINYASYNC_LOG"
  return name and ranks[small_letters(name)] and small_letters(name) or DEFAULT
end

-- The lowest that is shown; sets it, if one is given.
function log.level(name)
  if name == nil then return names[kept_rank()] or from_environment() end
  if not ranks[name] then
    local near = type(name) == "string" and nearest_word(name, names)
    raise_mistake(format("log.level: '%s' is no level%s", tostring(name),
      near and format("; did you mean '%s'?", near) or " (debug, info, warn, error, off)"))
  end
  keep_rank(ranks[name])
  return name
end

-- ------------------------------------------------------------------------ words

local escapes = {["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ['"'] = '\\"', ["\\"] = "\\\\"}

local function escape(character)
  return escapes[character] or format("\\x%02x", byte(character))
end

-- One line, that steers no terminal.
local function in_line(text)
  text = gsub(text, "[%c]", escape)
  return (gsub(text, "\xC2[\x80-\x9F]", function(pair)
    return escape(sub(pair, 1, 1)) .. escape(sub(pair, 2))
  end))
end

local function quote(value)
  local text = tostring(value)
  if text ~= "" and not find(text, '[%s%c"=\\]') then return in_line(text) end
  return '"' .. in_line((gsub(text, '["\\]', escape))) .. '"'
end

local function insert_sorted(list, item)
  local at = #list + 1
  while at > 1 and list[at - 1].name > item.name do
    list[at] = list[at - 1]
    at = at - 1
  end
  list[at] = item
end

local function fields_of(fields)
  local list, texts = {}, {}
  for key, value in next, fields do insert_sorted(list, {name = in_line(tostring(key)), value = value}) end
  for i, item in ipairs(list) do texts[i] = format(" %s=%s", item.name, quote(item.value)) end
  return concat(texts)
end

local function line_of(name, message, fields)
  local text = in_line(tostring(message)) .. (fields and fields_of(fields) or "")
  if not is_watched() then return format("%s %s %s\n", time_stamp(), marks[name], text) end
  if not wants_colours "stderr" then return format("%s %s\n", marks[name], text) end
  return format("%s%s\27[0m %s\n", styles[name], marks[name], text)
end

-- -------------------------------------------------------------------- functions

for rank = 1, #names - 1 do
  local name = names[rank]
  log[name] = function(message, fields)
    if fields ~= nil and type(fields) ~= "table" then
      raise_mistake(format("log.%s: the fields must be a table, got %s", name, type(fields)))
    end
    if rank >= ranks[log.level()] then log_line(line_of(name, message, fields)) end
  end
end

return {log = log}
