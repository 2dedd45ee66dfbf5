-- SPDX-License-Identifier: MIT
--
-- for_fish.lua -- a spec as a completion script for fish.

local parts = kit_parts()
local offers = parts.use "offers"

local SCRIPT = [==[
# Completion of @SHOWN@ for fish, made by 'tinyasync completion'.

# Is it after the words of this command, and after so many others: 0, or 0+ for that and more?
function __@ID@_is
    set -l at ''
    set -l plain ''
    set -l skip ''
    set -l count 0
    for word in (commandline -opc)[2..-1]
        if test -n "$skip"
            set skip ''
            continue
        end
        switch "$plain$at:$word"
            case 'plain*'
                set count (math $count + 1)
@WALK@            case '*:--'
                set plain plain
            case '*:-'
                set count (math $count + 1)
            case '*:-*'
                true
            case '*'
                set count (math $count + 1)
        end
@REST@    end
    test "$at" = "$argv[1]"; or return 1
    switch "$argv[2]"
        case ''
            test -z "$plain"
        case '*+'
            test $count -ge (string trim -r -c + $argv[2])
        case '*'
            test $count -eq $argv[2]
    end
end

@LINES@]==]

local function quoted(text) return "'" .. gsub(text, "['\\]", "\\%0") .. "'" end

local function word_in_list(text) return (gsub(text, "[^%w_./=@%%+,:-]", "\\%0")) end

-- Flags of `complete` for a value, or an operand.
local function flags_of(offer, needs_value)
  local flags = needs_value and "-r " or ""
  if offer == "file" then return flags .. "-F" end
  if offer == "directory" then return flags .. "-f -a '(__fish_complete_directories)'" end
  if offer == "nothing" then return flags .. "-f" end
  local words = {}
  for i = 1, #offer do words[i] = word_in_list(offer[i]) end
  return flags .. "-f -a " .. quoted(concat(words, " "))
end

local function add(out, at, count, flags, help)
  local condition = format("__%s_is %s%s", out.ID, quoted(at), count and " " .. count or "")
  out.LINES[#out.LINES + 1] = offers.fill(
    "@COMMAND@ -n @CONDITION@ @FLAGS@@HELP@\n", {COMMAND = "complete -c " .. out.QUOTED,
      CONDITION = quoted(condition), FLAGS = flags, HELP = help ~= "" and " -d " .. quoted(help)
        or ""})
end

local function walk(out, at, word, line)
  out.WALK[#out.WALK + 1] = format("            case %s\n                %s\n",
    quoted(at .. ":" .. word), line)
end

local function add_option(out, at, option)
  local flags = {}
  offers.each_name(option, function(name)
    flags[#flags + 1] = #name == 2 and "-s " .. sub(name, 2) or "-l " .. sub(name, 3)
    if option.value and not option.may_lack then walk(out, at, name, "set skip skip") end
  end)
  if option.value then flags[#flags + 1] = flags_of(offers.of(option), not option.may_lack) end
  add(out, at, nil, concat(flags, " "), offers.help(option))
end

local function add_commands(out, at, command)
  local list = offers.commands(command)
  for i = 1, #list do
    add(out, at, 0, "-f -a " .. list[i].word, offers.help(list[i]))
  end
  for i = 1, #command.commands do
    local word = command.commands[i].word
    walk(out, at, word, "set at " .. quoted(at .. " " .. word))
  end
end

local function add_operands(out, at, command)
  for i = 1, #command.operands do
    local operand = command.operands[i]
    if operand.row.rest then
      out.REST[#out.REST + 1] = format(
        "        test \"$at:$count\" = %s; and set plain plain\n", quoted(at .. ":" .. i))
    end
    add(out, at, i - 1 .. (operand.repeated and "+" or ""), flags_of(offers.of(operand)),
      offers.help(operand))
    if operand.repeated then return end
  end
end

local function script(root, names)
  local out = {SHOWN = names[1], ID = offers.identifier(names[1]), WALK = {}, REST = {}, LINES = {}}
  for i = 1, #names do
    out.QUOTED = quoted(names[i])
    out.LINES[#out.LINES + 1] = "complete -c " .. out.QUOTED .. " -f\n"
    if i > 1 then out.WALK, out.REST = {}, {} end -- they are the same each time
    offers.each_command(root, function(command, at)
      local list = offers.options(command)
      for j = 1, #list do add_option(out, at, list[j]) end
      add_commands(out, at, command)
      add_operands(out, at, command)
    end)
  end
  return offers.fill(SCRIPT, out)
end

return {script = script}
