local Account = {}
Account.__index = Account
Account.__tostring = function(self) return "account of " .. self.owner end
Account.__add = function(a, b) return a.balance + b.balance end
Account.__eq = function(a, b) return a.balance == b.balance end
Account.__lt = function(a, b) return a.balance < b.balance end
Account.__len = function(self) return self.balance end
Account.__call = function(self, by) self.balance = self.balance + by return self end
Account.__concat = function(a, b) return tostring(a) .. "+" .. tostring(b) end
local a = setmetatable({owner = "a", balance = 1}, Account)
local b = setmetatable({owner = "b", balance = 2}, Account)
print(tostring(a), a + b, a == b, a < b, #b, a(1) == b, a .. b, rawequal(a, b))
print(getmetatable(a) == Account, rawget(a, "missing"), rawlen({1, 2}))
print(getmetatable(setmetatable({}, {__metatable = "locked"})))
print(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))
for k, v in pairs(setmetatable({}, {__pairs = function() return next, {only = 1}, nil end})) do
  print(k, v)
end
local weak = setmetatable({}, {__mode = "k"})
weak[{}] = 1
collectgarbage()
print(next(weak))
print(pcall(function() return {} + 1 end))
print(pcall(function() return nil .. "x" end))
