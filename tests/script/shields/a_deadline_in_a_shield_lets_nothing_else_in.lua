-- There the deadline is in force; the cancellation from outside is not.
local task = spawn(function()
  local guard <close> = async.defer(function(own)
    async.shield(function()
      print(async.move_on_after(1, function()
        local inner <close> = async.defer(function(err)
          print(err.reason, pcall(error, own))     -- expect: timeout	false	cancelled: mine
        end)
        pcall(sleep, 10)
        print "never"
      end))
      -- expect: nil	timeout
    end)
  end)
  sleep(10)
end)
sleep(1)
task:cancel "mine"
print(task:pawait())                               -- expect: false	cancelled: mine
