local task = spawn(function()
  print(async.shield(function(...)
    sleep(2)
    print("still there", async.now())
    sleep(2)
    return "shielded", ...
  end, "a", nil))
  print("no wait yet", async.now())
  sleep(0)
  print "never"
end)
sleep(1)
print(task:cancel(), task:cancel())                -- expect: true	false
print(task:status())                               -- expect: waiting	sleep 2s
print(task:pawait())
-- expect: still there	2.0
-- expect: shielded	a	nil
-- expect: no wait yet	4.0
-- expect: false	cancelled
