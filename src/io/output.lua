-- SPDX-License-Identifier: MIT
--
-- output.lua -- how what commands write is shown, what is printed of them as they start, and
-- the list of those that failed.
--
-- It sees nothing of the script's globals.

local parts = process_parts()

local LABEL = 20  -- bytes of a label that is made of words
local LISTED = 100 -- failures in a list
local LINES = 10  -- of what each wrote last

local output = {}

-- --------------------------------------------------------------------- labels

-- Nothing in it steers a terminal.
local function harmless(text)
  return (gsub(gsub(text, "\xC2[\x80-\x9F]", " "), "%c", " "))
end

output.harmless = harmless

-- Up to the end of a word, or else of a character.
local function shorten(text)
  if #text <= LABEL then return text end
  local short = sub(text, 1, LABEL)
  if not find(text, "^%s", LABEL + 1) then
    short = match(short, "^(.+)%s+%S*$") or match(short, "^(.-)[\xC0-\xFF]?[\x80-\xBF]*$")
  end
  return (gsub(short, "%s+$", ""))
end

-- What a command is called that has no label: its first words, or what a shell is told.
local function name_of(stage)
  local shown = stage.shown
  local first = match(shown[1], "[^/]*$")
  if shown[3] and shown[2] == "-c" and find(first, "sh$") then
    return shorten(match(harmless(gsub(shown[3], "['\"]", "")), "^%s*(.*)$"))
  end
  if first == "" then first = shown[1] end
  return shorten(harmless(concat({first, unpack(shown, 2)}, " ")))
end

-- ------------------------------------------------------------------ how it is shown

-- Commands that have the terminal, or one of their own, or are left to themselves, are shown as they are unless
-- they say otherwise.
-- Gives it, and whether its lines have no label then: they are above the bars of async.progress.
local function mode_of(plan)
  local given = plan.options
  if given.output then return given.output end
  if given.pty then return "raw" end
  local default = parts.output_defaults()
  local free = not given.detach and plan.stages[1].options.stdin ~= "inherit"
  if default and free then return default end
  if given.label then return "lines" end
  if free and parts.has_bars() then return "lines", true end
  return "raw"
end

local function first_process(plan)
  for _, stage in ipairs(plan.stages) do
    if not stage.call then return stage end
  end
end

-- What is shown of a command: nil, or whether it is as a group, and its label.
function output.plan(plan)
  local mode, is_bare = mode_of(plan)
  if plan.options.label then plan.label = harmless(tostring(plan.options.label)) end
  if mode == "raw" then return nil end
  local label = plan.label
  if not label and mode == "lines" and not is_bare then label = name_of(first_process(plan)) end
  return {groups = mode == "group", label = label}
end

-- Prints it as it starts.
function output.note(plan, where)
  local _, prints = parts.output_defaults()
  if not prints then return end
  local texts = {}
  for i, stage in ipairs(plan.stages) do
    texts[i] = stage.call and stage.text or concat(stage.shown, " ")
  end
  parts.note(plan.label, harmless("+ " .. concat(texts, " | ") .. where))
end

-- -------------------------------------------------------------- the list of failures

-- What is told of failures: {headline=, label=, tail=}.
local known = setmetatable({}, {__mode = "k"})

function output.know(failure, headline, label, tail)
  known[failure] = {headline = headline, label = label, tail = tail}
end

-- The last lines of it, indented.
local function last_lines(text)
  local lines, shown = {}, {}
  gsub(text, "[^\r\n]+", function(line) lines[#lines + 1] = line end)
  for i = max(1, #lines - LINES + 1), #lines do shown[#shown + 1] = "    " .. lines[i] .. "\n" end
  return concat(shown)
end

local function describe(told)
  local label = told.label and told.label .. ": " or ""
  return format("  %s%s\n%s", label, told.headline, last_lines(told.tail or ""))
end

-- Of `count` calls some have failed, and the rest went on: lists those that did by a command.
local function list(errors, count)
  local texts, failed = {}, 0
  for i = 1, count do
    local told = errors[i] ~= nil and known[errors[i]]
    if told then failed = failed + 1 end
    if told and failed <= LISTED then texts[failed] = describe(told) end
  end
  if failed == 0 then return end
  if failed > LISTED then texts[#texts + 1] = format("  and %d more\n", failed - LISTED) end
  parts.report(format("%d of %d failed:\n%s", failed, count, concat(texts)))
end

parts.on_failures(list)

return output
