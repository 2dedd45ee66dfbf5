-- options: --timeout=100
local process = async.process
local words = {"", "*", "a b", "-n", "\n", "'", '"', "$HOME", "\\", "{}", "é", "\1\255", "a;b", "`x`",
  "~", "!", "\t", "''"}

local function framed(list) return "[" .. table.concat(list, "][") .. "]" end

-- expect: true
print(process.try{"printf", "[%s]", table.unpack(words)}.stdout == framed(words))
-- expect: true
print(process.try(process.sh("printf '[%s]' {}", words)).stdout == framed(words))
local places = ("{} "):rep(#words)
-- expect: true
print(process.try(process.sh("printf '[%s]' " .. places, table.unpack(words))).stdout == framed(words))
local all = true
for _, word in ipairs(words) do
  all = all and process.try{"sh", "-c", "printf %s " .. process.quote(word)}.stdout == word
end
-- expect: true
print(all)
-- expect: 1.5 7 x
process.run{"echo", 1.5, 7, "x"}
-- expect: a b c
process.run(process.pipe(process.sh("echo {} {}", "a", {"b", "c"}), {"cat"}))
