local function eat()
  pcall(function()
    local guard <close> = async.defer(function() error("eaten", 0) end)
    sleep(1)
  end)
end
local task = spawn(function()
  print "starts"                                   -- expect: starts
  for _ = 1, 99 do eat() end
  return "survived"
end)
sleep(0.5)
task:cancel()
print(await(task))                                 -- expect: survived
