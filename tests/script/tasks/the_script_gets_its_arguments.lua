-- arguments: one --trace '' 'two words'
print(#arg, select("#", ...), ...)                 -- expect: 4	4	one	--trace		two words
print(arg[0], arg[-1], arg[-2] ~= nil, arg[-3])    -- expect: $FILE	run	true	nil
for i = 1, #arg do assert(arg[i] == select(i, ...)) end
