-- From any task, also long after the end, and it is the same table.
-- options: --timeout=100
local child <close> = async.process.spawn{"sh", "-c", "exit 7"}
sleep(0.3)
local tasks = {}
for i = 1, 3 do tasks[i] = spawn(child.wait, child) end
local first = child:wait()
for i = 1, 3 do assert(await(tasks[i]) == first) end
-- expect: 7	true	true
print(first.status, child:wait() == first, child:stop() == first)
-- expect: nil	ESRCH
print((child:signal "TERM"), select(3, child:signal "TERM"))
