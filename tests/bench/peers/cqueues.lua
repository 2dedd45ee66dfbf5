-- Tasks on cqueues: lua5.4 cqueues.lua SCRIPT [arguments]

local cqueues = require "cqueues"

local loop = cqueues.new()

function spawn(fn, ...) loop:wrap(fn, ...) end
sleep = cqueues.sleep
async = {now = cqueues.monotime}

loop:wrap(assert(loadfile(arg[1])), table.unpack(arg, 2))
assert(loop:loop())
