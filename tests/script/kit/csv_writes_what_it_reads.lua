-- Lines, files and streams; and what was written reads back the same.

local csv = async.csv

io.write(csv.line {"a", 1, 2.5, true, 'say "no"', "a,b", "two\nlines", " blank"})
-- expect: a,1,2.5,true,"say ""no""","a,b","two
-- expect: lines"," blank"
io.write(csv.line {"a", nil, "c"}, csv.line {nil, n = 2}, csv.line {""}, csv.line {})
-- expect: a,,c
-- expect: ,
-- expect: ""
-- expect: ""
io.write(csv.line {0.1, 1 / 3, 1e300, 2.0, 2^53, -0.0})
-- expect: 0.1,0.3333333333333333,1e+300,2,9007199254740992,-0
io.write(csv.line({"a;b", "a,b"}, {separator = ";"})) -- expect: "a;b";a,b
print(("%q"):format(csv.line({"a"}, {newline = "\r\n"}):gsub("\n", "n"))) -- expect: "a\13n"
io.write(csv.line({size = 1, name = "x"}, {header = {"name", "size", "kind"}})) -- expect: x,1,

local folder <close> = async.temp_dir()
local path = folder.path .. "/x.csv"
print(csv.write(path, {{name = "x", size = 1}, {"y", 2}}, {header = {"name", "size"}})) -- expect: true
io.write((async.fs.read(path)))
-- expect: name,size
-- expect: x,1
-- expect: y,2

-- Into a stream, from a function, more than goes at once.
local stream <close> = assert(async.fs.open(path, "w"))
local count = 0
print(csv.write(stream, function()
  count = count + 1
  return count <= 20000 and {count, "some text"} or nil
end)) -- expect: true
stream:close()
count = 0
for row, line in csv.rows(path) do
  count = count + 1
  assert(row[1] == tostring(line) and row[2] == "some text")
end
print(count) -- expect: 20000

-- A loop that is left closes the file; from one of Lua's files, and from a stream.
for _ in csv.rows(path) do break end
local file <close> = io.open(path)
for row in csv.rows(file) do print(row[1]) break end -- expect: 1
local input <close> = async.fs.open(path)
for row in csv.rows(input) do print(row[1]) break end -- expect: 1

-- Any text.
math.randomseed(7)
local letters = {"a", ",", '"', "\n", "\r\n", " ", ";", "", "\xEF\xBB\xBF", "é"}
for _ = 1, 300 do
  local rows, text = {}, {}
  for i = 1, math.random(3) do
    rows[i] = {}
    for j = 1, math.random(4) do
      local field = {}
      for k = 1, math.random(0, 4) do field[k] = letters[math.random(#letters)] end
      rows[i][j] = table.concat(field)
    end
    text[i] = csv.line(rows[i])
  end
  local got = assert(csv.parse(table.concat(text)))
  assert(#got == #rows)
  for i = 1, #rows do
    assert(#got[i] == #rows[i])
    for j = 1, #rows[i] do assert(got[i][j] == rows[i][j]) end
  end
end
print "the same" -- expect: the same

-- A single number does not make a row of everything.
for _, row in ipairs {{[1 << 40] = 1}, {n = 1e18}, {n = 1000001}, {n = -1}, {n = 0.5}} do
  print((select(2, pcall(csv.line, row)):gsub("^.-:%d+: ", "")))
end
-- expect: csv.line: expected up to 1000000 fields in a row, got 1099511627776
-- expect: csv.line: expected up to 1000000 fields in a row, got 1e+18
-- expect: csv.line: expected up to 1000000 fields in a row, got 1000001
-- expect: csv.line: expected up to 1000000 fields in a row, got -1
-- expect: csv.line: expected up to 1000000 fields in a row, got 0.5
print(#csv.line {n = 1000000}) -- expect: 1000000
