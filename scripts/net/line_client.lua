#!/usr/bin/env tinyasync
-- Sends lines, prints the answers, and connects again when it has to.
--
--   tinyasync run scripts/net/line_client.lua HOST PORT <LINES
--
-- A line counts as sent when its answer has come: until then it is sent again.

local options = async.args{
  "Sends each line of standard input, and prints the line that is the answer.",
  {"HOST", "whom to ask"},
  {"PORT", type = "integer", min = 1, max = 65535},
  {"-t, --timeout=SECONDS", "how long to wait for an answer", type = "number", min = 0.1,
    default = 10},
  {"-n, --tries=N", "how often to send a line", type = "integer", min = 1, default = 20},
}

local FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5 -- seconds

local connection

local function exchange(line)
  local sent, why = connection:write(line, "\n")
  if not sent then return nil, why end
  return connection:read()
end

-- One try.  A connection that gave no answer is not used again: a late one would be taken for
-- that to the next line.
local function ask(line)
  connection = connection or assert(async.net.connect(options.host, options.port))
  local answer, why = async.move_on_after(options.timeout, exchange, line)
  if answer then return answer end
  connection:close()
  connection = nil
  error(why or "the connection has ended", 0)
end

-- The pauses grow, and are never quite the same, so that many who were cut off together do not
-- come back together.
local pauses = {delay = FIRST_PAUSE, factor = 2, max = LONGEST_PAUSE, jitter = 0.5}

function pauses.when(why)
  io.stderr:write(why, "\n")
  return true
end

for line in async.stdin:lines() do
  print(async.retry(options.tries, function() return ask(line) end, pauses))
end
