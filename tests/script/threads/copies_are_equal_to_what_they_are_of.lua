local function back(...) return ... end
print(math.type(async.thread(back, 1)), math.type(async.thread(back, 1.0)))  -- expect: integer	float
print(async.thread(back, math.mininteger, math.maxinteger, -128, 127, 128))
-- expect: -9223372036854775808	9223372036854775807	-128	127	128
local nan = async.thread(back, 0 / 0)
print(nan ~= nan, 1 / async.thread(back, -0.0), async.thread(back, math.huge))
-- expect: true	-inf	inf
local shared = {5}
local t = {shared, shared, n = {[shared] = "key", [1.5] = true, [false] = 0, [2^53] = 1}}
t.me, t.n.up = t, t
local c = async.thread(back, t)
print(c ~= t, c[1] == c[2], c[1] ~= shared, c.me == c, c.n.up == c)
-- expect: true	true	true	true	true
print(c.n[c[1]], c.n[1.5], c.n[false], c.n[2^53])  -- expect: key	true	0	1
local a, b = async.thread(back, shared, shared)
print(a == b, rawequal(a, shared))           -- expect: true	false
local holes = async.thread(back, {1, nil, 3, nil, nil, 6})
print(holes[1], holes[2], holes[3], holes[6])  -- expect: 1	nil	3	6
local key = {}
key[key] = key
local k = async.thread(back, key)
print(k[k] == k, next(k) == k)               -- expect: true	true
