local function waiting(result)
  return function() sleep(1) return result end
end
local object = setmetatable({}, {
  __index = waiting "index", __newindex = waiting(), __call = waiting "call",
  __add = waiting "add", __unm = waiting "unm", __concat = waiting "concat",
  __len = waiting "len", __eq = waiting(true), __lt = waiting(true), __le = waiting(true),
})
local other = setmetatable({}, getmetatable(object))
object.field = 1
print(object.field, object(), object + 1, -object)  -- expect: index	call	add	unm
print(object .. "x", #object)                      -- expect: concat	len
print(object == other, object < other, object <= other)  -- expect: true	true	true
print(async.now())                                 -- expect: 10.0
