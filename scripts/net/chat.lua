#!/usr/bin/env tinyasync
-- What one says, all others hear.
--
--   tinyasync run scripts/net/chat.lua [PORT]
--
-- Try it with several of: nc localhost 7777

local options = async.args{
  "Serves a chat: what one says, all others hear.",
  {"[PORT]", "where to listen, 0 for any", type = "integer", min = 0, max = 65535, default = 7777},
}

local LONGEST = 1000 -- bytes of a line
local SLOW = 1000 -- lines that one may be behind, and is let go

local server = assert(async.net.listen("localhost", options.port, {max_line = LONGEST}))
print("listening at " .. server.address)

local members = {} -- by connection: who it is, the task that serves it, and what it has to hear

-- Whoever does not read keeps nobody else waiting.
local function tell_others(speaker, text)
  for connection, member in pairs(members) do
    if connection ~= speaker and not member.queue:try_send(text) then
      member.task:cancel "too slow"
    end
  end
end

local function names()
  local list = {}
  for _, member in pairs(members) do list[#list + 1] = member.name end
  table.sort(list)
  return table.concat(list, ", ")
end

-- A line without what would steer the terminals of the others; nil at the end.
local function hear(connection)
  local line = connection:read()
  return line and (line:gsub("%c", ""))
end

local function hand_out(connection, queue)
  for text in queue:iter() do
    if not connection:write(text, "\n") then return end
  end
end

server:serve(function(connection)
  connection:write "Your name? "
  local name = hear(connection)
  if not name or name == "" then return end
  local queue = async.channel(SLOW, "to " .. name)
  members[connection] = {name = name, task = async.current(), queue = queue}
  local leaving <close> = async.defer(function()
    members[connection] = nil
    tell_others(connection, name .. " has left")
  end)
  connection:write("Here are: ", names(), "\n")
  tell_others(connection, name .. " has come")
  async.race{
    function() hand_out(connection, queue) end,
    function()
      for line in hear, connection do tell_others(connection, name .. ": " .. line) end
    end,
  }
end, {max = 1000})
