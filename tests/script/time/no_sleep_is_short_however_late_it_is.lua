local ch = async.channel()
for _, late in ipairs{0, 1e3, 1e6, 1e9, 1e12, 1e15} do
  sleep(late)
  for _, seconds in ipairs{0.1, 0.3, 1e-3, 1e-6, 1e-9} do
    local before = async.now()
    local slept = sleep(seconds)
    local went_by = async.now() - before
    if slept < seconds or went_by < seconds * (1 - 1e-9) then
      print(late, seconds, slept, went_by)
    end
    before = async.now()
    async.select{ch, timeout = seconds}
    if async.now() - before < seconds * (1 - 1e-9) then print("select", late, seconds) end
    before = async.now()
    async.move_on_after(seconds, sleep, math.huge)
    if async.now() - before < seconds * (1 - 1e-9) then print("deadline", late, seconds) end
    -- What begins together ends together.
    if async.move_on_after(seconds, sleep, seconds) == nil then print("late", late, seconds) end
  end
end
print("none")                                      -- expect: none
