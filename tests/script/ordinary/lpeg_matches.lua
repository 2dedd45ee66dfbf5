-- needs: lpeg
local lpeg = require "lpeg"
local number = lpeg.C(lpeg.R "09" ^ 1) / tonumber
local sum = lpeg.Cf(number * (lpeg.P "+" * number) ^ 0, function(a, b) return a + b end)
print(sum:match "1+2+39", sum:match "x", lpeg.type(sum))
print(lpeg.match(lpeg.Ct((lpeg.C(lpeg.R "az" ^ 1) * lpeg.S " ," ^ 0) ^ 0), "a, bc d")[2])
print(pcall(lpeg.match, lpeg.P(function() error("in a match", 0) end), "x"))
