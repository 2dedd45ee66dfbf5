-- SPDX-License-Identifier: MIT
--
-- streams.lua -- random reads, writes, copies, ends and cancels against a queue of bytes.
--
-- It returns a function of a seed.  A program has writers, a reader, and at times a task
-- that copies from one pair to another in between; each call may be cancelled at any step.
-- The bytes go over a pair of `kinds`, a global, or a pipe, sockets, or TCP, at times with
-- somebody in between who hands them on in other pieces.  Where something may come for a writer,
-- which resets a connection that is closed, `never_closes`, a global, has them end their half.
-- What is read is then compared with what Lua's own file:read gives for the same bytes: the
-- texts of the writes that were done, in the order of their calls, and of one that was cut
-- short its beginning.

local random = math.random

local function chance(percent) return random(100) <= percent end

local alphabet = {"a", "b", "\n", " ", "0", "x", "1f", "-", "+7", ".", "e5", "\0", "\r\n", "9", "line\n"}

local function random_text(most)
  local parts = {}
  for i = 1, random(0, most) do parts[i] = alphabet[random(#alphabet)] end
  local text = table.concat(parts)
  if chance(10) then text = text:rep(random(200)) end
  if chance(3) then text = text .. ("y"):rep(random(200000)) end
  return text
end

-- Runs call() in a task that may be cancelled after some turns.  It notes by itself what it
-- came to: one that is cut short notes nothing.
local function perhaps_cancelled(call)
  local task = spawn(call)
  if chance(30) then
    for _ = 1, random(0, 6) do async.checkpoint() end
    task:cancel()
  end
  local _, message = task:pawait()
  if task:status() == "failed" then error(message, 0) end
end

-- --------------------------------------------------------------------- pairs

local sizes = {1, 5, 100, 5000, 70000}

local function hand_on(from, to)
  local g <close> = to
  repeat
    local bytes = from:read_some(random(sizes[random(#sizes)]))
    if chance(20) then sleep(random()) end
  until not bytes or not to:write(bytes)
end

-- Two pairs of that kind as one, from whose writer to whose reader all goes in pieces.
local function split(make)
  return function()
    local reader, near = make()
    local far, writer = make()
    spawn(hand_on, far, near)
    return reader, writer
  end
end

local usual = {both, joined, connected, split(both), split(connected)}

local function a_pair()
  local list = kinds or usual
  return list[random(#list)]()
end

-- ------------------------------------------------------------------- writing

local function write_some(s, calls)
  for _ = 1, random(0, 12) do
    local texts = {}
    for i = 1, random(3) do texts[i] = random_text(20) end
    perhaps_cancelled(function()
      local call = {text = table.concat(texts)}
      calls[#calls + 1] = call
      local result, _, code = s:write(table.unpack(texts))
      call.done = result == s
      call.code = code
    end)
    if chance(20) then sleep(random()) end
  end
end

local function write_all(s, calls)
  async.scope(function(scope)
    for _ = 1, random(3) do scope:spawn(write_some, s, calls) end
  end)
  if never_closes or chance(50) then s:shutdown() else s:close() end
end

-- The texts of those that were done; and if more bytes were received, how many, and which
-- cancelled ones they may be of.
local function expected(calls, count)
  local whole, cancelled, refused = {}, {}, false
  for _, call in ipairs(calls) do
    if call.done then
      assert(not refused, "a write was done after one that was cut short")
      whole[#whole + 1] = call.text
    elseif call.code then
      assert(call.code == "ECANCELED", "refused with " .. call.code)
      refused = true
    else
      cancelled[#cancelled + 1] = call.text
    end
  end
  local text = table.concat(whole)
  return text, count - #text, cancelled
end

-- ------------------------------------------------------------------- reading

local formats = {"l", "L", "n", "a", "l", "n", "L", 0, 1, 7, 100, 70000}

local function random_formats()
  local list = {}
  for i = 1, chance(70) and 1 or random(3) do
    list[i] = formats[random(#formats)]
    if list[i] == "a" and chance(70) then list[i] = "l" end
  end
  return list
end

-- Over TLS a stream that was torn ends with an error, after all that has come, and so does one
-- that was closed before the handshake.
local function is_torn(code) return code == "TLS" or code == "EOF" end

local function read_rest(s, log)
  repeat
    local text = s:read_some()
    if text then log[#log + 1] = {"some", 65536, text} end
  until not text
end

local function read_once(s, log)
  local what = random(10)
  local entry
  if what <= 6 then
    local list = random_formats()
    local results = table.pack(s:read(table.unpack(list)))
    if is_torn(results[3]) then return read_rest(s, log) end
if results[2] and not results[1] then io.stderr:write(tostring(results[1]), tostring(results[2]), tostring(results[3]), "\n") end     entry = {"formats", list, results}
  elseif what <= 8 then
    local most = random(200)
    local some, _, code = s:read_some(most)
    if is_torn(code) then return end
    entry = {"some", most, some}
  else
    local text = ({"\n", "7", "line\n", "xx", "\r\n"})[random(5)]
    local found, _, code = s:read_until(text)
    if is_torn(code) then return read_rest(s, log) end
    entry = {"until", text, found}
  end
  log[#log + 1] = entry
end

local function read_all(s, log)
  for _ = 1, random(0, 60) do
    perhaps_cancelled(function() read_once(s, log) end)
    if chance(10) then sleep(random()) end
  end
  local rest = table.pack(s:read("a"))
  if is_torn(rest[3]) then return read_rest(s, log) end
  log[#log + 1] = {"formats", {"a"}, rest}
  log[#log + 1] = {"formats", {"l"}, table.pack(s:read("l"))}
end

-- ---------------------------------------------------------------- the reference

local function shown(value)
  return type(value) == "string" and ("%q (%d bytes)"):format(value:sub(1, 60), #value) or tostring(value)
end

local function compare(number, what, got, want)
  if got == want and math.type(got) == math.type(want) then return end
  error(("read %d, %s: got %s instead of %s"):format(number, what, shown(got), shown(want)), 0)
end

local check = {}

function check.formats(number, file, list, results)
  local want = table.pack(file:read(table.unpack(list)))
  compare(number, "the number of results", results.n, want.n)
  for i = 1, want.n do compare(number, "format " .. tostring(list[i]), results[i], want[i]) end
end

function check.some(number, file, most, got)
  local want = file:read(got and #got or 1)
  compare(number, "some", got, want)
  assert(not got or #got >= 1 and #got <= most)
end

check["until"] = function(number, file, text, got)
  local from = file:seek()
  local rest = file:read("a")
  local _, last = rest:find(text, 1, true)
  compare(number, "until", got, last and rest:sub(1, last))
  file:seek("set", from + (last or 0))
end

local function check_reads(log, bytes)
  local file <close> = io.tmpfile()
  file:write(bytes)
  file:seek("set", 0)
  for i, entry in ipairs(log) do check[entry[1]](i, file, entry[2], entry[3]) end
end

-- ------------------------------------------------------------------- a program

-- Until a copy that was not cancelled has come to the end.
local function copy_all(from, to)
  local ended
  while not ended do
    local count = chance(50) and random(0, 100000) or nil
    perhaps_cancelled(function()
      local copied = from:copy_to(to, count)
      ended = ended or not copied or copied < (count or math.huge)
    end)
  end
  to:shutdown()
end

local function program(reader, writer, scope)
  local calls, log = {}, {}
  local source = reader
  scope:spawn(write_all, writer, calls)
  if chance(30) then
    local far, near = a_pair()
    scope:spawn(copy_all, source, near)
    source = far
  end
  local reading = scope:spawn(read_all, source, log)
  reading:await()
  return calls, log, received(source)
end

return function(seed)
  math.randomseed(seed)
  local calls, log, count
  async.scope(function(scope)
    local reader, writer = a_pair()
    calls, log, count = program(reader, writer, scope)
  end)
  local text, more, cancelled = expected(calls, count)
  if more == 0 then return check_reads(log, text) end
  local fault = ("%d bytes too many"):format(more)
  for _, one in ipairs(cancelled) do
    local ok, message = false, nil
    if #one > more then ok, message = pcall(check_reads, log, text .. one:sub(1, more)) end
    if ok then return end
    fault = message or fault
  end
  error(fault, 0)
end
