-- options: --seed=1
-- 100,000 signals from another process lose the last one not, keep nobody from running, and take
-- no memory.
local process = async.process
local mark = os.tmpname()
os.remove(mark)
local calls, seen_last, turns = 0, async.event "last", 0
async.signal.on("USR2", function()
  calls = calls + 1
  local file = io.open(mark)
  if file then file:close() seen_last:set() end
end)
spawn({name = "other", daemon = true}, function()
  while true do
    turns = turns + 1
    sleep(0.001)
  end
end)
collectgarbage()
local before = collectgarbage "count"
process.run(process.sh([[
  i=0
  while [ $i -lt 100000 ]; do kill -USR2 $PPID; i=$((i + 1)); done
  : >{}
  kill -USR2 $PPID]], mark))
async.with_timeout(30, function() seen_last:wait() end)
os.remove(mark)
collectgarbage()
print("grown", collectgarbage "count" - before < 200)
-- expect: grown	true
print("called", calls >= 1 and calls <= 100001)
-- expect: called	true
print("others ran", turns >= 10)
-- expect: others ran	true
