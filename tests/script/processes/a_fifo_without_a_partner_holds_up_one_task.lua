-- Others go on, a deadline ends it, and with the other side there it goes on.
-- options: --timeout=100
local process = async.process
local fifo = os.tmpname()
os.remove(fifo)
process.run {"mkfifo", fifo}
for _, option in ipairs {"stdin", "stdout", "stderr"} do
  print(async.move_on_after(0.05, process.run, {"true", [option] = {file = fifo}})) -- expect: nil	timeout
  -- expect: nil	timeout
  -- expect: nil	timeout
end

local reader = spawn(process.read, {"cat", stdin = {file = fifo}})
async.checkpoint()
print((async.tree():match "open [^\n]*":gsub("/.*", "FIFO"))) -- expect: open FIFO
process.run {"echo", "through", stdout = {file = fifo, append = true}}
print(reader:await())                               -- expect: through

os.remove(fifo)
