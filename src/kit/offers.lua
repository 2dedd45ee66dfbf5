-- SPDX-License-Identifier: MIT
--
-- offers.lua -- what of a spec a shell can offer, for completion scripts.
--
-- All is in these scripts: pressing a key runs nothing of ours.

local parts = kit_parts()
local grammar = parts.use "grammar"

local offers = {}

-- The name of a value says what it is, unless the row does.
local by_value = {FILE = "file", PATH = "file", SCRIPT = "file", DIR = "directory",
  DIRECTORY = "directory", FOLDER = "directory"}

-- For the value of an option, or an operand: a list of words; or "file", "directory", "nothing".
function offers.of(item)
  local choices = item.row.choices
  if choices then
    local words = {}
    for i = 1, #choices do words[i] = tostring(choices[i]) end
    return words
  end
  if item.row.complete then return item.row.complete end
  return by_value[item.value] or (item.is_operand and not item.row.type and "file" or "nothing")
end

-- Calls `use` with each name under which it may be given.
function offers.each_name(option, use)
  for i = 1, #option.names do
    local name = option.names[i]
    use(name)
    if option.negatable and find(name, "^%-%-") then use("--no-" .. sub(name, 3)) end
  end
end

-- The options that may be given after the command, its own first.
function offers.options(command)
  local list, known = {}, {}
  for at in grammar.upwards(command) do
    for i = 1, #at.shown do
      local option = at.shown[i]
      local name = type(option) == "table" and not option.row.hidden and option.names[1]
      if name and not known[name] then list[#list + 1], known[name] = option, true end
    end
  end
  return list
end

function offers.commands(command)
  local list = {}
  for i = 1, #command.commands do
    if not command.commands[i].hidden then list[#list + 1] = command.commands[i] end
  end
  return list
end

-- Calls `use` with the command and all below it, and the words that lead there: "", " add".
function offers.each_command(command, use, path)
  path = path or ""
  use(command, path)
  for i = 1, #command.commands do
    offers.each_command(command.commands[i], use, path .. " " .. command.commands[i].word)
  end
end

function offers.help(item) return (gsub(item.help or "", "%s+", " ")) end

-- A name that a function of the shell's may have.
function offers.identifier(name) return (gsub(name, "[^%w]", "_")) end

-- The template with what stands for "@NAME@".
function offers.fill(template, with)
  return (gsub(template, "@(%u+)@", function(name)
    local value = with[name]
    return type(value) == "table" and concat(value) or value
  end))
end

return offers
