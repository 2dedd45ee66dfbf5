-- Trying again: each try has a deadline of its own, the pauses between them grow,
-- and what is hopeless is not tried twice.
--
--   tinyasync run scripts/retry.lua

local function log(...) print(("%.1f"):format(async.now()), ...) end

-- Refuses, then hangs, and answers from its third call on.
local function shaky_service(try)
  sleep(0.1)
  if try == 1 then error("connection refused", 0) end
  if try == 2 then sleep(60) end
  return "hello"
end

local greeting = async.retry(5, function(try)
  log("try " .. try)
  return async.with_timeout(0.5, shaky_service, try)
end, {delay = 0.2, factor = 2})
log(greeting)

-- The last error is raised.  In earnest give a `jitter` too, so that those who
-- failed together do not come back together.
log(pcall(async.retry, 3, function() error("no such host", 0) end, {delay = 0.1, jitter = 0}))

-- Only what is raised is tried again: what trying does not help is returned.
local function login(password)
  return async.retry(3, function()
    sleep(0.1)
    if password ~= "secret" then return nil, "wrong password" end
    return "welcome"
  end)
end
log(login("guess"))
log(login("secret"))

-- expect: 0.0	try 1
-- expect: 0.3	try 2
-- expect: 1.2	try 3
-- expect: 1.3	hello
-- expect: 1.5	false	no such host
-- expect: 1.6	nil	wrong password
-- expect: 1.7	welcome
