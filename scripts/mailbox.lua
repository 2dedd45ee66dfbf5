-- A task that owns something, and a mailbox through which the others ask for it.
-- It answers one letter after the other, so a letter may be worked on for a while
-- and nothing has to be locked.
--
--   tinyasync run scripts/mailbox.lua

local mailbox = async.channel(math.huge, "mailbox")

-- Each letter brings a channel for its answer.
local function ask(request)
  request.answer = async.channel(1)
  mailbox:send(request)
  return request.answer:recv()
end

spawn({name = "shopkeeper"}, function()
  local stock = {apples = 5, pears = 2}
  for letter in mailbox:iter() do
    local left = stock[letter.fruit] or 0
    local sold = math.min(left, letter.count)
    sleep(0.1) -- to the cellar and back: nobody else sells meanwhile
    stock[letter.fruit] = left - sold
    letter.answer:send(sold)
  end
  print("closed, with " .. stock.apples .. " apples")
end)

local function customer(name, fruit, count)
  local got = ask {fruit = fruit, count = count}
  print(("%.1f  %s wanted %d %s and got %d"):format(async.now(), name, count, fruit, got))
end

async.scope(function(s)
  s:spawn(customer, "Ada", "apples", 3)
  s:spawn(customer, "Ben", "apples", 1)
  s:spawn(customer, "Cem", "pears", 9)
  s:spawn(customer, "Dot", "plums", 1)
end)
mailbox:close()

-- expect: 0.1  Ada wanted 3 apples and got 3
-- expect: 0.2  Ben wanted 1 apples and got 1
-- expect: 0.3  Cem wanted 9 pears and got 2
-- expect: 0.4  Dot wanted 1 plums and got 0
-- expect: closed, with 1 apples
