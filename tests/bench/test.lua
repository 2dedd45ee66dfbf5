-- test.lua -- does report.lua tell what was measured?
--
--   lua5.4 tests/bench/test.lua

local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/../?.lua;" .. package.path
local shell = require "kit.shell"
local verdict = require "kit.verdict"
local quote = shell.quote

local function test(name, ok, why)
  verdict.report(name, not ok and (why or "no") or nil)
end

local RESULTS <const> = {
  about = "machine\t2 cores, a \"fast\" one\nrounds\t3\nversion\tgo\tgo1.19\n",
  switch = "floor wall=0.05 total=0.05\ntinyasync wall=0.09\ntinyasync wall=0.0625\n" ..
    "tinyasync wall=0.01\ngo wall=0.125\n",
  sleepers = "tinyasync bytes=1500.5 early=0 total=2\nfloor bytes=1200 total=1\n",
  ["start-up"] = "lua5.4 took=0.001\ntinyasync took=0.0012\n",
  ordinary = "lua5.4 generators=0.2\nlua5.4 print=1\ntinyasync generators=0.21\n" ..
    "tinyasync print=1.2\n",
  pingpong = "floor wall=0.1\n", -- tinyasync failed
  commands = "tinyasync took=1 total=2\ntinyasync-large took=3 total=2\nxargs took=2 total=2.5\n",
  pipes = "cat total=0.1\ntinyasync-blocks total=0.13\ntinyasync-lines total=0.5\n" ..
    "python-lines total=0.625\n",
  growth = "tinyasync tasks=10 bytes=8192 spawn=200 step=80 sleep=90\n" ..
    "tinyasync tasks=1000000 bytes=1500 spawn=300 step=160 sleep=900\n",
}

local function fill(directory)
  for name, text in pairs(RESULTS) do shell.write(directory .. "/" .. name, text) end
end

-- Does each tag that is opened end?
local function is_balanced(xml)
  local open = {}
  for slash, name, single in xml:gmatch("<(/?)(%w+)[^>]-(/?)>") do
    if slash == "/" then
      if table.remove(open) ~= name then return false end
    elseif single == "" then
      open[#open + 1] = name
    end
  end
  return #open == 0 and xml:find("<svg", 1, true) == 1
end

local function check(directory)
  local command = ("lua5.4 %s/report.lua %s %s"):format(quote(here), quote(directory), quote(directory))
  local text = shell.output_of(command)
  test("medians_are_compared_with_the_floor", text:find("switches%s+0.80 ########\n"), text)
  test("a_goal_that_is_met_is_told", text:find("times of lua5.4%s+met: 1.2, wanted at most 1.4"), text)
  test("a_goal_that_is_missed_is_told", text:find("a task%s+missed: 1500%g*, wanted at most 1350"), text)
  test("a_script_without_tasks_has_goals", text:find("generators, in times of lua5.4%s+met: 1.05") and
    text:find("print, in times of lua5.4%s+missed: 1.2"), text)
  test("commands_have_goals", text:find("commands, CPU in xargs%s+met: 0.8, wanted at most 1\n") and
    text:find("large, time in xargs%s+missed: 1.5, wanted at most 1.2\n"), text)
  test("pipes_have_goals", text:find("in cats%s+missed: 1.3, wanted at most 1.2\n") and
    text:find("in Pythons%s+met: 0.8"), text)
  test("what_was_not_measured_is_told", text:find("round trips, in floors%s+not measured"), text)
  local json = require("cjson").decode(shell.read(directory .. "/results.json"))
  local tiny = json.workloads.switch.tinyasync
  test("each_sample_is_in_the_json", #tiny.wall.samples == 3 and tiny.wall.min == 0.01, "samples")
  test("medians_are_in_the_json", tiny.wall.median == 0.0625 and tiny.floors == 0.8, "median")
  test("the_machine_is_in_the_json", json.about.machine == '2 cores, a "fast" one', "machine")
  test("versions_are_in_the_json", json.about.versions.go == "go1.19", "versions")
  test("goals_are_in_the_json", json.goals["switch, in floors"].met == true, "goals")
  for _, name in ipairs {"chart", "growth"} do
    local xml = shell.read(("%s/%s.svg"):format(directory, name))
    test(name .. "_is_well_formed", is_balanced(xml), xml)
  end
  local medians = shell.output_of(("bash %s/table.bash %s commands times s:took:10:xargs"):format(
    quote(here), quote(directory)))
  test("a_table_compares_with_any_peer", medians:find("tinyasync%-large%s+30%s+1.5\n"), medians)
  local table_text = shell.output_of(command .. " --markdown")
  test("a_table_for_the_readme", table_text:find("| a million switches | 0.8 | 1 | 0.4 |", 1, true),
    table_text)
end

local directory, temporary <close> = shell.temporary_folder()
fill(directory)
local ok, why = xpcall(check, debug.traceback, directory)
if not ok then test("the_report_is_made", false, why) end
verdict.leave()
