-- Cancelled between its wake and its step it has a FIFO open: whoever comes then is not to take it
-- for a partner.
-- options: --timeout=60
local process = async.process
local fifo = os.tmpname()
os.remove(fifo)
process.run {"mkfifo", fifo}
collectgarbage "stop"

for i = 1, 3 do
  local reader = spawn(process.run, {"true", stdin = {file = fifo}})
  async.checkpoint()
  local limit = os.clock() + 0.06
  repeat until os.clock() > limit -- when it looks again is over by then
  for _ = 1, i do async.checkpoint() end
  reader:cancel()
  reader:pawait()
  print(async.move_on_after(0.05, process.run, {"true", stdout = {file = fifo}}))
  -- expect: nil	timeout
  -- expect: nil	timeout
  -- expect: nil	timeout
end
os.remove(fifo)
