#!/usr/bin/env tinyasync
-- Says of many hosts how long their certificates are good for, or what is wrong with them; many
-- at a time.  The status is 1 if somebody has to do something.
--
--   tinyasync run scripts/net/certificates.lua --warn=21 example.org mail.example.org:465

local DAY = 24 * 60 * 60

local function target_of(text)
  local host, port = text:match("^%[(.+)%]:(%d+)$")
  if not host then host, port = text:match("^([^:]+):(%d+)$") end
  host, port = host or text:match("^%[(.+)%]$") or text, tonumber(port or 443)
  if port < 1 or port > 65535 then return nil, "expected a port from 1 to 65535, got " .. text end
  return {text = text, host = host, port = port}
end

local options = async.args{
  "Says how long certificates of hosts are good for, or what is wrong with them.",
  {"HOST...", "whom to ask: HOST or HOST:PORT, [ADDRESS]:PORT; the port is 443 where none is said",
    type = target_of},
  {"-w, --warn=DAYS", "so many days before it ends it is time to act", type = "number", min = 0,
    default = 30},
  {"-j, --jobs=N", "how many at a time", type = "integer", min = 1, default = 20},
  {"-t, --timeout=SECONDS", "how long to wait for each", type = "number", min = 0.1, default = 10},
  {"--ca=PATH", "authorities to trust instead of the system's"},
}

-- -> what is known of the certificate; or nil, message
local function certificate_of(target)
  local s, message = async.net.connect(target.host, target.port, {tls = {ca = options.ca}})
  if not s then return nil, message end
  local certificate = s.tls.certificate
  s:close()
  return certificate
end

local function look_at(target)
  local certificate, message = async.move_on_after(options.timeout, certificate_of, target)
  if not certificate then
    local why = message == "timeout" and ("no answer within %g seconds"):format(options.timeout)
    return {host = target.text, state = "BAD", words = why or message}
  end
  local left = (certificate.expires - os.time()) / DAY
  return {
    host = target.text,
    state = left < options.warn and "SOON" or "ok",
    words = ("%d days, until %s, %s"):format(left // 1, os.date("!%Y-%m-%d", certificate.expires),
      certificate.subject),
  }
end

local failed = false
for _, result in ipairs(async.map(options.host, look_at, {limit = options.jobs})) do
  failed = failed or result.state ~= "ok"
  print(("%-4s %s: %s"):format(result.state, result.host, result.words))
end
os.exit(not failed)
