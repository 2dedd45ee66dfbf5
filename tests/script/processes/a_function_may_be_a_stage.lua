-- It writes more than a pipe holds, to readers that leave: nobody hangs, and it hears of that
-- once, and cleans up.
-- options: --timeout=100
local process = async.process
local RUNS = 20
local megabyte = ("x"):rep(1023) .. "\n"

local told, cleaned

local function produce(_, output)
  local guard <close> = async.defer(function() cleaned = cleaned + 1 end)
  for _ = 1, 1024 do
    local done, _, code = output:write(megabyte)
    if not done then
      told = told + 1
      assert(code == "EPIPE", code)
      return
    end
  end
end

local function try(...)
  told, cleaned = 0, 0
  local good = 0
  for _ = 1, RUNS do
    local result = process.try(process.pipe(produce, {...}))
    if result.ok then good = good + 1 end
  end
  return good, told, cleaned
end

-- expect: 20	0	20
print(try("cat"))
-- expect: 20	20	20
print(try("true"))
-- expect: 20	20	20
print(try("head", "-n1"))
RUNS = 2
-- expect: 2	2	2
print(try("sleep", "0.5"))

-- In the middle, and at the end.
local upper = function(input, output)
  for line in input:lines() do output:write(line:upper(), "\n") end
end
-- expect: A,B
print((process.read(process.pipe({"printf", "a\nb\n"}, upper, {"cat"})):gsub("\n", ",")))
-- expect: A,B
print((process.read(process.pipe({"printf", "a\nb\n"}, upper)):gsub("\n", ",")))

-- Its error fails the pipeline and stops the rest.
local r = process.try(process.pipe({"sleep", "100"}, function() error("planned", 0) end, {"cat"}))
-- expect: false	nil	true
print(r.ok, r.status, r.duration < 10)
-- expect: false	true
local ok, err = pcall(process.run, process.pipe({"sleep", "100"}, function() error("planned", 0) end))
print(ok, tostring(err):find("planned", 1, true) ~= nil)
