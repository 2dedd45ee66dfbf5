-- SPDX-License-Identifier: MIT
--
-- for_zsh.lua -- a spec as a completion script for zsh.

local parts = kit_parts()
local offers = parts.use "offers"

local SCRIPT = [==[
#compdef @NAMES@
# Completion of @SHOWN@ for zsh, made by 'tinyasync completion'.

@FUNCTIONS@if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _@ID@ "$@"
else
  compdef _@ID@ @NAMES@
fi
]==]

local FUNCTION = [==[
_@ID@() {
  local curcontext=$curcontext state state_descr line
  typeset -A opt_args
  _arguments -s -S -C@OPTIONS@@WORDS@
@BELOW@}

]==]

local BELOW = [==[
  case $state in
    below)
      case $words[1] in
@COMMANDS@      esac
      ;;
  esac
]==]

local function quoted(text) return "'" .. gsub(text, "'", [['\'']]) .. "'" end

-- As it stands in a part of a spec for _arguments.
local function plain(text) return (gsub(text, "[][\\:]", "\\%0")) end

local function word_in_list(text) return (gsub(text, "[^%w_./=@%%+,-]", "\\%0")) end

local function action(offer)
  if offer == "file" then return "_files" end
  if offer == "directory" then return "_files -/" end
  if offer == "nothing" then return "()" end
  local words = {}
  for i = 1, #offer do words[i] = word_in_list(offer[i]) end
  return "(" .. concat(words, " ") .. ")"
end

local function add(list, text) list[#list + 1] = " \\\n    " .. quoted(text) end

-- What follows the name of an option where it has a value.
local function value_of(option, name)
  if not option.value then return "", "" end
  local value = plain(option.value) .. ":" .. action(offers.of(option))
  if #name == 2 then return "+", option.may_lack and "::" .. value or ":" .. value end
  if option.may_lack then return "=-", "::" .. value end
  return "=", ":" .. value
end

local function add_option(out, option)
  local names = {}
  offers.each_name(option, function(name) names[#names + 1] = name end)
  local before = option.repeated and "*" or #names > 1 and "(" .. concat(names, " ") .. ")" or ""
  for i = 1, #names do
    local ending, value = value_of(option, names[i])
    local help = offers.help(option)
    add(out, before .. names[i] .. ending .. (help ~= "" and "[" .. plain(help) .. "]" or "")
      .. value)
  end
end

local function add_operands(out, command)
  for i = 1, #command.operands do
    local operand = command.operands[i]
    local what = ":" .. plain(operand.value) .. ":" .. action(offers.of(operand))
    if operand.repeated then return add(out, "*" .. what) end
    add(out, i .. (operand.optional and ":" or "") .. what)
  end
end

local function add_commands(out, command)
  local list, shown = offers.commands(command), {}
  for i = 1, #list do
    local help = gsub(plain(offers.help(list[i])), '["$`]', "\\%0")
    shown[i] = list[i].word .. '\\:"' .. help .. '"'
  end
  add(out, "1:command:((" .. concat(shown, " ") .. "))")
  add(out, "*::argument:->below")
end

local function below_of(id, command)
  if #command.commands == 0 then return "" end
  local rows = {}
  for i = 1, #command.commands do
    local word = command.commands[i].word
    rows[i] = format("        %s) _%s__%s ;;\n", word, id, offers.identifier(word))
  end
  return offers.fill(BELOW, {COMMANDS = rows})
end

local function function_of(id, command)
  local options, words, list = {}, {}, offers.options(command)
  for i = 1, #list do add_option(options, list[i]) end
  if #command.commands > 0 then
    add_commands(words, command)
  else
    add_operands(words, command)
  end
  local last = command.operands[#command.operands]
  local ends = #command.commands > 0 or last and last.row.rest -- options, at the first word
  if ends then options[1] = " -A '-*'" .. options[1] end
  return offers.fill(FUNCTION,
    {ID = id, OPTIONS = options, WORDS = words, BELOW = below_of(id, command)})
end

local function script(root, names)
  local id, functions = offers.identifier(names[1]), {}
  offers.each_command(root, function(command, at)
    local own = id .. gsub(at, " ([^ ]+)", function(word)
      return "__" .. offers.identifier(word)
    end)
    functions[#functions + 1] = function_of(own, command)
  end)
  return offers.fill(SCRIPT,
    {SHOWN = names[1], ID = id, NAMES = concat(names, " "), FUNCTIONS = functions})
end

return {script = script}
