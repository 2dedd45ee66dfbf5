local task = spawn(function()
  print(async.shield(async.scope, function(s)
    s:spawn(function()
      sleep(2)
      print("child ended", async.now())            -- expect: child ended	2.0
    end)
    sleep(3)
    return "whole"                                 -- expect: whole
  end))
  sleep(0)
  print("never")
end)
sleep(1)
task:cancel()
print(task:pawait())                               -- expect: false	cancelled
print(async.now())                                 -- expect: 3.0
