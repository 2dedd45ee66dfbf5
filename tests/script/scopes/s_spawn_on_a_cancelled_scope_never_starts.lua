local own, late
print(async.scope(function(s)                      -- expect: nil	cancelled
  s:spawn(function()
    local guard <close> = async.defer(function()
      late = s:spawn(function() print("never") end)
    end)
    sleep(10)
  end)
  sleep(0)
  s:cancel()
  own = s:spawn(function() print("never") end)
end))
print(own:status(), own.error.kind)                -- expect: cancelled	cancelled
print(late:status(), late.error.kind)              -- expect: cancelled	cancelled
