-- It is not in force there.
local task = spawn(function()
  local last <close> = async.defer(function(err) print("last", err) end)
  local guard <close> = async.defer(function(err)
    async.shield(function() print(pcall(error, err)) end)
    pcall(error, err)
    print "never"
  end)
  sleep(10)
end)
sleep(1)
task:cancel "mine"
print(task:pawait())
-- expect: false	cancelled: mine
-- expect: last	cancelled: mine
-- expect: false	cancelled: mine
