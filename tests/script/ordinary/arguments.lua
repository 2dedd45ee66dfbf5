-- arguments: one -e '' 'two words' --
print(select("#", ...), ...)
print(#arg, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5])
