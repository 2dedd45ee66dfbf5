-- ports.lua: which ports of which hosts answer, many at a time.
--   tinyasync run scripts/net/ports.lua PORT[,PORT...] HOST...
-- Try it with: tinyasync run scripts/net/ports.lua 22,80,443 localhost example.org
local LIMIT, SECONDS = 100, 3

local questions = {}
for i = 2, #arg do
  for port in (arg[1] or ""):gmatch "%d+" do
    questions[#questions + 1] = {host = arg[i], port = math.tointeger(tonumber(port))}
  end
end

local open = 0
async.map(questions, function(question)
  local connection, why = async.move_on_after(SECONDS, async.net.connect, question.host,
    question.port)
  if connection then
    connection:close()
    open = open + 1
    print(("%s:%d\topen"):format(question.host, question.port))
  elseif not why:find "refused" then
    print(("%s:%d\t%s"):format(question.host, question.port, why))
  end
end, {limit = LIMIT})
print(("%d of %d are open"):format(open, #questions))
