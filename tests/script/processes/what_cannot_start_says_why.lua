-- Each names what is really missing; run, read and lines raise it, try and spawn give it.
-- options: --timeout=100
local process = async.process
local root = process.read{"mktemp", "-d"}

local function try(cmd)
  local result, message, code = process.try(cmd)
  assert(result == nil)
  print(code, (message:gsub(root, "ROOT")))
end

local function make(name, text, mode)
  process.run{"sh", "-c", 'printf "$2" >"$1"; chmod "$3" "$1"', "sh", root .. "/" .. name, text, mode}
  return root .. "/" .. name
end

try{"there-is-no-such"}           -- expect: ENOENT	cannot run 'there-is-no-such': there-is-no-such: no such command
try{root .. "/nothing"}           -- expect: ENOENT	cannot run 'ROOT/nothing': ROOT/nothing: no such command
try{"./nothing", cwd = root}      -- expect: ENOENT	cannot run './nothing': ./nothing: no such command (in ROOT)
try{""}                           -- expect: ENOENT	cannot run '''': '': no such command
try{root}                         -- expect: EACCES	cannot run 'ROOT': ROOT: permission denied
try{make("plain", "x", "600")}    -- expect: EACCES	cannot run 'ROOT/plain': ROOT/plain: permission denied
try{"true", cwd = root .. "/no"}  -- expect: ENOENT	cannot run 'true': its directory ROOT/no: no such file or directory
try{"true", cwd = root .. "/plain"} -- expect: ENOTDIR	cannot run 'true': its directory ROOT/plain: not a directory
try{make("script", "#!/no/such -x\n", "700")} -- expect: ENOENT	cannot run 'ROOT/script': the interpreter of ROOT/script, /no/such: no such file or directory
try{"./script", cwd = root}       -- expect: ENOENT	cannot run './script': the interpreter of ./script, /no/such: no such file or directory
try{make("text", "hello\n", "700")} -- expect: ENOEXEC	cannot run 'ROOT/text': ROOT/text is no program, and has no #! line
try{"cat", stdin = {file = root .. "/no"}} -- expect: ENOENT	cannot open ROOT/no: no such file or directory
try{"cat", stdout = {file = root}} -- expect: EISDIR	cannot open ROOT: is a directory
local _, message, code = process.try{"echo", ("x"):rep(1 << 18)}
print(code, message:sub(-24))     -- expect: E2BIG	: argument list too long
_, message, code = process.try{("x"):rep(5000)}
print(code, message:sub(-20))     -- expect: ENAMETOOLONG	: file name too long

-- Nothing of a pipeline is started then.
local file = root .. "/file"
try(process.pipe({"sh", "-c", "sleep 0.3; echo >\"$1\"", "sh", file}, {"there-is-no-such"})) -- expect: ENOENT	cannot run 'there-is-no-such': there-is-no-such: no such command
sleep(0.5)
print(io.open(file) == nil)        -- expect: true

local ok, err = pcall(process.run, {"there-is-no-such"})
print(ok, err, err.kind, err.code, err.status) -- expect: false	cannot run 'there-is-no-such': there-is-no-such: no such command	process	ENOENT	nil
ok, err = pcall(process.read, {"there-is-no-such"})
print(ok, err.code)               -- expect: false	ENOENT
ok, err = pcall(process.lines, {"there-is-no-such"})
print(ok, err.code)               -- expect: false	ENOENT
print(select(3, process.spawn{"there-is-no-such"})) -- expect: ENOENT
process.run{"rm", "-r", root}
