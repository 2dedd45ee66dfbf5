-- SPDX-License-Identifier: MIT
--
-- net.lua -- async.net: what scripts call.

local parts = net_parts()
local raise = parts.raise

local net = {}

-- ---------------------------------------------------------------- arguments

local function shown(value)
  if value ~= value then return "nan" end
  return type(value) == "string" and format("%q", value) or tostring(value)
end

local function check_text(call, value, what)
  if type(value) ~= "string" then
    raise(format("net.%s: expected %s, got %s", call, what, type(value)))
  end
  if value == "" then raise(format("net.%s: expected %s, got an empty text", call, what)) end
  if find(value, "\0", 1, true) then raise(format("net.%s: %s has no zero byte", call, what)) end
  return value
end

local function check_port(call, value, least)
  local port = type(value) == "string" and find(value, "^%d+$") and tointeger(value + 0) or
    type(value) == "number" and tointeger(value)
  if port and port >= least and port <= 65535 then return port end
  raise(format("net.%s: the port must be a number from %d to 65535, got %s", call, least,
    shown(value)))
end

local function yes_or_no(call, option, value)
  if type(value) == "boolean" then return value and 1 or 0 end
  raise(format("net.%s: %s must be true or false, got %s", call, option, shown(value)))
end

local function longest_line(call, option, value)
  local bytes = type(value) == "number" and tointeger(value)
  if bytes and bytes >= 0 then return bytes end
  raise(format("net.%s: %s must be 0 or more bytes, got %s", call, option, shown(value)))
end

local SILENCE = 60 -- seconds, with keepalive=true

local function silence(call, option, value)
  if value == true then return SILENCE end
  if value == false then return 0 end
  local seconds = type(value) == "number" and value >= 1 and value <= 32767 and
    tointeger(value - value % 1)
  if seconds then return seconds end
  raise(format("net.%s: %s must be true, or from 1 to 32767 seconds, got %s", call, option,
    shown(value)))
end

local function waiting_line(call, option, value)
  local count = type(value) == "number" and tointeger(value)
  if count and count >= 1 and count <= 65535 then return count end
  raise(format("net.%s: %s must be a number from 1 to 65535, got %s", call, option, shown(value)))
end

-- The options, of which no others are known than these, as C wants them.
local function check_options(call, given, known)
  local checked = {}
  if given == nil then return checked end
  if type(given) ~= "table" then
    raise(format("net.%s: options must be a table, got %s", call, type(given)))
  end
  for key, value in next, given do
    local check = known[key]
    if not check then
      raise(format("net.%s: unknown option '%s'%s", call, tostring(key), parts.hint(key, known)))
    end
    checked[key] = check(call, key, value)
  end
  return checked
end

local function name_of(host, port)
  return format(find(host, ":", 1, true) and "[%s]:%d" or "%s:%d", host, port)
end

-- -------------------------------------------------------------- connecting

local for_connect = {nodelay = yes_or_no, keepalive = silence, max_line = longest_line}

function net.connect(host, port, options)
  check_text("connect", host, "a host")
  local number = check_port("connect", port, 1)
  local given = check_options("connect", options, for_connect)
  return parts.connect(name_of(host, number), host == "localhost" and "127.0.0.1" or host, number,
    given)
end

-- ---------------------------------------------------------------- listening

local BACKLOG = 1024 -- connections that nobody has accepted yet

local for_listen = {
  nodelay = yes_or_no, keepalive = silence, max_line = longest_line, backlog = waiting_line
}

function net.listen(host, port, options)
  check_text("listen", host, 'a host, such as "127.0.0.1", or "*" for all addresses')
  local number = check_port("listen", port, 0)
  local given = check_options("listen", options, for_listen)
  local at = host
  if host == "localhost" then at = "127.0.0.1" elseif host == "*" then at = nil end
  return parts.listen(name_of(host, number), at, number, given.backlog or BACKLOG, given)
end

return {net = net}
