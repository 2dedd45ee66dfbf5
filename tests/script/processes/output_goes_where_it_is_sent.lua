-- options: --timeout=100
local process = async.process
local root = process.read{"mktemp", "-d"}
local both = {"sh", "-c", "echo out; echo err >&2"}

local function with(options)
  for i, word in ipairs(both) do options[i] = word end
  return options
end

local function content(name)
  local file <close> = io.open(root .. "/" .. name)
  return file and file:read("a"):gsub("\n", ",")
end

-- A file is written anew, or at its end, also in a list.
local to = {file = root .. "/a"}
local onto = {file = root .. "/a", append = true}
process.run(with{stdout = to, stderr = "null"})
process.run(with{stdout = to, stderr = "null"})
-- expect: out,
print(content "a")
process.run(with{stdout = onto, stderr = "null"})
process.run(with{stdout = {onto, "null"}, stderr = "null"})
-- expect: out,out,out,
print(content "a")
process.run{"cp", "/dev/null", "a", cwd = root}
process.run(with{stdout = {file = "a"}, stderr = {file = "b"}, cwd = root})
-- expect: out,	err,
print(content "a", content "b")

-- One descriptor for both keeps the order.
local r = process.try{"sh", "-c", "printf 1; printf 3 >&2; printf 2", stderr = "stdout"}
-- expect: 132	nil
print(r.stdout, r.stderr)
r = process.try{"sh", "-c", "printf 1; printf 3 >&2; printf 2", stdout = {"capture", "null"}, stderr = "stdout"}
-- expect: 132
print(r.stdout)

-- Lines for a function, the last one without its end too.
local lines = {}
process.run{"printf", "a\n\nb\nlast", stdout = function(line) lines[#lines + 1] = line end}
-- expect: a||b|last
print(table.concat(lines, "|"))

-- Several at once.
lines = {}
r = process.try{"printf", "x\ny", stdout = {"capture", to, function(line) lines[#lines + 1] = line end}}
-- expect: x,y	x,y	x|y
print((r.stdout:gsub("\n", ",")), content "a", table.concat(lines, "|"))

-- Into another command's stream, which the caller closes.
local cat <close> = process.spawn{"cat", stdin = "pipe", stdout = "pipe"}
process.run(with{stdout = cat.stdin, stderr = "null"})
process.run(with{stdout = {cat.stdin, "null"}, stderr = "null"})
cat.stdin:close()
-- expect: out,out,
print((cat.stdout:read("a"):gsub("\n", ",")))

-- What cannot be written is told; but a reader that has gone wanted no more.
local ok, err = pcall(process.run, {"seq", 100000, stdout = {{file = "/dev/full"}, "null"}})
-- expect: false	command 'seq 100000' failed: cannot write to stdout of 'seq 100000': no space left on device
print(ok, err)
local head <close> = process.spawn{"head", "-n1", stdin = "pipe", stdout = "null"}
r = process.try{"seq", 1000000, stdout = head.stdin}
-- expect: nil	PIPE
print(r.status, r.signal)
local other <close> = process.spawn{"head", "-n1", stdin = "pipe", stdout = "null"}
r = process.try{"seq", 100000, stdout = {other.stdin, "capture"}}
-- expect: true	588895
print(r.ok, #r.stdout)
-- expect: false	command 'printf 12345678901' failed: line longer than 10 bytes
print(pcall(process.run, {"printf", "12345678901", max_line = 10, stdout = {print, "null"}}))

-- stdin: nothing, a text, a file, a stream.
-- expect: 0
print(#process.read{"cat"})
-- expect: 1000000
print(#process.read{"cat", stdin = ("x"):rep(1000000)})
-- expect: x,y
print((process.read{"cat", stdin = to}:gsub("\n", ",")))
local echo <close> = process.spawn{"echo", "from a stream", stdout = "pipe"}
-- expect: from a stream
print(process.read{"cat", stdin = echo.stdout})
-- expect: true
print(process.try{"true", stdin = ("x"):rep(1000000)}.ok)

-- Of each stage, in one text.
r = process.try(process.pipe({"sh", "-c", "echo one >&2"}, {"sh", "-c", "cat; echo two >&2",
  stderr = {"capture", "null"}}))
-- expect: one,two,
print((r.stderr:gsub("\n", ",")))
lines = {}
local function keep(line) lines[#lines + 1] = line end
process.run(process.pipe({"sh", "-c", "echo one >&2", stderr = keep}, {"sh", "-c", "cat; echo two >&2",
  stderr = keep}))
-- expect: one|two
print(table.concat(lines, "|"))
process.run{"rm", "-r", root}
