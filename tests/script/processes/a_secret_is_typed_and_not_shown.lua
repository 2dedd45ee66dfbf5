-- As stdin the text reaches the command, and nobody else sees it.
-- options: --timeout=100 -x
local process = async.process
local secret = async.secret "hunter22\n"
print(process.read {"wc", "-c", stdin = secret})    -- expect: 9
print(process.read {"cat", stdin = async.secret "pipe"}) -- expect: pipe
print(process.try {"true", stdin = secret}.command) -- expect: true
local ok, err = pcall(process.run, {"sh", "-c", "read word; echo wrong: $word >&2; exit 3",
  stdin = secret, stderr = "capture"})
print(ok, (tostring(err):gsub("\n.*", "")))
-- expect: false	command 'sh -c 'read word; echo wrong: $word >&2; exit 3'' failed with status 3
print(tostring(err):find "hunter" == nil)           -- expect: true
print((select(2, pcall(process.run, {"cat", stdin = {secret}})))) -- expect: $FILE:$LINE: process.run: stdin must be a string, {file=}, a stream, "pipe" or "inherit", got table
-- expect stderr: wc -c
