-- SPDX-License-Identifier: MIT
--
-- trees.lua -- walks through trees, and patterns of paths in the parts of which these are made.

local parts = fs_parts()
local place = parts.use "place"
local raise = parts.raise

local trees = {}

-- ------------------------------------------------------------------ options

local types = {file = true, directory = true, link = true, fifo = true, socket = true,
  ["character device"] = true, ["block device"] = true}

local function check_type(name, option, value)
  if types[value] then return end
  raise(format("fs.%s: %s has no type '%s'%s", name, option, tostring(value),
    parts.hint(value, types)))
end

function trees.check_types(name, option, value)
  if type(value) == "string" then return check_type(name, option, value) end
  if type(value) ~= "table" then
    raise(format("fs.%s: %s must be a type or a list of types, got %s", name, option, type(value)))
  end
  if next(value) == nil then
    raise(format("fs.%s: %s has no type in its list, so nothing would be found", name, option))
  end
  for _, one in next, value do check_type(name, option, one) end
end

function trees.check_depth(name, option, value)
  local depth = type(value) == "number" and tointeger(value)
  if depth and depth >= 1 then return end
  raise(format("fs.%s: %s must be 1 or more levels, got %s", name, option,
    value ~= value and "nan" or tostring(value)))
end

function trees.check_function(name, option, value)
  if type(value) == "function" then return end
  raise(format("fs.%s: %s must be a function, got %s", name, option, type(value)))
end

-- -------------------------------------------------------------------- walks

local function set_of(list)
  if list == nil then return nil end
  if type(list) == "string" then return {[list] = true} end
  local set = {}
  for _, one in next, list do set[one] = true end
  return set
end

-- What the loop calls where troubles are somebody's own.
local function telling(next_entry, on_error)
  return function()
    while true do
      local path, kind, message, code = next_entry()
      if path ~= false then return path, kind end
      on_error(kind, message, code)
    end
  end
end

function trees.walk(path, at, given, closes)
  local next_entry, walk = parts.walk {path = path, place = at, depth = given.depth,
    types = set_of(given.types), sort = given.sort, follow = given.follow,
    hidden = given.hidden ~= false, tells = given.on_error ~= nil}
  if given.on_error then next_entry = telling(next_entry, given.on_error) end
  return next_entry, nil, nil, closes and walk or nil
end

-- ------------------------------------------------------------------- braces

-- Where the character at `at` ends that may be behind a backslash.
local function skip(text, at) return sub(text, at, at) == "\\" and at + 2 or at + 1 end

-- Where the set that begins at `at` with "[" ends, or `at`.
local function skip_set(text, at)
  local from = at + 1
  if find(text, "^[!^]", from) then from = from + 1 end
  if sub(text, from, from) == "]" then from = from + 1 end
  while from <= #text do
    local character = sub(text, from, from)
    if character == "]" then return from end
    if character == "/" then return at end
    local _, class_end = find(text, "^%[:%a*:%]", from)
    from = class_end and class_end + 1 or skip(text, from)
  end
  return at
end

-- What stands in the braces that begin at `at`, and where they end; nil: they are none.
local function alternatives(text, at)
  local list, depth, from, start = {}, 0, at + 1, at + 1
  while from <= #text do
    local character = sub(text, from, from)
    if character == "{" then depth = depth + 1 end
    if depth == 0 and (character == "," or character == "}") then
      list[#list + 1] = sub(text, start, from - 1)
      start = from + 1
      if character == "}" then return #list > 1 and list or nil, from end
    end
    if character == "}" then depth = depth - 1 end
    from = character == "[" and skip_set(text, from) + 1 or skip(text, from)
  end
end

local MOST_TEXTS = 10000

-- All that braces stand for is made at once, while no other task runs.
local function count_text(count)
  count.texts = count.texts + 1
  if count.texts > MOST_TEXTS then
    raise(format("fs.glob: the braces of a pattern may stand for %d texts, these for more",
      MOST_TEXTS))
  end
end

-- The texts that one stands for, after those in `all`: what stands in braces for which `asks`
-- says so is taken by itself.
local function expand(text, all, count, asks, from)
  local at = from or 1
  while at <= #text do
    local character = sub(text, at, at)
    local list, last
    if character == "{" then list, last = alternatives(text, at) end
    if list and (not asks or asks(sub(text, at, last), list)) then
      for _, middle in ipairs(list) do
        expand(sub(text, 1, at - 1) .. middle .. sub(text, last + 1), all, count, asks, at)
      end
      return all
    end
    at = character == "[" and skip_set(text, at) + 1 or skip(text, at)
  end
  count_text(count)
  all[#all + 1] = text
  return all
end

-- Braces that do not stand for names in one directory.
local function is_wide(text, list)
  if find(text, "/", 1, true) or find(text, "**", 1, true) then return true end
  for _, one in ipairs(list) do
    if one == "." or one == ".." then return true end
  end
  return false
end

-- -------------------------------------------------------------------- parts

-- The name without what a backslash is for; nil: the part stands for more than one.
local function literal_of(part)
  local at = 1
  while at <= #part do
    local character = sub(part, at, at)
    if character == "*" or character == "?" then return nil end
    if character == "[" and skip_set(part, at) > at then return nil end
    if character == "{" and alternatives(part, at) then return nil end
    at = skip(part, at)
  end
  return (gsub(part, "\\(.)", "%1"))
end

-- The text up to the last slash that has only names before it, and the parts after that.
local function split(pattern)
  local base, from, list = "", 1, {}
  while true do
    local slash, last = find(pattern, "/+", from)
    local name = slash and find(pattern, "[^/]", last) and literal_of(sub(pattern, from, slash - 1))
    if not name then break end
    base, from = base .. name .. sub(pattern, slash, last), last + 1
  end
  while true do
    local first, last = find(pattern, "[^/]+", from)
    if not first then return base, list, sub(pattern, -1) == "/" end
    list[#list + 1] = sub(pattern, first, last)
    from = last + 1
  end
end

local MOST_PARTS = 60

local function check_parts(list)
  if #list > MOST_PARTS then
    raise(format("fs.glob: a pattern may have %d parts, got %d", MOST_PARTS, #list))
  end
  for i = 2, #list do
    if list[i] == "." or list[i] == ".." then
      raise(format("fs.glob: '%s' may only come before all parts with * ? [ or {", list[i]))
    end
  end
end

-- As the walker has it.
local function encode(part, count)
  if part == "**" then return "*\0\0" end
  local name = literal_of(part)
  if name then return "=" .. name .. "\0\0" end
  local list = {}
  for _, one in ipairs(expand(part, {}, count)) do
    if one ~= "" then list[#list + 1] = one .. "\0" end
  end
  return "?" .. concat(list) .. "\0"
end

-- The walk for one pattern.
local function walk_for(pattern, given, count)
  local base, list, directories = split(pattern)
  if list[#list] == "**" and not directories then list[#list + 1] = "*" end
  check_parts(list)
  local encoded = {}
  for i, part in ipairs(list) do encoded[i] = encode(part, count) end
  return {path = base, place = place.of(base == "" and "." or base), parts = concat(encoded),
    part_count = #list, directories = directories, lenient = true, pattern = given.pattern, hidden = given.hidden,
    sort = given.sort ~= false}
end

-- One after the other, each path once; and what ends them.
local function chain(walks)
  local at, seen = 1, {}
  local next_entry, walk = parts.walk(walks[1])
  local function ends() parts.end_walk(walk) end
  return function()
    while true do
      local path, kind = next_entry()
      if path and not seen[path] then
        seen[path] = true
        return path, kind
      end
      if not path and not walks[at + 1] then return nil end
      if not path then
        at = at + 1
        next_entry, walk = parts.walk(walks[at])
      end
    end
  end, setmetatable({}, {__close = ends})
end

function trees.glob(pattern, options, closes)
  local given = {hidden = options.hidden, sort = options.sort, pattern = pattern}
  local walks, count = {}, {texts = 0}
  for i, one in ipairs(expand(pattern, {}, count, is_wide)) do
    walks[i] = walk_for(one, given, count)
  end
  local next_entry, walk
  if #walks == 1 then
    next_entry, walk = parts.walk(walks[1])
  else
    next_entry, walk = chain(walks)
  end
  return next_entry, nil, nil, closes and walk or nil
end

return trees
