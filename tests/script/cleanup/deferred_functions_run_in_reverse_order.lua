do
  local a <close> = async.defer(function(err) print("a", err) end)
  local b <close> = async.defer(function(err) print("b", err) end)
  print("block")                                   -- expect: block
end
-- expect: b	nil
-- expect: a	nil
print(pcall(function()
  local a <close> = async.defer(function(err) print("a", err) end)
  local b <close> = async.defer(function(err)
    print("b", err)
    error("replaced", 0)
  end)
  error("first", 0)
end))
-- expect: b	first
-- expect: a	replaced
-- expect: false	replaced
local unused = async.defer(function() print("never") end)
print((pcall(async.defer)), (pcall(async.defer, 7)))  -- expect: false	false
