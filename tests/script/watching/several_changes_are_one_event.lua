-- options: --timeout=100
package.path = "tests/?.lua;" .. package.path
local watching = require "kit.watching"
local write, sh, settle, told = watching.write, watching.sh, watching.settle, watching.told
local d <const>, gone <close> = watching.directory()

local function append() for _ = 1, 20 do write(d .. "/log", "line\n", "a") end end
-- expect: created log
print(told(d, nil, d, append))
-- expect: changed log
print(told(d, nil, d, append))
-- What goes on for ever is told all the same, after ten times as long at the most.
local lines = watching.tell(d, {debounce = 0.15}, d, function()
  sh('for i in $(seq 1 200); do echo x >>"$1/log"; sleep 0.01; done', d)
end)
-- expect: true
print(#lines >= 2)
-- expect: true
print(#lines < 150)

-- Without it: each time that was looked.
lines = watching.tell(d, {debounce = 0}, d, function()
  for i = 1, 3 do
    write(d .. "/log", "line\n", "a")
    settle()
  end
end)
-- expect: true
print(#lines >= 3)

-- Who reads late hears of each file once, and memory keeps no more than that.
local watch <close> = async.fs.watch(d)
for i = 1, 3000 do write(d .. "/log", "line\n", "a") end
write(d .. "/other", "")
settle()
local kinds = {}
for _ = 1, 2 do
  local event = watch()
  kinds[#kinds + 1] = event.kind .. " " .. event.path:match "[^/]+$"
end
table.sort(kinds)
-- expect: changed log, created other
print(table.concat(kinds, ", "))
-- expect: nil
print((async.move_on_after(0.3, watch)))
