-- options: --virtual-time --traceback=off
spawn(function() error(("x"):rep(1 << 20) .. "end of it", 0) end)
print "goes on"                                    -- expect: goes on
-- expect stderr: xxxend of it
-- expect status: 1
