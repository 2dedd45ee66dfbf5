-- Both were cancelled for the same reason; only the own one passes pcall.
local sub = spawn(sleep, 10)
local task = spawn(function()
  local guard <close> = async.defer(function(own)
    async.shield(function()
      print(pcall(await, sub))                     -- expect: false	cancelled: over
      print(sub.error == own)                      -- expect: false
    end)
    print(pcall(error, sub.error))                 -- expect: false	cancelled: over
    print(pcall(await, sub))
    print "never"
  end)
  sleep(10)
end)
sleep(1)
task:cancel "over"
sub:cancel "over"
print(task:pawait())                               -- expect: false	cancelled: over
