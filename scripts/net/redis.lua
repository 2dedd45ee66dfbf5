#!/usr/bin/env tinyasync
-- Sends a command to a Redis server and prints the answer, or what is published there.
--
--   tinyasync run scripts/net/redis.lua SET greeting hello
--   tinyasync run scripts/net/redis.lua SUBSCRIBE news weather

local options = async.args{
  "Sends a command to a Redis server and prints the answer; with SUBSCRIBE, what is published.",
  {"COMMAND...", "the command and its arguments", rest = true},
  {"-s, --server=ADDRESS", "HOST:PORT, or the path of a socket", default = "localhost:6379"},
}

local function connect()
  local host, port = options.server:match "^([^/]+):(%d+)$"
  if host then return assert(async.net.connect(host, port)) end
  return assert(async.net.connect_unix(options.server))
end

-- A command is a list of texts, each with its length before it.
local function send(stream, words)
  local sent = {("*%d\r\n"):format(#words)}
  for _, word in ipairs(words) do sent[#sent + 1] = ("$%d\r\n%s\r\n"):format(#word, word) end
  assert(stream:write(table.concat(sent)))
end

local function need(text, why) return text or error(why or "the server has hung up", 0) end

-- An answer is a text, a number, a list of answers with their number `n`, or nil; what the
-- server refuses is nil and a message.
local function receive(stream)
  local line = need(stream:read_until "\r\n")
  local kind, rest = line:match "^([-+:$*])(.*)\r\n$"
  if kind == "+" then return rest end
  if kind == "-" then return nil, rest end
  local number = kind and math.tointeger(tonumber(rest)) or error("this is no Redis: " .. line, 0)
  if kind == ":" then return number end
  if number < 0 then return nil end
  if kind == "$" then
    local text = need(stream:read(number))
    need(stream:read(2)) -- the end of its line
    return text
  end
  local list = {n = number}
  for i = 1, number do list[i] = receive(stream) end
  return list
end

-- A channel of what is published.  Who listens can send no other commands: hence a connection of
-- its own, with a task.
local function subscribe(names)
  local messages = async.channel(100, "published")
  spawn({name = "subscribe"}, function()
    local ending <close> = async.defer(function() messages:close() end)
    local stream <close> = connect()
    send(stream, {"SUBSCRIBE", table.unpack(names)})
    while true do
      local kind, channel, text = table.unpack(assert(receive(stream)))
      if kind == "message" then messages:send{channel = channel, text = text} end
    end
  end)
  return messages
end

local function show(answer)
  if type(answer) ~= "table" then return print(answer) end
  for i = 1, answer.n do show(answer[i]) end
end

local words = options.command
if words[1]:upper() == "SUBSCRIBE" then
  for message in subscribe{table.unpack(words, 2)}:iter() do print(message.channel, message.text) end
else
  local stream <close> = connect()
  send(stream, words)
  local answer, why = receive(stream)
  show(answer or why and error(why, 0))
end
