-- A peer that sends a byte at a time, one that sends all at once, and others in between.
local net = async.net
local server <close> = assert(net.listen("127.0.0.1", 0))
local text = "first\n\nthird line\n 17 0x20\nrest of it without an end"

spawn({daemon = true}, function()
  server:serve(function(connection)
    local size = tonumber(connection:read())
    for at = 1, #text, size do
      connection:write(text:sub(at, at + size - 1))
      sleep(0)
    end
  end)
end)

local function read_all(size)
  local connection <close> = assert(net.connect("127.0.0.1", server.port))
  connection:write(size, "\n")
  local read = {connection:read("l", "L", "l", "n", "n")}
  read[#read + 1] = connection:read_until "of"
  read[#read + 1] = connection:read "a"
  return table.concat(read, "|")
end

local whole = read_all(#text)
-- expect: first|
-- expect: |third line|17|32|
-- expect: rest of| it without an end
print(whole)
for _, size in ipairs{1, 2, 3, 5, 7, 11, 13} do assert(read_all(size) == whole, size) end
