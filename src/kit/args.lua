-- SPDX-License-Identifier: MIT
--
-- args.lua -- async.args: the words of a command line, taken apart as a spec says.

local parts = kit_parts()
local grammar, usage = parts.use "grammar", parts.use "usage"
local in_line = parts.use("plain").in_line

-- What ends the taking apart: a message, and why.  It is thrown, and caught in `attempt`.
local Stop = {}

local function stop(code, text) error(setmetatable({code = code, text = text}, Stop), 0) end

local function refuse(at, text, ...)
  local path = grammar.path_of(at.command)
  stop("USAGE", in_line(format("%s: %s (see '%s --help')", path, format(text, ...), path)))
end

local function meant(word, names)
  local near = parts.nearest(word, names)
  for i = 1, #names do
    if not near and #word > 1 and sub(names[i], 1, #word) == word then near = names[i] end
  end
  return near
end

local function list_of(words, last)
  if #words < 2 then return words[1] or "nothing" end
  return concat(words, ", ", 1, #words - 1) .. " " .. last .. " " .. words[#words]
end

-- --------------------------------------------------------------------- values

local function as_number(text)
  local number = not find(text, "^%s") and not find(text, "%s$") and parts.number(text)
  return number and number == number and number or nil
end

local kinds = {
  string = function(text) return text end,
  number = function(text) return as_number(text), "a number" end,
  integer = function(text)
    local number = as_number(text)
    return number and tointeger(number), "a whole number"
  end,
}

local function shown_range(row, expected)
  if row.min and row.max then return format("%s from %s to %s", expected, row.min, row.max) end
  if row.min then return format("%s of at least %s", expected, row.min) end
  return format("%s of at most %s", expected, row.max)
end

local function check_range(at, name, row, value, text)
  if not row.min and not row.max then return end
  local expected = row.type == "integer" and "a whole number" or "a number"
  if type(value) ~= "number" or row.min and value < row.min or row.max and value > row.max then
    refuse(at, "%s: expected %s, got '%s'", name, shown_range(row, expected), text)
  end
end

local function check_choice(at, name, row, value, text)
  if not row.choices then return end
  local words = {}
  for i = 1, #row.choices do
    if row.choices[i] == value then return end
    words[i] = tostring(row.choices[i])
  end
  local near = #text > 1 and meant(text, words)
  refuse(at, "%s: expected %s, got '%s'%s", name, list_of(words, "or"), text,
    near and format(", did you mean '%s'?", near) or "")
end

-- The value of a word; `name` is where it was given.
local function convert(at, item, name, text)
  local row = item.row
  local value, expected
  if parts.is_callable(row.type) then
    value, expected = parts.call(row.type, text)
    if value == nil then
      refuse(at, "%s: %s", name, expected or format("expected %s, got '%s'", item.value, text))
    end
  else
    value, expected = kinds[row.type or "string"](text)
    if value == nil then refuse(at, "%s: expected %s, got '%s'", name, expected, text) end
  end
  check_range(at, name, row, value, text)
  check_choice(at, name, row, value, text)
  return value
end

local function put(at, item, value)
  local values = at.values
  if not item.repeated then
    values[item.key] = value
  elseif item.value then
    if not at.given[item] then values[item.key] = {} end
    values[item.key][#values[item.key] + 1] = value
  else
    values[item.key] = (at.given[item] and values[item.key] or 0) + 1
  end
  at.given[item] = true
end

-- -------------------------------------------------------------------- options

local function stop_for(at, option)
  if option.built_in == "help" then stop("HELP", usage.help(at.command)) end
  for above in grammar.upwards(at.command) do
    if above.version then
      stop("VERSION", grammar.path_of(above) .. " " .. above.version .. "\n")
    end
  end
end

local function refuse_option(at, name)
  local names = {}
  for above in grammar.upwards(at.command) do
    for known, option in next, above.by_name do
      if #known > 2 and not option.row.hidden then names[#names + 1] = sub(known, 3) end
    end
  end
  local near = #name > 2 and meant(sub(name, 3), names)
  refuse(at, "unknown option '%s'%s", name, near and format(", did you mean '--%s'?", near) or "")
end

local function find_option(at, name)
  return grammar.find(at.command, name) or refuse_option(at, name)
end

local function next_word(at)
  at.index = at.index + 1
  return at.words[at.index]
end

-- An option without a value.
local function put_flag(at, option, name)
  if option.built_in then stop_for(at, option) end
  put(at, option, not (option.negatable and find(name, "^%-%-no%-")))
end

local function put_value(at, option, name, text)
  if text then return put(at, option, convert(at, option, name, text)) end
  if option.may_lack then
    local implied = option.row.implied
    return put(at, option, implied == nil and true or implied)
  end
  text = next_word(at)
  if not text then refuse(at, "%s: expected %s", name, option.value) end
  put(at, option, convert(at, option, name, text))
end

local function take_long(at, word)
  local name, text = match(word, "^([^=]+)=(.*)$")
  name = name or word
  local option = find_option(at, name)
  if option.value then return put_value(at, option, name, text) end
  if text then refuse(at, "%s takes no value", name) end
  put_flag(at, option, name)
end

-- "-xvj4": flags, and at the end perhaps one with its value.
local function take_short(at, word)
  local i = 2
  while i <= #word do
    local name = "-" .. match(word, "^.[\128-\191]*", i)
    local option = find_option(at, name)
    i = i + #name - 1
    if option.value then
      local text = i <= #word and gsub(sub(word, i), "^=", "") or nil
      return put_value(at, option, name, text)
    end
    put_flag(at, option, name)
  end
end

-- ---------------------------------------------------------------------- words

local function words_of_commands(command)
  local words = {}
  for i = 1, #command.commands do
    local below = command.commands[i]
    if not below.hidden then words[#words + 1] = below.word end
  end
  return words
end

local function enter_command(at, word)
  local below = at.command.by_word[word]
  if below then
    at.command = below
    at.path[#at.path + 1] = word
    return
  end
  local names = words_of_commands(at.command)
  local near = meant(word, names)
  refuse(at, "unknown command '%s', %s", word,
    near and format("did you mean '%s'?", near) or "expected " .. list_of(names, "or"))
end

local function take_operand(at, word)
  if #at.command.commands > 0 then return enter_command(at, word) end
  local found = at.found
  found[#found + 1] = word
  local operands = at.command.operands
  local last = operands[#operands]
  if last and last.row.rest and #found >= #operands then at.is_rest = true end
end

-- "-5" is a number where no option is a digit.
local function is_option(at, word)
  if at.is_rest or word == "-" or not find(word, "^%-") then return false end
  return not find(word, "^%-%.?%d") or grammar.find(at.command, sub(word, 1, 2)) ~= nil
end

local function take_words(at)
  for word in next_word, at do
    if not is_option(at, word) then
      take_operand(at, word)
    elseif word == "--" then
      at.is_rest = true
    elseif find(word, "^%-%-") then
      take_long(at, word)
    else
      take_short(at, word)
    end
  end
end

-- How many words must be there, from the operand on.
local function count_needed(operands, from)
  local needed = 0
  for i = from, #operands do
    if not operands[i].optional then needed = needed + 1 end
  end
  return needed
end

-- The first that gets no word, of those that must have one.
local function refuse_missing(at, operands)
  local words = #at.found
  for i = 1, #operands do
    if not operands[i].optional then words = words - 1 end
    if words < 0 then refuse(at, "expected %s", operands[i].value) end
  end
end

local function put_operands(at)
  local operands, found, taken = at.command.operands, at.found, 0
  refuse_missing(at, operands)
  for i = 1, #operands do
    local operand = operands[i]
    local spare = #found - taken - count_needed(operands, i + 1)
    local count = operand.repeated and spare or min(spare, 1)
    for _ = 1, count do
      taken = taken + 1
      put(at, operand, convert(at, operand, operand.value, found[taken]))
    end
  end
  if taken < #found then refuse(at, "unexpected '%s'", found[taken + 1]) end
end

-- --------------------------------------------------------------------- the end

local function copy(value)
  if type(value) ~= "table" then return value end
  local copied = {}
  for key, one in next, value do copied[key] = one end
  return copied
end

local function default_of(item)
  if item.row.default ~= nil then return copy(item.row.default) end
  if item.repeated then return (item.value or item.is_operand) and {} or 0 end
  if not item.value and not item.negatable then return false end
end

local yes_and_no = {["1"] = true, yes = true, ["true"] = true, on = true,
  ["0"] = false, no = false, ["false"] = false, off = false}

-- An option without a value is there, or not.
local function convert_flag(at, name, text)
  local value = yes_and_no[parts.lower(text)]
  if value == nil then refuse(at, "%s: expected yes or no, got '%s'", name, text) end
  return value
end

-- What the environment says of one that was not given; nothing set is as not set.
local function put_from_environment(at, item)
  local name = item.row.env
  local text = name and not at.given[item] and parts.getenv(name)
  if not text or text == "" then return end
  if item.value then
    put(at, item, convert(at, item, "$" .. name, text))
  else
    put(at, item, convert_flag(at, "$" .. name, text))
  end
end

local function put_environment(at)
  for above in grammar.upwards(at.command) do
    for i = 1, #above.shown do
      local option = above.shown[i]
      if type(option) == "table" then put_from_environment(at, option) end
    end
    for i = 1, #above.operands do put_from_environment(at, above.operands[i]) end
  end
end

local function put_defaults(at)
  for above in grammar.upwards(at.command) do
    for key, item in next, above.keys do
      if not at.given[item] then at.values[key] = default_of(item) end
    end
  end
end

local function check_required(at)
  for above in grammar.upwards(at.command) do
    for i = 1, #above.shown do
      local option = above.shown[i]
      if type(option) == "table" and option.row.required and not at.given[option] then
        refuse(at, "expected %s", usage.option(option))
      end
    end
  end
end

local function take_apart(root, words)
  local at = {command = root, words = words, index = 0, found = {}, path = {}, given = {},
    values = {}}
  take_words(at)
  if #at.command.commands > 0 then
    refuse(at, "expected a command: %s", list_of(words_of_commands(at.command), "or"))
  end
  put_operands(at)
  put_environment(at)
  check_required(at)
  put_defaults(at)
  if #at.path > 0 then at.values.command = concat(at.path, " ") end
  return at.values
end

-- ------------------------------------------------------------------ the script's

local function check_words(words)
  if type(words) ~= "table" then
    parts.raise(format("args: expected a list of words, got %s", type(words)))
  end
  for i = 1, #words do
    if type(words[i]) ~= "string" then
      parts.raise(format("args: word %d must be a string, got %s", i, type(words[i])))
    end
  end
end

-- The values; or nil, what is to be said, and why.
local function attempt(root, words)
  local ok, result = pcall(take_apart, root, words)
  if ok then return result end
  if parts.metatable(result) ~= Stop then error(result, 0) end
  return nil, result.text, result.code
end

-- Says it, and ends the run.
local function leave(text, code)
  if code == "USAGE" then
    parts.complain(text .. "\n")
    return parts.exit(2, true)
  end
  parts.print(text)
  parts.exit(0, true)
end

-- For the script's file, and for the name that it gives itself.
local function give_completion(root, script)
  local names = {script}
  if root.word ~= script then names[2] = root.word end
  parts.complete(parts.use("for_" .. parts.shell()).script(root, names))
  return parts.exit(0, true)
end

local function args(spec, words)
  local own = parts.arguments()
  local script = own and type(own[0]) == "string" and match(own[0], "([^/]+)/*$")
  local root = grammar.read(spec, script or "script")
  if words ~= nil then
    check_words(words)
    return attempt(root, words)
  end
  if parts.shell() then
    return give_completion(root, script)
  end
  if not own then parts.raise "args: there is no table 'arg', give a list of words" end
  check_words(own)
  local values, text, code = attempt(root, own)
  if values then return values end
  return leave(text, code)
end

return {args = args}
