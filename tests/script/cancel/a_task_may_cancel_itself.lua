local task = spawn(function()
  local guard <close> = async.defer(function(err) print("closed", err) end)
  print(async.current():cancel "tired")            -- expect: true
  print(async.current():status())                  -- expect: running
  sleep(0)
  print "never"
end)
print((task:pawait()))
-- expect: closed	cancelled: tired
-- expect: false
