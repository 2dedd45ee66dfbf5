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
try({{"--a=B...", env = "A"}}) -- expect: $FILE:4: args: '--a=B...': env gives one value, and this is repeated
try({{"A", env = "A"}}) -- expect: $FILE:4: args: 'A': env is for a word that may be left out, as [FILE]
try({{"--a", env = "A=B"}}) -- expect: $FILE:4: args: '--a': env must be the name of a variable of the environment, got string
try({{"--n=N", type = "integer", default = "x"}}) -- expect: $FILE:4: args: '--n=N': default must be a whole number, got 'x'
try({{"--n=N", type = "number", default = 0 / 0}}) -- expect: $FILE:4: args: '--n=N': default must be a number, got number
try({{"--n=N", default = {}}}) -- expect: $FILE:4: args: '--n=N': default must be one value, got table
try({{"--n=N", type = "string", default = 1}}) -- expect: $FILE:4: args: '--n=N': default must be a text, got number
try({{"--n=N...", type = "integer", default = {1, 1.5}}}) -- expect: $FILE:4: args: '--n=N...': default must be a whole number, got number
try({{"--n=N", type = "integer", default = 9, max = 5}}) -- expect: $FILE:4: args: '--n=N': default is more than max
try({{"--n=N", choices = {"a"}, default = "b"}}) -- expect: $FILE:4: args: '--n=N': default is none of the choices
try({{"--n=N", choices = {1, 2}}}) -- expect: $FILE:4: args: '--n=N': choices must be a text, got number
try({{"--n=N", type = "integer", min = 5, max = 1}}) -- expect: $FILE:4: args: '--n=N': min is more than max
try({{"--n=N", min = 5}}) -- expect: $FILE:4: args: '--n=N': min and max are for a type of "number" or "integer"
try({{"--n=N", required = true, default = "1"}}) -- expect: $FILE:4: args: '--n=N': what is required has no default
try({{"--n[=N]", type = "integer", implied = "x"}}) -- expect: $FILE:4: args: '--n[=N]': implied must be a whole number, got 'x'
try({{"-v...", default = true}}) -- expect: $FILE:4: args: '-v...': default must be a number, got boolean
try({{"-v", default = "no"}}) -- expect: $FILE:4: args: '-v': default must be true or false, got string
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
