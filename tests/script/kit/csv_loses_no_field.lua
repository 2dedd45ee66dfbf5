-- What a row has and the table has no place for is a mistake, named with its row.

local csv = async.csv
local two = {header = {"name", "size"}}
local function why(fn, ...) print((select(2, pcall(fn, ...)))) end

local function lines(rows, options)
  csv.write({write = function(_, text) io.write(text) return true end}, rows, options)
end

why(lines, {{"a"}, {name = "x"}})
-- expect: $FILE:8: csv.write: row 2: field 'name' has no place: a row is a list, or by the names of a header
why(lines, {{"a", name = "x"}})
-- expect: $FILE:8: csv.write: row 1: field 'name' has no place: a row is a list, or by the names of a header
why(lines, {{name = "x", sise = 1}}, two)
-- expect: $FILE:8: csv.write: row 1: the header has no field 'sise', did you mean 'size'?
why(lines, {{"a", "b", name = "x"}}, two)
-- expect: $FILE:8: csv.write: row 1: field 'name' has no place: a row is a list, or by the names of a header
why(lines, {{"a", "b"}, {"a", "b", "c"}}, two)
-- expect: $FILE:8: csv.write: row 2: expected 2 fields, got 3
why(lines, {{[0] = "a"}})
-- expect: $FILE:8: csv.write: row 1: field '0' has no place: a row is a list, or by the names of a header
why(lines, {7}) -- expect: $FILE:8: csv.write: row 1: expected a row, got number
print(select(2, pcall(csv.line, {colour = "red"}, two))) -- expect: $FILE:$LINE: csv.line: the header has no field 'colour'

-- What it lacks is empty, and reads back.
lines({{"x"}, {nil, 2}, {n = 0}, {size = 3}, {}, {0 / 0}}, two)
-- expect: name,size
-- expect: x,
-- expect: ,2
-- expect: ,
-- expect: ,3
-- expect: ,
-- expect: nan,
lines({{n = 4}}, {header = {"n", "m"}})
-- expect: n,m
-- expect: 4,

-- Who raises leaves the file as it was.
local folder <close> = async.temp_dir()
local path = folder.path .. "/o.csv"
assert(async.fs.write(path, "old\n"))
print(pcall(csv.write, path, function() error("no more", 0) end)) -- expect: false	no more
print((pcall(csv.write, path, {{x = 1}}))) -- expect: false
io.write((async.fs.read(path))) -- expect: old
