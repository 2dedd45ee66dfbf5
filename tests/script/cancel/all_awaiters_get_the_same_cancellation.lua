local sub, seen = spawn(sleep, 10), {}
for i = 1, 3 do spawn(function() seen[i] = select(2, sub:pawait()) end) end
sleep(1)
sub:cancel "for all"
sleep(1)
print(seen[1].reason, rawequal(seen[1], seen[2]), rawequal(seen[2], seen[3]))  -- expect: for all	true	true
print(rawequal(seen[3], sub.error))                -- expect: true
