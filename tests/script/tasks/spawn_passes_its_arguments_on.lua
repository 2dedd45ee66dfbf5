spawn(function(...) print(select("#", ...), ...) end, nil, 2, nil)  -- expect: 3	nil	2	nil
spawn(print)                                       -- expect:
local many = {}
for i = 1, 200 do many[i] = i end
spawn(function(...) print(select("#", ...), (select(200, ...))) end, table.unpack(many))  -- expect: 200	200
