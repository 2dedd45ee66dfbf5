local task = spawn({name = "harry"}, sleep, 1)
print(task.id, task.name, tostring(task))          -- expect: 2	harry	task #2 harry
print(spawn(string.rep, "x", 1).name)              -- expect: string.rep
print(spawn(print).name)                           -- expect: print
print(task.nothing)                                -- expect: nil
-- What print prints without arguments:
-- expect:
