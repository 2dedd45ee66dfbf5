-- SPDX-License-Identifier: MIT
--
-- page.lua -- reads man/tinyasync.7: what it documents, and its examples.  The
-- conventions are told at the top of that page.
--
-- An entry is {name, kind = "function" | "value", waits, section}.  An example
-- is {name, section, code}; it is called after the entry it belongs to, or else
-- after its section.

local page = {}

local function read_lines(path)
  local lines = {}
  for line in io.lines(path) do lines[#lines + 1] = line end
  return lines
end

local escapes = {
  ["\\e"] = "\\", ["\\&"] = "", ["\\-"] = "-", ["\\(aq"] = "'", ["\\(dq"] = '"', ["\\(ga"] = "`",
  ["\\(ha"] = "^", ["\\(ti"] = "~", ["\\(rs"] = "\\",
}

-- The text that roff makes of a literal line.
local function plain(line)
  return (line:gsub("\\%(?..?", function(escape)
    local short = escape:sub(1, escape:sub(2, 2) == "(" and 4 or 2)
    return assert(escapes[short], "page.lua knows no " .. short) .. escape:sub(#short + 1)
  end))
end

local KINDS = {Fn = "function", Va = "value", Li = "value"}

-- The entries that the head of a list item names: "Fn sleep seconds Bq waits".
local function parse_head(head, section)
  local entries, kind, waits = {}, nil, false
  for word in head:gmatch("%S+") do
    if kind and kind ~= "Bq" then
      entries[#entries + 1] = {name = word, kind = kind, section = section}
    end
    waits = waits or (kind == "Bq" and word == "waits")
    kind = word == "Bq" and word or KINDS[word]
  end
  for _, entry in ipairs(entries) do entry.waits = waits end
  return entries
end

local function add_entries(entries, head, section)
  local found = parse_head(head, section)
  for _, entry in ipairs(found) do
    local old = entries[entry.name]
    if not old then
      entries[#entries + 1] = entry
      entries[entry.name] = entry
    elseif old.waits ~= entry.waits then
      error(entry.name .. " is marked as waiting once, and once not")
    end
  end
  return found[1]
end

-- The lines from `from` on to the next .Ed, and the number of that line.
local function read_block(lines, from)
  local code = {}
  for number = from, #lines do
    if lines[number]:find("^%.Ed") then return table.concat(code, "\n") .. "\n", number end
    code[#code + 1] = plain(lines[number])
  end
  error("a block has no .Ed")
end

function page.read(path)
  local lines = read_lines(path)
  local entries, examples = {}, {}
  local section, subject
  local times, depth, number = {}, 0, 0
  while number < #lines do
    number = number + 1
    local line = lines[number]
    if line:find("^%.S[hs] ") then
      section = line:sub(5)
      subject = section:lower()
    elseif line:find("^%.It ") then
      local first = add_entries(entries, line:sub(5), section)
      if first then subject = first.name end
    elseif line:find("^%.Bl") then
      depth = depth + 1
    elseif line:find("^%.El") then
      depth = depth - 1
      if depth == 0 then subject = section:lower() end
    elseif line:find("^%.Bd %-literal") then
      local example = {section = section, name = subject}
      times[subject] = (times[subject] or 0) + 1
      if times[subject] > 1 then example.name = subject .. " " .. times[subject] end
      example.code, number = read_block(lines, number + 1)
      examples[#examples + 1] = example
    end
  end
  return entries, examples
end

return page
