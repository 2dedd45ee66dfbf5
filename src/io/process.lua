-- SPDX-License-Identifier: MIT
--
-- process.lua -- what commands mean: options, results, failures.
--
-- It sees nothing of the script's globals.  A command is looked at whole before anything is
-- started: `plan`.  Starting it opens descriptors, which are closed whatever happens, and
-- makes a child, which has a command of process.c.  What a task of ours has to do beside,
-- because Lua is to be called, is a helper: it lives as long as the child's pipes.

local parts = process_parts()
local raise, wait, stop, is_callable = parts.raise, parts.wait, parts.stop, parts.is_callable
local output = parts.output_half()

local OUT, ERR = 1, 2
local GRACE = 5
local LEAST = 1 -- second to hand on what has come
local MAX_OUTPUT = 64 << 20
local MAX_LINE = 16 << 20
local TAIL = 2000 -- bytes of stderr in a message
local SHOWN = 200 -- bytes of a command in messages

local process = {}

-- ------------------------------------------------------------------- secrets

-- What may be shown of one is mostly "***"; of a command for a shell only a part is secret.
local texts_of_secrets = setmetatable({}, {__mode = "k"})
local masked_secrets = setmetatable({}, {__mode = "k"})
local secret_parts = setmetatable({}, {__mode = "k"})
local Secret = {__name = "secret"}

function Secret.__tostring(value) return masked_secrets[value] or "***" end

local function secret(text)
  if type(text) ~= "string" then
    raise(format("secret: expected a string, got %s", type(text)))
  end
  local made = setmetatable({}, Secret)
  texts_of_secrets[made], secret_parts[made] = text, {text}
  return made
end

local LEAST_SECRET = 4 -- bytes: shorter ones are not looked for in what a command wrote

-- A function that masks these texts.
local function masker(secrets)
  return function(text)
    for i = 1, #secrets do
      local pattern = gsub(secrets[i], "%W", "%%%0")
      if #secrets[i] >= LEAST_SECRET then text = gsub(text, pattern, "***") end
    end
    return text
  end
end

-- --------------------------------------------------------------------- words

local function quote(text)
  if find(text, "^[%w@%%_+=:,./-]+$") then return text end
  return "'" .. gsub(text, "'", [['\'']]) .. "'"
end

-- A word as the program gets it, and as it may be shown.
local function word_of(name, value, which)
  if texts_of_secrets[value] then
    local masked = masked_secrets[value]
    value = word_of(name, texts_of_secrets[value], which)
    return value, masked and quote(masked) or "***"
  end
  local kind = type(value)
  if kind == "number" then value, kind = tostring(value), "string" end
  if kind ~= "string" then
    raise(format("process.%s: %s must be a string or a number, got %s", name, which, kind))
  end
  if find(value, "\0", 1, true) then
    raise(format("process.%s: %s holds a zero byte, which no program can be given", name, which))
  end
  return value, quote(value)
end

local function cut(text, most)
  if #text <= most then return text end
  return sub(text, 1, most) .. "..."
end

local function shown_words(shown)
  return cut(output.harmless(concat(shown, " ")), SHOWN)
end

-- The words, and how each is shown.
local function words_of(name, cmd)
  local words, shown = {}, {}
  local count = 0
  for key in next, cmd do
    if type(key) == "number" then count = max(count, key) end
  end
  if count == 0 then
    raise(format("process.%s: the command has no words, as in {\"make\", \"-j4\"}", name))
  end
  for i = 1, count do
    words[i], shown[i] = word_of(name, cmd[i], "word " .. i)
  end
  return words, shown
end

-- ------------------------------------------------------------------- options

local function complain(name, option, expected, value)
  raise(format("process.%s: %s must be %s, got %s", name, option, expected,
    type(value) == "string" and format("%q", value) or type(value)))
end

local function number_from(least, expected)
  return function(name, option, value)
    if type(value) ~= "number" or not (value >= least) then complain(name, option, expected, value) end
  end
end

local function one_of(kind, expected)
  return function(name, option, value)
    if type(value) ~= kind then complain(name, option, expected, value) end
  end
end

local function among(...)
  local words, list = {}, {...}
  for i = 1, #list do
    words[list[i]] = true
    list[i] = format("%q", list[i])
  end
  local expected = concat(list, " or ")
  return function(name, option, value)
    if not words[value] then complain(name, option, expected, value) end
  end
end

local function check_bytes(name, option, value)
  local count = type(value) == "number" and tointeger(value)
  if not count or count < 0 then complain(name, option, "a number of bytes", value) end
end

local function check_text(name, option, value)
  if type(value) ~= "string" or find(value, "\0", 1, true) then
    complain(name, option, "a string without zero bytes", value)
  end
end

local function check_label(name, option, value)
  if type(value) ~= "string" and type(value) ~= "number" or value == "" then
    complain(name, option, "a text", value)
  end
end

local function check_environment(name, option, value)
  if type(value) ~= "table" then complain(name, option, "a table", value) end
  for key, text in next, value do
    if type(key) ~= "string" or key == "" or find(key, "[=%z]") then
      raise(format("process.%s: env has a name that no variable can have: %s", name, tostring(key)))
    end
    if text ~= false then word_of(name, text, "env." .. key) end
  end
end

local function check_signal(name, option, value)
  if type(value) ~= "string" or not parts.signal_number(value) then
    complain(name, option, "the name of a signal, as \"TERM\"", value)
  end
end

local function check_allow(name, option, value)
  local list = type(value) == "table" and value or {value}
  for i = 1, #list do
    if type(list[i]) ~= "number" then complain(name, option, "statuses, as {1, 2}", list[i]) end
  end
end

-- True, of io.popen's commands: ours, and the terminal is not theirs before they ask for it.
local function check_input(name, option, value)
  if name == "popen" then return end
  if value == "pipe" and name ~= "spawn" then
    raise(format('process.%s: stdin = "pipe" is for process.spawn, which gives the stream', name))
  end
  if type(value) == "string" or parts.is_stream(value) then return end
  if type(value) == "table" and type(value.file) == "string" then return end
  complain(name, option, 'a string, {file=}, a stream, "pipe" or "inherit"', value)
end

local sides = {inherit = true, capture = true, null = true}

local function is_destination(value)
  if sides[value] or is_callable(value) or parts.is_stream(value) then return true end
  return type(value) == "table" and type(value.file) == "string"
end

local function check_output(name, option, value)
  if value == "pipe" and name ~= "spawn" then
    raise(format('process.%s: %s = "pipe" is for process.spawn, which gives the stream', name,
      option))
  end
  if value == "pipe" or is_destination(value) then return end
  if value == "stdout" and option == "stderr" then return end
  local expected = '"inherit", "capture", "null", "pipe", {file=}, a stream, a function, '
    .. "or a list of these"
  if type(value) ~= "table" or #value == 0 then complain(name, option, expected, value) end
  for i = 1, #value do
    if not is_destination(value[i]) then complain(name, option, expected, value[i]) end
  end
end

local options = {
  stdin = check_input,
  stdout = check_output,
  stderr = check_output,
  cwd = check_text,
  env = check_environment,
  clear_env = one_of("boolean", "true or false"),
  timeout = number_from(0, "a number of seconds"),
  grace = number_from(0, "a number of seconds"),
  stop_signal = check_signal,
  kill = among("group", "process"),
  allow = check_allow,
  max_output = check_bytes,
  max_line = check_bytes,
  detach = one_of("boolean", "true or false"),
  leftovers = among("keep", "kill"),
  pty = one_of("boolean", "true or false"),
  label = check_label,
  output = among("raw", "lines", "group"),
}

-- How many letters have to be changed to make one word of the other.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local before = row[0]
    row[0] = i
    for j = 1, #b do
      local same = byte(a, i) == byte(b, j) and 0 or 1
      before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + same)
    end
  end
  return row[#b]
end

local function nearest(word)
  local best, least = nil, max(2, #word // 2)
  for known in next, options do
    local far = distance(word, known)
    if far < least or far == least and best and known < best then best, least = known, far end
  end
  return best
end

local function check_options(name, cmd)
  for key, value in next, cmd do
    if type(key) ~= "number" then
      local check = options[key]
      if not check then
        local near = type(key) == "string" and nearest(key)
        raise(format("process.%s: unknown option '%s'%s", name, tostring(key),
          near and format(", did you mean '%s'?", near) or ""))
      end
      check(name, key, value)
    end
  end
end

-- --------------------------------------------------------------------- plans

local Pipeline = {__name = "pipeline"}

-- What Lua's own functions start is not searched for.
local shells = {popen = "/bin/sh", execute = "/bin/sh"}

local function stage_of(name, cmd, i)
  if is_callable(cmd) then return {call = cmd, text = "function", options = {}} end
  if type(cmd) ~= "table" then
    raise(format("process.%s: %s must be a table of words, got %s", name,
      i and "stage " .. i or "a command", type(cmd)))
  end
  check_options(name, cmd)
  local words, shown = words_of(name, cmd)
  return {words = words, shown = shown, text = shown_words(shown), options = cmd,
    path = shells[name]}
end

local function check_pty(name, given, count)
  if not given.pty then return end
  if count > 1 then raise(format("process.%s: a stage of a pipeline can have no pty", name)) end
  for _, option in ipairs {"stderr", "detach"} do
    if given[option] then
      raise(format("process.%s: a command with pty can have no %s", name, option))
    end
  end
  if given.output and given.output ~= "raw" then
    raise(format('process.%s: the output of a command with pty is "raw"', name))
  end
end

-- What the last stage says for all of them.
local of_the_whole = {"timeout", "grace", "stop_signal", "kill", "max_output", "label", "output",
  "detach", "leftovers"}

local function check_whole(name, given, i)
  for _, option in ipairs(of_the_whole) do
    if given[option] ~= nil then
      raise(format("process.%s: stage %d has %s, which is for the whole: the last one says it", name,
        i, option))
    end
  end
end

local function check_stages(name, stages)
  for i, stage in ipairs(stages) do
    local given = stage.options
    if i < #stages then check_whole(name, given, i) end
    check_pty(name, given, #stages)
    if i < #stages and given.stdout ~= nil then
      raise(format("process.%s: stage %d writes to the next one: it can have no stdout", name, i))
    end
    if i > 1 and given.stdin ~= nil then
      raise(format("process.%s: stage %d reads what the one before writes: it can have no stdin",
        name, i))
    end
  end
end

-- The secrets among its words and in its environment.
local function secrets_of(plan)
  local found = {}
  local function look(value)
    for _, text in ipairs(secret_parts[value] or {}) do found[#found + 1] = text end
  end
  for _, stage in ipairs(plan.stages) do
    for _, word in ipairs(stage.options) do look(word) end
    for _, value in next, stage.options.env or {} do look(value) end
  end
  return found
end

local function plan_of(name, cmd)
  local stages = {}
  if type(cmd) == "table" and parts.metatable(cmd) == Pipeline then
    for i = 1, #cmd do stages[i] = stage_of(name, cmd[i], i) end
  else
    stages[1] = stage_of(name, cmd)
    if stages[1].call then raise(format("process.%s: a command must be a table of words", name)) end
  end
  check_stages(name, stages)
  if name == "lines" and stages[#stages].options.stdout ~= nil then
    raise "process.lines: it is the loop that has the command's stdout"
  end
  local texts = {}
  for i, stage in ipairs(stages) do texts[i] = stage.text end
  local plan = {name = name, stages = stages, options = stages[#stages].options,
    text = concat(texts, " | ")}
  plan.shown = output.plan(plan)
  plan.mask = masker(secrets_of(plan))
  return plan
end

-- A pipeline among the stages is as if its own stood there.
local function add_stages(stages, given, i)
  if parts.metatable(given) == Pipeline then
    for _, stage in ipairs(given) do stages[#stages + 1] = stage end
  elseif is_callable(given) or type(given) == "table" then
    stages[#stages + 1] = given
  else
    raise(format("process.pipe: stage %d must be a table of words or a function, got %s", i,
      type(given)))
  end
end

local function pipe(...)
  local given, stages = pack(...), {}
  for i = 1, given.n do add_stages(stages, given[i], i) end
  if #stages < 2 then raise("process.pipe: expected two stages at least") end
  return setmetatable(stages, Pipeline)
end

-- ------------------------------------------------------------------ failures

local Failure = {__name = "process error"}

function Failure.__tostring(failure) return failure.message end

local function new_failure(result)
  result.kind = "process"
  return setmetatable(result, Failure)
end

local function in_directory(cwd) return cwd and format(" (in %s)", cwd) or "" end

local function tail_of(text)
  if not text or text == "" then return "" end
  text = gsub(text, "\n+$", "")
  if #text > TAIL then text = "..." .. sub(text, -TAIL) end
  return "\n" .. text
end

local function how_it_ended(child, result)
  if child.too_long then return format("wrote more than %d bytes", child.too_long) end
  if child.timed_out then return format("timed out after %g s", child.plan.options.timeout) end
  for _, helper in ipairs(child.helpers) do
    if helper.failed then return "failed: " .. tostring(helper.error) end
  end
  for i, stage in ipairs(result.stages) do
    if not stage.ok then
      local which = #result.stages > 1 and format(" (stage %d of %d, '%s')", i, #result.stages,
        stage.command) or ""
      if stage.signal then return format("was ended by SIG%s%s", stage.signal, which) end
      if not stage.status then return "has ended, and nobody knows how" .. which end
      return format("failed with status %d%s", stage.status, which)
    end
  end
end

local function describe_failure(child, result)
  local plan = child.plan
  local headline = format("'%s' %s%s", result.command, how_it_ended(child, result),
    in_directory(result.cwd))
  result.message = format("command %s%s", headline, plan.mask(tail_of(result.stderr)))
  local tail = result.stderr or plan.shown and parts.shown_tail(child.command) or ""
  output.know(result, headline, plan.label, plan.mask(sub(tail, -TAIL)))
  return new_failure(result)
end

local function path_from(cwd, path)
  return cwd and sub(path, 1, 1) ~= "/" and cwd .. "/" .. path or path
end

-- What is missing, of a command that could not start: message, code.
local function explain(stage, step, number, path)
  local reason, code = parts.describe_error(number)
  if texts_of_secrets[stage.options[1]] then path = "***" end
  local cwd = stage.options.cwd
  if step == "directory" then
    return format("cannot run '%s': its directory %s: %s", stage.text, cwd, reason), code
  end
  if step == "command" and path then
    local interpreter = path ~= "***" and parts.interpreter(path_from(cwd, path))
    if code == "ENOENT" and interpreter then
      return format("cannot run '%s': the interpreter of %s, %s: %s", stage.text, path, interpreter,
        reason), code
    end
    if code == "ENOEXEC" then
      return format("cannot run '%s': %s is no program, and has no #! line", stage.text, path), code
    end
  end
  if step == "search" then
    local word = texts_of_secrets[stage.options[1]] and "***" or stage.words[1]
    local what = code == "ENOENT" and "no such command" or reason
    return format("cannot run '%s': %s: %s%s", stage.text, word, what, in_directory(cwd)), code
  end
  if step == "command" and code ~= "E2BIG" and code ~= "ENOMEM" then
    return format("cannot run '%s': %s: %s", stage.text, path, reason), code
  end
  return format("cannot run '%s': %s", stage.text, reason), code
end

-- -------------------------------------------------------------- environments

local function environment_of(given)
  if not given.env and not given.clear_env then return nil end
  local env, list = given.env or {}, {}
  if not given.clear_env then
    for _, entry in ipairs(parts.environment()) do
      if env[match(entry, "^[^=]*")] == nil then list[#list + 1] = entry end
    end
  end
  for key, value in next, env do
    if value ~= false then list[#list + 1] = key .. "=" .. word_of("run", value, "env." .. key) end
  end
  return list
end

local function search_path(given)
  local path = given.env and given.env.PATH
  if path == false or path == nil and given.clear_env then return nil end
  return path and tostring(path) or parts.getenv "PATH"
end

-- -------------------------------------------------------------------- plumbing

-- What is open on the way: all of it is closed when the start is over, however.
local Descriptors = {__close = function(list)
  for i = 1, #list do parts.close_descriptor(list[i]) end
end}

local function new_descriptors() return setmetatable({}, Descriptors) end

local function open_pipe(opened)
  local reading, writing, code = parts.open_pipe()
  if not reading then return nil, writing, code end
  opened[#opened + 1] = reading
  opened[#opened + 1] = writing
  return reading, writing
end

local function open_file(opened, cwd, path, mode)
  local file, message, code = parts.open_file(path_from(cwd, path), mode)
  if file then opened[#opened + 1] = file end
  return file, message, code
end

-- What a helper is there for says how it is ended: one that reads what the command writes
-- goes on to the end of that, and has the time of grace for it when the command is stopped;
-- one that feeds it is not needed after the command's end, and a stage is cancelled when the
-- command is stopped.
local READS, FEEDS, IS_STAGE = 1, 2, 3

-- A stream of ours over a descriptor, for a helper or the script.
local function new_stream(child, fd, label, max_line)
  local stream, message, code = parts.stream_over(fd, label, max_line)
  child.streams[#child.streams + 1] = stream
  return stream, message, code
end

local function add_helper(child, name, role, fn, ...)
  child.helpers[#child.helpers + 1] = {name = name, role = role, fn = fn, arguments = pack(...)}
end

-- What there is to read goes to the process until one of them has had enough.
local function copy_to_stdin(from, stdin)
  local closing <close> = stdin
  from:copy_to(stdin)
end

-- What the first process reads.  Gives a descriptor, or nil for nothing; false, message, code
-- when the world refuses.
local function plug_stdin(child, opened, plan)
  local stage = plan.stages[1]
  local given = stage.options.stdin
  if given == nil then return nil end
  if given == "inherit" or given == true then return 0 end
  if type(given) == "table" and type(given.file) == "string" then
    local file, message, code = open_file(opened, stage.options.cwd, given.file, "r")
    if not file then return false, message, code end
    return file
  end
  local reading, writing, code = open_pipe(opened)
  if not reading then return false, writing, code end
  if type(given) == "string" and given ~= "pipe" then
    local fed, message, why = parts.feed(child.command, writing, given)
    if not fed then return false, message, why end
    return reading
  end
  local label = format("stdin of '%s'", stage.text)
  local stream, message, why = new_stream(child, writing, label)
  if not stream then return false, message, why end
  if given == "pipe" then
    child.stdin = stream
  else
    add_helper(child, label, FEEDS, copy_to_stdin, given, stream)
  end
  return reading
end

local names = {[OUT] = "stdout", [ERR] = "stderr"}

local function line_label(which, stage) return format("%s of '%s'", names[which], stage.text) end

-- Each line to a function, which may wait.
local function call_with_lines(stream, fn)
  for line in stream:lines() do fn(line) end
end

-- Reads one side to its end, however that comes.
local function read_side(child, stream, fn, ...)
  local closing <close> = setmetatable({}, {__close = function()
    stream:close()
    parts.unfollow(child.command, stream)
  end})
  fn(stream, ...)
end

-- A pipe from one side of a stage: our end of it, as a stream, and its writing end; or false,
-- message, code.
local function open_side(child, opened, which, stage)
  local reading, writing, code = open_pipe(opened)
  if not reading then return false, writing, code end
  local stream, message, why = new_stream(child, reading, line_label(which, stage),
    stage.options.max_line)
  if not stream then return false, message, why end
  return stream, writing
end

-- A pipe that a task of ours reads: gives its writing end.
local function plug_helper(child, opened, which, stage, fn, ...)
  local stream, writing, code = open_side(child, opened, which, stage)
  if not stream then return false, writing, code end
  parts.follow(child.command, stream)
  add_helper(child, line_label(which, stage), READS, read_side, child, stream, fn, ...)
  return writing
end

-- All that is captured of one side, of all stages, is one text.
local function begin_capture(child, which, plan)
  if child.captures[which] then return end
  parts.open_capture(child.command, which, plan.options.max_output or MAX_OUTPUT,
    plan.name == "read" and which == OUT and child.signal_number or 0)
  child.captures[which] = true
end

-- The pipe of one side that the loop reads, for all stages: `drains` has its writing end once
-- that was made, and `drain` hands its other end over.
local function plug_drain(child, opened, which, drains, drain)
  if drains[which] then return drains[which] end
  local reading, writing, code = open_pipe(opened)
  if not reading then return false, writing, code end
  local done, message, why = drain(child.command, which, reading)
  if not done then return false, message, why end
  drains[which] = writing
  return writing
end

local function plug_capture(child, opened, which, plan)
  begin_capture(child, which, plan)
  return plug_drain(child, opened, which, child.capturing, parts.capture)
end

-- Whole lines of what came, to the function; what is left of the last one stays in `place`.
local function give_lines(place, bytes)
  local text, from = place.rest .. bytes, 1
  while true do
    local to = find(text, "\n", from, true)
    if not to then break end
    place.to(sub(text, from, to - 1))
    from = to + 1
  end
  place.rest = sub(text, from)
  if #place.rest > place.max_line then
    error(format("line longer than %d bytes", place.max_line), 0)
  end
end

-- A reader that has gone wanted no more; whatever else keeps bytes from getting there is told.
local function give_stream(place, bytes)
  local done, message, code = place.stream:write(bytes)
  if done then return end
  if code ~= "EPIPE" then error(message, 0) end
  place.gone = true
end

local function give(place, bytes)
  if place.which then
    parts.keep(place.command, place.which, bytes)
  elseif place.shown then
    parts.show_bytes(place.command, place.shown, bytes)
  elseif place.rest then
    give_lines(place, bytes)
  elseif place.stream then
    give_stream(place, bytes)
  end
end

local function give_to_all(places, bytes)
  local any = false
  for _, place in ipairs(places) do
    if not place.gone then give(place, bytes) end
    any = any or not place.gone
  end
  return any
end

local Places = {__close = function(places)
  for _, place in ipairs(places) do
    if place.ours then place.stream:close() end
  end
end}

-- Copies what comes to several places, as long as there is one.
local function copy_to_all(stream, places)
  local closing <close> = setmetatable(places, Places)
  local bytes = stream:read_some()
  while bytes do
    if not give_to_all(places, bytes) then return end
    bytes = stream:read_some()
  end
  for _, place in ipairs(places) do
    if place.rest and place.rest ~= "" then place.to(place.rest) end
  end
end

-- What is shown as lines or as a group.  Each side has a pipe: what is written in blocks to the
-- one would tear lines of the other.
local function plug_shown(child, opened, which)
  return plug_drain(child, opened, which, child.showing, parts.show)
end

local plug

-- One of several destinations, as copy_to_all() takes it; or nil, message, code.
local function open_place(child, opened, which, stage, plan, to)
  if to == "null" then return {} end
  if is_callable(to) then
    return {to = to, rest = "", max_line = stage.options.max_line or MAX_LINE}
  end
  if parts.is_stream(to) then return {stream = to} end
  if to == "inherit" and plan.shown then return {shown = which, command = child.command} end
  if to == "capture" then
    begin_capture(child, which, plan)
    return {command = child.command, which = which}
  end
  local fd, message, code = plug(child, opened, which, stage, plan, to)
  if not fd then return nil, message, code end
  local stream, why, what = new_stream(child, fd, line_label(which, stage))
  if not stream then return nil, why, what end
  return {stream = stream, ours = true}
end

local function plug_tee(child, opened, which, stage, plan, list)
  local places = {}
  for i = 1, #list do
    local place, message, code = open_place(child, opened, which, stage, plan, list[i])
    if not place then return false, message, code end
    places[i] = place
  end
  return plug_helper(child, opened, which, stage, copy_to_all, places)
end

local function plug_pipe(child, opened, which, stage, plan)
  local stream, writing, code = open_side(child, opened, which, stage)
  if not stream then return false, writing, code end
  if plan.name == "lines" then parts.follow(child.command, stream) end
  child[names[which]] = stream
  return writing
end

-- Where one side of a process goes: a descriptor, or nil for nowhere; false, message, code
-- when the world refuses.
function plug(child, opened, which, stage, plan, given)
  if given == "inherit" and not plan.shown then return which end
  if given == "inherit" then return plug_shown(child, opened, which) end
  if given == "null" then return nil end
  if given == "capture" then return plug_capture(child, opened, which, plan) end
  if is_callable(given) then return plug_helper(child, opened, which, stage, call_with_lines, given) end
  if given == "pipe" then return plug_pipe(child, opened, which, stage, plan) end
  if parts.is_stream(given) then given = {given} end
  if given.file == nil then return plug_tee(child, opened, which, stage, plan, given) end
  local file, message, code = open_file(opened, stage.options.cwd, given.file,
    given.append and "a" or "w")
  if not file then return false, message, code end
  return file
end

-- ------------------------------------------------------------------- starting

-- All three are its terminal, of which we have the other end.
local function plug_pty(child, opened, fds)
  local theirs, message, code = parts.open_pty(child.command, fds[0], fds[OUT])
  if not theirs then return nil, message, code end
  opened[#opened + 1] = theirs
  return {[0] = theirs, [OUT] = theirs, [ERR] = theirs}
end

local function start_process(child, stage, fds)
  local given = stage.options
  local path, number = stage.path, nil
  if not path then
    path, number = parts.find_program(stage.words[1], search_path(given), given.cwd)
  end
  if not path then return nil, explain(stage, "search", number) end
  local started, step, why = parts.start(child.command, path, stage.words, environment_of(given),
    given.cwd, fds[0], fds[OUT], fds[ERR], given.pty)
  if not started then return nil, explain(stage, step, why, path) end
  parts.name_stage(child.command, stage.text)
  stage.index = child.processes + 1
  child.processes = stage.index
  return true
end

local function call_stage(stage, input, output)
  local closing_output <close> = output
  local closing_input <close> = input
  stage.call(input, output)
end

-- A function in a pipeline: it gets streams, and its task is made when all has started.
local function start_function(child, stage, fds)
  local input, output, message, code
  input, message, code = new_stream(child, fds[0], "input of the function")
  if not input then return nil, message, code end
  output, message, code = new_stream(child, fds[OUT], "output of the function")
  if not output then return nil, message, code end
  add_helper(child, "function", IS_STAGE, call_stage, stage, input, output)
  return true
end

local function plug_stderr(child, opened, stage, plan, out)
  local given = stage.options.stderr
  if given == nil then given = plan.defaults[ERR] end
  if given == "stdout" or stage.options.pty then return out end
  return plug(child, opened, ERR, stage, plan, given)
end

-- Starts the stages from the first to the last: `input` is what the next one reads.
local function start_stages(child, opened, plan)
  local input, message, code = plug_stdin(child, opened, plan)
  if input == false then return nil, message, code end
  for i, stage in ipairs(plan.stages) do
    local fds, next_input = {[0] = input}, nil
    if i < #plan.stages then
      local reading, writing, why = open_pipe(opened)
      if not reading then return nil, writing, why end
      fds[OUT], next_input = writing, reading
    else
      local given = stage.options.stdout
      if given == nil then given = plan.defaults[OUT] end
      fds[OUT], message, code = plug(child, opened, OUT, stage, plan, given)
      if fds[OUT] == false then return nil, message, code end
    end
    fds[ERR], message, code = plug_stderr(child, opened, stage, plan, fds[OUT])
    if fds[ERR] == false then return nil, message, code end
    if stage.options.pty then
      fds, message, code = plug_pty(child, opened, fds)
      if not fds then return nil, message, code end
    end
    local started
    if stage.call then
      started, message, code = start_function(child, stage, fds)
    else
      started, message, code = start_process(child, stage, fds)
    end
    if not started then return nil, message, code end
    input = next_input
  end
  return true
end

-- What is known of one; scripts see less of it.
local Child = {}

-- How many stages there are; one of them has to be a process.
local function check_processes(plan)
  for _, stage in ipairs(plan.stages) do
    if not stage.call then return #plan.stages end
  end
  raise(format("process.%s: a pipeline needs a command", plan.name))
end

local stop_child

-- An error of a helper's is the command's.
local function help(child, helper)
  local ok, err = pcall(helper.fn, unpack(helper.arguments, 1, helper.arguments.n))
  if ok then return end
  helper.failed, helper.error = true, err
  stop_child(child)
end

local function run_helper(child, helper)
  helper.task = parts.add_task(helper.name, function()
    if helper.role ~= READS then return help(child, helper) end
    async.shield(async.scope, function(scope)
      helper.scope = scope
      help(child, helper)
    end)
  end)
end

local function join(helper) helper.task:pawait() end

-- What a function of the script's does with the output may never end: when the command was
-- stopped it has the time of grace.
local function give_up(child, at)
  for _, helper in ipairs(child.helpers) do
    if helper.role == READS then
      async.move_on_after(max(0, at - async.now()), join, helper)
      if helper.scope then helper.scope:cancel() end
    end
  end
end

local function give_up_at(child, at)
  if at >= (child.gives_up_at or huge) or #child.helpers == 0 then return end
  child.gives_up_at = at
  add_helper(child, format("end of '%s'", child.plan.text), FEEDS, give_up, child, at)
  run_helper(child, child.helpers[#child.helpers])
end

function stop_child(child, grace)
  grace = grace or child.grace
  stop(child.command, child.signal_number, grace, child.leader_only)
  for _, helper in ipairs(child.helpers) do
    if helper.role == IS_STAGE then helper.task:cancel() end
  end
  give_up_at(child, async.now() + grace + LEAST)
end

local function wants_terminal(plan)
  local first = plan.stages[1]
  return first.words and first.options.stdin == "inherit"
end

local function new_child(plan)
  local given = plan.options
  return setmetatable({
    plan = plan,
    command = parts.new_command(plan.text, check_processes(plan), given.leftovers == "kill",
      given.detach, wants_terminal(plan)),
    processes = 0,
    helpers = {},
    streams = {},
    captures = {},
    capturing = {},
    showing = {},
    signal_number = parts.signal_number(given.stop_signal or "TERM"),
    grace = given.grace or GRACE,
    leader_only = given.kill == "process",
  }, Child)
end

-- What was begun and did not become a child.
local Begun = {__close = function(begun)
  local child = begun.child
  if begun.done then return end
  stop(child.command, parts.signal_number "KILL", 0)
  for _, stream in ipairs(child.streams) do
    stream:close()
    parts.unfollow(child.command, stream)
  end
  if parts.can_wait() then async.shield(wait, child.command) end
end}

-- Makes ready what is to be shown of it.
local function open_shown(child, plan)
  local shown = plan.shown
  if not shown then return end
  local side = plan.options.stderr == "stdout" and OUT or ERR
  parts.open_shown(child.command, shown.label, shown.groups, plan.options.max_line or MAX_LINE, side)
end

-- A child, or nil, message, code.
local function start(name, cmd, out, err)
  local plan = plan_of(name, cmd)
  plan.defaults = {[OUT] = out, [ERR] = err}
  local child = new_child(plan)
  open_shown(child, plan)
  local begun <close> = setmetatable({child = child}, Begun)
  local opened <close> = new_descriptors()
  output.note(plan, in_directory(plan.options.cwd))
  local started, message, code = start_stages(child, opened, plan)
  if not started then return nil, message, code end
  for _, helper in ipairs(child.helpers) do run_helper(child, helper) end
  child.pid = parts.stage(child.command, 1)
  begun.done = true
  return child
end

-- -------------------------------------------------------------------- results

local function is_allowed(given, status)
  local allow = given.allow
  if status == 0 or allow == nil then return status == 0 end
  if type(allow) == "number" then return status == allow end
  for i = 1, #allow do
    if allow[i] == status then return true end
  end
  return false
end

-- A stage that wrote to one that reads no more has not failed.
local function stage_result(child, stage, i, count)
  if stage.call then return {ok = true, command = stage.text} end
  local pid, _, status, signal, duration, cpu, max_rss = parts.stage(child.command, stage.index)
  local unread = signal == "PIPE" and i < count
  return {ok = unread or status ~= nil and is_allowed(stage.options, status), status = status,
    signal = signal, command = stage.text, pid = pid, duration = duration, cpu = cpu,
    max_rss = max_rss}
end

local function text_of(child, which, result)
  if not child.captures[which] then return nil end
  local text, truncated = parts.captured(child.command, which)
  if truncated then result.truncated = true end
  return text
end

local function add_up(result, stages)
  result.cpu, result.max_rss, result.duration = 0, 0, 0
  for _, stage in ipairs(stages) do
    result.cpu = result.cpu + (stage.cpu or 0)
    result.max_rss = max(result.max_rss, stage.max_rss or 0)
    result.duration = max(result.duration, stage.duration or 0)
  end
end

local function first_failed(stages)
  for _, stage in ipairs(stages) do
    if not stage.ok then return stage end
  end
end

local function result_of(child)
  local plan = child.plan
  local result = {command = plan.text, pid = child.pid, cwd = plan.options.cwd, stages = {}}
  for i, stage in ipairs(plan.stages) do
    result.stages[i] = stage_result(child, stage, i, #plan.stages)
  end
  local ok = not child.timed_out
  for _, helper in ipairs(child.helpers) do ok = ok and not helper.failed end
  add_up(result, result.stages)
  result.stdout = text_of(child, OUT, result)
  result.stderr = text_of(child, ERR, result)
  local _, held = parts.state(child.command)
  result.held = held or nil
  if plan.name == "read" and result.truncated then
    child.too_long = plan.options.max_output or MAX_OUTPUT
  end
  if child.timed_out then result.timed_out = true end
  local failed = first_failed(result.stages)
  local last = result.stages[#result.stages]
  result.status, result.signal = (failed or last).status, (failed or last).signal
  if not failed then result.status = last.status or 0 end
  result.ok = ok and not failed and not child.too_long
  return result
end

-- Those that give up come last.
local function join_helpers(child)
  for _, helper in ipairs(child.helpers) do
    if helper.role == FEEDS then helper.task:cancel() end
    join(helper)
  end
end

-- Was it stopped because it wrote more than is read?
local function is_too_long(child)
  local most = child.plan.options.max_output or MAX_OUTPUT
  return child.plan.name == "read" and parts.captured_size(child.command, OUT) > most
end

-- When the group is gone and the pipes have ended: the same table for everybody.
local function finish(child)
  wait(child.command)
  if is_too_long(child) then stop_child(child) end
  if not child.result then
    join_helpers(child)
    child.result = child.result or result_of(child)
  end
  return child.result
end

-- Stops it, and waits until it is gone, cancelled or not.  Lines that no loop takes any more hold
-- nobody up.
local function end_child(child, grace)
  if child.result then return end
  if child.plan.name == "lines" then
    parts.unfollow(child.command, child.stdout)
    child.stdout:close()
  end
  stop_child(child, grace)
  if parts.can_wait() then async.shield(finish, child) end
end

Child.__close = function(child) end_child(child) end

-- The result, within the time that it has.
local function finish_in_time(child)
  local timeout = child.plan.options.timeout
  if not timeout then return finish(child) end
  local result = async.move_on_after(timeout, finish, child)
  if result then return result end
  child.timed_out = true
  stop_child(child)
  return async.shield(finish, child)
end

-- ------------------------------------------------------------------ functions

local function raise_start(cmd, message, code)
  local failure = new_failure {message = message, code = code}
  local last = parts.metatable(cmd) == Pipeline and cmd[#cmd] or cmd
  output.know(failure, message, last.label and output.harmless(tostring(last.label)))
  error(failure, 0)
end

-- The result and the child; or nil, message, code.
local function complete(name, cmd, out, err)
  parts.enter(name)
  local started, message, code = start(name, cmd, out, err)
  if not started then return nil, message, code end
  local child <close> = started
  return finish_in_time(child), child
end

function process.run(cmd)
  local result, child, code = complete("run", cmd, "inherit", "inherit")
  if not result then raise_start(cmd, child, code) end
  if not result.ok then error(describe_failure(child, result), 0) end
  return result
end

function process.read(cmd)
  local result, child, code = complete("read", cmd, "capture", "inherit")
  if not result then raise_start(cmd, child, code) end
  if not result.ok then error(describe_failure(child, result), 0) end
  return (gsub(result.stdout or "", "\n+$", ""))
end

function process.try(cmd)
  local result, message, code = complete("try", cmd, "capture", "capture")
  if result then return result end
  return nil, message, code
end

local function limit_time(child)
  local timeout = child.plan.options.timeout
  if not timeout then return end
  add_helper(child, format("timeout of '%s'", child.plan.text), FEEDS, function()
    async.move_on_after(timeout, wait, child.command)
    if parts.state(child.command) then return end
    child.timed_out = true
    stop_child(child)
  end)
  run_helper(child, child.helpers[#child.helpers])
end

-- A child as scripts have it, and what it stands for.
local Handle = {__name = "Child", __index = {}}
local children = setmetatable({}, {__mode = "k"})

local function child_of(handle, method)
  local child = children[handle]
  if not child then raise(format("child:%s: expected a child, got %s", method, type(handle))) end
  return child
end

function process.spawn(cmd)
  local child, message, code = start("spawn", cmd, "inherit", "inherit")
  if not child then return nil, message, code end
  limit_time(child)
  local handle = setmetatable({pid = child.pid, stdin = child.stdin, stdout = child.stdout,
    stderr = child.stderr}, Handle)
  children[handle] = child
  return handle
end

function Handle.__index:wait() return finish(child_of(self, "wait")) end

function Handle.__index:stop(grace)
  local child = child_of(self, "stop")
  if grace ~= nil then options.grace("stop", "the grace", grace) end
  parts.enter("stop")
  if not child.result then stop_child(child, grace) end
  return finish(child)
end

function Handle.__index:signal(name)
  local child = child_of(self, "signal")
  check_signal("signal", "the signal", name)
  return parts.signal(child.command, parts.signal_number(name))
end

function Handle:__close() end_child(child_of(self, "close")) end

function Handle:__tostring()
  return format("process %d '%s'", self.pid or 0, child_of(self, "tostring").plan.text)
end

local function next_line(child, stream)
  local line, message, code = stream:read("l")
  if line then return line end
  if code then
    end_child(child)
    error(message, 0)
  end
  parts.unfollow(child.command, stream)
  local result = finish(child)
  if not result.ok then error(describe_failure(child, result), 0) end
end

function process.lines(cmd)
  local closes = parts.for_closes()
  local child, message, code = start("lines", cmd, "pipe", "inherit")
  if not child then raise_start(cmd, message, code) end
  limit_time(child)
  return function() return next_line(child, child.stdout) end, nil, nil, closes and child or nil
end

process.pipe = pipe

function process.quote(text)
  if type(text) == "number" then text = tostring(text) end
  if type(text) ~= "string" then raise(format("process.quote: expected a string, got %s", type(text))) end
  if find(text, "\0", 1, true) then raise "process.quote: no shell can be given a zero byte" end
  return text == "" and "''" or quote(text)
end

-- A value as the shell gets it, and as it may be shown; what is secret of it goes to `found`.
local function quote_word(value, i, found)
  local text, shown = word_of("sh", value, "value " .. i)
  for _, part in ipairs(secret_parts[value] or {}) do found[#found + 1] = part end
  text = process.quote(text)
  return text, secret_parts[value] and shown or text
end

local function quote_value(value, i, found)
  if type(value) ~= "table" or texts_of_secrets[value] then return quote_word(value, i, found) end
  local words, shown = {}, {}
  for k = 1, #value do words[k], shown[k] = quote_word(value[k], i, found) end
  return concat(words, " "), concat(shown, " ")
end

local function fill(template, texts)
  local i = 0
  return (gsub(template, "{}", function()
    i = i + 1
    return texts[i]
  end))
end

function process.sh(template, ...)
  if type(template) ~= "string" then
    raise(format("process.sh: expected a template as argument 1, got %s", type(template)))
  end
  local values, _, count = pack(...), gsub(template, "{}", "")
  if count ~= values.n then
    raise(format("process.sh: the template has %d {}, and there are %d values", count, values.n))
  end
  local texts, shown, found = {}, {}, {}
  for i = 1, count do texts[i], shown[i] = quote_value(values[i], i, found) end
  local text = fill(template, texts)
  if #found == 0 then return {"sh", "-c", text} end
  local made = setmetatable({}, Secret)
  texts_of_secrets[made], masked_secrets[made] = text, fill(template, shown)
  secret_parts[made] = found
  return {"sh", "-c", made}
end

function process.which(name)
  if type(name) ~= "string" then
    raise(format("process.which: expected a command's name, got %s", type(name)))
  end
  return (parts.find_program(name, parts.getenv "PATH", nil))
end

return {process = process, secret = secret,
  -- for standard.lua
  start = start, finish = finish, parts = parts}
