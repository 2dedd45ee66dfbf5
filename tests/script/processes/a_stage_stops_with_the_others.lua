-- A function that waits for ever does not hold up the pipeline that another one fails.
-- options: --timeout=100
local process = async.process
local cleaned = 0
local began = async.now()
local ok = pcall(process.run, process.pipe({"sleep", "100"}, function()
  sleep(0.1)
  error "planned"
end, {"cat"},
  function()
    local guard <close> = async.defer(function() cleaned = cleaned + 1 end)
    sleep(100)
  end))
-- expect: false	1	true
print(ok, cleaned, async.now() - began < 10)

-- Nor one that is cancelled, or reads too much.
began = async.now()
async.move_on_after(0.2, process.run, process.pipe({"sleep", "100"}, function() sleep(100) end))
-- expect: true
print(async.now() - began < 10)
ok = pcall(process.read, process.pipe(function() sleep(100) end, {"yes", max_output = 10}))
-- expect: false	true
print(ok, async.now() - began < 10)
