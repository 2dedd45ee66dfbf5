-- SPDX-License-Identifier: MIT
--
-- for_bash.lua -- a spec as a completion script for bash.

local parts = kit_parts()
local offers = parts.use "offers"

local SCRIPT = [==[
# Completion of @SHOWN@ for bash, made by 'tinyasync completion'.

_@ID@_offer() {
  local word=$1 one
  shift
  for one; do
    [[ $one == "$word"* ]] || continue
    printf -v one %q "$one"
    COMPREPLY+=("$one")
  done
  [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}

_@ID@_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

_@ID@() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local at='' plain='' equals='' count=0 i
  COMPREPLY=()
  # Bash takes --name=value apart.
  if [[ $word == = ]]; then
    equals=1 word=''
  elif [[ $before == = ]]; then
    equals=1 before=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case $plain$at:${COMP_WORDS[i]} in
      plain*) ((++count)) ;;
@WALK@      *:=) ((++i)) ;;
      *:--) plain=plain ;;
      *:-?*) ;;
      *) ((++count)) ;;
    esac
@REST@  done
  case $plain$at:$before in
    plain*) ;;
@VALUES@  esac
  if [[ $word == -* && ! $plain ]]; then
    case $at in
@OPTIONS@    esac
    return
  fi
  case $at:$count in
    :) ;;
@WORDS@  esac
}

complete -F _@ID@ @NAMES@
]==]

local function quoted(text) return "'" .. gsub(text, "'", [['\'']]) .. "'" end

local function quoted_list(words)
  local list = {}
  for i = 1, #words do list[i] = quoted(words[i]) end
  return concat(list, " ")
end

local function offering(id, offer)
  if offer == "file" then return format('_%s_files -f "$word"', id) end
  if offer == "directory" then return format('_%s_files -d "$word"', id) end
  if offer == "nothing" then return ":" end
  return format('_%s_offer "$word" %s', id, quoted_list(offer))
end

local function add(list, ...) list[#list + 1] = format(...) end

-- An option's value: words to be passed over, and what to offer after its name.
local function add_value(out, id, at, option, name)
  local here, offer = quoted(at .. ":" .. name), offering(id, offers.of(option))
  if option.may_lack then
    add(out.VALUES, "    %s) [[ ! $equals ]] || { %s; return; } ;;\n", here, offer)
  else
    add(out.WALK, "      %s) [[ ${COMP_WORDS[i + 1]} == = ]] || ((++i)) ;;\n", here)
    add(out.VALUES, "    %s) %s; return ;;\n", here, offer)
  end
end

local function add_options(out, id, at, command)
  local words, list = {}, offers.options(command)
  for i = 1, #list do
    local option = list[i]
    local ending = option.value and not option.may_lack and "=" or ""
    offers.each_name(option, function(name)
      words[#words + 1] = #name > 2 and name .. ending or name
      if option.value then add_value(out, id, at, option, name) end
    end)
  end
  add(out.OPTIONS, "      %s) _%s_offer \"$word\" %s ;;\n", quoted(at), id, quoted_list(words))
end

local function add_commands(out, id, at, command)
  local words, list = {}, offers.commands(command)
  for i = 1, #list do words[i] = list[i].word end
  if #words > 0 then
    add(out.WORDS, "    %s) %s ;;\n", quoted(at .. ":0"), offering(id, words))
  end
  for i = 1, #command.commands do
    local word = command.commands[i].word
    add(out.WALK, "      %s) at=%s ;;\n", quoted(at .. ":" .. word), quoted(at .. " " .. word))
  end
end

local function add_operands(out, id, at, command)
  for i = 1, #command.operands do
    local operand = command.operands[i]
    local offer = offering(id, offers.of(operand))
    if operand.row.rest then
      add(out.REST, "    [[ $at:$count != %s ]] || plain=plain\n", quoted(at .. ":" .. i))
    end
    if operand.repeated then
      return add(out.WORDS, "    %s*) %s ;;\n", quoted(at .. ":"), offer)
    end
    add(out.WORDS, "    %s) %s ;;\n", quoted(at .. ":" .. i - 1), offer)
  end
end

local function script(root, names)
  local id = offers.identifier(names[1])
  local out = {SHOWN = names[1], ID = id, NAMES = quoted_list(names), WALK = {}, VALUES = {},
    OPTIONS = {}, WORDS = {}, REST = {}}
  offers.each_command(root, function(command, at)
    add_options(out, id, at, command)
    add_commands(out, id, at, command)
    add_operands(out, id, at, command)
  end)
  return offers.fill(SCRIPT, out)
end

return {script = script}
