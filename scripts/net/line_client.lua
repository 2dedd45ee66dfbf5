-- line_client.lua: sends lines, prints the answers, and connects again when it has to.
--   tinyasync run scripts/net/line_client.lua HOST PORT <LINES
-- A line counts as sent when its answer has come: until then it is sent again.
local FIRST_PAUSE, LONGEST_PAUSE, TRIES = 0.05, 5, 20
local host, port = arg[1], arg[2]
local connection

-- The pauses grow, and are never quite the same, so that many who were cut off together do not
-- come back together.
local function connect()
  return async.retry(TRIES, function()
    local stream, why = async.net.connect(host, port)
    if not stream then
      io.stderr:write(why, "\n")
      error(why, 0)
    end
    return stream
  end, {delay = FIRST_PAUSE, factor = 2, max = LONGEST_PAUSE, jitter = 0.5})
end

local function ask(line)
  while true do
    connection = connection or connect()
    local answer = connection:write(line, "\n") and connection:read()
    if answer then return answer end
    connection:close()
    connection = nil
  end
end

for line in async.stdin:lines() do print(ask(line)) end
