-- A mailbox made of a table.  Whoever waits for a letter gives up its turn until
-- there is one; that is what async.checkpoint is for, and a sleep where it need
-- not be at once.
--
--   tinyasync run scripts/mailbox.lua

local Mailbox = {}
Mailbox.__index = Mailbox

function Mailbox.new()
  return setmetatable({letters = {}, first = 1, last = 0, closed = false}, Mailbox)
end

function Mailbox:put(letter)
  self.last = self.last + 1
  self.letters[self.last] = letter
end

function Mailbox:close()
  self.closed = true
end

-- The next letter; nil when the box is closed and empty.  It looks twice in the
-- turns that follow, and from then on every ten milliseconds: a loop without a
-- sleep would keep the machine busy.
function Mailbox:take()
  local looks = 0
  while self.first > self.last do
    if self.closed then return nil end
    looks = looks + 1
    if looks <= 2 then async.checkpoint() else sleep(0.01) end
  end
  local letter = self.letters[self.first]
  self.letters[self.first] = nil
  self.first = self.first + 1
  return letter
end

-- So that `for letter in box:all() do` works.
function Mailbox:all()
  return function() return self:take() end
end

local questions, answers = Mailbox.new(), Mailbox.new()

spawn({name = "calculator"}, function()
  for number in questions:all() do answers:put(("%d squared is %d"):format(number, number ^ 2)) end
  answers:close()
end)

spawn({name = "teacher"}, function()
  for number = 7, 10 do
    questions:put(number)
    sleep(0.1)
  end
  questions:close()
end)

for answer in answers:all() do print(("%.1f  %s"):format(async.now(), answer)) end

-- expect: 0.0  7 squared is 49
-- expect: 0.1  8 squared is 64
-- expect: 0.2  9 squared is 81
-- expect: 0.3  10 squared is 100
