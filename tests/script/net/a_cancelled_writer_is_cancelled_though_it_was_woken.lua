-- Those who wait behind a write, and are cancelled together with it, are not told that it was cut
-- short, or that somebody has closed the stream: nothing of theirs has begun.
-- options: --timeout=100

local net = async.net
local server = assert(net.listen("127.0.0.1", 0))

local function full_stream()
  local client = assert(net.connect("127.0.0.1", server.port))
  return server:accept(), client
end

local much = ("x"):rep(32 << 20)

-- While one writes what nobody reads, the others do what `acts` says, and all are cancelled at
-- once.
local function cancel_all_of(acts)
  local stream, client = full_stream()
  local tasks = {spawn(stream.write, stream, much)}
  for i, act in ipairs(acts) do tasks[i + 1] = spawn(stream[act], stream, "more") end
  for _, task in ipairs(tasks) do
    repeat sleep(0) until task:status() == "waiting"
  end
  for _, task in ipairs(tasks) do task:cancel() end
  for i, task in ipairs(tasks) do
    local ok, message = task:pawait()
    print(acts[i - 1] or "first", ok, message)
  end
  client:close()
end

-- expect: first	false	cancelled
-- expect: write	false	cancelled
-- expect: write	false	cancelled
cancel_all_of{"write", "write"}

-- expect: first	false	cancelled
-- expect: flush	false	cancelled
-- expect: shutdown	false	cancelled
-- expect: close	false	cancelled
cancel_all_of{"flush", "shutdown", "close"}

-- A close that is cancelled closes at once: whoever was in the middle of a write is cancelled after
-- that.
-- expect: close	false	cancelled
-- expect: write	false	cancelled
do
  local stream, client = full_stream()
  local writer = spawn(stream.write, stream, much)
  local closer = spawn(stream.close, stream)
  repeat sleep(0) until closer:status() == "waiting"
  closer:cancel()
  writer:cancel()
  print("close", closer:pawait())
  print("write", writer:pawait())
  client:close()
end
