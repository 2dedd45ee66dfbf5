-- As RFC 4180 has them, whatever the pieces are in which the text comes.

local csv = async.csv

local function pieces_of(text, size)
  local at = 1
  return function()
    if at > #text then return end
    at = at + size
    return text:sub(at - size, at - 1)
  end
end

local function shown(row)
  local fields = {}
  for i, field in ipairs(row) do fields[i] = ("%q"):format(field):gsub("\\\n", "\\n") end
  return table.concat(fields, " ")
end

-- The same with all sizes of pieces.
local function show(text, options)
  local wanted
  for size = 1, #text + 1 do
    local lines = {}
    for row, line in csv.rows(pieces_of(text, size), options) do
      lines[#lines + 1] = line .. ": " .. shown(row)
    end
    local got = table.concat(lines, " | ")
    wanted = wanted or got
    assert(got == wanted, size)
  end
  print(wanted)
end

show "a,b\nc,d\n" -- expect: 1: "a" "b" | 2: "c" "d"
show "a,b\r\nc,d" -- expect: 1: "a" "b" | 2: "c" "d"
show "a\rb" -- expect: 1: "a" | 2: "b"
show ",\n" -- expect: 1: "" ""
show '"a","b ""c""",""\n' -- expect: 1: "a" "b \"c\"" ""
show '"one\ntwo\r\nthree",x\nlast' -- expect: 1: "one\ntwo\13\nthree" "x" | 4: "last"
show '\n\n"",\n\n""\n' -- expect: 3: "" "" | 5: ""
show "\xEF\xBB\xBFa,b" -- expect: 1: "a" "b"
show '\xEF\xBB\xBF"a,b"' -- expect: 1: "a,b"
show("", {header = true}) -- expect:
show("a;b,c;'d'", {separator = ";"}) -- expect: 1: "a" "b,c" "'d'"
show("a\t\tb", {separator = "\t"}) -- expect: 1: "a" "" "b"
show("a^b", {separator = "^"}) -- expect: 1: "a" "b"

for row, line in csv.rows(pieces_of('name,"size"\na,1\nb,"2"\n', 3), {header = true}) do
  print(line, row.name, row.size)
end
-- expect: 2	a	1
-- expect: 3	b	2
for row in csv.rows(pieces_of("a,1\n", 3), {header = {"name", "size"}}) do
  print(row.name, row.size) -- expect: a	1
end
for row in csv.rows(pieces_of("a,b\n1\n1,2,3", 3), {header = true, ragged = true}) do
  print(row.a, row.b)
end
-- expect: 1	nil
-- expect: 1	2

print(#csv.parse "a\nb\n", csv.parse("x,y\n1,2", {header = true})[1].y) -- expect: 2	2

-- A loop that is left early; with a closure in it, Lua 5.4.4 would close whatever lies there then.
local folder <close> = async.temp_dir()
assert(async.fs.write(folder.path .. "/x.csv", "a\nb\n"))
local function leave()
  for row in csv.rows(folder.path .. "/x.csv") do
    local function field() return row[1] end
    if field() then break end
  end
  return string.format("%s %s", "left", "it") .. tostring(#string.rep("x", 9))
end
print(leave()) -- expect: left it9
