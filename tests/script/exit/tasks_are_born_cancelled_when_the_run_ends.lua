local function child(name) print("child", name) end
spawn(function()
  local guard <close> = async.defer(function()
    local plain = spawn(child, "never")
    print(async.shield(function()
      return await(spawn(function() sleep(1) return "inside a shield" end))
    end))
    print(plain:status())
    spawn(child, "never")
  end)
  sleep(10)
end)
sleep(1)
os.exit(0, true)
-- expect: inside a shield
-- expect: cancelled
