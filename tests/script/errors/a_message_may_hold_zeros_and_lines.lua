-- options: --virtual-time --traceback=off
spawn(function() error("one\0two\nthree", 0) end)
-- expect stderr: two
-- expect stderr is: three
-- expect status: 1
