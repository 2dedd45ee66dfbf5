-- Each names the word or the option, and nothing is started.
-- options: --timeout=100
local process = async.process
local message_of = function(...)
  local ok, err = pcall(...)
  return ok and "no error" or tostring(err):gsub("^%S+: ", "")
end
local function run(cmd) print((message_of(process.run, cmd))) end

run(nil)                      -- expect: process.run: a command must be a table of words, got nil
run("ls -l")                  -- expect: process.run: a command must be a table of words, got string
run(print)                    -- expect: process.run: a command must be a table of words
run {}                        -- expect: process.run: the command has no words, as in {"make", "-j4"}
run {cwd = "/"}               -- expect: process.run: the command has no words, as in {"make", "-j4"}
run {"a", nil, "c"}           -- expect: process.run: word 2 must be a string or a number, got nil
run {"a", {}}                 -- expect: process.run: word 2 must be a string or a number, got table
run {"a", true}               -- expect: process.run: word 2 must be a string or a number, got boolean
run {"a\0b"}                  -- expect: process.run: word 1 holds a zero byte, which no program can be given
run {"a", tiemout = 1}        -- expect: process.run: unknown option 'tiemout', did you mean 'timeout'?
run {"a", CWD = "/"}          -- expect: process.run: unknown option 'CWD'
run {"a", [true] = 1}         -- expect: process.run: unknown option 'true'
run {"a", timeout = "1"}      -- expect: process.run: timeout must be 0 or more seconds, got "1"
run {"a", timeout = -1}       -- expect: process.run: timeout must be 0 or more seconds, got -1
run {"a", timeout = 0/0}      -- expect: process.run: timeout must be 0 or more seconds, got nan
run {"a", grace = {}}         -- expect: process.run: grace must be 0 or more seconds, got table
run {"a", stop_signal = "X"}  -- expect: process.run: stop_signal must be the name of a signal, as "TERM", got "X"
run {"a", stop_signal = 15}   -- expect: process.run: stop_signal must be the name of a signal, as "TERM", got 15
run {"a", kill = "all"}       -- expect: process.run: kill must be "group" or "process", got "all"
run {"a", leftovers = true}   -- expect: process.run: leftovers must be "keep" or "kill", got boolean
run {"a", detach = 1}         -- expect: process.run: detach must be true or false, got 1
run {"a", clear_env = "yes"}  -- expect: process.run: clear_env must be true or false, got "yes"
run {"a", allow = "1"}        -- expect: process.run: allow must be statuses, as {1, 2}, got "1"
run {"a", allow = {1, "2"}}   -- expect: process.run: allow must be statuses, as {1, 2}, got "2"
run {"a", max_output = -1}    -- expect: process.run: max_output must be 0 or more bytes, got -1
run {"a", max_output = 1.5}   -- expect: process.run: max_output must be 0 or more bytes, got 1.5
run {"a", max_line = "1"}     -- expect: process.run: max_line must be 0 or more bytes, got "1"
run {"a", cwd = 1}            -- expect: process.run: cwd must be a string without zero bytes, got 1
run {"a", cwd = ""}           -- expect: process.run: cwd must be a directory, got ""
run {"a", allow = 256}        -- expect: process.run: allow must be statuses, as {1, 2}, got 256
run {"a", allow = {1.5}}      -- expect: process.run: allow must be statuses, as {1, 2}, got 1.5
run {"a", env = {["A\0B"] = 1}} -- expect: process.run: env has a name that no variable can have: A\0B
run {[0] = "a", "b"}          -- expect: process.run: words are numbered from 1, got one at [0]
run {"a", [1.5] = "b"}        -- expect: process.run: words are numbered from 1, got one at [1.5]
run {"a", stdout = {"pipe"}}  -- expect: process.run: stdout must be "inherit", "capture", "null", "pipe", {file=}, a stream, a function, or a list of these, got "pipe"
run {"a", cwd = "/\0"}        -- expect: process.run: cwd must be a string without zero bytes, got "/\0"
run {"a", env = "A=1"}        -- expect: process.run: env must be a table, got "A=1"
run {"a", env = {"A=1"}}      -- expect: process.run: env has a name that no variable can have: 1
run {"a", env = {["A="] = 1}} -- expect: process.run: env has a name that no variable can have: A=
run {"a", env = {[""] = 1}}   -- expect: process.run: env has a name that no variable can have: 
run {"a", env = {A = true}}   -- expect: process.run: env.A must be a string or a number, got boolean
run {"a", env = {A = "\0"}}   -- expect: process.run: env.A holds a zero byte, which no program can be given
run {"a", stdin = 1}          -- expect: process.run: stdin must be a string, {file=}, a stream, "pipe" or "inherit", got 1
run {"a", stdin = {file = 1}} -- expect: process.run: stdin.file must be a string without zero bytes, got 1
run {"a", stdin = {flie = "b"}} -- expect: process.run: unknown option 'stdin.flie', did you mean 'file'?
run {"a", stdin = {file = "b", append = true}} -- expect: process.run: unknown option 'stdin.append'
run {"a", stdout = {file = "b", apend = true}} -- expect: process.run: unknown option 'stdout.apend', did you mean 'append'?
run {"a", stdout = {file = "b", append = "yes"}} -- expect: process.run: stdout.append must be true or false, got "yes"
run {"a", stdout = {append = "b"}} -- expect: process.run: stdout.file must be a string without zero bytes, got nil
run {"a", stderr = {"null", {fil = "b"}}} -- expect: process.run: unknown option 'stderr.fil', did you mean 'file'?
run {"a", stderr = {"null", file = "b"}} -- expect: process.run: unknown option 'stderr.file'
run {"a", allow = {1, status = 2}} -- expect: process.run: unknown option 'allow.status'
local closed = process.spawn{"true", stdin = "pipe"}.stdin
closed:close()
run {"a", stdin = closed}     -- expect: process.run: stdin is a stream that is closed
run {"a", stderr = {"null", closed}} -- expect: process.run: stderr is a stream that is closed
run {"a", timeuot = 1, label = "x"} -- expect: process.run: unknown option 'timeuot', did you mean 'timeout'?
run {"a", stdin = "pipe"}     -- expect: process.run: stdin = "pipe" is for process.spawn, which gives the stream
run {"a", stdout = "pipe"}    -- expect: process.run: stdout = "pipe" is for process.spawn, which gives the stream
run {"a", stdout = "stdout"}  -- expect: process.run: stdout must be "inherit", "capture", "null", "pipe", {file=}, a stream, a function, or a list of these, got "stdout"
run {"a", stderr = {}}        -- expect: process.run: stderr must be "inherit", "capture", "null", "pipe", {file=}, a stream, a function, or a list of these, got table
run {"a", stderr = {"null", 1}} -- expect: process.run: stderr must be "inherit", "capture", "null", "pipe", {file=}, a stream, a function, or a list of these, got 1

local pipe = process.pipe
print((message_of(pipe)))             -- expect: process.pipe: expected two stages at least
print((message_of(pipe, {"a"})))      -- expect: process.pipe: expected two stages at least
print((message_of(pipe, {"a"}, "b"))) -- expect: process.pipe: stage 2 must be a table of words or a function, got string
run(pipe(print, print))               -- expect: process.run: a pipeline needs a command
run(pipe({"a", stdout = "null"}, {"b"})) -- expect: process.run: stage 1 writes to the next one: it can have no stdout
run(pipe({"a"}, {"b", stdin = ""}))   -- expect: process.run: stage 2 reads what the one before writes: it can have no stdin
run(pipe({"a", timeout = 1}, {"b"}))  -- expect: process.run: stage 1 has timeout, which is for the whole: the last one says it
run(pipe({"a", label = "x"}, print))  -- expect: process.run: stage 1 has label, which is for the whole: the last one says it
print((message_of(process.lines, {"a", stdout = "null"}))) -- expect: process.lines: it is the loop that has the command's stdout
print((message_of(process.lines, pipe({"a"}, {"b", stdout = "null"})))) -- expect: process.lines: it is the loop that has the command's stdout
print((message_of(process.read, {"a", stdout = "null"}))) -- expect: process.read: what is read is the command's stdout: that has to be "capture", or a list with it
print((message_of(process.sh, 1)))         -- expect: process.sh: expected a template as argument 1, got number
print((message_of(process.sh, "{} {}", 1))) -- expect: process.sh: the template has 2 {}, and there are 1 values
print((message_of(process.sh, "x", 1)))    -- expect: process.sh: the template has 0 {}, and there are 1 values
print((message_of(process.sh, "{}", true))) -- expect: process.sh: value 1 must be a string or a number, got boolean
print((message_of(process.sh, "{}", {"a", {}}))) -- expect: process.sh: value 1 must be a string or a number, got table
print((message_of(process.quote, nil)))    -- expect: process.quote: expected a string, got nil
print((message_of(process.quote, "\0")))   -- expect: process.quote: no shell can be given a zero byte
print((message_of(process.which, 1)))      -- expect: process.which: expected a command's name, got number

local child <close> = process.spawn{"true"}
print((message_of(child.signal, child, "NO"))) -- expect: process.signal: the signal must be the name of a signal, as "TERM", got "NO"
print((message_of(child.stop, child, -1)))     -- expect: process.stop: the grace must be 0 or more seconds, got -1
