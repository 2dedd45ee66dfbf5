local function report(err) print(err.reason, async.now()) end
local task = spawn(function()
  local guard <close> = async.defer(report)
  async.shield(sleep, 3)
  sleep(1)
end)
spawn(function()
  local guard <close> = async.defer(report)
  sleep(10)
end)
sleep(1)
task:cancel "by hand"
sleep(1)
os.exit(0, true)
-- expect: exit	2.0
-- expect: by hand	3.0
