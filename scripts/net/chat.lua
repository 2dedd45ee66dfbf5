-- chat.lua: what one says, all others hear.
--   tinyasync run scripts/net/chat.lua [PORT]
-- Try it with several of: nc localhost 7777
local server = assert(async.net.listen("localhost", arg[1] or 7777))
print("listening at " .. server.address)

local SLOW = 10 -- lines that one may be behind, and is let go
local names, queues = {}, {}

local function tell_others(speaker, text)
  for connection, queue in pairs(queues) do
    if connection ~= speaker and not queue:try_send(text) then queue:close() end
  end
end

-- Whoever does not read keeps nobody else waiting: each has a queue.
local function hand_out(connection, queue)
  for text in queue:iter() do
    if not connection:write(text, "\n") then return end
  end
  connection:close()
end

server:serve(function(connection)
  connection:write("Your name? ")
  local name = connection:read()
  if not name or name == "" then return end
  names[connection], queues[connection] = name, async.channel(SLOW, "to " .. name)
  local leaving <close> = async.defer(function()
    names[connection], queues[connection] = nil, nil
    tell_others(connection, name .. " has left")
  end)
  local there = {}
  for _, other in pairs(names) do there[#there + 1] = other end
  table.sort(there)
  connection:write("Here are: ", table.concat(there, ", "), "\n")
  tell_others(connection, name .. " has come")
  async.race{
    function() hand_out(connection, queues[connection]) end,
    function()
      local line = connection:read()
      while line do
        tell_others(connection, name .. ": " .. line)
        line = connection:read()
      end
    end
  }
end)
