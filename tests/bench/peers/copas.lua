-- Tasks on copas: lua5.4 copas.lua SCRIPT [arguments]

local copas = require "copas"

spawn = copas.addthread
sleep = copas.sleep or copas.pause
async = {now = require("socket").gettime}

copas.addthread(assert(loadfile(arg[1])), table.unpack(arg, 2))
copas.loop()
