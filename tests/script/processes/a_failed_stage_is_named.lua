-- Every stage counts; but who dies because a later one stopped reading has not failed.
-- options: --timeout=100
local process = async.process
local pipe = process.pipe

-- expect: false	command 'false | cat' failed with status 1 (stage 1 of 2, 'false')
print(pcall(process.run, pipe({"false"}, {"cat"})))

local r = process.try(pipe({"sh", "-c", "exit 3"}, {"sh", "-c", "exit 4"}, {"true"}))
-- expect: false	3	3	3	4	0
print(r.ok, r.status, #r.stages, r.stages[1].status, r.stages[2].status, r.stages[3].status)

r = process.try(pipe({"yes"}, {"head", "-1"}))
-- expect: true	0	y	PIPE	true
print(r.ok, r.status, r.stdout:match("%C+"), r.stages[1].signal, r.stages[1].ok)

r = process.try(pipe({"head", "-c", 100000000, "/dev/zero"}, {"head", "-c", 1}))
-- expect: true	0	1
print(r.ok, r.status, #r.stdout)

r = process.try(pipe({"sh", "-c", "exit 141"}, {"true"}))
-- expect: false	141
print(r.ok, r.status)

r = process.try(pipe({"sh", "-c", "exit 1", allow = 1}, {"true"}))
-- expect: true	0	1
print(r.ok, r.status, r.stages[1].status)

-- A pipeline may be a stage.
r = process.try(pipe(pipe({"echo", "x"}, {"cat"}), {"cat"}))
-- expect: x	3
print(r.stdout:sub(1, -2), #r.stages)

-- expect: cat: not there is no program
r = table.pack(process.try(pipe({"sleep", 100}, {"not there"})))
print(r[1] == nil and r[3] == "ENOENT" and "cat: not there is no program")
