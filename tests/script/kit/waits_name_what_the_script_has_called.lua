-- A tree, a dump and a trace say what the script has called, not what that is made of.

local dir <close> = async.temp_dir()
local function name(part) return dir.path .. "/" .. part end
for _, pipe in ipairs{"env", "rows"} do async.process.run{"mkfifo", name(pipe)} end

local never = async.event "never"
local function wait() never:wait() end
local jobs = async.jobs(name "log")

local calls = {
  function() jobs:map({"a", "b", "c"}, wait, {limit = 2}) end,
  function() sleep(0.5) jobs:run("a", wait) end,
  function() async.dotenv(name "env") end,
  function() for _ in async.csv.rows(name "rows") do end end,
  function() async.race{wait, wait} end,
  function() async.any{wait} end,
  function() async.settle{spawn({name = "given"}, wait)} end,
  function() for _ in async.as_completed{wait, wait, wait} do end end,
  function() async.map({1, 2, 3}, wait, {limit = 2, keep_going = true}) end,
}
local tasks = {}
for i, call in ipairs(calls) do tasks[i] = spawn({name = "call " .. i}, call) end
sleep(1)
for _, task in ipairs(tasks) do print(((select(2, task:status())):gsub(" /.*/", " "))) end
-- expect: jobs:map of 2
-- expect: event 'job a'
-- expect: dotenv env
-- expect: csv.rows rows
-- expect: race of 2
-- expect: any of 1
-- expect: settle of 1
-- expect: as_completed of 3
-- expect: map of 2
for line in async.tree():gmatch "[^\n]+" do
  local job = line:match "job %l: .*never'"
  if job then print(job) end
end
-- expect: job a: waiting, event 'never'
-- expect: job b: waiting, event 'never'

-- So does the error of who cannot wait.
local function misuse(call)
  print((select(2, pcall(string.gsub, "x", "x", call)):match ":%d+: (.-) inside"))
end
misuse(function() jobs:map({"z"}, wait) end) -- expect: jobs:map: cannot wait
misuse(function() jobs:run("z", wait) end) -- expect: jobs:run: cannot wait
misuse(function() async.dotenv(name "env") end) -- expect: dotenv: cannot wait
misuse(function() for _ in async.csv.rows(name "rows") do end end) -- expect: csv.rows: cannot wait
misuse(function() async.prompt "x" end) -- expect: prompt: cannot wait
misuse(function() async.confirm "x" end) -- expect: confirm: cannot wait
misuse(function() async.select_one("x", {1}) end) -- expect: select_one: cannot wait

print(select(2, pcall(jobs.map, jobs, {}, wait, {limit = 0})):match ": (.*)")
-- expect: jobs:map: limit must be a whole number from 1 on, got 0
for _, task in ipairs(tasks) do task:cancel() end
os.exit(0, true)
