print(async.scope(function(outer)
  print("never", async.scope(function(inner)
    local guard <close> = async.defer(function() print("inner unwinds") end)
    sleep(1)
    outer:cancel()
    sleep(10)
  end))
end))
-- expect: inner unwinds
-- expect: nil	cancelled
