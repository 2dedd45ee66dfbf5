sleep(1)
local ok, message = pcall(require, "cross_a")
print(async.current().name, ok, (message:match("loop in require: .*")))
return "b without a"
