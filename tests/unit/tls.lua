-- SPDX-License-Identifier: MIT
--
-- tls.lua -- what scripts of the tests of TLS find beside the functions of outside.h:
--
--   PEM               a file with a certificate for db, which vouches for itself, and its key
--   secure(s, t)      both sides of TLS, s is the server; gives them
--   pair(make)        two streams that speak TLS, the first is the server; over sockets, or
--                     what make() gives
--   later(make)       the same before the handshake, which comes with what is done next
--   between(change, make)  two streams, and two tasks that carry bytes from one to the other: what
--                     change(bytes, number, way) gives; nil: that side has ended
--   sizes             of the pieces in which they carry them, at most
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

function pair(make) return secure((make or plain_pair)()) end

function later(make)
  local s, t = (make or plain_pair)()
  assert(not async.move_on_after(0, s.start_tls, s, SERVER))
  assert(not async.move_on_after(0, t.start_tls, t, CLIENT))
  return s, t
end

sizes = {20000}

local function carry(from, to, change, way)
  local number = 0
  while true do
    local bytes = from:read_some(math.random(sizes[math.random(#sizes)]))
    number = number + 1
    bytes = bytes and change(bytes, number, way)
    if not bytes or not to:write(bytes) then break end
  end
  to:shutdown()
end

function between(change, make)
  local a, b = (make or plain_pair)()
  local c, d = (make or plain_pair)()
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
