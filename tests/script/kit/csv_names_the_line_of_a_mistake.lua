-- In the text: the line; in the call: what was expected.

local csv = async.csv

local function parse(text, options)
  print(csv.parse(text, options))
end
parse 'a\n"b\nc' -- expect: nil	line 2: the quote is not closed	SYNTAX
parse 'a\n"b\n"c' -- expect: nil	line 3: text after a closing quote	SYNTAX
parse '"a\r\nb",x\ny "z"' -- expect: nil	line 3: a quote in a field that does not begin with one	SYNTAX
parse('a,b\n\n1,2,3', {header = true}) -- expect: nil	line 3: expected 2 fields, got 3	SYNTAX
parse('a,b,a\n', {header = true}) -- expect: nil	line 1: two columns are called 'a'	SYNTAX

local folder <close> = async.temp_dir()
local path = folder.path .. "/x.csv"
assert(async.fs.write(path, "a,b\n1,2\n3\n"))
local function read(source, options)
  for row in csv.rows(source, options) do print(row.a, row.b) end
end
local ok, message = pcall(read, path, {header = true}) -- expect: 1	2
print(ok, (message:gsub("/tmp/[^/]*", ""))) -- expect: false	$FILE:18: /x.csv:3: expected 2 fields, got 1
ok, message = pcall(read, folder.path .. "/none.csv")
print((message:gsub("/tmp/[^/]*", ""))) -- expect: $FILE:18: csv.rows: cannot open /none.csv: no such file or directory
print(pcall(read, function() return 7 end)) -- expect: false	$FILE:18: line 1: expected text, got a number
print(pcall(read, function() error("mine", 0) end)) -- expect: false	mine
print(pcall(read, 7)) -- expect: false	$FILE:18: csv.rows: expected a path, a stream or a function, got number
print(pcall(read, {})) -- expect: false	$FILE:18: csv.rows: expected a path, a stream or a function, got table
print(pcall(read, path, 7)) -- expect: false	$FILE:18: csv.rows: options must be a table, got number
print(pcall(read, path, {headr = true})) -- expect: false	$FILE:18: csv.rows: unknown option 'headr', did you mean 'header'?
print(pcall(read, path, {separator = ";;"})) -- expect: false	$FILE:18: csv.rows: separator must be one byte, and no quote or line end, got ";;"
print(pcall(read, path, {header = {}})) -- expect: false	$FILE:18: csv.rows: header must be true or a list of names, got table
print(pcall(csv.line, {{}})) -- expect: false	$FILE:$LINE: csv.line: field 1 must be a string, a number or true or false, got table
print(pcall(csv.line, 7)) -- expect: false	$FILE:$LINE: csv.line: expected a row, got number
print(pcall(csv.write, 7, {})) -- expect: false	$FILE:$LINE: csv.write: expected a path or a stream, got number
print(pcall(csv.write, path, 7)) -- expect: false	$FILE:$LINE: csv.write: expected a list of rows, or a function, got number
print(pcall(csv.write, path, {}, {header = true})) -- expect: false	$FILE:$LINE: csv.write: header must be a list of names, got true
print(csv.write(folder.path .. "/no/x.csv", {}) == nil) -- expect: true
