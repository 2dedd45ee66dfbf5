-- We were stopped, and hear of the end and of the deadline at once.
-- options: --timeout=100
local process = async.process
local stops_us = {"sh", "-c", [[
  (sleep 0.6; kill -CONT $PPID) >/dev/null 2>&1 &
  kill -STOP $PPID
  exit 3]], timeout = 0.3}

local function tell(result) print(result.ok, result.status, result.timed_out) end

tell(process.try(stops_us))                 -- expect: false	3	nil
tell(process.spawn(stops_us):wait())        -- expect: false	3	nil
