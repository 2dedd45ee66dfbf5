-- report.lua -- what tests/bench/run has measured, as JSON, as charts, against the
-- goals.
--
--   lua5.4 tests/bench/report.lua RESULTS_DIR OUT_DIR [--markdown]
--
-- Each file of the results is a workload, each line of it one run of a peer, as
-- "PEER key=value ...".  With --markdown the README's table is printed instead.

local MILLION <const> = 1000000

-- Speeds, as a ratio to the floor: time of the floor by the time of the peer.
local workloads = {
  {"switch", "a million switches", "wall"},
  {"spawn", "a million tasks at once", "wall"},
  {"waves", "in waves of 1,000", "wall"},
  {"timers", "a million sleeps (CPU)", "total"},
  {"sleepers", "a million asleep (CPU)", "total"},
  {"pingpong", "channel round trips", "wall"},
  {"producer", "one to four consumers", "wall"},
  {"finish", "spawn and await", "wall"},
  {"scope", "scopes of 1,000", "wall"},
  {"cancel", "100,000 cancelled", "wall"},
}

-- What a script without tasks does: see ordinary.lua.
local ordinary_jobs = {"generators", "iterators", "resumes", "handlers", "errors", "calls",
  "print", "write"}

local peers = {"tinyasync", "floor", "go", "node", "luv", "cqueues", "copas", "asyncio"}

-- ------------------------------------------------------------------ reading

local function lines_of(path)
  local lines = {}
  local file = io.open(path)
  if not file then return lines end
  for line in file:lines() do lines[#lines + 1] = line end
  file:close()
  return lines
end

-- The samples of a workload, by peer and key.
local function read_workload(path)
  local samples = {}
  for _, line in ipairs(lines_of(path)) do
    local peer = line:match("^(%S+)")
    for key, value in line:gmatch("(%w+)=(%-?[%d.]+)") do
      samples[peer] = samples[peer] or {}
      samples[peer][key] = samples[peer][key] or {}
      table.insert(samples[peer][key], tonumber(value))
    end
  end
  return samples
end

local function read_about(path)
  local about = {versions = {}}
  for _, line in ipairs(lines_of(path)) do
    local key, value = line:match("^(%w+)\t(.*)$")
    local peer, text = (value or ""):match("^([^\t]*)\t(.*)$")
    if key == "version" and peer then
      about.versions[peer] = text
    elseif key then
      about[key] = value
    end
  end
  return about
end

local function read_all(directory)
  local results = {growth = lines_of(directory .. "/growth")}
  for _, name in ipairs {"start-up", "ordinary", "pause", "commands", "latency", "pipes", "forks",
      "guardian", "files", "copies", "walk", "threads", "names", "echo", "echo_one"} do
    results[name] = read_workload(directory .. "/" .. name)
  end
  for _, row in ipairs(workloads) do
    results[row[1]] = read_workload(directory .. "/" .. row[1])
  end
  return results, read_about(directory .. "/about")
end

-- ---------------------------------------------------------------- computing

local function median(list)
  local sorted = table.move(list, 1, #list, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  if #sorted % 2 == 1 then return sorted[middle + 1] end
  return (sorted[middle] + sorted[middle + 1]) / 2
end

-- The median of what a peer did, or nil.
local function value_of(results, workload, peer, key)
  local samples = results[workload]
  local list = samples and samples[peer] and samples[peer][key]
  return list and median(list)
end

-- How fast a peer is, in floors.
local function speed(results, workload, key, peer)
  local own = value_of(results, workload, peer, key)
  local floor = value_of(results, workload, "floor", key)
  return own and floor and own > 0 and floor / own or nil
end

local function million_a_second(results, workload)
  local wall = value_of(results, workload, "tinyasync", "wall")
  return wall and MILLION / wall / 1e6
end

-- What a peer took, in times of what another took.
local function times(results, workload, peer, key, base)
  local own, other = value_of(results, workload, peer, key), value_of(results, workload, base, key)
  return own and other and other > 0 and own / other or nil
end

local function against(results, workload, key, base)
  return times(results, workload, "tinyasync", key, base)
end

-- Commands and their pipes: rows of the same kind.
local function outside_goals(results)
  local function commands(peer, key) return times(results, "commands", peer, key, "xargs") end
  return {
    {"commands, time in xargs", commands("tinyasync", "took"), "at most", 1},
    {"commands, CPU in xargs", commands("tinyasync", "total"), "at most", 1},
    {"commands, large, time in xargs", commands("tinyasync-large", "took"), "at most", 1.2},
    {"commands, large, CPU in xargs", commands("tinyasync-large", "total"), "at most", 1.2},
    {"blocks of a pipe, CPU in cats", times(results, "pipes", "tinyasync-blocks", "total", "cat"),
      "at most", 1.2},
    {"lines of a pipe, CPU in Pythons",
      times(results, "pipes", "tinyasync-lines", "total", "python-lines"), "at most", 1},
    {"100,000 files walked, CPU in finds", against(results, "walk", "total", "find"), "at most", 2},
    {"a large file copied, time in cps", against(results, "copies", "took", "cp"), "at most", 1.05},
    {"a command's result, in dashs", times(results, "latency", "tinyasync", "p50", "dash"),
      "at most", 1},
  }
end

-- What is to be reached: title, figure, "at most" or "at least", goal.
local function list_goals(results)
  local function floors(workload) return speed(results, workload, "wall", "tinyasync") end
  local go = value_of(results, "switch", "go", "wall")
  local own = value_of(results, "switch", "tinyasync", "wall")
  local goals = {
    {"start-up, in times of lua5.4", against(results, "start-up", "took", "lua5.4"), "at most", 1.4},
    {"spawn at once, in floors", floors "spawn", "at least", 1},
    {"spawn in waves, millions a second", million_a_second(results, "waves"), "at least", 8},
    {"switch, in floors", floors "switch", "at least", 0.8},
    {"switch, in Gos", go and own and go / own, "at least", 1},
    {"sleepers, bytes a task", value_of(results, "sleepers", "tinyasync", "bytes"), "at most", 1350},
    {"sleepers, CPU in floors", against(results, "sleepers", "total", "floor"), "at most", 1.3},
    {"timers, CPU in floors", against(results, "timers", "total", "floor"), "at most", 1.1},
    {"timers, late by (ms), median", value_of(results, "timers", "tinyasync", "p50"), "at most", 0.1},
    {"timers, late by (ms), 99 of 100", value_of(results, "timers", "tinyasync", "p99"), "at most", 2},
    {"channel round trips, in floors", floors "pingpong", "at least", 0.75},
  }
  for _, job in ipairs(ordinary_jobs) do
    goals[#goals + 1] = {job .. ", in times of lua5.4",
      against(results, "ordinary", job, "lua5.4"), "at most", 1.1}
  end
  for _, goal in ipairs(outside_goals(results)) do goals[#goals + 1] = goal end
  return goals
end

local function is_met(goal)
  if goal[3] == "at most" then return goal[2] <= goal[4] end
  return goal[2] >= goal[4]
end

-- -------------------------------------------------------------------- JSON

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}

local function quote(text)
  local escaped = text:gsub('[%c"\\]', function(c)
    return escapes[c] or string.format("\\u%04x", c:byte())
  end)
  return '"' .. escaped .. '"'
end

local to_json

local function fields(object, indent)
  local keys, parts = {}, {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    parts[#parts + 1] = ("%s%s: %s"):format(indent, quote(key), to_json(object[key], indent .. "  "))
  end
  return table.concat(parts, ",\n")
end

-- Numbers, strings, booleans, lists (not empty) and objects.
function to_json(value, indent)
  if math.type(value) == "float" then return string.format("%.9g", value) end
  if type(value) == "string" then return quote(value) end
  if type(value) ~= "table" then return tostring(value) end
  if #value == 0 then return "{\n" .. fields(value, indent) .. "\n" .. indent:sub(3) .. "}" end
  local parts = {}
  for i, item in ipairs(value) do parts[i] = to_json(item, indent .. "  ") end
  return "[" .. table.concat(parts, ", ") .. "]"
end

local function summary(list)
  return {median = median(list), min = math.min(table.unpack(list)),
    max = math.max(table.unpack(list)), samples = list}
end

local function as_object(results, about)
  local object = {about = about, workloads = {}, goals = {}}
  for workload, samples in pairs(results) do
    if workload ~= "growth" then
      local of_peer = {}
      for peer, keys in pairs(samples) do
        of_peer[peer] = {}
        for key, list in pairs(keys) do of_peer[peer][key] = summary(list) end
      end
      if next(of_peer) then object.workloads[workload] = of_peer end
    end
  end
  for _, row in ipairs(workloads) do
    for peer, keys in pairs(object.workloads[row[1]] or {}) do
      keys.floors = speed(results, row[1], row[3], peer)
    end
  end
  for _, goal in ipairs(list_goals(results)) do
    object.goals[goal[1]] = goal[2] and
      {got = goal[2], wanted = goal[3] .. " " .. goal[4], met = is_met(goal)} or "not measured"
  end
  if #results.growth > 0 then object.growth = results.growth end
  return object
end

-- -------------------------------------------------------------------- charts

local STYLE <const> = [[<style>text{font:12px sans-serif;fill:#888}.own{fill:#2f81c7}]] ..
  [[.other{fill:#9aa4ad}.line{stroke:#888;stroke-width:1}.goal{stroke:#d9822b;stroke-width:2}]] ..
  [[path{fill:none;stroke-width:2}</style>]]

local function svg(width, height, parts)
  return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">')
    :format(width, height, width, height) .. "\n" .. STYLE .. "\n" ..
    table.concat(parts, "\n") .. "\n</svg>\n"
end

local function label(x, y, anchor, text)
  return ('<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>'):format(x, y, anchor, text)
end

local function line(x1, y1, x2, y2, class)
  return ('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>'):format(x1, y1, x2, y2, class)
end

-- Where a value lies between two others, on a logarithmic axis, from 0 to 1.
local function place(value, least, most)
  local part = math.log(value / least) / math.log(most / least)
  return math.max(0, math.min(1, part))
end

local LEFT <const>, RIGHT <const>, LEAST <const>, MOST <const> = 170, 800, 0.01, 16
local bar_goals = {switch = 0.8, spawn = 1, pingpong = 0.75, timers = 1 / 1.1, sleepers = 1 / 1.3}

local function bar_x(value)
  return LEFT + place(value, LEAST, MOST) * (RIGHT - LEFT)
end

-- Adds the bars of a workload below `y`; gives the `y` below them.
local function add_bars(parts, results, row, y)
  local name, title, key = table.unpack(row)
  local top = y
  for _, peer in ipairs(peers) do
    local value = peer ~= "floor" and speed(results, name, key, peer)
    if value then
      parts[#parts + 1] = ('<rect x="%d" y="%.1f" width="%.1f" height="9" class="%s"/>'):format(LEFT, y,
        math.max(1, bar_x(value) - LEFT), peer == "tinyasync" and "own" or "other")
      parts[#parts + 1] = label(bar_x(value) + 5, y + 9, "start", ("%s %.2g"):format(peer, value))
      y = y + 13
    end
  end
  if y == top then return y end
  parts[#parts + 1] = label(LEFT - 8, top + 9, "end", title)
  local goal = bar_goals[name]
  if goal then parts[#parts + 1] = line(bar_x(goal), top - 2, bar_x(goal), top + 11, "goal") end
  return y + 10
end

local function draw_bars(results)
  local parts, y = {label(LEFT, 16, "start", "speed, where 1 is the floor: a bare Runner in C; " ..
    "the mark is the goal")}, 40
  for _, row in ipairs(workloads) do y = add_bars(parts, results, row, y) end
  for _, tick in ipairs {0.01, 0.1, 1, 10} do
    table.insert(parts, 1, line(bar_x(tick), 36, bar_x(tick), y, "line"))
    parts[#parts + 1] = label(bar_x(tick), 32, "middle", ("%g"):format(tick))
  end
  return svg(900, y + 10, parts)
end

-- The points of a growth curve by peer: {tasks, value} each.
local function curves(results, key)
  local of_peer = {}
  for _, text in ipairs(results.growth) do
    local peer, tasks = text:match("^(%S+)"), tonumber(text:match("tasks=(%d+)"))
    local value = tonumber(text:match(key .. "=([%d.]+)"))
    if tasks and value and value > 0 then
      of_peer[peer] = of_peer[peer] or {}
      table.insert(of_peer[peer], {tasks, value})
    end
  end
  return of_peer
end

local function draw_curve(parts, points, x, y, most, colour)
  local path = {}
  for i, point in ipairs(points) do
    path[i] = ("%s%.1f %.1f"):format(i == 1 and "M" or "L", x + place(point[1], 10, MILLION) * 160,
      y + 150 - math.min(1, point[2] / most) * 140)
  end
  parts[#parts + 1] = ('<path d="%s" stroke="%s"/>'):format(table.concat(path, " "), colour)
end

local function draw_panel(parts, results, panel, x)
  local title, key, most = table.unpack(panel)
  parts[#parts + 1] = label(x, 20, "start", title)
  parts[#parts + 1] = line(x, 180, x + 160, 180, "line")
  parts[#parts + 1] = line(x, 40, x + 160, 40, "line")
  parts[#parts + 1] = label(x + 162, 44, "start", tostring(most))
  parts[#parts + 1] = label(x, 196, "start", "10")
  parts[#parts + 1] = label(x + 160, 196, "end", "10^6")
  for peer, points in pairs(curves(results, key)) do
    draw_curve(parts, points, x, 30, most, peer == "tinyasync" and "#2f81c7" or "#9aa4ad")
  end
end

local function draw_growth(results)
  local parts = {}
  for i, panel in ipairs {{"a step, ns", "step", 1400}, {"spawn and end, ns", "spawn", 1000},
      {"begin, sleep, end, ns", "sleep", 4000}, {"asleep, bytes", "bytes", 2000}} do
    draw_panel(parts, results, panel, (i - 1) * 215 + 10)
  end
  parts[#parts + 1] = label(10, 222, "start", "against the number of tasks; blue tinyasync, grey the floor")
  return svg(880, 232, parts)
end

-- --------------------------------------------------------------------- words

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function print_bars(results)
  print("\nspeed in floors (#: a tenth):")
  for _, row in ipairs(workloads) do
    local value = speed(results, row[1], row[3], "tinyasync")
    if value then
      print(("  %-26s%5.2f %s"):format(row[2], value, ("#"):rep(math.min(40, value * 10 // 1 | 0))))
    end
  end
end

local function print_goals(results)
  print("\ngoals:")
  for _, goal in ipairs(list_goals(results)) do
    local title, got, bound, wanted = table.unpack(goal, 1, 4)
    local verdict = not got and "not measured" or
      ("%s: %.4g, wanted %s %g"):format(is_met(goal) and "met" or "missed", got, bound, wanted)
    print(("  %-34s %s"):format(title, verdict))
  end
end

local function cell(value)
  if not value then return "" end
  return value >= 10 and ("%.0f"):format(value) or ("%.2g"):format(value)
end

local function print_markdown(results)
  print("| speed, in floors | " .. table.concat(peers, " | ") .. " |")
  print("|" .. (" --- |"):rep(#peers + 1))
  for _, row in ipairs(workloads) do
    local cells = {}
    for i, peer in ipairs(peers) do cells[i] = cell(speed(results, row[1], row[3], peer)) end
    print("| " .. row[2] .. " | " .. table.concat(cells, " | ") .. " |")
  end
end

-- --------------------------------------------------------------------- main

local function main(directory, out, markdown)
  if not out then
    io.stderr:write("usage: report.lua RESULTS_DIR OUT_DIR [--markdown]\n")
    return 2
  end
  local results, about = read_all(directory)
  if markdown then
    print_markdown(results)
    return 0
  end
  write(out .. "/results.json", to_json(as_object(results, about), "  ") .. "\n")
  write(out .. "/chart.svg", draw_bars(results))
  write(out .. "/growth.svg", draw_growth(results))
  print_bars(results)
  print_goals(results)
  return 0
end

os.exit(main(...), true)
