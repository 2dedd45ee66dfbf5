-- SPDX-License-Identifier: MIT
--
-- program.lua -- random programs for the model check.
--
-- program.make(seed) gives the source text of a script, the same one for the
-- same seed.  All delays are multiples of 1/64, so that adding them up is exact
-- and many deadlines meet.  To look at one:  lua5.4 tests/model/program.lua SEED

local program = {}

-- Nothing flushes here, and some lines come in two parts: what the program
-- buffers must be out before it writes anything to standard error.
local HEAD = [[
local function note(...)
  local words = table.pack(...)
  for i = 1, words.n do
    local word = words[i]
    local text = tostring(word)
    words[i] = text:find(": 0x", 1, true) and type(word) or text
  end
  io.write("#", async.current().id, string.format(" %.6f ", async.now()))
  io.write(table.concat(words, " "), "\n")
end

local object = setmetatable({}, {__tostring = function() return "an object" end})

local function slow(delay)
  return setmetatable({}, {__close = function() note("slow", sleep(delay)) end})
end

local function noisy(label)
  return setmetatable({}, {__close = function(_, err) note(label, "closed", err) end})
end

]]

local Maker = {}
Maker.__index = Maker

local function pick(list)
  return list[math.random(#list)]
end

function Maker:line(text, ...)
  self.lines[#self.lines + 1] = ("  "):rep(self.indent) .. text:format(...)
end

function Maker:label()
  self.labels = self.labels + 1
  return ("%q"):format("L" .. self.labels)
end

-- Writes `head`, what `body` writes, and `tail`, as one block.
function Maker:block(head, body, tail)
  self:line("%s", head)
  self.indent = self.indent + 1
  body()
  self.indent = self.indent - 1
  self:line("%s", tail)
end

local function delay()
  return pick {"0", "0", "-1", "1/64", "1/64", "2/64", "2/64", "3/64", "4/64", "8/64", "32/64", "1"}
end

-- ------------------------------------------------------------- statements
--
-- Each takes the maker and a context: `generator` inside a coroutine of the
-- script's own, `shared` in a function that may be called inside one, `depth`
-- of functions in functions.

local statements = {}

local function statement(weight, write)
  for _ = 1, weight do statements[#statements + 1] = write end
end

local function make_body(maker, context)
  for _ = 1, math.random(5) do
    if maker.budget <= 0 then break end
    maker.budget = maker.budget - 1
    pick(statements)(maker, context)
  end
end

local function inside(context, changes)
  local new = {
    depth = context.depth + 1, generator = context.generator, shared = context.shared,
  }
  for key, value in pairs(changes or {}) do new[key] = value end
  return new
end

statement(6, function(maker)
  maker:line("note(%s, 'slept', sleep(%s))", maker:label(), delay())
end)

statement(2, function(maker)
  maker:line("note(%s)", maker:label())
end)

-- A line that is not finished when something else may be printed.
statement(1, function(maker)
  maker:line("io.write('part of ', %s, ' ')", maker:label())
end)

statement(1, function(maker)
  maker:line("io.stderr:write('to stderr ', %s, '\\n')", maker:label())
end)

statement(2, function(maker, context)
  if context.generator then
    maker:line("async.checkpoint()")
  else
    maker:line(pick {"coroutine.yield()", "coroutine.yield(nil)", "async.checkpoint()"})
  end
  maker:line("note(%s)", maker:label())
end)

-- The protocol by hand; inside a generator the same is a value like any other.
statement(3, function(maker)
  maker:line("note(%s, coroutine.yield{action = 'sleep', delay = %s})", maker:label(), delay())
end)

local MISTAKES = {
  "sleep()", "sleep('soon')", "sleep({})", "sleep(true)", "sleep(0/0)", "error('Meh')",
  "error('Meh', 0)", "error('Meh', 2)", "error(object)", "error(42)", "local x = nil + 1",
  "note(('x'):bad())",
}

local MISTAKES_OF_A_TASK = {
  "coroutine.yield(5)", "coroutine.yield('sleep')", "coroutine.yield(true)",
  "coroutine.yield(note)", "coroutine.yield{action = 'fly'}",
  "coroutine.yield{action = 'Sleep', delay = 1}", "coroutine.yield{action = 'sleep'}",
  "coroutine.yield{action = 'sleep', delay = 'long'}",
}

local function mistake(context)
  if context.generator or math.random(2) == 1 then return pick(MISTAKES) end
  return pick(MISTAKES_OF_A_TASK)
end

-- Ends the task, most often: the condition keeps what follows from being dead.
statement(1, function(maker, context)
  maker:line("if async.current().id %% %d == 0 then %s end", math.random(1, 4), mistake(context))
end)

statement(3, function(maker, context)
  maker:block("note(pcall(function()", function()
    if math.random(2) == 1 then maker:line("sleep(%s)", delay()) end
    maker:line("%s", mistake(context))
  end, "end))")
end)

statement(1, function(maker)
  maker:line("note(pcall(sleep, %s))", pick {"nil", "'x'", "1/64", "0"})
end)

-- As many spaces as it takes: three ways to say spawn, with and without options.
local function spawn_head()
  return pick {
    "spawn(", "spawn(", "runner.add_task(", "runner:add_task(", "spawn({name = 'named'}, ",
    "runner.add_task({name = 'named'}, ",
  }
end

local function make_spawn(maker, context)
  if context.depth > 3 then return maker:line("note(%s)", maker:label()) end
  maker:block(spawn_head() .. "function(...)", function()
    maker:line("note(%s, ...)", maker:label())
    make_body(maker, inside(context, {generator = false, shared = false}))
  end, pick {"end)", "end, 1)", "end, 'a', 'b')"})
end

statement(5, make_spawn)

statement(2, function(maker)
  if #maker.functions == 0 then return maker:line("note(%s)", maker:label()) end
  maker:line("%s%s, %s)", spawn_head(), pick(maker.functions), maker:label())
end)

statement(1, function(maker)
  if #maker.functions == 0 then return maker:line("note(%s)", maker:label()) end
  maker:line("%s(%s)", pick(maker.functions), maker:label())
end)

statement(2, function(maker, context)
  maker:block(("for i = 1, %d do"):format(math.random(3)), function()
    maker:line("note(%s, i)", maker:label())
    make_body(maker, inside(context))
  end, "end")
end)

statement(1, function(maker, context)
  maker:block("do", function()
    maker:line("local noise <close> = noisy(%s)", maker:label())
    make_body(maker, inside(context))
  end, "end")
end)

-- Clean-up that waits, also while an error unwinds.  In a wrapped coroutine that
-- fails it could not: Lua closes that one.
statement(1, function(maker, context)
  if context.generator or context.shared then return maker:line("note(%s)", maker:label()) end
  maker:block("do", function()
    maker:line("local slow <close> = slow(%s)", delay())
    if math.random(2) == 1 then
      maker:line("if async.current().id %% 3 == 0 then error('in time', 0) end")
    end
    make_body(maker, inside(context))
  end, "end")
end)

-- Tasks that are due together, their deadlines set in another order than they
-- were created.
statement(4, function(maker)
  local count, total = math.random(2, 8), math.random(8, 12)
  local parts = {}
  for i = 1, count do parts[i] = math.random(0, total - 1) end
  maker:block(("for _, part in ipairs {%s} do"):format(table.concat(parts, ", ")), function()
    maker:block("spawn(function()", function()
      maker:line("sleep(part / 64)")
      if math.random(2) == 1 then maker:line("note(%s, part)", maker:label()) end
      maker:line("sleep((%d - part) / 64)", total)
      maker:line("note(%s, 'due', part)", maker:label())
      if math.random(4) == 1 then maker:line("if part %% 2 == 0 then error('even') end") end
    end, "end)")
  end, "end")
end)

-- A generator that waits between its values, and who consumes it.
statement(3, function(maker, context)
  if context.depth > 3 then return maker:line("note(%s)", maker:label()) end
  maker:block("for value in coroutine.wrap(function()", function()
    for i = 1, math.random(3) do
      make_body(maker, inside(context, {generator = true}))
      maker:line("coroutine.yield(%d)", i)
    end
  end, "end) do")
  maker.indent = maker.indent + 1
  maker:line("note(%s, value)", maker:label())
  if math.random(3) == 1 then maker:line("sleep(%s)", delay()) end
  maker.indent = maker.indent - 1
  maker:line("end")
end)

-- The same by coroutine.resume, which catches what fails.
statement(1, function(maker, context)
  if context.depth > 3 then return maker:line("note(%s)", maker:label()) end
  maker:block("local co = coroutine.create(function(...)", function()
    maker:line("note(%s, ...)", maker:label())
    make_body(maker, inside(context, {generator = true}))
    maker:line("note(%s, coroutine.yield('one', 'two'))", maker:label())
    make_body(maker, inside(context, {generator = true}))
    maker:line("return 'end'")
  end, "end)")
  maker:block("for i = 1, 5 do", function()
    maker:line("local ok, value = coroutine.resume(co, i)")
    maker:line("note(%s, ok, value)", maker:label())
    maker:line("note(coroutine.status(co))")
  end, "end")
end)

statement(1, function(maker)
  maker:block("spawn({daemon = true}, function()", function()
    maker:line("local noise <close> = noisy(%s)", maker:label())
    maker:block("while true do", function()
      maker:line("sleep(%s)", pick {"3/64", "5/64", "16/64", "1"})
      maker:line("note(%s)", maker:label())
    end, "end")
  end, "end)")
end)

-- ------------------------------------------------------- the whole program

-- Under virtual time a task that never sleeps meets, after 1,000 passes, tasks
-- that do: the only way for the two to be runnable in one pass.  At most one a
-- program: which deadline time jumps to is only laid down while there is one.
local function make_spinner(maker)
  maker:block(("for i = 1, %d do"):format(math.random(4)), function()
    maker:line("spawn(function() note('in the end', i, sleep(%d / 64)) end)", math.random(200))
  end, "end")
  local own_task = math.random(2) == 1
  if own_task then maker:line("spawn(function()") end
  maker:block(("for i = 1, %d do"):format(math.random(1002, 1200)), function()
    maker:line("sleep(0)")
    maker:line("if i > 990 and i < 1010 then note('spinning', i) end")
  end, "end")
  if own_task then maker:line("end)") end
end

-- Nobody sleeps any more, and yet there is a time to come.
local function make_poller(maker)
  maker:line("sleep(%d)", math.random(2, 9))
  maker:line("local till = async.now() + %d / 64", math.random(3))
  maker:line("while async.now() < till do %s end", pick {
    "async.checkpoint()", "sleep(0)", "coroutine.yield()",
  })
  maker:line("note('polled')")
end

-- Tasks that spawn one another, and others beside them: more than fit into a pass.
local function make_chain(maker)
  local length = 10000 * math.random(2) + math.random(-9, 9)
  maker:line("local links = 0")
  maker:block("local function chain()", function()
    maker:line("links = links + 1")
    maker:line("if links %% 10000 < 12 or links > %d then note('link', links) end", length - 3)
    maker:line("if links < %d then spawn(chain) end", length)
  end, "end")
  maker:line("spawn(chain)")
  maker:block(("for i = 1, %d do"):format(math.random(3)), function()
    maker:block("spawn(function()", function()
      maker:block("for _ = 1, 4 do", function()
        maker:line("note('beside it', i, links)")
        maker:line("sleep(%s)", pick {"0", "0", "1/64"})
      end, "end")
    end, "end)")
  end, "end")
end

local function make_functions(maker)
  for i = 1, math.random(0, 3) do
    local name = "f" .. i
    maker.budget = math.random(2, 8)
    maker:block(("local function %s(...)"):format(name), function()
      maker:line("note(%s, ...)", maker:label())
      make_body(maker, {depth = 2, shared = true})
    end, "end")
    maker.functions[#maker.functions + 1] = name
  end
end

local function make_results(maker)
  local results = {}
  for i, name in ipairs(maker.functions) do
    if math.random(3) == 1 then
      results[#results + 1] = pick {name, name, "'ignored'", tostring(i)}
    end
  end
  if #results > 0 then maker:line("return %s", table.concat(results, ", ")) end
end

local function make_virtual(maker)
  make_functions(maker)
  maker.budget = math.random(10, 30)
  while maker.budget > 0 do make_body(maker, {depth = 1}) end
  local extra = math.random(160)
  if extra <= 4 then
    make_spinner(maker)
  elseif extra <= 8 then
    make_poller(maker)
  elseif extra <= 10 then
    make_chain(maker)
  end
  make_results(maker)
end

-- ---------------------------------------------------------- the real clock
--
-- Virtual time stops at every deadline, so deadlines that differ are never due
-- in one pass.  On the real clock they are, when a task works for longer than
-- all others sleep: then everybody is runnable in every pass, for sure, however
-- slow the machine is.  Times are not logged.

local function make_round(maker)
  maker:line("note(%s, n)", maker:label())
  local kind = math.random(6)
  if kind == 1 then
    maker:line("async.checkpoint()")
  elseif kind == 2 then
    maker:line("sleep(%s)", pick {"0", "-1"})
  elseif kind == 3 then
    maker:line("if n %% 3 == 0 then error('by three') end")
    maker:line("sleep(n * 0.0001)")
  else
    maker:line("sleep((n * %d %% 7 + 1) * 0.0002)", math.random(1, 6))
  end
end

local function make_child(maker, rounds, depth)
  maker:block("spawn(function()", function()
    if depth < 3 and math.random(3) == 1 then make_child(maker, rounds, depth + 1) end
    for _ = 1, rounds do make_round(maker) end
  end, "end)")
end

local function make_real(maker)
  local rounds = math.random(2, 3)
  maker:line("local function note(...)")
  maker:line("  io.write(table.concat({async.current().id, ...}, ' '), '\\n')")
  maker:line("end")
  maker:line("local function work(seconds)")
  maker:line("  local till = async.now() + seconds")
  maker:line("  while async.now() < till do end")
  maker:line("end")
  maker:block(("for n = 1, %d do"):format(math.random(3, 7)), function()
    make_child(maker, rounds, 1)
  end, "end")
  -- Created last, by way of tasks that are: it comes last in each pass.
  maker:line("spawn(function() spawn(function() spawn(function()")
  maker:line("  for _ = 1, %d do work(0.003) sleep(0) end", rounds + 1)
  maker:line("end) end) end)")
end

-- The source text, and whether it wants the real clock.
function program.make(seed)
  math.randomseed(seed)
  local real = seed % 20 == 0
  local maker = setmetatable(
    {lines = {}, indent = 0, labels = 0, budget = 0, functions = {}}, Maker)
  if real then
    make_real(maker)
  else
    make_virtual(maker)
  end
  return ("-- program %d of the model check\n%s%s\n"):format(
    seed, real and "" or HEAD, table.concat(maker.lines, "\n")), real
end

if arg and arg[0]:match("program%.lua$") then
  io.write((program.make(math.tointeger(tonumber(arg[1] or "")) or 1)))
end

return program
