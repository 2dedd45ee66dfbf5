-- Not of one that it is made with; nor with a line of ours.

local folder <close> = async.temp_dir()
local log = assert(async.jobs(folder.path .. "/log"))
local function why(fn, ...) return print(select(2, pcall(fn, ...))) end

why(async.csv.rows, "a\0b") -- expect: $FILE:5: csv.rows: a path has no zero byte
why(async.csv.write, "a\0b", {}) -- expect: $FILE:5: csv.write: a path has no zero byte
why(async.dotenv, "a\0b") -- expect: $FILE:5: dotenv: a path has no zero byte
why(async.jobs, "a\0b") -- expect: $FILE:5: jobs: a path has no zero byte
why(async.stale, "a\0b", {}) -- expect: $FILE:5: stale: a path has no zero byte
why(string.gsub, "x", "x", function() log:map({1}, print) end)
-- expect: $FILE:12: jobs:map: cannot wait inside string.gsub, a C function that cannot be suspended
why(string.gsub, "x", "x", function() async.signal.wait "HUP" end)
-- expect: $FILE:14: signal.wait: cannot wait inside string.gsub, a C function that cannot be suspended

-- A function that is error() itself.
why(async.args, {{"--n=N", type = error}}, {"--n=3"}) -- expect: 3
why(function() for _ in async.csv.rows(error) do end end) -- expect: nil
why(log.map, log, {"x"}, print, {key = error}) -- expect: x

-- One that waits.
print(async.args({{"--n=N", type = function(text) sleep(1) return text end}}, {"--n=3"}).n) -- expect: 3
