local function permutations(list, n)
  n = n or #list
  if n <= 1 then coroutine.yield(list) return end
  for i = 1, n do
    list[n], list[i] = list[i], list[n]
    permutations(list, n - 1)
    list[n], list[i] = list[i], list[n]
  end
end
for p in coroutine.wrap(function() permutations{"a", "b", "c"} end) do print(table.concat(p, " ")) end
local function filter(n, source)
  return coroutine.wrap(function()
    for x in source do if x % n ~= 0 then coroutine.yield(x) end end
  end)
end
local source = coroutine.wrap(function() for i = 2, 200 do coroutine.yield(i) end end)
local primes = {}
while true do
  local prime = source()
  if not prime then break end
  primes[#primes + 1] = prime
  source = filter(prime, source)
end
print(table.concat(primes, " "))
local function depth(n)
  local ok, value = pcall(coroutine.wrap(function() return depth(n + 1) end))
  return ok and value or n
end
local deepest = depth(0)
print(deepest > 150, deepest <= 200)
print(select(2, pcall(coroutine.wrap(function(...) return pcall(string.rep) end))))
