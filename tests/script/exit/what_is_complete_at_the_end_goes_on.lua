-- To its next wait: an ending run is a cancellation like any other.
spawn(function()
  sleep(1)
  os.exit(5, true)
end)
spawn(function()
  print("due in that pass", sleep(1))              -- expect: due in that pass	1.0
  sleep(0)
  print "never"
end)
-- expect status: 5
