-- SPDX-License-Identifier: MIT
--
-- tls.lua -- what scripts of the tests of TLS find beside the functions of outside.h:
--
--   PEM               a file with a certificate for db, which vouches for itself, and its key
--   secure(s, t)      both sides of TLS, s is the server; gives them
--   pair()            two streams that speak TLS, the first is the server
--   between(change)   two streams, and two tasks that carry bytes from one to the other: what
--                     change(bytes, number, way) gives; nil: that side has ended
--   number(first, last)  a random number

SERVER = {server = true, certificate = PEM}
CLIENT = {server_name = "db", ca = PEM}

plain_pair = both

function secure(s, t)
  local server = spawn(function() assert(s:start_tls(SERVER)) end)
  assert(t:start_tls(CLIENT))
  server:await()
  return s, t
end

function pair() return secure(plain_pair()) end

local function carry(from, to, change, way)
  local number = 0
  while true do
    local bytes = from:read_some(1 + math.random(20000))
    number = number + 1
    bytes = bytes and change(bytes, number, way)
    if not bytes or not to:write(bytes) then break end
  end
  to:shutdown()
end

function between(change)
  local a, b = plain_pair()
  local c, d = plain_pair()
  spawn(function()
    local e <close> = b
    local f <close> = c
    local other = spawn(carry, c, b, change, "to the first")
    carry(b, c, change, "to the second")
    other:await()
  end)
  return a, d
end

number = math.random
