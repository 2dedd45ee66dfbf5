print(async.retry(5, function(...)
  print("try", ...)
  if ... < 3 then error("not yet") end
  return "result", nil, "and more"
end))
-- expect: try	1
-- expect: try	2
-- expect: try	3
-- expect: result	nil	and more
print(async.now())                                 -- expect: 0.0
