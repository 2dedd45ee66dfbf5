-- SPDX-License-Identifier: MIT
--
-- plumbing.lua -- where what a command reads comes from, and where what it writes goes.
--
-- What a task of ours has to do beside, because Lua is to be called, is a helper: it lives as
-- long as the child's pipes.

local parts = process_parts()
local is_callable = parts.is_callable
local path_from, text_of = parts.use "failure".path_from, parts.use "spelling".text_of

local OUT, ERR = 1, 2
local MAX_LINE = 16 << 20

local plumbing = {OUT = OUT, ERR = ERR, MAX_LINE = MAX_LINE, MAX_OUTPUT = 64 << 20}

-- What is open on the way: all of it is closed when the start is over, however.
local Descriptors = {__close = function(list)
  for i = 1, #list do parts.close_descriptor(list[i]) end
end}

function plumbing.descriptors() return setmetatable({}, Descriptors) end

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
plumbing.READS, plumbing.FEEDS, plumbing.IS_STAGE = READS, FEEDS, IS_STAGE

-- A stream of ours over a descriptor, for a helper or the script.
local function new_stream(child, fd, label, max_line)
  local stream, message, code = parts.stream_over(fd, label, max_line)
  child.streams[#child.streams + 1] = stream
  return stream, message, code
end

-- However it ends its streams are closed, and followed no more: also when there is no memory to
-- begin with.  One that reads is not cancelled: then its error is what kept it from all.
local Helper = {__close = function(helper, err)
  if err ~= nil and helper.role == READS then helper.failed, helper.error = true, err end
  for _, stream in ipairs(helper.streams) do parts.end_stream(helper.command, stream) end
end}

-- All that is known of it later has its place now, as there may be no memory then.
local function add_helper(child, name, role, streams, fn, ...)
  child.helpers[#child.helpers + 1] = setmetatable({name = name, role = role, streams = streams,
    fn = fn, arguments = pack(...), command = child.command, task = false, begun = false,
    done = false, failed = false, error = false, scope = false}, Helper)
end

-- It has ended, and had not begun; because of an error, or nil.
function plumbing.give_up_helper(helper, err)
  helper.begun = true
  helper.failed, helper.error = err ~= nil, err
  Helper.__close(helper)
end

plumbing.open_pipe, plumbing.new_stream, plumbing.add_helper = open_pipe, new_stream, add_helper

-- What there is to read goes to the process until one of them has had enough.
local function copy_to_stdin(from, stdin) from:copy_to(stdin) end

-- What the first process reads.  Gives a descriptor, or nil for nothing; false, message, code
-- when the world refuses.
function plumbing.plug_stdin(child, opened, plan)
  local stage = plan.stages[1]
  local given = stage.options.stdin
  if given == nil then return nil end
  if given == "inherit" or given == true then return 0 end
  if type(given) == "table" and given.file then
    local file, message, code = open_file(opened, stage.directory, given.file, "r")
    if not file then return false, message, code end
    return file
  end
  local reading, writing, code = open_pipe(opened)
  if not reading then return false, writing, code end
  given = text_of(given) or given
  if type(given) == "string" and stage.options.stdin ~= "pipe" then
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
    add_helper(child, label, FEEDS, {stream}, copy_to_stdin, given, stream)
  end
  return reading
end

local names = {[OUT] = "stdout", [ERR] = "stderr"}

local function line_label(which, stage) return format("%s of '%s'", names[which], stage.text) end

-- Each line to a function, which may wait.
local function call_with_lines(stream, fn)
  for line in stream:lines() do fn(line) end
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
  add_helper(child, line_label(which, stage), READS, {stream}, fn, stream, ...)
  return writing
end

-- All that is captured of one side, of all stages, is one text.
local function begin_capture(child, which, plan)
  if child.captures[which] then return end
  parts.open_capture(child.command, which, plan.options.max_output or plumbing.MAX_OUTPUT,
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
    parts.has_room(place.command)
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
  if given == "inherit" and not plan.shown then
    parts.has_printed(child.command, which)
    return which
  end
  if given == "inherit" then return plug_shown(child, opened, which) end
  if given == "null" then return nil end
  if given == "capture" then return plug_capture(child, opened, which, plan) end
  if is_callable(given) then return plug_helper(child, opened, which, stage, call_with_lines, given) end
  if given == "pipe" then return plug_pipe(child, opened, which, stage, plan) end
  if parts.is_stream(given) then given = {given} end
  if given.file == nil then return plug_tee(child, opened, which, stage, plan, given) end
  local file, message, code = open_file(opened, stage.directory, given.file,
    given.append and "a" or "w")
  if not file then return false, message, code end
  return file
end

plumbing.plug = plug

-- All three are its terminal, of which we have the other end.
function plumbing.plug_pty(child, opened, fds)
  local theirs, message, code = parts.open_pty(child.command, fds[0], fds[OUT])
  if not theirs then return nil, message, code end
  opened[#opened + 1] = theirs
  return {[0] = theirs, [OUT] = theirs, [ERR] = theirs}
end

function plumbing.plug_stderr(child, opened, stage, plan, out)
  local given = stage.options.stderr
  if given == nil then given = plan.defaults[ERR] end
  if given == "stdout" or stage.options.pty then return out end
  return plug(child, opened, ERR, stage, plan, given)
end

return plumbing
