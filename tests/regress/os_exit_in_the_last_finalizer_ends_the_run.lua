-- The Runner is gone when the last finalizers run.

X = setmetatable({}, {__gc = function()
  print("last")                  -- expect: last
  os.exit(4, true)
end})
-- expect status: 4
