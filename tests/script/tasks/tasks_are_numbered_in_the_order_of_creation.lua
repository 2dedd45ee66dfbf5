for i = 2, 4 do print(spawn(sleep, 0).id == i) end
-- expect: true
-- expect: true
-- expect: true
