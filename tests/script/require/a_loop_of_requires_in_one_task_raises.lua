package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
local ok, message = pcall(require, "loop_a")
print(ok, message:match("loop in require: .*"))    -- expect: false	loop in require: loop_a -> loop_b -> loop_c -> loop_a
ok, message = pcall(require, "loop_itself")
print(ok, message:match("loop in require: .*"))    -- expect: false	loop in require: loop_itself -> loop_itself
