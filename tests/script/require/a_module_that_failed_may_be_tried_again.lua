package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
print(pcall(require, "fails_first"))               -- expect: false	first attempt
print((require "fails_first"))                     -- expect: attempt 2
print((require "fails_first"))                     -- expect: attempt 2
