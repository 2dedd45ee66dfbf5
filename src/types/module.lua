---@meta tinyasync.module
-- SPDX-License-Identifier: MIT
--
-- module.lua -- what `require "tinyasync"` has under plain Lua and not in a script
-- that tinyasync runs, in the words of lua-language-server.

---How an adapter is made.
---@class tinyasync.AdapterOptions
---@field globals? boolean false: install no globals and replace none
---@field on_error? fun(message: string, traceback?: string, name?: string) hears of errors that nobody awaits

---Tasks in the program's own event loop. As a to-be-closed variable it closes itself.
---@class tinyasync.Adapter
---@field async table the library, as the global of that name
---@field runner table with `add_task`, likewise
---@field spawn fun(fn: tinyasync.Function, ...: any): tinyasync.Task
---@field sleep async fun(seconds: number): number
---@field await async fun(what: any): any
local Adapter = {}

---How many tasks live.
---@return integer
function Adapter:live() end

---Cancels all tasks: they unwind in the passes that follow. The first reason counts.
---@param reason? string
function Adapter:cancel(reason) end

---Ends all tasks at once and puts back what was replaced.
function Adapter:close() end

---Makes a Runner in the program's event loop. One can be open at a time: one that has
---no tasks, and of which the program has kept nothing, makes way.
---@param call_later fun(seconds: number, fn: fun()) calls fn once after so long, never at once
---@param now? fun(): number seconds, never going back; nil for a clock of the module's
---@param options? tinyasync.AdapterOptions
---@return tinyasync.Adapter
function async.adapter(call_later, now, options) end
