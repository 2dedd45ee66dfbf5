-- Both are due at 2; the younger one set its deadline first.
local function due_at_two(name, first)
  sleep(first)
  sleep(2 - first)
  print(name)
end
spawn(due_at_two, "elder", 1.5)
spawn(due_at_two, "younger", 0.5)
-- expect: elder
-- expect: younger
