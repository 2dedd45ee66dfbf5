local function why(fn, ...) return (select(2, pcall(fn, ...)):match(": (.*)")) end
print(why(async.prompt)) -- expect: prompt: the text must be a string, got nil
print(why(async.prompt, "x", 3)) -- expect: prompt: options must be a table, got number
print(why(async.prompt, "x", {secrt = true})) -- expect: prompt: unknown option 'secrt', did you mean 'secret'?
print(why(async.prompt, "x", {secret = 1})) -- expect: prompt: secret must be a boolean, got number
print(why(async.prompt, "x", {check = 1})) -- expect: prompt: check must be a function, got number
print(why(async.confirm, "x", 1)) -- expect: confirm: the default must be true or false, got number
print(why(async.select_one, "x", {})) -- expect: select_one: expected a list of something to choose from, got an empty one
print(why(async.select_one, "x", {"a"}, {default = "b"}))
-- expect: select_one: the default is neither in the list nor a place there: b
print(why(async.select_one, "x", {"a", {}})) -- expect: select_one: expected value 2 as a text or a number, got table
print(why(async.select_one, "x", {"a", "b", "a"})) -- expect: select_one: values 1 and 3 are both shown as 'a'
