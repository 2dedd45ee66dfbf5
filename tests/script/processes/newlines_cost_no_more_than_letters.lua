-- Not even a megabyte of them, at the end and before it, read or in the message of a failure.
-- options: --timeout=100
local process = async.process
local lines = "yes '' | head -c 1000000"

print(#process.read(process.sh(lines .. "; echo x")))       -- expect: 1000001
print(#process.read(process.sh(lines)))                     -- expect: 0
print(#process.read(process.sh("echo x; " .. lines)))       -- expect: 1
local _, failure = pcall(process.run, {"sh", "-c", "{ " .. lines .. "; echo why; } >&2; exit 1",
  stderr = "capture"})
print((tostring(failure):gsub("\n+", " ")))
-- expect: command 'sh -c '{ yes '\'''\'' | head -c 1000000; echo why; } >&2; exit 1'' failed with status 1 ... why
