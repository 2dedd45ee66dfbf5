-- A mistake in the spec is one of the script's, with its line.

local function try(spec, words)
  print(select(2, pcall(function() async.args(spec, words or {}) end)))
end

try(nil) -- expect: $FILE:4: args: expected a table of texts and rows, got nil
try({7}) -- expect: $FILE:4: args: expected texts and rows, got a number
try({{}}) -- expect: $FILE:4: args: expected a row that begins with a name
try({{"--x=Y", 7}}) -- expect: $FILE:4: args: '--x=Y': its help must be a text
try({{"--x=Y", defualt = 1}}) -- expect: $FILE:4: args: '--x=Y': unknown field 'defualt', did you mean 'default'?
try({{"--x=Y", type = "int"}}) -- expect: $FILE:4: args: '--x=Y': type must be "string", "number", "integer" or a function, got string
try({{"--x", choices = {}}}) -- expect: $FILE:4: args: '--x': choices must be a list of values, got table
try({{"--"}}) -- expect: $FILE:4: args: '--': expected a name as '-j, --jobs=N'
try({{"-jobs"}}) -- expect: $FILE:4: args: '-jobs': expected '=VALUE' after the name, got 'obs'
try({{"A B"}}) -- expect: $FILE:4: args: 'A B': expected a name as FILE, [FILE] or FILE...
try({{"--a"}, {"--a", key = "b"}}) -- expect: $FILE:4: args: '--a': another option is called --a
try({{"--a-b"}, {"A_B"}}) -- expect: $FILE:4: args: 'A_B': another row has the key 'a_b'
try({{"A..."}, {"B..."}}) -- expect: $FILE:4: args: 'B...': only one may stand for several words
try({{"A", rest = true}}) -- expect: $FILE:4: args: 'A': the rest is several words, as COMMAND...
try({{"--a", required = true}}) -- expect: $FILE:4: args: '--a': an option without a value can only be there, or not
try({{"--a=B", implied = 1}}) -- expect: $FILE:4: args: '--a=B': implied is for a value in brackets, as --colour[=WHEN]
try({{"--[no-]a=B"}}) -- expect: $FILE:4: args: '--[no-]a=B': what may be --no- has no value
try({{"--a=B...", default = 1}}) -- expect: $FILE:4: args: '--a=B...': default must be a list, as of what is repeated
try({{command = "a b"}}) -- expect: $FILE:4: args: command must be a word of letters, digits, _ and -, got string
try({{command = "a"}, {command = "a"}}) -- expect: $FILE:4: args: two commands are called a
try({{command = "a"}, {"FILE"}}) -- expect: $FILE:4: args: 'FILE': where there are commands, words belong to these
try({{command = "a"}, {"--command"}}) -- expect: $FILE:4: args: '--command': the command has that key
try({{"--a"}, {command = "c", {"-a"}}}) -- expect: $FILE:4: args: '-a': a command above has the key 'a'
try({{"--no-a"}, {"--[no-]a"}}) -- expect: $FILE:4: args: '--[no-]a': another option is called --no-a
try({{"--[no-]a"}, {"--no-a"}}) -- expect: $FILE:4: args: '--no-a': another option is called --no-a
try({versoin = "1"}) -- expect: $FILE:4: args: unknown field 'versoin', did you mean 'version'?
try({}, 7) -- expect: $FILE:4: args: expected a list of words, got number
try({}, {1}) -- expect: $FILE:4: args: word 1 must be a string, got number
try({{"--a=B", type = function() error("mine", 0) end}}, {"--a=1"}) -- expect: mine

arg = nil
print(select(2, pcall(function() async.args{} end))) -- expect: $FILE:$LINE: args: there is no table 'arg', give a list of words
