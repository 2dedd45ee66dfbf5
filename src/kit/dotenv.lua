-- SPDX-License-Identifier: MIT
--
-- dotenv.lua -- async.dotenv: the variables of a .env file.

local parts = kit_parts()
local raise = parts.raise
local read_file = parts.use("fs").read_for_kit

local escaped = {n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["$"] = "$"}

-- Bytes that variables may stand for in a file.
local MOST = 16 * 1024 * 1024

-- What is wrong with the file, thrown to whoever reads it.
local Mistake = {}

local function complain(at, text) error(setmetatable({line = at.line, text = text}, Mistake), 0) end

local function take(at, pattern)
  local from, to, one, two = find(at.text, "^" .. pattern, at.position)
  if not from then return end
  local taken = sub(at.text, from, to)
  at.position = to + 1
  gsub(taken, "\n", function() at.line = at.line + 1 end)
  return one or taken, two
end

-- ------------------------------------------------------------------ expansion

local expand

local function value_of(at, name)
  local value = at.values[name]
  if value == nil then value = parts.getenv(name) end
  return value
end

-- "${NAME}" and its forms with something for what is not set, or is.
local function expand_braces(at, inside)
  local name, how, other = match(inside, "^([%a_][%w_]*)(:?[-+?]?)(.*)$")
  if not name or how == ":" or how == "" and other ~= "" then
    complain(at, "'${" .. inside .. "}' is no variable")
  end
  local value = value_of(at, name)
  local is_set = value ~= nil and not (byte(how) == 58 and value == "")
  local kind = sub(how, -1)
  if kind == "-" then return is_set and value or expand(at, other) end
  if kind == "+" then return is_set and expand(at, other) or "" end
  if kind == "?" and not is_set then
    complain(at, name .. (other ~= "" and ": " .. other or " is not set"))
  end
  return value or ""
end

-- What the "$" at `from` begins, and where it ends.
local function expand_one(at, text, from)
  local name = match(text, "^%$([%a_][%w_]*)", from)
  if name then return value_of(at, name) or "", from + #name end
  local braces = match(text, "^%$(%b{})", from)
  if braces then return expand_braces(at, sub(braces, 2, -2)), from + #braces end
  if find(text, "^%${", from) then complain(at, "'${' is not closed") end
  return "$", from
end

-- Twenty lines that name the one before twice would be a million times the first.
local function count_bytes(at, piece)
  at.expanded = at.expanded + #piece
  if at.expanded > MOST then
    complain(at, format("the variables stand for more than %d bytes", MOST))
  end
end

-- The text with what its backslashes and dollars stand for.
function expand(at, text)
  local out, position = {}, 1
  while true do
    local found = find(text, "[\\$]", position)
    out[#out + 1] = sub(text, position, (found or 0) - 1)
    if not found then return concat(out) end
    local ending = found
    if byte(text, found) == 92 then
      local letter = sub(text, found + 1, found + 1)
      local meant = at.quoted and escaped[letter] or letter == "$" and "$"
      out[#out + 1] = meant or "\\"
      if meant then ending = found + 1 end
    elseif at.expands then
      out[#out + 1], ending = expand_one(at, text, found)
      count_bytes(at, out[#out])
    else
      out[#out + 1] = "$"
    end
    position = ending + 1
  end
end

-- --------------------------------------------------------------------- values

-- To the closing quote, over line ends.
local function take_quoted(at, quote)
  local from, line = at.position + 1, at.line
  local to = find(at.text, quote == '"' and '["\\]' or quote, from)
  while to and byte(at.text, to) == 92 do to = find(at.text, '["\\]', to + 2) end -- a backslash
  if not to then complain(at, "the quote is not closed") end
  at.quoted = true
  local text = sub(at.text, from, to - 1)
  local value = quote == '"' and expand(at, text) or text
  at.position = to + 1
  at.line = line + #gsub(text, "[^\n]", "")
  take(at, "[ \t]*")
  if not find(at.text, "^[#\n]", at.position) and at.position <= #at.text then
    complain(at, "unexpected text after the closing quote")
  end
  take(at, "#[^\n]*")
  return value
end

local function take_value(at)
  at.quoted = false
  local quote = match(at.text, "^[\"'`]", at.position)
  if quote then return take_quoted(at, quote) end
  local text = gsub(" " .. take(at, "[^\n]*"), "%s#.*$", "")
  return expand(at, match(text, "^%s*(.-)%s*$"))
end

local function take_line(at)
  take(at, "[ \t]*")
  if take(at, "#[^\n]*") or find(at.text, "^\n", at.position) then return end
  take(at, "export[ \t]+")
  local name = take(at, "([%a_][%w_.-]*)[ \t]*=[ \t]*")
  if not name then
    complain(at, format("expected NAME=VALUE, got '%s'", match(at.text, "^[^\n]*", at.position)))
  end
  at.values[name] = take_value(at)
end

local function parse(text, expands)
  text = gsub(gsub(text, "^\239\187\191", ""), "\r\n", "\n")
  local at = {text = text, position = 1, line = 1, values = {}, expands = expands,
    expanded = 0}
  while at.position <= #text do
    take_line(at)
    take(at, "\n")
  end
  return at.values
end

-- -------------------------------------------------------------------- the file

local function check_options(options)
  local expands = parts.check_options("dotenv", options, {expand = true}).expand
  if expands ~= nil and type(expands) ~= "boolean" then
    raise(format("dotenv: expand must be true or false, got %s", type(expands)))
  end
  return expands ~= false
end

local function name_wait(stream) parts.read_as(stream, "dotenv") end

local function dotenv(path, options)
  if path == nil then path = ".env" end
  parts.check_path("dotenv", path, "a path")
  local expands = check_options(options)
  local text, message, code = read_file(path, name_wait)
  if not text then return nil, message, code end
  local ok, result = pcall(parse, text, expands)
  if ok then return result end
  if parts.metatable(result) ~= Mistake then error(result, 0) end
  return nil, format("%s:%d: %s", path, result.line, result.text), "SYNTAX"
end

return {dotenv = dotenv}
