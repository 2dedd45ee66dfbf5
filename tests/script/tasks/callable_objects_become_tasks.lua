local object = setmetatable({word = "called"}, {__call = function(self, ...)
  print(self.word, sleep(1), ...)
end})
spawn(object, "a", nil)                            -- expect: called	1.0	a	nil
spawn({name = "named"}, object, "b")               -- expect: called	1.0	b
runner.add_task(object, "c")                       -- expect: called	1.0	c
