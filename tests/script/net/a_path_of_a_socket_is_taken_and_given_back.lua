-- What a server has left that is no more is removed; who listens is left alone, and sees nobody.
local net, fs = async.net, async.fs
local dir <close> = async.temp_dir()
local path = dir.path .. "/socket"
local first = assert(net.listen_unix(path))
-- expect: true	nil	socket
print(first.address == path, first.port, fs.stat(path).type)
-- expect: nil	EADDRINUSE
local none, _, code = net.listen_unix(path)
print(none, code)
-- expect: nil	timeout
print(async.select{first, timeout = 0})
local ours <close> = assert(net.connect_unix(path))
local theirs <close> = assert(first:accept())
ours:write "hello\n"
-- expect: hello	true	true
print(theirs:read(), theirs.peer:match "^pid %d+$" ~= nil, theirs.local_address == path)

-- Somebody else has the path by now: it is not removed.
assert(fs.rename(path, path .. ".old"))
local second = assert(net.listen_unix(path))
first:close()
-- expect: true
print(fs.exists(path))
-- A server that was killed leaves its path: made here by a link.
assert(fs.rename(path, path .. ".kept"))
second:close()
-- expect: true	true
print(fs.exists(path .. ".kept"), fs.exists(path .. ".old"))
local third <close> = assert(net.listen_unix(path .. ".kept"))
-- expect: true
print(third.address == path .. ".kept")
-- What is no socket stays.
assert(fs.write(path .. ".txt", "text"))
-- expect: nil	EADDRINUSE	text
local nobody, _, why = net.listen_unix(path .. ".txt")
print(nobody, why, fs.read(path .. ".txt"))

-- Paths are those of the task's directory.
async.cd(dir.path)
local near <close> = assert(net.listen_unix "near")
local to_near <close> = assert(net.connect_unix "near")
-- expect: unix near	true
print(to_near.label, near:accept() ~= nil)

-- A name that is in no directory.
local name = "@tinyasync-" .. dir.path
local hidden <close> = assert(net.listen_unix(name))
local to_hidden <close> = assert(net.connect_unix(name))
-- expect: true	true
print(hidden.address == name, hidden:accept() ~= nil)
