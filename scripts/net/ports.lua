#!/usr/bin/env tinyasync
-- Says which ports of which hosts answer, many at a time.
--
--   tinyasync run scripts/net/ports.lua PORTS HOST...
--
-- Try it with: tinyasync run scripts/net/ports.lua 22,80,8000-8010 localhost example.org

local function ports(text)
  local list = {}
  for part in (text .. ","):gmatch "(.-)," do
    local first, last = part:match "^(%d+)%-(%d+)$"
    first, last = tonumber(first or part:match "^%d+$"), tonumber(last)
    last = last or first
    if not first or first < 1 or last < first or last > 65535 then
      return nil, "expected ports, such as 22,80,8000-8010, got " .. text
    end
    for port = first, last do list[#list + 1] = port end
  end
  return list
end

local options = async.args{
  "Says which ports of which hosts answer.",
  {"PORTS", "such as 22,80,8000-8010", type = ports},
  {"HOST...", "whom to ask"},
  {"-j, --jobs=N", "how many at a time", type = "integer", min = 1, default = 100},
  {"-t, --timeout=SECONDS", "how long to wait for each", type = "number", min = 0.1, default = 3},
}

local questions = {}
for _, host in ipairs(options.host) do
  for _, port in ipairs(options.ports) do
    questions[#questions + 1] = {host = host, port = port}
  end
end

local open = 0
async.map(questions, function(question)
  local host, port = question.host, question.port
  local connection, why = async.move_on_after(options.timeout, async.net.connect, host, port)
  if connection then
    connection:close()
    open = open + 1
    print(("%s:%d\topen"):format(host, port))
  elseif not why:find "refused" then
    print(("%s:%d\t%s"):format(host, port, why))
  end
end, {limit = options.jobs})
print(("%d of %d are open"):format(open, #questions))
