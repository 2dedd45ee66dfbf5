package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
-- As in Lua: false is kept, and does not count as loaded.
print((require "gives_false"))
print(package.loaded.gives_false)
print((require "gives_false"))
-- expect: loading gives_false
-- expect: false
-- expect: false
-- expect: loading gives_false
-- expect: false
