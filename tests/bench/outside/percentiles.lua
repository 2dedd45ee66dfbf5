-- Reads times in seconds, one a line, and prints what passes from one to the next, in ms.

local spans, before = {}, nil
for line in io.lines() do
  local now = tonumber(line)
  if before then spans[#spans + 1] = (now - before) * 1000 end
  before = now
end
table.sort(spans)
print(string.format("p50=%.4f p99=%.4f", spans[math.ceil(#spans * 0.5)],
  spans[math.ceil(#spans * 0.99)]))
