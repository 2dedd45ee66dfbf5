-- SPDX-License-Identifier: MIT
--
-- report.lua -- what the tasks are doing, in words.
--
-- Each function gets a list of facts, one table for a task that lives, in the
-- order of creation: id, name, state, daemon, where; of one that waits also wait,
-- in words, advice on it, seconds, and holder, the id of the task it waits for;
-- spawned, the chain of spawns; parent, an id; frames, when asked for.

local report = {}

local MOST_SHOWN = 1000 -- tasks in a report, and
local MOST_NAMED = 20   -- names in a line; the Runner knows that too

local function title(fact)
  return format("#%d %s", fact.id, fact.name)
end

local function by_id(facts)
  local index = {}
  for _, fact in ipairs(facts) do index[fact.id] = fact end
  return index
end

local function at(fact)
  return fact.where and " at " .. fact.where or ""
end

local function state(fact)
  local words = fact.state
  if fact.wait then words = words .. ", " .. fact.wait end
  return words .. at(fact) .. (fact.daemon and " (daemon)" or "")
end

local function indent(text, depth)
  return (gsub(text, "[^\n]+", rep("  ", depth) .. "%0"))
end

-- The facts with the depth at which each belongs, parents before children; each
-- once, also where finished parents have left their children without one.
local function in_tree(facts)
  local index, children, order = by_id(facts), {}, {}
  for _, fact in ipairs(facts) do
    local parent = index[fact.parent]
    if parent and parent.id < fact.id then
      children[parent.id] = children[parent.id] or {}
      children[parent.id][#children[parent.id] + 1] = fact
    else
      fact.is_root = true
    end
  end
  local stack = {}
  for i = #facts, 1, -1 do
    if facts[i].is_root then stack[#stack + 1] = {facts[i], 0} end
  end
  while #stack > 0 do
    local fact, depth = unpack(remove(stack))
    order[#order + 1] = {fact, depth}
    local below = children[fact.id] or {}
    for i = #below, 1, -1 do stack[#stack + 1] = {below[i], depth + 1} end
  end
  return order
end

local function cut(lines, count)
  if count > MOST_SHOWN then lines[#lines + 1] = format("... and %d more", count - MOST_SHOWN) end
  return concat(lines, "\n") .. "\n"
end

function report.tree(facts)
  local lines = {}
  for i, item in ipairs(in_tree(facts)) do
    if i > MOST_SHOWN then break end
    lines[i] = indent(title(item[1]) .. ": " .. state(item[1]), item[2])
  end
  return #lines == 0 and "no task\n" or cut(lines, #facts)
end

-- ------------------------------------------------------------------- dump

-- Tasks of one name at one depth that do the same are told of together.
local function group(tree)
  local groups, index = {}, {}
  for _, item in ipairs(tree) do
    local fact, depth = item[1], item[2]
    local key = concat({depth, fact.name, state(fact), fact.frames or ""}, "\0")
    if not index[key] then
      index[key] = {fact = fact, depth = depth, members = {}}
      groups[#groups + 1] = index[key]
    end
    local members = index[key].members
    members[#members + 1] = fact
  end
  return groups
end

local function names(facts, count)
  local words = {}
  for i = 1, min(#facts, MOST_NAMED) do words[i] = title(facts[i]) end
  if count > #words then words[#words + 1] = format("and %d more", count - #words) end
  return concat(words, ", ")
end

local function since(members)
  local least, most = huge, 0
  for _, fact in ipairs(members) do
    least, most = min(least, fact.seconds or 0), max(most, fact.seconds or 0)
  end
  if not members[1].wait then return "" end
  if most - least < 0.001 then return format(" for %.3fs", most) end
  return format(" for %.3f to %.3fs", least, most)
end

local function dump_group(one)
  local fact, count = one.fact, #one.members
  local head = count == 1 and title(fact) or format("%d tasks %s", count, fact.name)
  local text = head .. ": " .. state(fact) .. since(one.members)
  if count > 1 then text = text .. "\n  " .. names(one.members, count) end
  return indent(text .. (fact.frames or ""), one.depth)
end

function report.dump(facts)
  local groups = group(in_tree(facts))
  local lines = {format("%d task%s", #facts, #facts == 1 and "" or "s")}
  for i, one in ipairs(groups) do
    if i > MOST_SHOWN then break end
    lines[#lines + 1] = dump_group(one)
  end
  return cut(lines, #groups)
end

-- --------------------------------------------------------------- deadlock

-- Follows who waits for whom from one task: the cycle it runs into, if that is
-- met for the first time.
local function find_cycle(index, seen, first)
  local path, index_of, fact = {}, {}, first
  while fact and not seen[fact.id] do
    seen[fact.id] = first.id
    path[#path + 1], index_of[fact.id] = fact, #path + 1
    fact = fact.holder and index[fact.holder]
  end
  if not fact or not index_of[fact.id] then return end
  local eldest = fact
  for i = index_of[fact.id], #path do
    if path[i].id < eldest.id then eldest = path[i] end
  end
  local words = {title(eldest)}
  fact = index[eldest.holder]
  while fact ~= eldest do
    words[#words + 1] = title(fact)
    fact = index[fact.holder]
  end
  words[#words + 1] = title(eldest)
  return concat(words, " -> ")
end

local function cycles(facts)
  local index, seen, lines = by_id(facts), {}, {}
  for _, fact in ipairs(facts) do
    local cycle = find_cycle(index, seen, fact)
    if cycle then lines[#lines + 1] = "  cycle: " .. cycle end
  end
  return lines
end

-- What may have been overlooked, once each.
local function advice(facts)
  local seen, lines = {}, {}
  for _, fact in ipairs(facts) do
    if fact.advice and not seen[fact.advice] then
      seen[fact.advice] = true
      lines[#lines + 1] = "  hint: " .. fact.advice
    end
  end
  return lines
end

function report.deadlock(facts)
  local count = #facts
  local lines = {format("deadlock: %d task%s and nothing can wake %s", count,
    count == 1 and " waits" or "s wait", count == 1 and "it" or "them")}
  for i, fact in ipairs(facts) do
    if i > MOST_SHOWN then
      lines[#lines + 1] = format("  ... and %d more", count - MOST_SHOWN)
      break
    end
    lines[#lines + 1] = format("  %s%s: %s%s", title(fact), fact.daemon and " (daemon)" or "",
      fact.wait or fact.state, at(fact))
    if fact.spawned then lines[#lines + 1] = indent(fact.spawned, 2) end
  end
  for _, line in ipairs(cycles(facts)) do lines[#lines + 1] = line end
  for _, line in ipairs(advice(facts)) do lines[#lines + 1] = line end
  return concat(lines, "\n") .. "\n"
end

report.names = names

return report
