-- SPDX-License-Identifier: MIT
--
-- prompt.lua -- async.prompt, confirm and select_one: asking the person at the terminal.

local parts = kit_parts()
local raise_mistake = parts.raise
local small_letters, can_be_called = parts.lower, parts.is_callable

local harmless = parts.use("plain").harmless

local NOT_VALID = "that is no valid answer"

-- ------------------------------------------------------------------- mistakes

local function check_text(name, text)
  if type(text) ~= "string" then
    raise_mistake(format("%s: the text must be a string, got %s", name, type(text)))
  end
end

-- `known`: what a value must be, by option.
local function check_options(name, options, known)
  options = parts.check_options(name, options, known)
  for key, value in next, options do
    if known[key] ~= "any" and type(value) ~= known[key] then
      raise_mistake(format("%s: %s must be a %s, got %s", name, key, known[key], type(value)))
    end
  end
  return options
end

-- ---------------------------------------------------------------------- asking

-- The same in one row.
local function in_row(text) return harmless((gsub(text, "\n", " "))) end

-- What is shown: "Name [default]: ".
local function question_of(text, choice)
  text = harmless(text)
  if not choice then
    if find(text, "%s$") then return text end
    return text .. (find(text, "[:?>]$") and " " or ": ")
  end
  choice = in_row(choice)
  local body, mark = match(text, "^(.-)%s*([:?>]?)%s*$")
  if mark == "?" then return format("%s? [%s] ", body, choice) end
  return format("%s [%s]%s ", body, choice, mark == "" and ":" or mark)
end

-- A line, or nil, message, code.
local function read_line(question, typed, text)
  question:ask(text)
  local line, message, code = typed:read("l")
  local asked, why, what = question:answered(line == nil)
  if not asked then return nil, why, what end
  if line == nil and not message then return nil, "end of input", "EOF" end
  return line, message, code
end

-- Asks, for the function of this name, until `judge` gives something for a line: judge(line) gives
-- the answer, and more; or nil and why it is none.
local function ask(name, text, secret, before, judge)
  local question <close> = new_question(name, secret)
  local held, message, code = question:hold()
  if not held then return nil, message, code end
  local typed <close>, why, what = question:typed()
  if not typed then return nil, why, what end
  local shown = before .. text
  while true do
    local line, failed, reason = read_line(question, typed, shown)
    if line == nil then return nil, failed, reason end
    local answer, more = judge(line)
    if answer ~= nil then return answer, more end
    shown = harmless(more or NOT_VALID) .. "\n" .. text
  end
end

-- --------------------------------------------------------------------- functions

local prompt_options = {default = "string", secret = "boolean", check = "any"}

-- What `check` says of an answer: its own value, unless that is true.
local function judge_by(check, line)
  if not check then return line end
  local verdict, why = parts.call(check, line)
  if verdict == true then return line end
  if verdict == nil or verdict == false then return nil, why and tostring(why) end
  return verdict
end

local function prompt(text, options)
  check_text("prompt", text)
  options = check_options("prompt", options, prompt_options)
  local default, check = options.default, options.check
  if check ~= nil and not can_be_called(check) then
    raise_mistake("prompt: check must be a function, got " .. type(check))
  end
  local shown = question_of(text, not options.secret and default or nil)
  local answer, message, code = ask("prompt", shown, options.secret, "", function(line)
    if line == "" and default then line = default end
    return judge_by(check, line)
  end)
  if answer == nil then return nil, message, code end
  return answer
end

local yes_or_no = {y = true, yes = true, n = false, no = false}

local function confirm(text, default)
  check_text("confirm", text)
  if default ~= nil and type(default) ~= "boolean" then
    raise_mistake("confirm: the default must be true or false, got " .. type(default))
  end
  local choice = default == nil and "y/n" or default and "Y/n" or "y/N"
  local answer, message, code = ask("confirm", question_of(text, choice), false, "", function(line)
    local word = small_letters(match(line, "^%s*(.-)%s*$"))
    if word == "" and default ~= nil then return default and "yes" or "no" end
    local known = yes_or_no[word]
    if known == nil then return nil, "please answer yes or no" end
    return known and "yes" or "no"
  end)
  if answer == nil then return nil, message, code end
  return answer == "yes"
end

-- Which of the names begins so: its place, or nil and why not.
local function find_begun(names, word)
  local found, count = nil, 0
  for i, name in ipairs(names) do
    if name == word then return i end
    if sub(small_letters(name), 1, #word) == small_letters(word) then found, count = i, count + 1 end
  end
  if count == 1 then return found end
  if count > 1 then return nil, format("'%s' begins %d of them", word, count) end
  return nil, format("please answer with a number from 1 to %d, or how one begins", #names)
end

-- A name that is a number is that one before it is a place.
local function find_choice(names, line, default)
  local word = match(line, "^%s*(.-)%s*$")
  if word == "" then return default or nil, "please choose one" end
  for i, name in ipairs(names) do
    if name == word then return i end
  end
  local place = match(word, "^%d+$") and tointeger(0 + word)
  if place and names[place] then return place end
  return find_begun(names, word)
end

-- What the value is shown as, of which nobody can choose "table: 0x55...".
local function name_of(value, i)
  local kind, meta = type(value), parts.metatable(value)
  if kind == "string" or kind == "number" or kind == "boolean"
    or type(meta) == "table" and meta.__tostring then
    return in_row(tostring(value))
  end
  raise_mistake(format("select_one: expected value %d as a text or a number, got %s", i, kind))
end

local function names_of(list)
  if type(list) ~= "table" or #list == 0 then
    raise_mistake("select_one: expected a list of something to choose from, got "
      .. (type(list) == "table" and "an empty one" or type(list)))
  end
  local names, places = {}, {}
  for i = 1, #list do
    local name = name_of(list[i], i)
    if places[name] then
      raise_mistake(format("select_one: values %d and %d are both shown as '%s'", places[name], i,
        name))
    end
    names[i], places[name] = name, i
  end
  return names
end

-- A place, or one of the values.
local function default_place(list, default)
  if default == nil then return nil end
  for i = 1, #list do
    if list[i] == default then return i end
  end
  if tointeger(default) and list[default] ~= nil then return default end
  raise_mistake("select_one: the default is neither in the list nor a place there: "
    .. tostring(default))
end

local function select_one(text, list, options)
  check_text("select_one", text)
  local names = names_of(list)
  options = check_options("select_one", options, {default = "any"})
  local default = default_place(list, options.default)
  local rows = {}
  for i, name in ipairs(names) do rows[i] = format("%3d) %s\n", i, name) end
  local shown = question_of(text, default and tostring(default) or format("1-%d", #names))
  local place, message, code = ask("select_one", shown, false, concat(rows), function(line)
    return find_choice(names, line, default)
  end)
  if place == nil then return nil, message, code end
  return list[place], place
end

return {prompt = prompt, confirm = confirm, select_one = select_one}
