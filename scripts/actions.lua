-- Waiting for what has callbacks.  An action of your own turns a library that
-- calls back into one that is simply called: no other part of the script knows
-- of callbacks then, and cancelling and deadlines work on it like on all else.
--
--   tinyasync run scripts/actions.lua

-- Such a library: client.query(text, callback) answers later.
local client = {}

function client.query(text, callback)
  return spawn({daemon = true}, function()
    sleep(#text / 100)
    if text:find("DROP", 1, true) then
      callback("not allowed")
    else
      callback(nil, {"row of " .. text})
    end
  end)
end

function client.abort(query)
  print("aborted")
  query:cancel()
end

-- Called when a task yields {action = "query", ...}: it starts the work and says
-- how it is given up.  wake() ends the wait with values, fail() with an error.
async.actions.query = function(request, wake, fail)
  local query = client.query(request.text, function(err, rows)
    if err then fail(err) else wake(rows) end
  end)
  return function() client.abort(query) end
end

local function query(text) return await {action = "query", text = text} end

print(query("SELECT 1")[1])
print(pcall(query, "DROP TABLE users"))
print(async.move_on_after(0.1, query, "SELECT a long list of things"))

-- All the rest of the library goes with it.
for _, rows in ipairs(async.map({"SELECT 2", "SELECT 3"}, query)) do print(rows[1]) end

-- expect: row of SELECT 1
-- expect: false	not allowed
-- expect: aborted
-- expect: nil	timeout
-- expect: row of SELECT 2
-- expect: row of SELECT 3
