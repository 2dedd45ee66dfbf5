-- Scripts that are modules as well ask whether anybody called them.
local function is_main() return not pcall(debug.getlocal, 5, 1) end
print(is_main(), debug.getinfo(3), debug.getinfo(2, "S").what, debug.getinfo(1, "S").what)
if not pcall(debug.getlocal, 4, 1) then print "the main program" end
local name = os.tmpname()
local file = io.open(name, "w")
file:write "print(pcall(debug.getlocal, 4, 1), debug.getinfo(3) ~= nil)"
file:close()
dofile(name)
print(pcall(dofile, name))
loadfile(name)()
coroutine.wrap(loadfile(name))()
package.preload.as_a_module = loadfile(name)
require "as_a_module"
os.remove(name)
