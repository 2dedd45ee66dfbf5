-- What it raised is in the result as it was; those that were stopped for it have not failed first.
local process = async.process
local cause = {code = 5}

local function result_of(fn)
  local result = process.try(process.pipe({"seq", "3"}, fn, {"cat"}))
  return result.ok, result.status, result.signal, result.error, result.stages[2].ok
end

-- expect: false	nil	nil	true	false
local ok, status, signal, err, is_good = result_of(function() error(cause) end)
print(ok, status, signal, err == cause, is_good)

-- expect: true	0	nil	nil	true
print(result_of(function(input, output) input:copy_to(output) end))

-- One that is cancelled has not done its work.
-- expect: false	nil	nil	nil	false
print(result_of(function()
  async.current():cancel()
  sleep(1)
end))
-- expect: command 'seq 3 | function' was cancelled (stage 2 of 2, 'function')
local _, failure = pcall(process.run, process.pipe({"seq", "3"}, function()
  async.current():cancel()
  sleep(1)
end))
print(failure)

-- Lines of the library are nobody's.
-- expect: command 'seq 3 | function' failed: the stream is closed
_, failure = pcall(process.run, process.pipe({"seq", "3"}, function(input)
  input:close()
  return input:read()
end))
print((tostring(failure):gsub("failed: .*:%d+: ", "failed: ")))
