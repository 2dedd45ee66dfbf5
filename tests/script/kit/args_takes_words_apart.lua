-- Options long and short, in bundles and with values; operands; what is left out.

local spec = {
  {"FILE...", "what to read"},
  {"TARGET", "where to"},
  {"-j, --jobs=N", "how many", type = "integer", min = 1, default = 4},
  {"-v, --verbose...", "say more"},
  {"-q", "say less"},
  {"-f, --format", "what to write", choices = {"png", "jpg"}},
  {"-D, --define=NAME=VALUE...", "define"},
  {"-r, --ratio=R", type = "number"},
  {"--[no-]color", "with colours"},
  {"--when[=WHEN]", implied = "always"},
  {"--day=DAY", type = function(text)
    local day = text:match "^(%d+)%.$"
    return tonumber(day), "expected a day as '7.', got '" .. text .. "'"
  end},
  {"--dry-run"},
  {"--level=N", key = "deep", choices = {1, 2}, type = "integer"},
}

local function show(...)
  local values, message, code = async.args(spec, {...})
  if not values then return print(code, message) end
  local shown = {}
  for key, value in pairs(values) do
    if type(value) == "table" then value = "{" .. table.concat(value, " ") .. "}" end
    shown[#shown + 1] = key .. "=" .. tostring(value)
  end
  table.sort(shown)
  print(table.concat(shown, " "))
end

show("a", "b") -- expect: define={} dry_run=false file={a} jobs=4 q=false target=b verbose=0
show("a", "b", "c", "-vqvj3", "-D", "x=1", "--define=y=2", "--no-color", "--when", "--dry-run")
-- expect: color=false define={x=1 y=2} dry_run=true file={a b} jobs=3 q=true target=c verbose=2 when=always
show("-j", "7", "--format", "jpg", "-f=png", "--color", "--when=never", "--", "-v", "--x")
-- expect: color=true define={} dry_run=false file={-v} format=png jobs=7 q=false target=--x verbose=0 when=never
show("--day=7.", "-r1e3", "-5", "-", "--level=2")
-- expect: day=7 deep=2 define={} dry_run=false file={-5} jobs=4 q=false ratio=1000.0 target=- verbose=0
show("--define=", "", "b") -- expect: define={} dry_run=false file={} jobs=4 q=false target=b verbose=0

show() -- expect: USAGE	args_takes_words_apart.lua: expected FILE (see 'args_takes_words_apart.lua --help')
spec.name = "tool"
show("a") -- expect: USAGE	tool: expected TARGET (see 'tool --help')
show("--job=3") -- expect: USAGE	tool: unknown option '--job', did you mean '--jobs'? (see 'tool --help')
show("--ver") -- expect: USAGE	tool: unknown option '--ver', did you mean '--verbose'? (see 'tool --help')
show("--nonsense") -- expect: USAGE	tool: unknown option '--nonsense' (see 'tool --help')
show("-qx") -- expect: USAGE	tool: unknown option '-x' (see 'tool --help')
show("-ä") -- expect: USAGE	tool: unknown option '-ä' (see 'tool --help')
show("-j") -- expect: USAGE	tool: -j: expected N (see 'tool --help')
show("--jobs=x") -- expect: USAGE	tool: --jobs: expected a whole number, got 'x' (see 'tool --help')
show("--jobs=1.5") -- expect: USAGE	tool: --jobs: expected a whole number, got '1.5' (see 'tool --help')
show("-j0") -- expect: USAGE	tool: -j: expected a whole number of at least 1, got '0' (see 'tool --help')
show("--ratio=nan") -- expect: USAGE	tool: --ratio: expected a number, got 'nan' (see 'tool --help')
show("-fpn") -- expect: USAGE	tool: -f: expected png or jpg, got 'pn', did you mean 'png'? (see 'tool --help')
show("--day=x") -- expect: USAGE	tool: --day: expected a day as '7.', got 'x' (see 'tool --help')
show("--verbose=3") -- expect: USAGE	tool: --verbose takes no value (see 'tool --help')
show("--level=3") -- expect: USAGE	tool: --level: expected 1 or 2, got '3' (see 'tool --help')

-- Optional ones, and too many.
local function operands(rows, ...)
  local values, message = async.args({name = "t", {rows[1]}, rows[2] and {rows[2]}}, {...})
  if not values then return print(message) end
  local from, to = values.from, values.to
  print(type(from) == "table" and "{" .. table.concat(from, " ") .. "}" or from, to)
end
operands({"FROM", "[TO]"}, "a") -- expect: a	nil
operands({"FROM", "[TO]"}, "a", "b") -- expect: a	b
operands({"FROM", "[TO]"}, "a", "b", "c") -- expect: t: unexpected 'c' (see 't --help')
operands({"[FROM...]", "TO"}, "a") -- expect: {}	a
operands({"[FROM]...", "TO"}, "a", "b", "c") -- expect: {a b}	c
operands({"FROM..."}, "a") -- expect: {a}	nil

-- What comes after the first word of the rest is not looked at.
local values = async.args({{"-v"}, {"COMMAND...", rest = true}}, {"-v", "ls", "-l", "--", "-v"})
print(values.v, table.concat(values.command, " ")) -- expect: true	ls -l -- -v

-- A required option.
print((select(2, async.args({name = "t", {"--token=T", required = true}}, {}))))
-- expect: t: expected --token=T (see 't --help')

-- A default that is a list is the script's own, each time.
local listed = {{"--tag=T...", default = {"a"}}}
local one, two = async.args(listed, {}), async.args(listed, {"--tag=b", "--tag=c"})
one.tag[1] = "changed"
print(table.concat(async.args(listed, {}).tag), table.concat(two.tag)) -- expect: a	bc

-- A word with a default may be left out, and what is required gets its word first.
local function words(spec, ...)
  local values, message = async.args(spec, {...})
  if not values then return print(message) end
  print(values.a, values.b)
end
words({{"A", default = "."}}) -- expect: .	nil
words({{"A", default = "."}}, "x") -- expect: x	nil
words({{"[A]"}, {"B"}}, "x") -- expect: nil	x
words({{"[A]"}, {"B"}}, "x", "y") -- expect: x	y
print(select(2, async.args({{"A", default = "."}}, {"--help"})):match "[^\n]*") -- expect: Usage: args_takes_words_apart.lua [options] [A]

-- A mistake is told in one line, that steers no terminal.
words({name = "n"}, "a\nb") -- expect: n: unexpected 'a\nb' (see 'n --help')
words({name = "n"}, "\27[31m") -- expect: n: unexpected '\x1b[31m' (see 'n --help')
