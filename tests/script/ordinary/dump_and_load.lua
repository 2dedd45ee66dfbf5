local function add(a, b) return a + b end
print(load(string.dump(add), "dumped", "b")(1, 2))
print(load(string.dump(add, true))(3, 4))
print(pcall(load, string.dump(add), "x", "t"))
print(load(string.dump(add), "x", "t"))
print(load("return ...", "chunk", "t", {})(5))
print(load("x = 1; return x", "chunk", "t", {})())
print(load "syntax error here")
local parts = {"return ", "1", "+", "1"}
print(load(function() return table.remove(parts, 1) end)())
print(pcall(load("error 'in chunk'", "=named")))
print(loadfile("/no/such/file.lua"))
