-- SPDX-License-Identifier: MIT
--
-- grammar.lua -- a command line as a script describes it, read into tables.
--
-- A spec is looked at whole before any word is.  What is wrong with it is the script's mistake.

local parts = kit_parts()
local raise = parts.raise

local grammar = {}

-- What is wrong with it, said of the row, if it is one's.
local function complain(row, text, ...)
  local shown = type(row) == "table" and type(row[1]) == "string" and format("'%s': ", row[1]) or ""
  raise(format("args: %s" .. text, shown, ...))
end

-- --------------------------------------------------------------------- fields

local function is_text(value) return type(value) == "string" end
local function is_word(value) return is_text(value) and find(value, "^%w[%w_-]*$") end
local function is_variable(value) return is_text(value) and find(value, "^[%a_][%w_]*$") end
local function is_yes_or_no(value) return type(value) == "boolean" end
local function is_number(value) return type(value) == "number" end
local function is_anything() return true end

local types = {string = true, number = true, integer = true}
local function is_type(value) return types[value] or parts.is_callable(value) end

local function is_list(value) return type(value) == "table" and #value > 0 end

local places = {file = true, directory = true, nothing = true}
local function is_place(value) return places[value] end

-- Fields of a row, and what they must be.
local row_fields = {
  key = {is_text, "a name"},
  type = {is_type, '"string", "number", "integer" or a function'},
  choices = {is_list, "a list of values"},
  default = {is_anything},
  implied = {is_anything},
  env = {is_variable, "the name of a variable of the environment"},
  min = {is_number, "a number"},
  max = {is_number, "a number"},
  required = {is_yes_or_no, "true or false"},
  repeated = {is_yes_or_no, "true or false"},
  rest = {is_yes_or_no, "true or false"},
  hidden = {is_yes_or_no, "true or false"},
  complete = {is_place, '"file", "directory" or "nothing"'},
}

local command_fields = {
  name = {is_text, "a name"},
  command = {is_word, "a word of letters, digits, _ and -"},
  version = {is_text, "a text"},
  hidden = {is_yes_or_no, "true or false"},
}

local function refuse_field(row, field, known)
  complain(row, "unknown field '%s'%s", tostring(field), parts.hint(field, known))
end

local function check_fields(row, known)
  for field, value in next, row do
    if type(field) ~= "number" then
      local rule = known[field]
      if not rule then refuse_field(row, field, known) end
      if not rule[1](value) then
        complain(row, "%s must be %s, got %s", field, rule[2], type(value))
      end
    end
  end
end

-- ------------------------------------------------------------------- notation

local function key_of(word) return (gsub(word, "%-", "_")) end

-- "-j" and "--jobs" and what follows them; nil where there is no name of an option.
local function read_name(text)
  local name, rest = match(text, "^%-%-%[no%-%]([%w][%w_-]*)(.*)$")
  if name then return "--" .. name, rest, true end
  name, rest = match(text, "^(%-%-[%w][%w_-]*)(.*)$")
  if name then return name, rest end
  return match(text, "^(%-%w)(.*)$")
end

-- Names into the row, up to its value.  What is left, or nil.
local function read_names(option, text)
  repeat
    local name, rest, negatable = read_name(text)
    if not name then return end
    option.names[#option.names + 1] = name
    option.negatable = option.negatable or negatable
    if find(name, "^%-%-") then option.long = option.long or name end
    text = match(rest, "^,%s*(%-.*)$")
    if not text then return rest end
  until false
end

-- The name of its value, and whether that may be left out.
local function read_value(rest)
  local value = match(rest, "^%[=([^%s%[%]]+)%]$")
  if value then return value, true end
  return match(rest, "^[= ]([^%s%[%]]+)$"), false
end

-- What stands for a value of a row that names none.
local function default_value(row)
  if row.choices then
    local shown = {}
    for i = 1, #row.choices do shown[i] = tostring(row.choices[i]) end
    return concat(shown, "|")
  end
  if row.type == "number" or row.type == "integer" then return "N" end
  return row.type and "VALUE"
end

local function read_option(row)
  local option = {row = row, help = row[2], names = {}}
  local text, dots = gsub(row[1], "%.%.%.$", "")
  local rest = read_names(option, text)
  if not rest then complain(row, "expected a name as '-j, --jobs=N'") end
  if rest ~= "" then
    option.value, option.may_lack = read_value(rest)
    if not option.value then complain(row, "expected '=VALUE' after the name, got '%s'", rest) end
  end
  option.value = option.value or default_value(row)
  if option.negatable and option.value then complain(row, "what may be --no- has no value") end
  option.repeated = dots > 0 or row.repeated
  option.key = row.key or key_of(match(option.long or option.names[1], "^%-+(.*)$"))
  return option
end

-- "FILE", "[FILE]", "FILE...", "[FILE...]" or "[FILE]...".
local function read_operand(row)
  local text, dots = gsub(row[1], "%.%.%.(%]?)$", "%1")
  local name = match(text, "^%[(.+)%]$")
  local operand = {row = row, help = row[2], value = name or text,
    optional = name ~= nil or row.default ~= nil}
  if not find(operand.value, "^[%w_-]+$") then
    complain(row, "expected a name as FILE, [FILE] or FILE...")
  end
  operand.repeated = dots > 0 or row.repeated
  operand.key = row.key or key_of(parts.lower(operand.value))
  operand.is_operand = true
  return operand
end

-- ---------------------------------------------------------------- one command

local function add_name(command, option, name)
  if command.by_name[name] then complain(option.row, "another option is called %s", name) end
  command.by_name[name] = option
end

local function add_names(command, option)
  for i = 1, #option.names do
    local name = option.names[i]
    add_name(command, option, name)
    if option.negatable and find(name, "^%-%-") then
      add_name(command, option, "--no-" .. sub(name, 3))
    end
  end
end

-- Values that the spec itself gives are of the kind that words become.
local kinds = {
  string = {is_text, "a text"},
  number = {function(value) return is_number(value) and value == value end, "a number"},
  integer = {function(value) return is_number(value) and tointeger(value) end, "a whole number"},
}
local any_kind = {function(value) return type(value) ~= "table" end, "one value"}

local function kind_of(row)
  if parts.is_callable(row.type) then return {is_anything} end
  return kinds[row.type or row.choices and "string"] or any_kind
end

local function check_one(row, field, value)
  local kind = kind_of(row)
  if not kind[1](value) then
    local shown = is_text(value) and format("'%s'", value) or type(value)
    complain(row, "%s must be %s, got %s", field, kind[2], shown)
  end
  if not is_number(value) then return end
  if row.min and value < row.min then complain(row, "%s is less than min", field) end
  if row.max and value > row.max then complain(row, "%s is more than max", field) end
end

local function is_choice(row, value)
  for i = 1, #row.choices do
    if row.choices[i] == value then return true end
  end
  return false
end

local function check_range(row)
  if not row.min and not row.max then return end
  if not row.type or row.type == "string" then
    complain(row, 'min and max are for a type of "number" or "integer"')
  end
  if row.min and row.max and row.min > row.max then complain(row, "min is more than max") end
end

local function check_default(item)
  local row, default = item.row, item.row.default
  if default == nil then return end
  if row.required then complain(row, "what is required has no default") end
  if item.repeated and type(default) ~= "table" then
    complain(row, "default must be a list, as of what is repeated")
  end
  if default == false then return end
  local list = item.repeated and default or {default}
  for i = 1, #list do
    check_one(row, "default", list[i])
    if row.choices and not is_choice(row, list[i]) then
      complain(row, "default is none of the choices")
    end
  end
end

local function check_values(item)
  local row = item.row
  check_range(row)
  for i = 1, #(row.choices or {}) do check_one(row, "choices", row.choices[i]) end
  check_default(item)
  if row.implied ~= nil and type(row.implied) ~= "boolean" then
    check_one(row, "implied", row.implied)
  end
end

-- One that can only be there or not, or is counted.
local function check_flag(item)
  local row = item.row
  if row.choices or row.min or row.max or row.required then
    complain(row, "an option without a value can only be there, or not")
  end
  local wanted = item.repeated and "number" or "boolean"
  if row.default ~= nil and type(row.default) ~= wanted then
    complain(row, "default must be %s, got %s",
      item.repeated and "a number" or "true or false", type(row.default))
  end
end

local function check_value(item)
  local row = item.row
  if item.value or item.is_operand then
    if row.implied ~= nil and not item.may_lack then
      complain(row, "implied is for a value in brackets, as --colour[=WHEN]")
    end
    check_values(item)
  else
    check_flag(item)
  end
  if row.env and item.repeated then complain(row, "env gives one value, and this is repeated") end
  if row.env and item.is_operand and not item.optional then
    complain(row, "env is for a word that may be left out, as [FILE]")
  end
end

local function check_key(command, item)
  local key = item.key
  if command.keys[key] then complain(item.row, "another row has the key '%s'", key) end
  command.keys[key] = item
end

local function check_order(command, operand)
  local before = command.operands[#command.operands]
  if before and before.row.rest then complain(operand.row, "nothing comes after the rest") end
  if operand.row.rest and not operand.repeated then
    complain(operand.row, "the rest is several words, as COMMAND...")
  end
  if not operand.repeated then return end
  if command.repeats then complain(operand.row, "only one may stand for several words") end
  command.repeats = true
end

local function add_row(command, row)
  if not is_text(row[1]) then complain(nil, "expected a row that begins with a name") end
  if row[2] ~= nil and not is_text(row[2]) then complain(row, "its help must be a text") end
  check_fields(row, row_fields)
  local is_option = find(row[1], "^%-")
  local item = is_option and read_option(row) or read_operand(row)
  check_value(item)
  check_key(command, item)
  if is_option then
    add_names(command, item)
    command.shown[#command.shown + 1] = item
  else
    check_order(command, item)
    command.operands[#command.operands + 1] = item
  end
end

-- After the last option; texts behind that stay behind it.
local function show(command, option)
  local shown, at = command.shown, #command.shown
  while at > 0 and is_text(shown[at]) do
    shown[at + 1] = shown[at]
    at = at - 1
  end
  shown[at + 1] = option
end

-- An option that every command has, under those of its names that the spec leaves free.
local function add_built_in(command, what, names, help)
  local option = {row = {}, help = help, names = {}, built_in = what}
  for i = 1, #names do
    if not command.by_name[names[i]] then
      option.names[#option.names + 1] = names[i]
      command.by_name[names[i]] = option
    end
    if #names[i] > 2 then option.long = names[i] end
  end
  if #option.names > 0 then show(command, option) end
end

local read_command

-- A text: before the first row it is what the command does, after that it stands in the help.
local function add_text(command, text)
  local list = command.has_rows and command.shown or command.about
  list[#list + 1] = text
end

local function add_part(command, part)
  if is_text(part) then return add_text(command, part) end
  if type(part) ~= "table" then
    complain(nil, "expected texts and rows, got a %s", type(part))
  end
  command.has_rows = true
  if part.command == nil then return add_row(command, part) end
  local below = read_command(part, command)
  if command.by_word[below.word] then complain(nil, "two commands are called %s", below.word) end
  command.by_word[below.word] = below
  command.commands[#command.commands + 1] = below
end

local function check_commands(command)
  if #command.commands == 0 then return end
  if #command.operands > 0 then
    complain(command.operands[1].row, "where there are commands, words belong to these")
  end
  if command.keys.command then complain(command.keys.command.row, "the command has that key") end
end

-- Nobody's value may lie where another's is that can be given with it.
local function check_keys_above(command)
  for above in grammar.upwards(command.parent) do
    for key, item in next, command.keys do
      if above.keys[key] then complain(item.row, "a command above has the key '%s'", key) end
    end
  end
end

function read_command(spec, parent)
  local command = {about = {}, shown = {}, operands = {}, commands = {}, by_name = {},
    by_word = {}, keys = {}, parent = parent, word = spec.command, hidden = spec.hidden,
    version = spec.version, help = is_text(spec[1]) and spec[1] or nil}
  check_fields(spec, command_fields)
  for i = 1, #spec do
    add_part(command, spec[i])
  end
  if spec.version then add_built_in(command, "version", {"--version"}, "show the version") end
  add_built_in(command, "help", {"-h", "--help"}, "show this")
  check_commands(command)
  return command
end

local function check_below(command)
  check_keys_above(command)
  for i = 1, #command.commands do check_below(command.commands[i]) end
end

-- ---------------------------------------------------------------------- uses

-- For: the command, the one above it, and so on.
function grammar.upwards(command)
  return function(_, at)
    if not at then return command end
    return at.parent
  end
end

-- "convert add", as on the command line.
function grammar.path_of(command)
  local words = {}
  for at in grammar.upwards(command) do
    words[#words + 1] = at.word
  end
  for i = 1, #words // 2 do words[i], words[#words + 1 - i] = words[#words + 1 - i], words[i] end
  return concat(words, " ")
end

-- The option of this name in the command, or in one above it.
function grammar.find(command, name)
  for at in grammar.upwards(command) do
    if at.by_name[name] then return at.by_name[name] end
  end
end

function grammar.read(spec, name)
  if type(spec) ~= "table" then
    raise(format("args: expected a table of texts and rows, got %s", type(spec)))
  end
  if spec.command ~= nil then complain(nil, "a command belongs into another spec") end
  local root = read_command(spec)
  root.word = spec.name or name
  check_below(root)
  return root
end

return grammar
