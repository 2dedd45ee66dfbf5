-- What ends a run may end its input too: whoever is cancelled when something has come, and has
-- not gone on yet, does not go on.
-- options: --timeout=100

-- While `read` waits `feed` lets something come.  The reader is cancelled in the pass in which it is
-- woken, before its turn: whose task is older comes first.
local function cancel_when_it_has_come(read, feed)
  local reader
  spawn(function()
    sleep(0.01)
    feed()
    repeat async.checkpoint() until reader:status() == "runnable"
    reader:cancel()
  end)
  reader = spawn(function()
    print(read())
    print "deleted"
  end)
  print(select(2, reader:pawait()))
end

-- expect: cancelled
-- expect: x
do
  local command = {"sh", "-c", "read x; echo $x", stdin = "pipe", stdout = "pipe"}
  local child <close> = async.process.spawn(command)
  cancel_when_it_has_come(function() return child.stdout:read() end,
    function() child.stdin:write "x\n" end)
  print(child.stdout:read())
end

-- expect: cancelled
-- expect: x
local fifo = os.tmpname()
os.remove(fifo)
os.execute("mkfifo " .. fifo)
local file <close> = io.popen("read x <" .. fifo .. "; echo $x")
cancel_when_it_has_come(function() return file:read() end, function()
  local other <close> = io.open(fifo, "w")
  other:write "x\n"
end)
print(file:read())
os.remove(fifo)
