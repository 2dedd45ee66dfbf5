coroutine.yield "from the module"
return "never"
