local count = 0
local task = spawn(function()
  local last <close> = async.defer(function() print "closed" end)  -- expect: closed
  while true do
    pcall(function()
      local guard <close> = async.defer(function()
        count = count + 1
        if count > 1000 then os.exit(9) end
        error("eaten", 0)
      end)
      sleep(10)
    end)
  end
end)
sleep(1)
task:cancel()
print((task:pawait()))                             -- expect: false
-- The last time its clean-up runs, nothing catches the error.
print(count == 100 or count == 101, async.now())   -- expect: true	1.0
