-- not under sanitizers: they keep what was given back
-- A large string there and back: with TA_TEST_LARGE a gigabyte, which takes half a minute,
-- with TA_TEST_PART sixteen megabytes.
local function available()
  for line in io.lines "/proc/meminfo" do
    local kilobytes = line:match "^MemAvailable:%s+(%d+)"
    if kilobytes then return tonumber(kilobytes) * 1024 end
  end
  return 0
end

local is_large = os.getenv "TA_TEST_LARGE" and available() > 6 << 30
local usual = os.getenv "TA_TEST_PART" and 16 << 20 or 64 << 20
local size = is_large and 1 << 30 or available() > 1 << 30 and usual or 1 << 20
local channel = async.channel(1)
do
  local text = ("0123456789abcdef"):rep(1 << 16):rep(size >> 20)
  channel:send(text)
end
collectgarbage()
local length, first, last = async.thread(function(from, to)
  local text = from:recv()
  to:send {text = text}
  return #text, text:sub(1, 4), text:sub(-4)
end, channel, channel)
collectgarbage()
print(length == size, first, last)              -- expect: true	0123	cdef
local back = channel:recv().text
print(#back == size, back:sub(-4))              -- expect: true	cdef
back = nil
collectgarbage()

-- No more at any time than the text on both sides, and on its way.
local peak
for line in io.lines "/proc/self/status" do peak = peak or line:match "^VmHWM:%s+(%d+)" end
print(tonumber(peak) * 1024 < 3 * size + (64 << 20))  -- expect: true
