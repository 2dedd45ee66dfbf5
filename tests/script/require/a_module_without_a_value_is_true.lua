package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
print((require "gives_nil"), package.loaded.gives_nil)  -- expect: true	true
