-- SPDX-License-Identifier: MIT
--
-- tls.lua -- TLS on streams: options, whose certificate is wanted, and failures in words.
--
-- Files of certificates are read when a context is made of them; that is used again as long as
-- they are the same.

local parts = tls_parts()
local raise = parts.raise
local place = parts.use "place"

local MOST_CONTEXTS = 32 -- that are kept: then all of them go

local tls = {}

-- ------------------------------------------------------------------- options

local function shown(value)
  return type(value) == "string" and format("%q", value) or tostring(value)
end

local function path(by, key, value)
  if type(value) == "string" and value ~= "" and not find(value, "\0", 1, true) then return end
  raise(format("%s: %s must be the path of a file, got %s", by, key, shown(value)))
end

-- What is no name of a host might be taken for a pattern: ".example" for whatever ends so.
local function is_host(text)
  if find(text, ":.*:") then return find(text, "^[%x:.]+$") or find(text, "^[%x:.]+%%[%w_.-]+$") end
  return find(text, "^[%w_\128-\255-][%w_.\128-\255-]*$") and not find(text, "..", 1, true)
end

local function name(by, key, value)
  if type(value) == "string" and #value < 256 and is_host(value) then return end
  raise(format("%s: %s must be the name of a host, got %s", by, key, shown(value)))
end

local function yes_or_no(by, key, value)
  if type(value) == "boolean" then return end
  raise(format("%s: %s must be true or false, got %s", by, key, shown(value)))
end

local function check_protocol(by, value)
  if type(value) == "string" and #value > 0 and #value < 256 then return end
  raise(format("%s: alpn must be names of protocols, as \"http/1.1\", got %s", by, shown(value)))
end

local function protocols(by, _, value)
  if type(value) ~= "table" then return check_protocol(by, value) end
  for _, one in ipairs(value) do check_protocol(by, one) end
  if #value == 0 or #value > 100 then
    raise(format("%s: alpn must be a list of names of protocols, got %d", by, #value))
  end
end

local known = {ca = path, certificate = path, key = path, alpn = protocols, server_name = name,
  verify = yes_or_no, server = yes_or_no}

-- What is in the table itself, and is as it should be.
local function check_each(by, given)
  local checked = {}
  for key, value in next, given do
    local check = known[key]
    if not check then
      raise(format("%s: unknown option '%s'%s", by, tostring(key), parts.hint(key, known)))
    end
    check(by, key, value)
    checked[key] = value
  end
  return checked
end

-- Each with its length before it.
local function as_sent(alpn)
  if type(alpn) ~= "table" then alpn = {alpn} end
  local sent = ""
  for _, one in ipairs(alpn) do sent = sent .. format("%c", #one) .. one end
  return sent
end

local function check_together(by, given, server)
  if given.key and not given.certificate then
    raise(by .. ": there is a key, but no certificate")
  end
  if server and not given.certificate then raise(by .. ": a server needs a certificate") end
  if server and given.server_name then raise(by .. ": server_name is for clients") end
end

-- What the options come to, for whoever `by` is: true is all as usual.  `side`: "client" or
-- "server", where the options do not say so.
function tls.options(by, given, side)
  if given == true or given == nil then given = {} end
  if type(given) ~= "table" then
    raise(format("%s: options must be a table, got %s", by, type(given)))
  end
  given = check_each(by, given)
  if side and given.server ~= nil and given.server ~= (side == "server") then
    raise(format("%s: this is the %s's side", by, side))
  end
  local server = side == "server" or given.server == true
  check_together(by, given, server)
  local verify = given.verify
  if verify == nil then verify = not server or given.ca ~= nil end
  return {
    server = server,
    verify = verify,
    ca = given.ca and place.of(given.ca),
    certificate = given.certificate and place.of(given.certificate),
    key = given.key and place.of(given.key),
    alpn = given.alpn and as_sent(given.alpn),
    server_name = given.server_name,
  }
end

-- ------------------------------------------------------------------ contexts

local contexts, count = {}, 0

-- What differs when one of the files does; or nil, message, code where one may not be read.
local function key_of(options)
  local key = {tostring(options.server), tostring(options.verify), options.alpn or ""}
  for _, option in ipairs {"ca", "certificate", "key"} do
    local file, version, message, code = options[option], "", nil, nil
    if file then version, message, code = parts.version(file) end
    if not version then return nil, message, code end
    key[#key + 1] = (file or "") .. "\0" .. version
  end
  return concat(key, "\1")
end

-- -> the module and a context; or nil, message, code
function tls.context(by, options)
  local key, message, code = key_of(options)
  if not key then return nil, message, code end
  local module
  module, message, code = parts.module("tls", by, "libssl-dev")
  if not module then return nil, message, code end
  if options.verify and not options.ca then key = key .. "\1" .. module.system() end
  local context = contexts[key]
  if context then return module, context end
  context, message, code = module.context(options.server, options.verify, options.ca,
    options.certificate, options.key, options.alpn)
  if not context then return nil, message, code end
  if count == MOST_CONTEXTS then contexts, count = {}, 0 end
  contexts[key], count = context, count + 1
  return module, context
end

-- ------------------------------------------------------------------- streams

-- What was wrong with a certificate says whose it is.
local function refuse(what, reason, code)
  if code == "ECANCELED" or find(reason, "^certificate of") then return nil, reason, code end
  return nil, what .. ": " .. reason, code
end

-- As certificates have it: a name has no dot at its end, an address of IPv6 no zone.
local function as_certified(host)
  if not host then return nil end
  if find(host, ":", 1, true) then return (gsub(host, "%%.*$", "")) end
  return (gsub(host, "(.)%.$", "%1"))
end

-- A stream that was just opened, or checked, speaks TLS from now on, as soon as it is read or
-- written.  `host`: whose certificate it has to be, unless the options say so.
function tls.attach(by, stream, options, host)
  local module, context, code = options.module, options.context
  if not module then module, context, code = tls.context(by, options) end
  if not module then return nil, context, code end
  local wanted = not options.server and as_certified(options.server_name or host) or nil
  local sessions = not options.server and (wanted or "") .. " " .. stream.label or nil
  local done, message
  done, message, code = module.start(stream, context, options.server, options.verify, wanted,
    sessions)
  if not done then return nil, message, code end
  parts.set_about(stream, module.about)
  if not options.verify and not options.server then
    parts.note(stream, "the certificate is not verified")
  end
  return stream
end

-- The handshake of such a stream: waits.  -> stream; or nil, message, code, where the message
-- begins with `what` failed, unless it is about the certificate.
function tls.handshake(stream, what)
  local done, reason, code = parts.handshake(stream)
  if not done then return refuse(what, reason, code) end
  return stream
end

-- What the options need is read, once for all that is done with them: -> true, or nil, message,
-- code.  Where the files cannot be read any more, what they were is still good.
function tls.prepare(by, options)
  local module, context, code = tls.context(by, options)
  if module then options.module, options.context = module, context end
  if options.module then return true end
  return nil, context, code
end

-- A connection that `connect` makes, called with the rest, speaks TLS, and is closed where that
-- fails: waits.
function tls.connect(options, host, what, connect, ...)
  local stream, message, code, done
  local ending <close> = async.defer(function()
    if stream and not done then stream:close() end
  end)
  stream, message, code = connect(...)
  if not stream then return nil, message, code end
  local attached
  attached, message, code = tls.attach("net.connect", stream, options, host)
  if not attached then return nil, message, code end
  done, message, code = tls.handshake(stream, what)
  return done, message, code
end

-- ------------------------------------------------------------------- servers

local PATIENCE = 30 -- seconds, in which those who are served have to shake hands

-- What a server does with who comes; or nil, message, code.
--   attach(stream): TLS from the first byte on, or nil, message, code
--   begin(stream): with the handshake; false: there was none, of which a peer that is at fault is
--     no failure of the server's, and stands in the trace.  Waits
function tls.guard(by, options)
  local known, message, code = tls.prepare(by, options)
  if not known then return nil, message, code end
  local guard = {}
  function guard.attach(stream)
    tls.prepare(by, options)
    local done
    done, message, code = tls.attach(by, stream, options)
    if not done then stream:close() end
    return done, message, code
  end
  function guard.begin(stream)
    local done, reason, why = guard.attach(stream)
    if not done then error(reason, 0) end
    done, reason, why = nil, format("no handshake of TLS within %d seconds", PATIENCE), "TLS"
    async.move_on_after(PATIENCE, function()
      done, reason, why = tls.handshake(stream, "cannot start TLS with " .. stream.label)
    end)
    if not done and why ~= "EOF" and why ~= "ECANCELED" then parts.note(stream, reason) end
    return done ~= nil
  end
  return guard
end

-- ----------------------------------------------------------------- start_tls

local function name_of(stream, options)
  return options.server and stream.label or options.server_name or stream.label
end

-- As a connection was called for, "tcp db:5432": db; nil of others.
local function host_of(stream)
  return match(stream.label, "^tcp %[(.*)%]:%d+$") or match(stream.label, "^tcp ([^:]*):%d+$")
end

-- For a client that verifies, and has no host yet.
function tls.check_name(by, options)
  if not options.verify or options.server or options.server_name then return end
  raise(by .. ": server_name is missing, whose certificate it has to be")
end

-- stream:start_tls(options)
function tls.start_tls(stream, given)
  parts.check(stream)
  local options = tls.options("start_tls", given)
  if not options.server then options.server_name = options.server_name or host_of(stream) end
  tls.check_name("start_tls", options)
  local flushed, message, code = parts.flush(stream)
  if flushed then flushed, message, code = parts.is_whole(stream) end
  if not flushed then return nil, message, code end
  parts.check(stream)
  local done
  done, message, code = tls.attach("start_tls", stream, options)
  if not done then return nil, message, code end
  return tls.handshake(stream, "cannot start TLS with " .. name_of(stream, options))
end

return tls
