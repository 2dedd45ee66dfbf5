#!/usr/bin/env tinyasync
-- Sums up a table: how many rows of each kind there are, and what they add up to.
--
--   tinyasync run scripts/kit/report.lua --by=region --sum=amount sales.csv
--   tinyasync run scripts/kit/report.lua --help

local options = async.args{
  "Reads tables with a header (CSV), and writes one with a line for each group.",
  version = "1.0",
  {"FILE...", "tables to read; '-' is standard input"},
  {"-b, --by=COLUMN", "what makes a group", required = true},
  {"-s, --sum=COLUMN...", "columns to add up"},
  {"-d, --delimiter=C", "what is between two fields", default = ","},
  {"-o, --output=FILE", "where to write, instead of standard output"},
  {"--sort", "by what", choices = {"name", "count"}, default = "name"},
}

local function leave(problem)
  io.stderr:write("report.lua: ", problem, "\n")
  os.exit(1, true)
end

local groups, names = {}, {}

local function group_of(name)
  if not groups[name] then
    groups[name] = {count = 0, sums = {}}
    for _, column in ipairs(options.sum) do groups[name].sums[column] = 0 end
    names[#names + 1] = name
  end
  return groups[name]
end

local function add(row, where)
  local group = group_of(row[options.by] or leave(where .. "no column " .. options.by))
  group.count = group.count + 1
  for _, column in ipairs(options.sum) do
    if not row[column] then leave(where .. "no column " .. column) end
    local number = tonumber(row[column])
    if not number then leave(("%s'%s' is no number"):format(where, row[column])) end
    group.sums[column] = group.sums[column] + number
  end
end

local function read(file)
  local source = file == "-" and async.stdin or file
  for row, line in async.csv.rows(source, {header = true, separator = options.delimiter}) do
    add(row, ("%s:%d: "):format(file, line))
  end
end

for _, file in ipairs(options.file) do
  local ok, message = pcall(read, file)
  if not ok then leave((message:gsub("^.-csv%.rows: ", ""))) end
end

table.sort(names, function(a, b)
  local one, two = groups[a], groups[b]
  if options.sort == "count" and one.count ~= two.count then return one.count > two.count end
  return a < b
end)

local rows = {}
for i, name in ipairs(names) do
  rows[i] = {name, groups[name].count}
  for _, column in ipairs(options.sum) do table.insert(rows[i], groups[name].sums[column]) end
end

local header = {options.by, "count", table.unpack(options.sum)}
local written, message = async.csv.write(options.output or io.stdout, rows, {header = header})
if not written then leave(message) end
