-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local d <const>, gone <close> = watching.directory()
local fs = async.fs

assert(fs.mkdir(d .. "/sub"))
assert(async.cd(d))

-- What is told of begins as it was asked for.
local watch <close> = assert(fs.watch "sub")
assert(fs.write("sub/one", "text"))
local event = watch()
print(watch.path, event.kind, event.path) -- expect: sub	created	sub/one
fs.rename("sub/one", "sub/two")
event = watch()
print(event.kind, event.path, event.from) -- expect: renamed	sub/two	sub/one

-- It goes on there, wherever the task is later.
async.cd "/"
fs.remove(d .. "/sub/two")
event = watch()
print(event.kind, event.path) -- expect: deleted	sub/two
async.cd(d)
print(fs.watch "none") -- expect: nil	cannot watch none: no such file or directory	ENOENT
local here <close> = assert(fs.watch ".")
assert(fs.write("three", "text"))
event = here()
print(event.kind, event.path) -- expect: created	./three
