-- Scripts that look how deep they are find what they would under lua: one frame of C.
local function depth()
  local level = 2
  while debug.getinfo(level, "S") do level = level + 1 end
  return level - 2, debug.getinfo(level - 1, "S").what
end
local function look(name)
  local levels, last = depth()
  print(name, levels, last)
end
look "script"                                      -- expect: script	3	C
spawn(look, "spawned")                             -- expect: spawned	2	C
spawn({name = "x"}, function(...) look(...) end, "named")  -- expect: named	3	C
sleep(0)
look "after a wait"                                -- expect: after a wait	3	C
return function() look "returned" end              -- expect: returned	3	C
