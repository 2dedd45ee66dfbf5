-- SPDX-License-Identifier: MIT
--
-- plan.lua -- a command as a script gives it: options, stages, what is wrong with them.
--
-- It is looked at whole before anything is started.

local parts = process_parts()
local raise, is_callable = parts.raise, parts.is_callable
local output, place, spelling = parts.use "output", parts.use "place", parts.use "spelling"
local word_of = spelling.word_of

local plan = {}

-- ------------------------------------------------------------------- options

local function shown_value(value)
  if type(value) == "string" then return format("%q", value) end
  if type(value) ~= "number" then return type(value) end
  return value == value and tostring(value) or "nan"
end

local function complain(name, option, expected, value)
  raise(format("process.%s: %s must be %s, got %s", name, option, expected, shown_value(value)))
end

local function number_from(least, expected)
  return function(name, option, value)
    if type(value) ~= "number" or not (value >= least) then
      complain(name, option, expected, value)
    end
  end
end

local function one_of(kind, expected)
  return function(name, option, value)
    if type(value) ~= kind then complain(name, option, expected, value) end
  end
end

local is_yes_or_no = one_of("boolean", "true or false")

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
  if not count or count < 0 then complain(name, option, "0 or more bytes", value) end
end

local function check_text(name, option, value)
  if type(value) ~= "string" or find(value, "\0", 1, true) then
    complain(name, option, "a string without zero bytes", value)
  end
end

local function check_directory(name, option, value)
  check_text(name, option, value)
  if value == "" then complain(name, option, "a directory", value) end
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
      raise(format("process.%s: env has a name that no variable can have: %s", name,
        (gsub(tostring(key), "%z", "\\0"))))
    end
    if text ~= false then word_of(name, text, "env." .. key) end
  end
end

local function check_signal(name, option, value)
  if type(value) ~= "string" or not parts.signal_number(value) then
    complain(name, option, "the name of a signal, as \"TERM\"", value)
  end
end

-- An option that is none of those there are; `of` says of what, of one inside another.
local function refuse_option(name, key, known, of)
  raise(format("process.%s: unknown option '%s%s'%s", name, of and of .. "." or "", tostring(key),
    parts.hint(key, known)))
end

-- What has no place in a list.
local function check_list(name, option, list)
  for key in next, list do
    if type(key) ~= "number" then refuse_option(name, key, {}, option) end
  end
end

-- Is it {file=, ...}?  Nothing but what is known may stand there.
local function is_file(name, option, value, known)
  if type(value) ~= "table" or parts.metatable(value) then return false end
  if value[1] ~= nil or next(value) == nil then return false end
  for key in next, value do
    if not known[key] then refuse_option(name, key, known, option) end
  end
  check_text(name, option .. ".file", value.file)
  if value.append ~= nil then is_yes_or_no(name, option .. ".append", value.append) end
  return true
end

local function check_allow(name, option, value)
  local list = type(value) == "table" and value or {value}
  check_list(name, option, list)
  for i = 1, #list do
    local status = type(list[i]) == "number" and tointeger(list[i])
    if not status or status < 0 or status > 255 then
      complain(name, option, "statuses, as {1, 2}", list[i])
    end
  end
end

local for_input, for_output = {file = true}, {file = true, append = true}

local function check_pipe(name, option, value)
  if value ~= "pipe" or name == "spawn" then return end
  raise(format('process.%s: %s = "pipe" is for process.spawn, which gives the stream', name,
    option))
end

-- io.popen says true: its commands read what we do, and have the terminal once they ask for it.
-- One that is closed is a mistake.
local function is_stream(name, option, value)
  local is_one, is_closed = parts.is_stream(value)
  if is_closed then raise(format("process.%s: %s is a stream that is closed", name, option)) end
  return is_one
end

local function check_input(name, option, value)
  if name == "popen" then return end
  check_pipe(name, option, value)
  if type(value) == "string" or is_stream(name, option, value) then return end
  if spelling.secrets_of(value) or is_file(name, option, value, for_input) then return end
  complain(name, option, 'a string, {file=}, a stream, "pipe" or "inherit"', value)
end

local sides = {inherit = true, capture = true, null = true}

local function is_destination(name, option, value)
  if sides[value] or is_callable(value) or is_stream(name, option, value) then return true end
  return is_file(name, option, value, for_output)
end

local function check_output(name, option, value)
  check_pipe(name, option, value)
  if value == "pipe" or is_destination(name, option, value) then return end
  if value == "stdout" and option == "stderr" then return end
  local expected = '"inherit", "capture", "null", "pipe", {file=}, a stream, a function, '
    .. "or a list of these"
  if type(value) ~= "table" or #value == 0 then complain(name, option, expected, value) end
  check_list(name, option, value)
  for i = 1, #value do
    local is_pipe = value[i] == "pipe" and name == "spawn"
    if not is_pipe and not is_destination(name, option, value[i]) then
      complain(name, option, expected, value[i])
    end
  end
end

local options = {
  stdin = check_input,
  stdout = check_output,
  stderr = check_output,
  cwd = check_directory,
  env = check_environment,
  clear_env = is_yes_or_no,
  timeout = number_from(0, "0 or more seconds"),
  grace = number_from(0, "0 or more seconds"),
  stop_signal = check_signal,
  kill = among("group", "process"),
  allow = check_allow,
  max_output = check_bytes,
  max_line = check_bytes,
  detach = is_yes_or_no,
  leftovers = among("keep", "kill"),
  pty = is_yes_or_no,
  label = check_label,
  output = among("raw", "lines", "group"),
}

plan.check_grace, plan.check_signal = options.grace, check_signal

local function check_options(name, cmd)
  for key, value in next, cmd do
    if type(key) ~= "number" then
      local check = options[key]
      if not check then refuse_option(name, key, options) end
      check(name, key, value)
    end
  end
end

-- --------------------------------------------------------------------- plans

local Pipeline = {__name = "pipeline"}

local function is_pipeline(value) return parts.metatable(value) == Pipeline end

-- Of a command that was good, or not: the options of the whole.
function plan.options_of(cmd) return is_pipeline(cmd) and cmd[#cmd] or cmd end

-- What Lua's own functions start is not searched for.
local shells = {popen = "/bin/sh", execute = "/bin/sh"}

-- Where it is started: from the task's directory on; nil: in the program's.
local function directory_of(given)
  return given.cwd and place.of(given.cwd) or place.directory()
end

local function stage_of(name, cmd, i)
  if is_callable(cmd) then return {call = cmd, text = "function", options = {}} end
  if type(cmd) ~= "table" then
    raise(format("process.%s: %s must be a table of words, got %s", name,
      i and "stage " .. i or "a command", type(cmd)))
  end
  check_options(name, cmd)
  local words, shown = spelling.words_of(name, cmd)
  return {words = words, shown = shown, text = spelling.shown(shown), options = cmd,
    directory = directory_of(cmd), path = shells[name]}
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
      raise(format("process.%s: stage %d has %s, which is for the whole: the last one says it",
        name, i, option))
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
local function secrets_of(stages)
  local found = {}
  local function look(value)
    for _, text in ipairs(spelling.secrets_of(value) or {}) do found[#found + 1] = text end
  end
  for _, stage in ipairs(stages) do
    for _, word in ipairs(stage.options) do look(word) end
    for _, value in next, stage.options.env or {} do look(value) end
    look(stage.options.stdin)
  end
  return found
end

local function captures(value)
  if type(value) ~= "table" or parts.metatable(value) then return value == "capture" end
  for i = 1, #value do
    if value[i] == "capture" then return true end
  end
  return false
end

-- What the function gives is the command's stdout.
local function check_stdout(name, value)
  if value == nil then return end
  if name == "lines" then raise "process.lines: it is the loop that has the command's stdout" end
  if name == "read" and not captures(value) then
    raise("process.read: what is read is the command's stdout: that has to be \"capture\", "
      .. "or a list with it")
  end
end

function plan.of(name, cmd)
  local stages = {}
  if type(cmd) == "table" and is_pipeline(cmd) then
    for i = 1, #cmd do stages[i] = stage_of(name, cmd[i], i) end
  else
    stages[1] = stage_of(name, cmd)
    if stages[1].call then raise(format("process.%s: a command must be a table of words", name)) end
  end
  check_stages(name, stages)
  check_stdout(name, stages[#stages].options.stdout)
  local texts = {}
  for i, stage in ipairs(stages) do texts[i] = stage.text end
  local made = {name = name, stages = stages, options = stages[#stages].options,
    directory = stages[#stages].directory,
    text = concat(texts, " | "), mask = spelling.masker(secrets_of(stages))}
  made.shown = output.plan(made)
  return made
end

-- A pipeline among the stages is as if its own stood there.
local function add_stages(stages, given, i)
  if is_pipeline(given) then
    for _, stage in ipairs(given) do stages[#stages + 1] = stage end
  elseif is_callable(given) or type(given) == "table" then
    stages[#stages + 1] = given
  else
    raise(format("process.pipe: stage %d must be a table of words or a function, got %s", i,
      type(given)))
  end
end

function plan.pipe(...)
  local given, stages = pack(...), {}
  for i = 1, given.n do add_stages(stages, given[i], i) end
  if #stages < 2 then raise("process.pipe: expected two stages at least") end
  return setmetatable(stages, Pipeline)
end

return plan
