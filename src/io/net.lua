-- SPDX-License-Identifier: MIT
--
-- net.lua -- async.net: what scripts call.

local parts = net_parts()
local raise = parts.raise
local place = parts.use "place"
local servers = parts.use "server"
local resolve = dns_parts().resolve

local net = {}

-- ---------------------------------------------------------------- arguments

local function shown(value)
  if value ~= value then return "nan" end
  return type(value) == "string" and format("%q", value) or tostring(value)
end

local function check_text(call, value, what)
  if type(value) ~= "string" then
    raise(format("%s: expected %s, got %s", call, what, type(value)))
  end
  if value == "" then raise(format("%s: expected %s, got an empty text", call, what)) end
  if find(value, "\0", 1, true) then raise(format("%s: %s has no zero byte", call, what)) end
  return value
end

local function check_port(call, value, least)
  local port = type(value) == "string" and find(value, "^%d+$") and tointeger(value + 0) or
    type(value) == "number" and tointeger(value)
  if port and port >= least and port <= 65535 then return port end
  raise(format("%s: the port must be a number from %d to 65535, got %s", call, least,
    shown(value)))
end

local function yes_or_no(call, option, value)
  if type(value) == "boolean" then return value and 1 or 0 end
  raise(format("%s: %s must be true or false, got %s", call, option, shown(value)))
end

local function longest_line(call, option, value)
  local bytes = type(value) == "number" and tointeger(value)
  if bytes and bytes >= 0 then return bytes end
  raise(format("%s: %s must be 0 or more bytes, got %s", call, option, shown(value)))
end

local SILENCE = 60 -- seconds, with keepalive=true

local function silence(call, option, value)
  if value == true then return SILENCE end
  if value == false then return 0 end
  local seconds = type(value) == "number" and value >= 1 and value <= 32767 and
    tointeger(value - value % 1)
  if seconds then return seconds end
  raise(format("%s: %s must be true, or from 1 to 32767 seconds, got %s", call, option,
    shown(value)))
end

local function waiting_line(call, option, value)
  local count = type(value) == "number" and tointeger(value)
  if count and count >= 1 and count <= 65535 then return count end
  raise(format("%s: %s must be a number from 1 to 65535, got %s", call, option, shown(value)))
end

-- What TLS is to be like; false: none.  Its half is loaded when it is wanted.
local function speaks_tls(side)
  return function(call, option, value)
    if value == false then return false end
    if value ~= true and type(value) ~= "table" then
      raise(format("%s: %s must be true, false or a table of options, got %s", call, option,
        shown(value)))
    end
    return parts.use("tls").options(format("%s: %s", call, option), value, side)
  end
end

local client_tls, server_tls = speaks_tls "client", speaks_tls "server"

-- The options, of which no others are known than these, as C wants them.
local function check_options(call, given, known)
  local checked = {}
  if given == nil then return checked end
  if type(given) ~= "table" then
    raise(format("%s: options must be a table, got %s", call, type(given)))
  end
  for key, value in next, given do
    local check = known[key]
    if not check then
      raise(format("%s: unknown option '%s'%s", call, tostring(key), parts.hint(key, known)))
    end
    checked[key] = check(call, key, value, checked)
  end
  return checked
end

local nothing = {}

local function name_of(host, port)
  return format(find(host, ":", 1, true) and "[%s]:%d" or "%s:%d", host, port)
end

-- -------------------------------------------------------------- connecting

-- "10.0.0.1", "10.0.0.1:4000", "::1" or "[::1]:4000", in parts.
local function own_address(call, option, value, checked)
  local text = type(value) == "string" and value or ""
  local host, port = match(text, "^%[(.*)%]:(%d+)$")
  if not host and not find(text, ":.*:") then host, port = match(text, "^(.*):(%d+)$") end
  host = host or match(text, "^%[(.*)%]$") or text
  local number = tointeger((port or 0) + 0)
  local is_port = number and number <= 65535
  if not find(host, "\0", 1, true) and host ~= "" and is_port and parts.is_numeric(host) then
    checked.local_host, checked.local_port = host, number
    return value
  end
  raise(format('%s: %s must be an address, such as "10.0.0.1" or "10.0.0.1:4000", got %s',
    call, option, shown(value)))
end

local for_connect = {
  nodelay = yes_or_no, keepalive = silence, max_line = longest_line, local_address = own_address,
  tls = client_tls
}

-- Hosts that nobody is asked for.  Who connects to localhost takes whichever answers; nobody says
-- whether a datagram has arrived, and so that goes where net.udp("localhost") receives.
local for_connections = {localhost = {"::1", "127.0.0.1"}}
local for_datagrams = {localhost = {"127.0.0.1", "::1"}}
local of_ours = {localhost = {"127.0.0.1"}, ["*"] = {}}

-- Where a host is that the script wants to `verb`, such as "connect to": a list of numbers; or nil,
-- message, code.  `name` has the port too.
local function addresses_of(verb, host, port, name, known)
  local allowed, message, code = parts.ask(verb, host, port)
  if not allowed then return nil, message, code end
  if known[host] then return known[host] end
  return resolve(host, nil, format("cannot %s %s", verb, name))
end

-- Before anybody is called: what TLS needs, if it is to be spoken, is there.
local function prepare(call, options)
  if not options then return true end
  return parts.use("tls").prepare(call, options)
end

-- A connection, with the arguments of parts.connect, that speaks TLS if it is to.
local function open(options, host, name, ...)
  if not options then return parts.connect(...) end
  return parts.use("tls").connect(options, host, "cannot connect to " .. name, parts.connect, ...)
end

local function connect(call, host, port, options)
  check_text(call, host, "a host")
  local number = check_port(call, port, 1)
  local given = check_options(call, options, for_connect)
  parts.enter(call)
  local name = name_of(host, number)
  local ready, message, code = prepare(call, given.tls)
  if not ready then return nil, message, code end
  local addresses
  addresses, message, code = addresses_of("connect to", host, number, name, for_connections)
  if not addresses then return nil, message, code end
  return open(given.tls, host, name, name, addresses, number, given)
end

function net.connect(host, port, options) return connect("net.connect", host, port, options) end

local for_unix = {max_line = longest_line, tls = client_tls}

local function path_of(call, path)
  check_text(call, path, "a path")
  return find(path, "^@") and path or place.of(path)
end

function net.connect_unix(path, options)
  local at = path_of("net.connect_unix", path)
  local given = check_options("net.connect_unix", options, for_unix)
  if given.tls then parts.use("tls").check_name("net.connect_unix: tls", given.tls) end
  parts.enter "net.connect_unix"
  local ready, message, code = prepare("net.connect_unix", given.tls)
  if not ready then return nil, message, code end
  return open(given.tls, nil, path, path, {at}, nil, given)
end

-- ---------------------------------------------------------------- listening

local BACKLOG = 1024 -- connections that nobody has accepted yet

local for_listen = {
  nodelay = yes_or_no, keepalive = silence, max_line = longest_line, backlog = waiting_line,
  tls = server_tls
}
local for_listen_unix = {max_line = longest_line, backlog = waiting_line, tls = server_tls}

-- The same of ours: one address, or nil for all of them; or false, message, code.
local function own_address_of(verb, host, port, name)
  local addresses, message, code = addresses_of(verb, host, port, name, of_ours)
  if not addresses then return false, message, code end
  return addresses[1]
end

-- Servers are of C; these methods of theirs are not.
local methods = {serve = servers.serve}
local tls_methods = {serve = servers.serve, accept = servers.accept}

-- What such a server does with who comes, before there is one; false: nothing.
local function guard_of(call, options)
  if not options then return false end
  return parts.use("tls").guard(call, options)
end

-- What was made, when `finish` has done the rest; where there is no memory for that it is closed
-- at once.
local function finished(made, finish, with)
  local ok, why = pcall(finish, made, with)
  if ok then return made end
  made:close()
  error(why, 0)
end

local function complete(guard, server, message, code)
  if not server then return nil, message, code end
  if not guard then return finished(server, parts.add_methods, methods) end
  finished(server, servers.speak_tls, guard)
  return finished(server, parts.add_methods, tls_methods)
end

function net.listen(host, port, options)
  check_text("net.listen", host, 'a host, such as "127.0.0.1", or "*" for all addresses')
  local number = check_port("net.listen", port, 0)
  local given = check_options("net.listen", options, for_listen)
  local name = name_of(host, number)
  local at, message, code = own_address_of("listen at", host, number, name)
  if at == false then return nil, message, code end
  local guard
  guard, message, code = guard_of("net.listen", given.tls)
  if guard == nil then return nil, message, code end
  return complete(guard, parts.listen(name, at, number, given.backlog or BACKLOG, given))
end

function net.listen_unix(path, options)
  local at = path_of("net.listen_unix", path)
  local given = check_options("net.listen_unix", options, for_listen_unix)
  local guard, message, code = guard_of("net.listen_unix", given.tls)
  if guard == nil then return nil, message, code end
  return complete(guard, parts.listen_unix(path, at, nil, given.backlog or BACKLOG, given))
end

-- Descriptors from 3 on, whose number, and perhaps names, a service manager tells.
local FIRST_HANDED <const> = 3
local MOST_HANDED <const> = 2^31 - 1 - FIRST_HANDED

local function handed_over()
  local text = parts.getenv "LISTEN_FDS" or ""
  local count = find(text, "^%d+$") and tointeger(text + 0) or 0
  local is_ours = parts.getenv "LISTEN_PID" == tostring(parts.pid())
  if count > MOST_HANDED or not is_ours then count = 0 end
  local names, all = {}, parts.getenv "LISTEN_FDNAMES" or ""
  gsub(all .. ":", "([^:]*):", function(name) names[#names + 1] = name end)
  return count, names
end

local function number_of(which, count, names)
  if type(which) == "number" then return which <= count and which end
  for i = 1, min(count, #names) do
    if names[i] == which then return i end
  end
end

function net.listen_fd(which, options)
  if which == nil then which = 1 end
  local number = type(which) == "number" and tointeger(which)
  if not (number and number >= 1) and type(which) ~= "string" then
    raise(format("net.listen_fd: expected a number from 1 on, or a name, got %s", shown(which)))
  end
  local given = check_options("net.listen_fd", options, for_listen)
  local count, names = handed_over()
  local found = number_of(number or which, count, names)
  local guard, message, code = guard_of("net.listen_fd", found and given.tls)
  if guard == nil then return nil, message, code end
  if found then
    local name, descriptor = "socket " .. (number or which), FIRST_HANDED - 1 + found
    return complete(guard, parts.adopt(name, descriptor, given.backlog or 0, given))
  end
  if count == 0 then return nil, "no socket was handed over (LISTEN_FDS)", "ENOENT" end
  local words = "socket %s is not among the %d handed over (LISTEN_FDS)"
  return nil, format(words, which, count), "ENOENT"
end

-- ---------------------------------------------------------------- datagrams

local for_udp = {broadcast = yes_or_no}
local of_socket = {}

-- What the system says of an address that cannot be reached from here, or not from this socket.
local no_way = {
  EADDRNOTAVAIL = true, EAFNOSUPPORT = true, EHOSTUNREACH = true, EINVAL = true, ENETDOWN = true,
  ENETUNREACH = true
}

-- To the first that the socket has a way to.
local function send_to_one(self, data, addresses, port, name)
  local done, message, code
  for _, address in ipairs(addresses) do
    done, message, code = parts.send(self, data, address, port, name)
    if done or not no_way[code] then break end
  end
  return done, message, code
end

function of_socket.send(self, data, host, port)
  local is_socket, is_closed = parts.is_socket(self)
  if not is_socket then
    raise "udp:send: send() is a method of what net.udp gives: socket:send(data, host, port)"
  end
  if is_closed then raise "the socket is closed" end
  if type(data) ~= "string" and type(data) ~= "number" then
    raise("udp:send: expected a text, got " .. type(data))
  end
  check_text("udp:send", host, "a host")
  local number = check_port("udp:send", port, 1)
  local name = name_of(host, number)
  local addresses, message, code = addresses_of("send to", host, number, name, for_datagrams)
  if not addresses then return nil, message, code end
  return send_to_one(self, data, addresses, number, name)
end

function net.udp(host, port, options)
  if host == nil then host = "*" end
  check_text("net.udp", host, 'a host, such as "127.0.0.1", or "*" for all addresses')
  local number = check_port("net.udp", port == nil and 0 or port, 0)
  local given = check_options("net.udp", options, for_udp)
  local name = name_of(host, number)
  local at, message, code = own_address_of("receive at", host, number, name)
  if at == false then return nil, message, code end
  local socket
  socket, message, code = parts.udp(name, at, number, given.broadcast == 1)
  if not socket then return nil, message, code end
  return finished(socket, parts.add_methods, of_socket)
end

-- ------------------------------------------------------------------ waiting

local FIRST_PAUSE, LONGEST_PAUSE, LONGEST_TRY = 0.02, 0.5, 3 -- seconds

local function seconds(call, option, value)
  if type(value) == "number" and value >= 0 then return value end
  raise(format("%s: %s must be 0 or more seconds, got %s", call, option, shown(value)))
end

local for_wait = {timeout = seconds}

-- Until somebody is there, later and later.  Where nothing answers the system would ask for two
-- minutes, and ever more rarely.
local function try_until_there(host, port)
  local pause = FIRST_PAUSE
  while true do
    local stream, message, code = async.move_on_after(LONGEST_TRY, connect, "net.wait", host, port)
    if stream then
      stream:close()
      return true
    end
    if code == "EACCES" or code == "EPERM" then return nil, message, code end
    parts.pause(name_of(host, port), pause, nil, nothing)
    pause = min(2 * pause, LONGEST_PAUSE)
  end
end

function net.wait(host, port, options)
  check_text("net.wait", host, "a host")
  local number = check_port("net.wait", port, 1)
  local given = check_options("net.wait", options, for_wait)
  parts.enter "net.wait"
  return async.move_on_after(given.timeout or huge, try_until_there, host, number)
end

return {net = net}
