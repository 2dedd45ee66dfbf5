-- SPDX-License-Identifier: MIT
--
-- dns.lua -- async.dns: what scripts call.

local parts = dns_parts()
local raise = parts.raise

local dns = {}

local function check_text(call, text, what)
  if type(text) ~= "string" then
    raise(format("dns.%s: expected %s, got %s", call, what, type(text)))
  end
  if find(text, "\0", 1, true) then raise(format("dns.%s: %s has no zero byte", call, what)) end
  return text
end

-- As messages have it: an empty one is not seen but between quotes.
local function shown(text) return text == "" and "''" or text end

local families = {inet = "inet", inet6 = "inet6", both = "both"}

local function check_family(family)
  if family == nil then return end
  if type(family) ~= "string" then
    raise('dns.resolve: expected a family, "inet", "inet6" or "both", got ' .. type(family))
  end
  if not families[family] then
    raise(format("dns.resolve: unknown family '%s'%s", family, parts.hint(family, families)))
  end
end

function dns.resolve(name, family)
  check_text("resolve", name, "a name")
  check_family(family)
  return parts.resolve(name, family, "cannot resolve " .. shown(name))
end

-- What connections call their peers has a port, which has nothing to do with its name.
local function without_port(text)
  local _, _, host = find(text, "^%[(.*)%]:%d+$")
  if not host then _, _, host = find(text, "^%[(.*:.*)%]$") end
  if not host then _, _, host = find(text, "^(%d+%.%d+%.%d+%.%d+):%d+$") end
  return host or text
end

function dns.reverse(address)
  check_text("reverse", address, "an address")
  return parts.reverse(without_port(address), nil, "cannot find the name of " .. shown(address))
end

return {dns = dns}
