package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
print((require "nested_sleep"), async.now())       -- expect: 6	3.0
