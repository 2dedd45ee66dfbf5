package.path = arg[0]:gsub("[^/]*$", "modules/?.lua")
package.preload.made = function(name, extra)
  sleep(1)
  return name .. " " .. extra
end
print((require "made"), async.now())               -- expect: made :preload:	1.0
