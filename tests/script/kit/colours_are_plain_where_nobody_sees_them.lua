local color = async.color
print(color.red("plain"), color.bold(7), color.enabled(), color.enabled(io.stderr), color.enabled("stderr"))
-- expect: plain	7	false	false	false
print(color.strip("a\27[31mb\27[1;38;5;4mc\27[39m")) -- expect: abc
print(select(2, pcall(function() color.red({}) end)):match(": (.*)"))
-- expect: color.red: expected a string, got table
print(select(2, pcall(function() color.red("x", "stdin") end)):match(": (.*)"))
-- expect: color: expected "stdout", "stderr" or a file, got string
