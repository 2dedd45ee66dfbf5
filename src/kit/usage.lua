-- SPDX-License-Identifier: MIT
--
-- usage.lua -- what --help shows, made from a spec.

local parts = kit_parts()
local grammar = parts.use "grammar"

local WIDTH = 80 -- columns
local WIDEST = 26 -- columns of what stands left of a help text

local usage = {}

local function width_of(text) return #gsub(text, "[\128-\191]", "") end

-- "-j, --jobs=N" as on the command line.
function usage.option(option)
  local names = {}
  for i = 1, #option.names do
    local name = option.names[i]
    names[i] = option.negatable and gsub(name, "^%-%-", "--[no-]") or name
  end
  local shown, dots = concat(names, ", "), option.repeated and "..." or ""
  if not option.value then return shown .. dots end
  if option.may_lack then return shown .. "[=" .. option.value .. "]" .. dots end
  return shown .. (option.long and "=" or " ") .. option.value .. dots
end

function usage.operand(operand)
  local shown = operand.value .. (operand.repeated and "..." or "")
  return operand.optional and "[" .. shown .. "]" or shown
end

-- ---------------------------------------------------------------------- lines

-- Adds the text in lines: the first after `first`, the others after as many blanks as that has
-- columns.
local function add_wrapped(out, text, first)
  local indent = rep(" ", width_of(first))
  local line, used, is_empty = first, #indent, true
  gsub(text, "%S+", function(word)
    local width = width_of(word)
    if not is_empty and used + 1 + width > WIDTH then
      out[#out + 1] = line .. "\n"
      line, used, is_empty = indent, #indent, true
    end
    line = line .. (is_empty and "" or " ") .. word
    used = used + (is_empty and 0 or 1) + width
    is_empty = false
  end)
  out[#out + 1] = gsub(line, "%s+$", "") .. "\n"
end

-- A text of the spec's: lines that begin with a blank stay as they are.
local function add_text(out, text)
  gsub(text .. "\n", "([^\n]*)\n", function(line)
    if find(line, "^%s") then
      out[#out + 1] = line .. "\n"
    else
      add_wrapped(out, line, "")
    end
  end)
end

-- A row: what it is called, and beside that, or below where it is too long, what it does.
local function add_row(out, left, text, column)
  local first = "  " .. left
  local width = width_of(first)
  if text == "" then
    out[#out + 1] = first .. "\n"
  elseif width + 1 > column then
    out[#out + 1] = first .. "\n"
    add_wrapped(out, text, rep(" ", column))
  else
    add_wrapped(out, text, first .. rep(" ", column - width))
  end
end

-- ----------------------------------------------------------------------- rows

local function shown_default(value)
  if value == nil or value == false then return end
  if type(value) ~= "table" then return tostring(value) end
  local texts = {}
  for i = 1, #value do texts[i] = tostring(value[i]) end
  return #texts > 0 and concat(texts, ", ") or nil
end

-- "the text (the default, or $VARIABLE)"
local function text_of(item)
  local default, env = shown_default(item.row.default), item.row.env
  local help = item.help or ""
  if env then default = default and format("$%s or %s", env, default) or "$" .. env end
  return default and gsub(help .. " (" .. default .. ")", "^ ", "") or help
end

-- "add FILE..." as the list of commands shows it.
local function command_left(command)
  local words = {command.word}
  for i = 1, #command.operands do words[#words + 1] = usage.operand(command.operands[i]) end
  if #command.commands > 0 then words[#words + 1] = "COMMAND ..." end
  return concat(words, " ")
end

-- What the help of a command lists, each as {left, text}, or as a text alone.
local function sections(command)
  local operands, options, commands = {}, {}, {}
  for i = 1, #command.operands do
    local operand = command.operands[i]
    local text = text_of(operand)
    if text ~= "" then operands[#operands + 1] = {usage.operand(operand), text} end
  end
  for i = 1, #command.shown do
    local item = command.shown[i]
    if type(item) == "string" then
      options[#options + 1] = item
    elseif not item.row.hidden then
      options[#options + 1] = {usage.option(item), text_of(item)}
    end
  end
  for i = 1, #command.commands do
    local below = command.commands[i]
    if not below.hidden then commands[#commands + 1] = {command_left(below), below.help or ""} end
  end
  return {commands, operands, options}
end

-- The column at which texts begin.
local function column_of(all)
  local widest = 0
  for i = 1, #all do
    for j = 1, #all[i] do
      local row = all[i][j]
      local width = type(row) == "table" and width_of(row[1]) or 0
      if width <= WIDEST and width > widest then widest = width end
    end
  end
  return widest + 4
end

local function add_section(out, rows, column)
  if #rows == 0 then return end
  out[#out + 1] = "\n"
  for i = 1, #rows do
    if type(rows[i]) == "table" then
      add_row(out, rows[i][1], rows[i][2], column)
    else
      if i > 1 then out[#out + 1] = "\n" end
      add_text(out, rows[i])
    end
  end
end

-- -------------------------------------------------------------------- the whole

local function first_line(command)
  local words = {"Usage:", grammar.path_of(command), "[options]"}
  if #command.commands > 0 then words[#words + 1] = "COMMAND ..." end
  for i = 1, #command.operands do words[#words + 1] = usage.operand(command.operands[i]) end
  return concat(words, " ") .. "\n"
end

function usage.help(command)
  local out = {first_line(command)}
  local all = sections(command)
  local column = column_of(all)
  for i = 1, #command.about do
    out[#out + 1] = "\n"
    add_text(out, command.about[i])
  end
  for i = 1, #all do add_section(out, all[i], column) end
  if #command.commands > 0 then
    out[#out + 1] = format("\nSee '%s COMMAND --help' for one of them.\n", grammar.path_of(command))
  end
  return concat(out)
end

return usage
