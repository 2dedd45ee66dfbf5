#!/usr/bin/env tinyasync
-- A small make -j.  A file of rules says what is made of what: a line `output ...: input ...`,
-- and below it, each after a blank, the commands.  What is up to date is not made again.
--
--   tinyasync run scripts/kit/make.lua -j4 -f rules.mk app
--
-- A command that fails stops all others, and the run.

local options = async.args{
  "Makes targets, and before them what they are made of.",
  {"[TARGET...]", "what to make; the first rule's if none is named"},
  {"-f, --file=FILE", "the rules", default = "rules.mk"},
  {"-j, --jobs=N", "how many commands at a time", type = "integer", min = 1, default = 2},
  {"-n, --dry-run", "show what would be done"},
}

local function leave(problem)
  io.stderr:write("make.lua: ", tostring(problem), "\n")
  os.exit(1, true)
end

local function words_of(text)
  local words = {}
  for word in text:gmatch "%S+" do words[#words + 1] = word end
  return words
end

-- The rules, each under every output that it has; and the first output.
local function read_rules(path)
  local rules, first, rule = {}, nil, nil
  local number = 0
  local text, message = async.fs.read(path)
  if not text then leave(message) end
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local outputs, inputs = line:match "^([^%s#:][^:]*):(.*)$"
    if outputs then
      rule = {outputs = words_of(outputs), inputs = words_of(inputs), commands = {}}
      first = first or rule.outputs[1]
      for _, output in ipairs(rule.outputs) do
        if rules[output] then
          leave(("%s:%d: a second rule for %s"):format(path, number, output))
        end
        rules[output] = rule
      end
    elseif line:find "^%s+%S" and rule then
      table.insert(rule.commands, (line:gsub("^%s+", "")))
    elseif line:find "^%s*[^%s#]" then
      leave(("%s:%d: expected outputs: inputs"):format(path, number))
    end
  end
  if not first then leave(path .. ": there is no rule") end
  return rules, first
end

local rules, first = read_rules(options.file)
local slots = async.semaphore(options.jobs)

-- Before anything runs: no rule may need itself.
local function refuse_cycles(target, path, seen)
  local rule = rules[target]
  if not rule or seen[rule] == "done" then return end
  path = path and path .. " <- " .. target or target
  if seen[rule] then leave("a circle: " .. path) end
  seen[rule] = "under way"
  for _, input in ipairs(rule.inputs) do refuse_cycles(input, path, seen) end
  seen[rule] = "done"
end

local function run(rule)
  for _, command in ipairs(rule.commands) do
    print(command)
    if not options.dry_run then async.process.run{"sh", "-c", command, output = "group"} end
  end
end

local make

-- One task a rule, whoever needs it.  Each waits for what it is made of, and then for a slot.
local function start(s, rule)
  rule.task = rule.task or s:spawn(function()
    for _, input in ipairs(rule.inputs) do make(s, input) end
    for _, input in ipairs(rule.inputs) do
      if rules[input] and not rules[input].task:pawait() then return end -- that stops all
    end
    -- What is made of something new is made anew; in a dry run no time of a file says so.
    for _, input in ipairs(rule.inputs) do
      if rules[input] and rules[input].runs then rule.runs = true end
    end
    if rule.runs or async.stale(rule.outputs, rule.inputs) then
      rule.runs = true
      slots:with(run, rule)
    end
  end)
end

function make(s, target)
  if rules[target] then return start(s, rules[target]) end
  if not async.fs.exists(target) then error("no rule to make " .. target, 0) end
end

local targets = options.target[1] and options.target or {first}
local seen = {}
for _, target in ipairs(targets) do refuse_cycles(target, nil, seen) end
local made, problem = pcall(async.scope, function(s)
  for _, target in ipairs(targets) do make(s, target) end
end)
if not made then leave(problem) end
