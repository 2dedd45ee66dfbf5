-- SPDX-License-Identifier: MIT
--
-- csv.lua -- async.csv: tables as text, as RFC 4180 has them, a row at a time.

local parts = kit_parts()
local raise = parts.raise
local fs = parts.use("fs").fs

local PIECE = 65536 -- bytes that are asked for, or written, at a time
local BOM = "\239\187\191" -- a byte-order mark, at the beginning

local csv = {}

-- ------------------------------------------------------------------- options

local function is_names(value)
  if type(value) ~= "table" then return false end
  for i = 1, #value do
    if type(value[i]) ~= "string" then return false end
  end
  return #value > 0
end

local options_known = {
  header = {function(value) return type(value) == "boolean" or is_names(value) end,
    "true or a list of names"},
  separator = {function(value)
    return type(value) == "string" and #value == 1 and not find(value, '["\r\n]')
  end, "one byte, and no quote or line end"},
  ragged = {function(value) return type(value) == "boolean" end, "true or false"},
  newline = {function(value) return value == "\n" or value == "\r\n" end, '"\\n" or "\\r\\n"'},
}

local for_reading = {header = true, separator = true, ragged = true}
local for_writing = {header = true, separator = true, newline = true}

local function check_options(name, options, known)
  options = parts.check_options("csv." .. name, options, known)
  for key, value in next, options do
    local rule = options_known[key]
    if not rule[1](value) then
      raise(format("csv.%s: %s must be %s, got %s", name, key, rule[2],
        type(value) == "string" and format("%q", value) or type(value)))
    end
  end
  return options
end

-- ------------------------------------------------------------------- reading

-- What is wrong with the text, thrown to whoever reads it.
local Mistake = {}

local function complain(at, line, text)
  local where = at.name and at.name .. ":" .. line or "line " .. line
  error(setmetatable({text = where .. ": " .. text}, Mistake), 0)
end

-- Asks for more text, behind what has not been taken yet.  False: there is none.
local function ask_more(at)
  if at.ended then return false end
  local piece
  repeat
    piece = parts.call(at.pull)
    if piece ~= nil and type(piece) ~= "string" then
      complain(at, at.line, "expected text, got a " .. type(piece))
    end
  until piece ~= ""
  if not piece then
    at.ended = true
    return false
  end
  at.text, at.position = sub(at.text, at.position) .. piece, 1
  return true
end

-- The byte at the position; nil at the end.
local function look(at)
  local found = byte(at.text, at.position)
  if found or not ask_more(at) then return found end
  return byte(at.text, at.position)
end

local function count_lines(at, text)
  local _, count = gsub(text, "\r?\n", "")
  at.line = at.line + count
end

-- A quoted field, behind its first quote.
local function read_quoted(at)
  local pieces, began = {}, at.line
  while true do
    local quote = find(at.text, '"', at.position, true)
    pieces[#pieces + 1] = sub(at.text, at.position, (quote or 0) - 1)
    at.position = (quote or #at.text) + 1
    local after = look(at)
    if quote and after ~= 34 then break end
    if not quote and not after then complain(at, began, "the quote is not closed") end
    if quote then
      pieces[#pieces + 1] = '"'
      at.position = at.position + 1
    end
  end
  local field = concat(pieces)
  count_lines(at, field)
  return field
end

-- One without quotes: up to what ends it.
local function read_plain(at)
  local pieces
  while true do
    local ending = find(at.text, at.stop, at.position)
    local piece = sub(at.text, at.position, (ending or 0) - 1)
    at.position = ending or #at.text + 1
    if ending and not pieces then return piece end
    pieces = pieces or {}
    pieces[#pieces + 1] = piece
    if ending or not look(at) then return concat(pieces) end
  end
end

-- Takes a line end.  False: there is something else.
local function end_line(at)
  local found = look(at)
  if found == 13 then
    at.position = at.position + 1
    if look(at) == 10 then at.position = at.position + 1 end
  elseif found == 10 then
    at.position = at.position + 1
  elseif found then
    return false
  end
  at.line = at.line + 1
  return true
end

local function read_field(at)
  local found = look(at)
  if found ~= 34 then
    local field = read_plain(at)
    if look(at) == 34 then
      complain(at, at.line, "a quote in a field that does not begin with one")
    end
    return field
  end
  at.position = at.position + 1
  local field = read_quoted(at)
  found = look(at)
  if found and found ~= at.separator and found ~= 13 and found ~= 10 then
    complain(at, at.line, "text after a closing quote")
  end
  return field, true
end

-- The fields of the next line that is not empty, and its number; nil at the end.
local function read_row(at)
  while look(at) do
    local line, row, quoted = at.line, {}, nil
    repeat
      row[#row + 1], quoted = read_field(at)
      local more = look(at) == at.separator
      if more then at.position = at.position + 1 end
    until not more
    end_line(at)
    if #row > 1 or quoted or row[1] ~= "" then return row, line end
  end
end

-- The fields by their names.
local function name_fields(at, row, line)
  local names, named = at.names, {}
  if #row ~= #names and not at.ragged then
    complain(at, line, format("expected %d fields, got %d", #names, #row))
  end
  for i = 1, #names do named[names[i]] = row[i] end
  return named
end

local function read_names(at)
  local row, line = read_row(at)
  local known = {}
  at.names = row or {}
  for i = 1, #at.names do
    local name = at.names[i]
    if known[name] then complain(at, line, format("two columns are called '%s'", name)) end
    known[name] = true
  end
end

local function begin(at)
  at.begun = true
  while #at.text < 3 and ask_more(at) do end
  if sub(at.text, 1, 3) == BOM then at.position = 4 end
  if at.header == true then read_names(at) end
end

local function next_row(at)
  if not at.begun then begin(at) end
  local row, line = read_row(at)
  if row and at.names then return name_fields(at, row, line), line end
  return row, line
end

local function reader(pull, name, options)
  local separator = options.separator or ","
  local stop = "[\"\r\n" .. (find(separator, "%w") and separator or "%" .. separator) .. "]"
  return {pull = pull, name = name, text = "", position = 1, line = 1, stop = stop,
    separator = byte(separator), header = options.header, ragged = options.ragged,
    names = type(options.header) == "table" and options.header or nil}
end

-- ------------------------------------------------------------------- sources

-- What can be asked for the next piece of a stream, or of one of Lua's files.
local function pull_of(source)
  local method = source.read_some or source.read
  if not parts.is_callable(method) then return end
  return function()
    local piece, message = method(source, PIECE)
    if not piece and message then error(message, 0) end
    return piece
  end
end

-- The reader; and what is to be closed in the end.
local function open_source(source, options)
  if type(source) == "string" then
    parts.check_path("csv.rows", source, "a path")
    local stream, message = fs.open(source)
    if not stream then raise("csv.rows: " .. message) end
    parts.read_as(stream, "csv.rows")
    return reader(pull_of(stream), source, options), stream
  end
  local pull
  if type(source) == "function" then
    pull = source
  elseif type(source) == "table" or type(source) == "userdata" then
    pull = pull_of(source)
  end
  if not pull then
    raise(format("csv.rows: expected a path, a stream or a function, got %s", type(source)))
  end
  return reader(pull, nil, options)
end

-- The results of pcall(), whose errors are ours, or the script's.
local function checked(ok, row, line)
  if ok then return row, line end
  if parts.metatable(row) == Mistake then raise(row.text) end
  error(row, 0)
end

function csv.rows(source, options)
  local closes = parts.for_closes()
  options = check_options("rows", options, for_reading)
  local at, stream = open_source(source, options)
  return function() return checked(pcall(next_row, at)) end, nil, nil, closes and stream or nil
end

function csv.parse(text, options)
  if type(text) ~= "string" then
    raise(format("csv.parse: expected a text, got %s", type(text)))
  end
  local at = reader(function() end, nil, check_options("parse", options, for_reading))
  at.text = text
  local rows = {}
  while true do
    local ok, row = pcall(next_row, at)
    if not ok and parts.metatable(row) == Mistake then return nil, row.text, "SYNTAX" end
    if not ok then error(row, 0) end
    if not row then return rows end
    rows[#rows + 1] = row
  end
end

-- ------------------------------------------------------------------- writing

-- As short as it reads back.
local function number_text(value)
  if value ~= value then return "nan" end
  if tointeger(value) and tostring(value) == format("%d", value) then return tostring(value) end
  for digits = 15, 17 do
    local text = format("%." .. digits .. "g", value)
    if parts.number(text) == value then return text end
  end
  return tostring(value)
end

local function refuse_row(at, text, ...)
  local row = at.row and format("row %d: ", at.row) or ""
  raise(format("csv.%s: %s" .. text, at.call, row, ...))
end

local function field_of(value, i, at)
  if value == nil then return "" end
  if type(value) == "number" then return number_text(value) end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "string" then
    refuse_row(at, "field %s must be a string, a number or true or false, got %s", i, type(value))
  end
  local is_plain = not find(value, at.special) and not find(value, "^%s")
    and not find(value, "%s$") and sub(value, 1, 3) ~= BOM
  if is_plain then return value end
  return '"' .. gsub(value, '"', '""') .. '"'
end

local function refuse_unnamed(at, key)
  refuse_row(at, "the header has no field '%s'%s", tostring(key), parts.hint(key, at.names))
end

local function is_place(key) return type(key) == "number" and tointeger(key) and key >= 1 end

-- Has it its fields by the names of the header?
local function is_named(row, at)
  if not at.names then return false end
  for key in next, row do
    if is_place(key) then return false end
  end
  return row[1] == nil and (at.places.n or type(row.n) ~= "number")
end

-- More than these are no row, but a mistake: a single number would eat the memory.
local MOST_FIELDS = 1000000

-- How many fields the list has, of which none is lost.
local function count_of(row, at)
  local count = #row
  for key, value in next, row do
    if is_place(key) then
      count = max(count, key)
    elseif key ~= "n" or type(value) ~= "number" then
      refuse_row(at, "field '%s' has no place: a row is a list, or by the names of a header",
        tostring(key))
    end
  end
  local given = type(row.n) == "number" and row.n or count
  local fields = tointeger(given)
  if fields and fields >= 0 and fields <= MOST_FIELDS then return fields end
  refuse_row(at, "expected up to %d fields in a row, got %s", MOST_FIELDS, tostring(given))
end

-- A row that is shorter than the header has nothing in what is left, as it is read with that.
local function count_under_header(row, at)
  local count = count_of(row, at)
  if at.names and count > #at.names then
    refuse_row(at, "expected %d fields, got %d", #at.names, count)
  end
  return at.names and #at.names or count
end

local function named_fields(row, at)
  local fields = {}
  for key in next, row do
    if not at.places[key] then refuse_unnamed(at, key) end
  end
  for i = 1, #at.names do fields[i] = field_of(row[at.names[i]], at.names[i], at) end
  return fields
end

local function listed_fields(row, at)
  local fields = {}
  for i = 1, count_under_header(row, at) do fields[i] = field_of(row[i], i, at) end
  return fields
end

-- The line of a row, which is a list, or has its fields by the names of the header.
local function line_of(row, at)
  if type(row) ~= "table" then refuse_row(at, "expected a row, got %s", type(row)) end
  local fields = is_named(row, at) and named_fields(row, at) or listed_fields(row, at)
  local text = concat(fields, at.separator)
  return (text == "" and '""' or text) .. at.newline
end

local function places_of(names)
  local places = {}
  for i = 1, #names do places[names[i]] = i end
  return places
end

local function writer(call, options)
  local separator = options.separator or ","
  local names = type(options.header) == "table" and options.header or nil
  return {call = call, separator = separator, newline = options.newline or "\n",
    special = "[\"\r\n" .. (find(separator, "%w") and separator or "%" .. separator) .. "]",
    names = names, places = names and places_of(names)}
end

function csv.line(row, options)
  return line_of(row, writer("line", check_options("line", options, for_writing)))
end

-- A function for the next row.
local function rows_of(rows)
  if parts.is_callable(rows) then return rows end
  if type(rows) ~= "table" then
    raise(format("csv.write: expected a list of rows, or a function, got %s", type(rows)))
  end
  local i = 0
  return function()
    i = i + 1
    return rows[i]
  end
end

-- Calls `put` with the lines, many at a time.  nil, message, code: it has refused one.
local function put_lines(next_one, at, put)
  local lines, size = {}, 0
  if at.names then lines[1] = line_of(at.names, at) end
  at.row = 0
  for row in next_one do
    at.row = at.row + 1
    lines[#lines + 1] = line_of(row, at)
    size = size + #lines[#lines]
    if size >= PIECE then
      local ok, message, code = put(concat(lines))
      if not ok then return nil, message, code end
      lines, size = {}, 0
    end
  end
  return put(concat(lines))
end

local function write_path(path, next_one, at)
  local pieces = {}
  put_lines(next_one, at, function(text)
    pieces[#pieces + 1] = text
    return true
  end)
  local ok, message, code = fs.write(path, concat(pieces))
  if not ok then return nil, message, code end
  return true
end

function csv.write(target, rows, options)
  local given = check_options("write", options, for_writing)
  if given.header == true then raise "csv.write: header must be a list of names, got true" end
  local at, next_one = writer("write", given), rows_of(rows)
  if type(target) == "string" then
    parts.check_path("csv.write", target, "a path")
    return write_path(target, next_one, at)
  end
  local is_object = type(target) == "table" or type(target) == "userdata"
  local write = is_object and target.write
  if not parts.is_callable(write) then
    raise(format("csv.write: expected a path or a stream, got %s", type(target)))
  end
  local ok, message, code = put_lines(next_one, at, function(text) return write(target, text) end)
  if not ok then return nil, message, code end
  return true
end

return {csv = csv}
