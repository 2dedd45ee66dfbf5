local done = spawn(function() return "result" end)
local failed = spawn(error, "broken")
failed:pawait()
print(done:cancel(), failed:cancel())              -- expect: false	false
print(done:status(), failed:status())              -- expect: done	failed
print(done:pawait())                               -- expect: true	result
print(failed:pawait())                             -- expect: false	broken
