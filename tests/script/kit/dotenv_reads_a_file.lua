-- Comments, export, quotes, escapes, several lines, and what stands for variables.

local folder <close> = async.temp_dir()
local path = folder.path .. "/.env"

local function show(text, options)
  assert(async.fs.write(path, text))
  local values, message, code = async.dotenv(path, options)
  if not values then return print((message:gsub("^/tmp/[^/]*/", "")), code) end
  local shown = {}
  for name, value in pairs(values) do
    shown[#shown + 1] = name .. "=" .. value:gsub("\n", "\\n"):gsub("\t", "\\t")
  end
  table.sort(shown)
  print("[" .. table.concat(shown, "][") .. "]")
end

show "" -- expect: []
show "A=1\nB=two words  \n\n# a comment\n  C = 3 # another\nexport D=4" -- expect: [A=1][B=two words][C=3][D=4]
show "A=\nB= # empty\nC=a#b\nD=#x" -- expect: [A=][B=][C=a#b][D=]
show "\xEF\xBB\xBFA=1\r\nB='x'\r\n" -- expect: [A=1][B=x]
show [[A='it is # $HOME \n' # a comment]] -- expect: [A=it is # $HOME \n]
show [[A="a\tb\nc \"d\" \\ \x" ]] -- expect: [A=a\tb\nc "d" \ \x]
show [[A=`it's "so"`]] -- expect: [A=it's "so"]
show "A=\"one\ntwo\" # x\nB='three\n\nfour'\nC=5" -- expect: [A=one\ntwo][B=three\n\nfour][C=5]
show "A=1\nA=2" -- expect: [A=2]
show "A.b-c=1" -- expect: [A.b-c=1]
show "A=a b=c" -- expect: [A=a b=c]

show [[A=x
B=$A/${A}y
C="$A $B"
D='$A'
E=\$A
F="\$A"
G=$5 $
H=$(date)]] -- expect: [A=x][B=x/xy][C=x x/xy][D=$A][E=$A][F=$A][G=$5 $][H=$(date)]
show [[A=
B=${A:-b}${A-c}${NONE_SUCH-d}${NONE_SUCH:-${B:-e}}${A+f}${A:+g}$NONE_SUCH]] -- expect: [A=][B=bdef]
show("A=x\nB=$A", {expand = false}) -- expect: [A=x][B=$A]

-- The environment is asked after the file, and stays as it is.
assert(os.getenv "PATH")
show "A=${PATH:+there}" -- expect: [A=there]
show "PATH=mine\nA=$PATH" -- expect: [A=mine][PATH=mine]
print(os.getenv "PATH" ~= "mine") -- expect: true
assert(async.fs.write(path, "GREETING='hello you'"))
print(async.process.read{"sh", "-c", 'echo "$GREETING"', env = async.dotenv(path)}) -- expect: hello you

show "A=1\nwhat is this\n" -- expect: .env:2: expected NAME=VALUE, got 'what is this'	SYNTAX
show "\n\nA='x\ny" -- expect: .env:3: the quote is not closed	SYNTAX
show 'A="x\\"' -- expect: .env:1: the quote is not closed	SYNTAX
show "A='x\n' y" -- expect: .env:2: unexpected text after the closing quote	SYNTAX
show "A=${B" -- expect: .env:1: '${' is not closed	SYNTAX
show "\nA=${B C}" -- expect: .env:2: '${B C}' is no variable	SYNTAX
show "A=${NONE_SUCH:?set it first}" -- expect: .env:1: NONE_SUCH: set it first	SYNTAX
show "1A=2" -- expect: .env:1: expected NAME=VALUE, got '1A=2'	SYNTAX

local _, message, code = async.dotenv(folder.path .. "/none")
print((message:gsub("/tmp/[^/]*/", "")), code) -- expect: cannot read none: no such file or directory	ENOENT
print(pcall(async.dotenv, 7)) -- expect: false	$FILE:$LINE: dotenv: expected a path, got number
print(pcall(async.dotenv, path, {expnd = true})) -- expect: false	$FILE:$LINE: dotenv: unknown option 'expnd', did you mean 'expand'?

-- What grows by doubling ends; what is long takes no longer than that.
local lines = {"A0=0123456789"}
for i = 1, 40 do lines[i + 1] = ("A%d=$A%d$A%d"):format(i, i - 1, i - 1) end
show(table.concat(lines, "\n")) -- expect: .env:21: the variables stand for more than 16777216 bytes	SYNTAX
show [[A="\\"
B="\\\"\"x"]] -- expect: [A=\][B=\""x]
assert(async.fs.write(path, 'A="' .. ('\\"'):rep(300000) .. '"'))
print(#async.dotenv(path).A) -- expect: 300000
