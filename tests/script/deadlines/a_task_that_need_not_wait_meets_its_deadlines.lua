-- options: --seed=1
local ch, began = async.channel(1), os.clock()
print(async.move_on_after(0.01, function()         -- expect: nil	timeout
  while os.clock() - began < 5 do
    ch:send(1)
    ch:recv()
  end
  return "went on for five seconds"
end))
print(#ch < 2)                                     -- expect: true
