-- options: --timeout=100
local process = async.process

local r = process.try{"sh", "-c", "echo out; echo err >&2; sleep 0.1; exit 3", cwd = "/tmp"}
-- expect: false	3	nil	out	err	/tmp
print(r.ok, r.status, r.signal, r.stdout:sub(1, -2), r.stderr:sub(1, -2), r.cwd)
-- expect: sh -c 'echo out; echo err >&2; sleep 0.1; exit 3'
print(r.command)
-- expect: nil	nil	nil	1
print(r.timed_out, r.truncated, r.held, #r.stages)
-- expect: true	true	true	true
print(r.duration >= 0.1 and r.duration < 10, r.cpu >= 0 and r.cpu < 10, r.max_rss > 100000,
  math.type(r.pid) == "integer")

r = process.try{"sh", "-c", "kill -USR1 $$"}
-- expect: false	nil	USR1
print(r.ok, r.status, r.signal)

r = process.run{"true"}
-- expect: true	0	nil	nil
print(r.ok, r.status, r.stdout, r.stderr)

-- allow: what counts as success.
-- expect: true	1
r = process.run{"false", allow = 1}
print(r.ok, r.status)
-- expect: true	7
r = process.run{"sh", "-c", "exit 7", allow = {2, 7}}
print(r.ok, r.status)
-- expect: false	command 'false' failed with status 1 (in /tmp)
print(pcall(process.run, {"false", allow = 2, cwd = "/tmp"}))
-- expect: false	command 'sh -c 'kill -KILL $$'' was ended by SIGKILL
print(pcall(process.run, {"sh", "-c", "kill -KILL $$"}))

-- An error is the result, with a text that has the tail of a captured stderr.
local ok, err = pcall(process.run, {"sh", "-c", "echo why >&2; exit 2", stderr = "capture"})
-- expect: false	process	false	2	why
print(ok, err.kind, err.ok, err.status, err.stderr:sub(1, -2))
-- expect: command 'sh -c 'echo why >&2; exit 2'' failed with status 2
-- expect: why
print(err)

ok, err = pcall(process.read, {"sh", "-c", "yes | head -c 5000 >&2; exit 2", stderr = "capture"})
-- expect: true
print(#tostring(err) < 2200)

-- read takes the newlines at the end off, and no others.
-- expect: [\n\na\n\nb]
print((("[" .. process.read{"printf", "\n\na\n\nb\n\n\n"} .. "]"):gsub("\n", "\\n")))
-- expect: []
print("[" .. process.read{"true"} .. "]")
