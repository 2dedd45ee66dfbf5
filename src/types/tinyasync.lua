---@meta tinyasync
-- SPDX-License-Identifier: MIT
--
-- tinyasync.lua -- the library in the words of lua-language-server, so that
-- editors complete, check and explain it.  It is not run.  To use it, put the
-- folder it lies in into the setting `workspace.library`.
--
-- `---@async` is on what may wait, and on nothing else.  A class whose name ends
-- in Options is a table that scripts make.  `make lint` compares all names with
-- man/tinyasync.7 and with the program.

-- --------------------------------------------------------------------- tasks

---A function that may wait.
---@alias tinyasync.Function async fun(...: any): ...

---A function that runs beside others, made by `spawn`.
---@class tinyasync.Task
---@field id integer counts the tasks of a run from 1 on
---@field name string what reports call it
---@field error any the error of a task that failed or was cancelled, else nil
local Task = {}

---Waits until the task has ended. Returns its results, or raises its error.
---@async
---@return any ...
function Task:await() end

---Waits until the task has ended. Returns true and its results, or false and its error.
---@async
---@return boolean ok
---@return any ...
function Task:pawait() end

---Cancels the task: where it waits, an error of kind "cancelled" is raised.
---@param reason? any found in the error's field `reason`
---@return boolean effect false if the task had ended, or was cancelled before
function Task:cancel(reason) end

---Says what the task does and, if it waits, what for.
---@return "running"|"runnable"|"waiting"|"done"|"failed"|"cancelled" state
---@return string? wait as in "sleep 1.5s"
function Task:status() end

---@class tinyasync.SpawnOptions
---@field name? string what reports call the task; its function's name or place if left out
---@field daemon? boolean whether the run may end while this task lives; false if left out

---Makes a task that calls `fn` with the arguments that follow. It takes its first step after the
---tasks that are there already.
---@param fn tinyasync.Function or an object that can be called
---@param ... any
---@return tinyasync.Task
---@overload fun(options: tinyasync.SpawnOptions, fn: tinyasync.Function, ...: any): tinyasync.Task
function spawn(fn, ...) end

---The Runner, in the words of the article.
runner = {}

---`spawn` by another name; `runner:add_task` works too.
---@param fn tinyasync.Function or an object that can be called
---@param ... any
---@return tinyasync.Task
---@overload fun(options: tinyasync.SpawnOptions, fn: tinyasync.Function, ...: any): tinyasync.Task
function runner.add_task(fn, ...) end

---The library; also what `require "tinyasync"` returns.
async = {}

---Returns the task that runs, nil outside of tasks.
---@return tinyasync.Task?
---@nodiscard
function async.current() end

---Returns all tasks that have not ended, in the order of their creation.
---@return tinyasync.Task[]
---@nodiscard
function async.tasks() end

---Returns a line for each task that has not ended: what it does and where, below the one that
---spawned it.
---@return string
---@nodiscard
function async.tree() end

-- ------------------------------------------------------------ time and turns

---Waits. 0 or less waits for the next pass, `math.huge` until the task is cancelled.
---@async
---@param seconds number
---@return number slept the seconds that really went by, never less than asked for
function sleep(seconds) end

---Lets all others that can go on have a turn.
---@async
function async.checkpoint() end

---Returns the seconds since the Runner was made. This clock is never set back.
---@return number seconds
---@nodiscard
function async.now() end

---Calls `fn` every so many seconds, on the beat, until it returns false. The first call comes after
---`seconds`; beats missed by a long call are left out.
---@async
---@param seconds number greater than 0
---@param fn async fun(): boolean?
function async.every(seconds, fn) end

-- ------------------------------------------------------------------ awaiting

---A table that says what to wait for: "sleep" with `delay`, or one of `async.actions`.
---@class tinyasync.RequestOptions
---@field action string
---@field delay? number seconds, of a "sleep"
---@field [string] any

---Waits for a task, a table with an `action`, or an object whose metatable has `__await`. Returns
---the results, or raises the error.
---@async
---@param x tinyasync.Task|tinyasync.RequestOptions|table
---@return any ...
function await(x) end

-- ------------------------------------------------------ scopes and deadlines

---What `async.scope` hands to its function. No task of it outlives it.
---@class tinyasync.Scope
local Scope = {}

---Makes a task of the scope, as the global `spawn` makes one.
---@param fn tinyasync.Function or an object that can be called
---@param ... any
---@return tinyasync.Task
---@overload fun(self: tinyasync.Scope, options: tinyasync.SpawnOptions, fn: tinyasync.Function, ...: any): tinyasync.Task
function Scope:spawn(fn, ...) end

---Cancels the scope's function and its tasks; `async.scope` then returns nil, "cancelled".
---@param reason? any
---@return boolean effect false if the scope had ended, or was cancelled before
function Scope:cancel(reason) end

---Calls `fn` with a new scope, waits until all tasks of the scope have ended, and returns what `fn`
---returned. If one of them fails the others are cancelled, and the error is raised.
---@async
---@param fn async fun(scope: tinyasync.Scope): ...
---@return any ... nil, "cancelled" after `scope:cancel()`
function async.scope(fn) end

---Calls `fn` and returns its results. When the time is over its wait is cancelled, and an error of
---kind "timeout" is raised.
---@async
---@param seconds number `math.huge` is no deadline
---@param fn tinyasync.Function
---@param ... any
---@return any ...
function async.with_timeout(seconds, fn, ...) end

---Calls `fn` and returns its results, or nil, "timeout" when the time is over.
---@async
---@param seconds number `math.huge` is no deadline
---@param fn tinyasync.Function
---@param ... any
---@return any ...
function async.move_on_after(seconds, fn, ...) end

-- --------------------------------------------------------------- combinators

---Waits for all functions and tasks of a list. Returns the first result of each, with their number
---in `n`. The first failure cancels the others and is raised.
---@async
---@generic R
---@param list (tinyasync.Task|async fun(): R)[]
---@return { [integer]: R, n: integer } results
function async.all(list) end

---Waits for the first of a list that succeeds, and returns its results. If all fail an error of kind
---"errors" is raised. The others are cancelled.
---@async
---@param list (tinyasync.Task|async fun(): ...)[] not empty
---@return any ...
function async.any(list) end

---Waits for the first of a list that ends. Returns its results, or raises its error. The others are
---cancelled.
---@async
---@param list (tinyasync.Task|async fun(): ...)[] not empty
---@return any ...
function async.race(list) end

---@class tinyasync.MapOptions
---@field limit? integer how many calls may be under way at once; all if left out
---@field keep_going? boolean an error cancels nothing, and is in the second result
---@field threads? boolean each call is one of async.thread; as many at once as there are cores

---Calls `fn` with each item of a list and its index, in a task each. Returns the list of their first
---results, with their number in `n`. The first failure cancels the others and is raised; with
---`keep_going` all errors are returned, by index.
---@async
---@generic T, R
---@param list T[]
---@param fn async fun(item: T, index: integer): R
---@param options? tinyasync.MapOptions
---@return { [integer]: R, n: integer } results
---@return table<integer, any>? errors with `keep_going`; nil when there is none
function async.map(list, fn, options) end

---Calls a self-contained function, which uses no local variable from outside it, in a Lua state of
---its own on another core. Arguments and results are copied: numbers, strings, booleans, tables
---without metatable, and channels, which lead there then. Its error is raised here.
---@async
---@param fn async fun(...): ...
---@param ... any
---@return any ...
function async.thread(fn, ...) end

---Waits for all functions and tasks of a list, however they end. A `value` is the first result.
---@async
---@param list (tinyasync.Task|async fun(): ...)[]
---@return { ok: boolean, value: any, error: any }[]
function async.settle(list) end

---For a `for` loop: goes through the ends of all functions and tasks of a list, as they come. When the
---loop is left the rest is cancelled.
---@async
---@param list (tinyasync.Task|async fun(): ...)[]
---@return async fun(state: any): integer, boolean, any next index, ok, the first result or the error
---@return any state
---@nodiscard
function async.as_completed(list) end

---@class tinyasync.RetryOptions
---@field delay? number seconds before the second try; 0 if left out
---@field factor? number how much longer each further wait is; 1 if left out
---@field max? number seconds that no wait exceeds
---@field jitter? number makes each wait longer by up to this part of it; 0 if left out
---@field when? async fun(err: any, try: integer): boolean? whether the error is worth another try

---Calls `fn` with the number of the try until it succeeds, at most `n` times, and returns its
---results or raises the last error, or the first one that is not worth another try.
---@async
---@param n integer from 1 on
---@param fn async fun(try: integer): ...
---@param options? tinyasync.RetryOptions
---@return any ...
function async.retry(n, fn, options) end

-- ----------------------------------------------------- cancellation, clean-up

---Calls `fn` and returns its results. Cancellations and deadlines from outside are held off until
---it returns.
---@async
---@param fn tinyasync.Function
---@param ... any
---@return any ...
function async.shield(fn, ...) end

---A value for a to-be-closed variable.
---@class tinyasync.Guard

---Returns a value for a to-be-closed variable: when its block is left, `fn` is called.
---@param fn async fun(err: any) with the error that ends the block, or nil
---@return tinyasync.Guard
---@nodiscard
function async.defer(fn) end

-- ----------------------------------------------------------- synchronisation

---Carries values from task to task, first come first served.
---@class tinyasync.Channel
---@field name? string
---@operator len: integer
local Channel = {}

---Puts a value in, and waits while the channel is full. Raises when it is closed.
---@async
---@param value any not nil
function Channel:send(value) end

---Takes the oldest value out, and waits while there is none. Returns nil once the channel is closed
---and empty.
---@async
---@return any value
function Channel:recv() end

---Puts a value in if that needs no wait.
---@param value any not nil
---@return true? sent
---@return "full"|"closed"? why
function Channel:try_send(value) end

---Takes the oldest value out if there is one.
---@return any value
---@return "empty"|"closed"? why
function Channel:try_recv() end

---Says that no more values will come. Waiting receivers get nil, waiting senders an error.
function Channel:close() end

---Returns an iterator that receives until the channel is closed and empty.
---@return async fun(): any
---@nodiscard
function Channel:iter() end

---Makes a channel. With a capacity of 0 a sender waits for its receiver, with `math.huge` it never
---waits.
---@param capacity? integer|number how many values it holds; 0 if left out
---@param name? string for reports
---@return tinyasync.Channel
---@nodiscard
function async.channel(capacity, name) end

---@class tinyasync.SelectOptions
---@field [integer] tinyasync.Channel|tinyasync.Event|tinyasync.Task|tinyasync.Stream|userdata
---@field timeout? number seconds; 0 only looks

---Waits for the first of several channels, events, tasks and streams. Returns its index and what it
---brought: a channel's value, nothing for an event, what `task:pawait()` returns for a task, the
---stream itself. Objects of libraries may be selected as well, where these say so. When the time is
---over, nil and "timeout".
---@async
---@param list tinyasync.SelectOptions
---@return integer? index
---@return any ...
function async.select(list) end

---A thing that has happened, or has not.
---@class tinyasync.Event
---@field name? string
local Event = {}

---Sets the event: all who wait for it go on.
function Event:set() end

---Unsets the event.
function Event:clear() end

---Returns whether the event is set.
---@return boolean
---@nodiscard
function Event:is_set() end

---Waits until the event is set.
---@async
function Event:wait() end

---Makes an event that is not set.
---@param name? string for reports
---@return tinyasync.Event
---@nodiscard
function async.event(name) end

---Belongs to one task at a time.
---@class tinyasync.Lock
---@field name? string
local Lock = {}

---Waits until the lock is free and takes it. The guard, closed at the end of a block, releases it.
---@async
---@return tinyasync.Guard
function Lock:acquire() end

---Hands the lock to whoever waited longest for it. Only its owner may.
function Lock:release() end

---Calls `fn` while holding the lock, and returns its results.
---@async
---@param fn tinyasync.Function
---@param ... any
---@return any ...
function Lock:with(fn, ...) end

---Makes a lock that is free.
---@param name? string for reports
---@return tinyasync.Lock
---@nodiscard
function async.lock(name) end

---Lets a number of tasks in at once.
---@class tinyasync.Semaphore
---@field name? string
local Semaphore = {}

---Waits until one is left and takes it. The guard, closed at the end of a block, gives it back.
---@async
---@return tinyasync.Guard
function Semaphore:acquire() end

---Gives one back, the caller's last one if it has any. Raises when all are there.
function Semaphore:release() end

---Calls `fn` between an acquire and a release, and returns its results.
---@async
---@param fn tinyasync.Function
---@param ... any
---@return any ...
function Semaphore:with(fn, ...) end

---Makes a semaphore of `n`.
---@param n integer from 1 on
---@param name? string for reports
---@return tinyasync.Semaphore
---@nodiscard
function async.semaphore(n, name) end

---A variable of which each task has a value of its own. A new task begins with its spawner's.
---@class tinyasync.TaskLocal
local TaskLocal = {}

---Returns the running task's value, or the default.
---@return any
---@nodiscard
function TaskLocal:get() end

---Sets the running task's value.
---@param value any
function TaskLocal:set(value) end

---Makes a variable of which each task has a value of its own.
---@param default? any
---@return tinyasync.TaskLocal
---@nodiscard
function async.task_local(default) end

-- ---------------------------------------------------------------------- streams

---Bytes from and to the outside: a pipe, a socket, a terminal, a file. What that refuses is nil, a
---message and a code, as "ECONNRESET".
---@class tinyasync.Stream
---@field label string what reports call it
---@field path? string of a file that `async.fs` has opened: absolute, or from the run's directory
---@field tls? tinyasync.Tls what is known of its TLS, once both sides have shaken hands
---@field peer? string of a connection: who is at the other end, as "127.0.0.1:80"
---@field local_address? string of a connection: this end
local Stream = {}

---Reads what `file:read` of Lua would.
---@async
---@param ... "l"|"L"|"n"|"a"|integer formats; "l" if left out
---@return any ...
function Stream:read(...) end

---Returns what is there, at least one byte; nil at the end.
---@async
---@param max? integer 65536 if left out
---@return string? bytes
---@return string? message
---@return string? code
function Stream:read_some(max) end

---Returns everything up to and with the text; nil if the end comes first, and nothing is taken.
---@async
---@param text string
---@return string? bytes
---@return string? message
---@return string? code
function Stream:read_until(text) end

---Returns an iterator that reads as `read` does, and raises what is refused.
---@param ... "l"|"L"|"n"|"a"|integer formats; "l" if left out
---@return async fun(): any
---@nodiscard
function Stream:lines(...) end

---Writes all of it, in the order of the calls, and returns the stream.
---@async
---@param ... string|number
---@return tinyasync.Stream? self
---@return string? message
---@return string? code
function Stream:write(...) end

---Waits until the writes under way are done.
---@async
---@return tinyasync.Stream? self
---@return string? message
---@return string? code
function Stream:flush() end

---Waits for the writes under way; then the other side sees the end.
---@async
---@return tinyasync.Stream? self
---@return string? message
---@return string? code
function Stream:shutdown() end

---Waits for the writes under way, and closes it.
---@async
---@return true
function Stream:close() end

---Writes what is read to another stream, and returns how many bytes that were.
---@async
---@param other tinyasync.Stream
---@param count? integer bytes; until the end if left out
---@return integer? count
---@return string? message
---@return string? code
function Stream:copy_to(other, count) end

---Goes to another place in a file, and returns it.
---@param whence? "set"|"cur"|"end" "cur" if left out
---@param offset? integer 0 if left out
---@return integer? place
---@return string? message
---@return string? code
function Stream:seek(whence, offset) end

---@class tinyasync.TlsOptions
---@field server_name? string whose certificate it has to be; the host that was connected to
---@field ca? string path of the authorities that are trusted; the system's if left out
---@field certificate? string path of a certificate of our own, PEM
---@field key? string path of its key; in the same file if left out
---@field verify? boolean false: the other side may be anybody
---@field alpn? string|string[] names of protocols, the best first
---@field server? boolean on the side that was called

---@class tinyasync.Certificate
---@field subject string
---@field issuer string
---@field names string[] of hosts, and addresses
---@field starts integer seconds since 1970
---@field expires integer seconds since 1970

---@class tinyasync.Tls
---@field version string "TLSv1.3"
---@field cipher string
---@field alpn? string
---@field server_name? string as the client has asked for it
---@field resumed boolean an earlier connection was taken up again
---@field certificate? tinyasync.Certificate of the other side, if it has shown one

---From now on the stream, over a socket, speaks TLS.
---@async
---@param options? tinyasync.TlsOptions
---@return tinyasync.Stream? self
---@return string? message
---@return string? code
function Stream:start_tls(options) end

---Standard input, over the buffer of io.read and io.stdin.
---@type tinyasync.Stream
async.stdin = {}

-- ------------------------------------------------------------------ commands

---Runs commands. A command is a table of words, with options as named fields.
async.process = {}

---@class tinyasync.FileOptions
---@field file string a path, from the command's `cwd`; a FIFO is waited for
---@field append? boolean

---@alias tinyasync.Word string|number|tinyasync.Secret

---Where a command writes to. A function is called with each line, and may wait.
---@alias tinyasync.Output
---| "inherit"
---| "capture"
---| "null"
---| "pipe"
---| "stdout"
---| tinyasync.FileOptions
---| tinyasync.Stream
---| fun(line: string)
---| tinyasync.Output[]

---@class tinyasync.CommandOptions
---@field stdin? string|tinyasync.Secret|tinyasync.FileOptions|tinyasync.Stream a text, "inherit", "pipe"; nothing by default
---@field stdout? tinyasync.Output
---@field stderr? tinyasync.Output
---@field cwd? string the directory it runs in
---@field env? table<string, tinyasync.Word|false> variables that are added, or removed by false
---@field clear_env? boolean it gets these alone
---@field timeout? number seconds after which it is stopped
---@field grace? number seconds from the stop signal to SIGKILL, 5
---@field stop_signal? string "TERM"
---@field kill? "group"|"process" who gets the stop signal
---@field allow? integer|integer[] statuses that are no failure
---@field max_output? integer bytes that are captured, 64 MiB
---@field max_line? integer bytes of the longest line, 16 MiB
---@field leftovers? "keep"|"kill" what lives on in its group when it has ended
---@field detach? boolean it lives on when we end
---@field pty? boolean it runs on a terminal of its own
---@field output? "raw"|"lines"|"group" how what it writes is shown
---@field label? string|number stands before its lines, which it asks for

---@class tinyasync.Command: tinyasync.CommandOptions
---@field [integer] tinyasync.Word

---@class tinyasync.Pipeline

---@alias tinyasync.Stage tinyasync.Command|fun(input: tinyasync.Stream, output: tinyasync.Stream)

---@class tinyasync.Result
---@field ok boolean
---@field status? integer nil when a signal ended it
---@field signal? string "TERM"
---@field stdout? string where it was captured
---@field stderr? string
---@field duration number seconds
---@field cpu number seconds, user and system together
---@field max_rss integer bytes
---@field command string
---@field pid? integer
---@field cwd? string
---@field timed_out? boolean
---@field truncated? boolean not all that was written was kept
---@field held? boolean somebody else has its pipes open still
---@field code? string "EPERM": it could not be stopped, and is left behind
---@field error? any what a function among the stages raised
---@field stages tinyasync.Result[] the same of each, without what was captured

---The error of a command that failed, or could not start.
---@class tinyasync.ProcessError: tinyasync.Result
---@field kind "process"
---@field message string
---@field code? string the system's name of why it could not start

---Runs a command and returns its result. Raises `tinyasync.ProcessError` when it fails.
---@async
---@param command tinyasync.Command|tinyasync.Pipeline
---@return tinyasync.Result
function async.process.run(command) end

---Returns what the command writes, without the newlines at the end. Raises when it fails.
---@async
---@param command tinyasync.Command|tinyasync.Pipeline
---@return string
---@nodiscard
function async.process.read(command) end

---Runs a command and returns its result, whatever it is, with what it has written.
---@async
---@param command tinyasync.Command|tinyasync.Pipeline
---@return tinyasync.Result? result
---@return string? message why it could not start
---@return string? code
function async.process.try(command) end

---Returns an iterator over the lines that the command writes, which waits. A loop that is left
---stops the command; a failure is raised at the end.
---@param command tinyasync.Command|tinyasync.Pipeline
---@return fun(): string?
---@nodiscard
function async.process.lines(command) end

---A command that was started.
---@class tinyasync.Child
---@field pid integer
---@field stdin? tinyasync.Stream where "pipe" was said
---@field stdout? tinyasync.Stream
---@field stderr? tinyasync.Stream
local Child = {}

---Returns the result when it has ended.
---@async
---@return tinyasync.Result
function Child:wait() end

---Stops it, and returns the result when it is gone.
---@async
---@param grace? number seconds until SIGKILL
---@return tinyasync.Result
function Child:stop(grace) end

---Sends a signal to its group.
---@param name string "USR1"
---@return true? sent
---@return string? message
---@return string? code
function Child:signal(name) end

---Starts a command. In a <close> variable it is stopped where the block is left.
---@param command tinyasync.Command|tinyasync.Pipeline
---@return tinyasync.Child? child
---@return string? message
---@return string? code
function async.process.spawn(command) end

---Returns a command of several stages; a stage may be a function.
---@param ... tinyasync.Stage
---@return tinyasync.Pipeline
---@nodiscard
function async.process.pipe(...) end

---Returns a command for `sh -c`: each {} of the template becomes the next value, quoted; none may
---stand between quotes.
---@param template string
---@param ... tinyasync.Word|tinyasync.Word[]
---@return tinyasync.Command
---@nodiscard
function async.process.sh(template, ...) end

---Returns the text as one word for a shell.
---@param text string|number
---@return string
---@nodiscard
function async.process.quote(text) end

---Returns the path of a command, or nil; with a message and a code if it may not be run.
---@param name string
---@return string?
---@return string? message
---@return string? code
---@nodiscard
function async.process.which(name) end

---A text that is shown nowhere.
---@class tinyasync.Secret

---Makes a word that is shown as ***.
---@param text string
---@return tinyasync.Secret
---@nodiscard
function async.secret(text) end

-- --------------------------------------------------------------------- files

---Files. Relative paths begin at the task's directory.
async.fs = {}

---What is known of a file.
---@class tinyasync.Stat
---@field size integer bytes
---@field type "file"|"directory"|"link"|"fifo"|"socket"|"character device"|"block device"|"other"
---@field mode integer permissions
---@field mtime number seconds since 1970, as the next two
---@field mtime_ns integer the same in nanoseconds
---@field atime number
---@field ctime number
---@field uid integer
---@field gid integer
---@field links integer
---@field inode integer
---@field device integer

---A directory that goes with all that is in it when it is closed.
---@class tinyasync.TempDir
---@field path string absolute
local TempDir = {}

---Removes it.
---@async
---@return true? done
---@return string? message
---@return string? code
function TempDir:close() end

---Returns all that the file has.
---@async
---@param path string
---@return string? text
---@return string? message
---@return string? code
function async.fs.read(path) end

---Replaces the file, whole or not at all.
---@async
---@param path string
---@param text string|number
---@param options? {mode: integer?, sync: boolean?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.write(path, text, options) end

---Adds the text at the end of the file.
---@async
---@param path string
---@param text string|number
---@param options? {mode: integer?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.append(path, text, options) end

---Returns the file as a stream.
---@async
---@param path string
---@param mode? "r"|"w"|"a"|"x"|"wx"|"r+"|"w+"|"a+"|"x+"|"wx+" "r" if left out
---@param options? {mode: integer?, max_line: integer?}
---@return tinyasync.Stream? stream
---@return string? message
---@return string? code
function async.fs.open(path, mode, options) end

---Returns what is known of a file.
---@async
---@param path string
---@param options? {follow: boolean?}
---@return tinyasync.Stat? about
---@return string? message
---@return string? code
function async.fs.stat(path, options) end

---Returns whether there is anything of that name.
---@async
---@param path string
---@return boolean? exists
---@return string? message
---@return string? code
function async.fs.exists(path) end

---Returns the names in a directory, sorted.
---@async
---@param path? string the task's directory if left out
---@return string[]? names
---@return string? message
---@return string? code
function async.fs.list(path) end

---How a walk goes.
---@class tinyasync.WalkOptions
---@field depth? integer levels
---@field types? string|string[] as in `stat.type`
---@field hidden? boolean names that begin with a dot; true if left out
---@field sort? boolean by name
---@field follow? boolean into directories behind links
---@field on_error? fun(path: string, message: string, code: string) what cannot be read

---Returns an iterator over all that is in a directory, which waits. A loop that is left ends the
---walk; a failure is raised, unless there is an `on_error`.
---@param path? string the task's directory if left out
---@param options? tinyasync.WalkOptions
---@return fun(): string?, string? next path, type
---@nodiscard
function async.fs.walk(path, options) end

---Returns an iterator over the paths that a pattern fits, which waits.
---@param pattern string with `*`, `?`, `[a-z]`, `{a,b}` and `**`
---@param options? {hidden: boolean?, sort: boolean?}
---@return fun(): string?, string? next path, type
---@nodiscard
function async.fs.glob(pattern, options) end

---Makes a directory.
---@async
---@param path string
---@param options? {parents: boolean?, mode: integer?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.mkdir(path, options) end

---Removes a file, a link or an empty directory, or a directory with all that is in it.
---@async
---@param path string
---@param options? {recursive: boolean?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.remove(path, options) end

---Gives a file another name.
---@async
---@param path string
---@param new string
---@return true? done
---@return string? message
---@return string? code
function async.fs.rename(path, new) end

---Copies a file, with its mode and times, or a directory with all that is in it.
---@async
---@param path string
---@param new string
---@param options? {sync: boolean?, recursive: boolean?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.copy(path, new, options) end

---Makes a link at a path.
---@async
---@param target string
---@param path string
---@param options? {hard: boolean?}
---@return true? done
---@return string? message
---@return string? code
function async.fs.link(target, path, options) end

---Returns what a symbolic link says.
---@async
---@param path string
---@return string? target
---@return string? message
---@return string? code
function async.fs.readlink(path) end

---Returns a new file whose path goes when it is closed.
---@async
---@param options? {dir: string?}
---@return tinyasync.Stream? stream
---@return string? message
---@return string? code
function async.fs.temp(options) end

---Returns a new directory that goes when it is closed.
---@async
---@param options? {dir: string?}
---@return tinyasync.TempDir? directory
---@return string? message
---@return string? code
function async.fs.temp_dir(options) end

---Returns a new directory that goes when it is closed.
---@async
---@param options? {dir: string?}
---@return tinyasync.TempDir? directory
---@return string? message
---@return string? code
function async.temp_dir(options) end

---Changes the directory of the task; without a path returns it.
---@async
---@param path? string
---@return string|true|nil directory
---@return string? message
---@return string? code
function async.cd(path) end

-- ---------------------------------------------------------- the kit of a script

---A row of a spec: how an option or a word is written, what the help says of it, and fields. With
---`command` it is a spec of its own.
---@class tinyasync.ArgsRowOptions
---@field [integer] any
---@field key? string where its value is; its name unless given
---@field type? "string"|"number"|"integer"|(fun(text: string): any, string?)
---@field choices? any[] the values that it may have
---@field min? number
---@field max? number
---@field default? any
---@field env? string a variable of the environment that stands for it where it is not given
---@field implied? any of a value that was left out
---@field required? boolean
---@field repeated? boolean it may be given several times
---@field rest? boolean from its first word on nothing is an option
---@field hidden? boolean not in the help
---@field complete? "file"|"directory"|"nothing" what a shell offers
---@field command? string

---Texts and rows.
---@class tinyasync.ArgsOptions
---@field [integer] string|tinyasync.ArgsRowOptions
---@field name? string what the script is called; its file's name unless given
---@field version? string for --version

---Takes the words of the command line apart. `--help`, `--version` and mistakes end the run; with
---a list of words it returns nil, the text, and "HELP", "VERSION" or "USAGE" instead.
---@param spec tinyasync.ArgsOptions
---@param words? string[] the script's own unless given
---@return table<string, any>? values
---@return string? text
---@return string? code
function async.args(spec, words) end

---@class tinyasync.CsvOptions
---@field header? true|string[] rows are tables with these names
---@field separator? string one byte
---@field ragged? boolean rows may have another number of fields than the header
---@field newline? "\n"|"\r\n" when writing

---Tables as text.
async.csv = {}

---Returns an iterator over rows, and the lines in which they begin. It waits as the source does.
---@param source string|tinyasync.Stream|file*|fun(): string? a path, a stream, or pieces of text
---@param options? tinyasync.CsvOptions
---@return fun(): table<any, string>?, integer?
function async.csv.rows(source, options) end

---Returns the rows of a text; or nil, a message and a code.
---@param text string
---@param options? tinyasync.CsvOptions
---@return table<any, string>[]?
---@return string? message
---@return string? code
function async.csv.parse(text, options) end

---Returns the line of one row.
---@param row table<any, string|number|boolean>
---@param options? tinyasync.CsvOptions
---@return string
---@nodiscard
function async.csv.line(row, options) end

---Writes rows to a path, in one go, or to a stream or file.
---@async
---@param target string|tinyasync.Stream|file*
---@param rows table[]|fun(): table?
---@param options? tinyasync.CsvOptions
---@return true?
---@return string? message
---@return string? code
function async.csv.write(target, rows, options) end

---@class tinyasync.DotenvOptions
---@field expand? boolean variables in values; true unless given

---Returns the variables that a .env file sets. The environment stays as it is.
---@async
---@param path? string
---@param options? tinyasync.DotenvOptions
---@return table<string, string>?
---@return string? message
---@return string? code
function async.dotenv(path, options) end

---What is done, in a file that outlives the script.
---@class tinyasync.Jobs
local Jobs = {}

---Returns a log of jobs; or nil, a message and a code.
---@async
---@param path string
---@return tinyasync.Jobs?
---@return string? message
---@return string? code
function async.jobs(path) end

---Does a job unless it is done. Returns true when it is done now, false when it was before; or
---nil and what the function has refused.
---@async
---@param key string|number
---@param fn async fun(key: string|number, ...: any): ...
---@param ... any
---@return boolean?
---@return any ...
function Jobs:run(key, fn, ...) end

---@class tinyasync.JobsMapOptions
---@field limit? integer how many at once
---@field key? fun(item: any): string|number the name of an item's job

---@class tinyasync.JobsSummaryOptions
---@field done integer
---@field skipped integer
---@field failed integer
---@field errors table<string, any> by the names of the jobs

---Does a job for each item of a list. Failures stop no other.
---@async
---@generic T
---@param list T[]
---@param fn async fun(item: T): ...
---@param options? tinyasync.JobsMapOptions
---@return tinyasync.JobsSummaryOptions
function Jobs:map(list, fn, options) end

---Is the job done?
---@param key string|number
---@return boolean
---@nodiscard
function Jobs:done(key) end

---Returns why the job failed the last time; nil if it did not.
---@param key string|number
---@return string?
---@nodiscard
function Jobs:failed(key) end

---Is one of the outputs missing, or older than one of the inputs? A missing input raises.
---@async
---@param outputs string|string[]
---@param inputs string|string[]
---@return boolean
---@return string? why
function async.stale(outputs, inputs) end

-- ------------------------------------------------------------------- signals

---Signals that the script takes over. Names are without SIG: "HUP".
async.signal = {}

---What `async.signal.on` gives.
---@class tinyasync.SignalHandler
---@field name string the signal's
local SignalHandler = {}

---Gives the signal back to what it does by itself.
function SignalHandler:close() end

---@class tinyasync.SignalOptions
---@field force? boolean also a signal that was ignored when the program was started

---Has `fn` called with the name, in a task of its own, whenever the signal comes.
---@param name string
---@param fn async fun(name: string)
---@param options? tinyasync.SignalOptions
---@return tinyasync.SignalHandler
function async.signal.on(name, fn, options) end

---Waits for one of the signals. Returns its name.
---@async
---@param name string
---@param ... string
---@return string
function async.signal.wait(name, ...) end

-- -------------------------------------------------------------- names of hosts

---What names stand for. All of it waits in threads, so that a name that nobody answers for holds
---up nothing else.
async.dns = {}

---The addresses of a name, as text. What is an address already is given back at once.
---@async
---@param name string
---@param family? "inet"|"inet6"|"both" both, unless said otherwise
---@return string[]? addresses
---@return string? message
---@return string? code such as "EAI_NONAME"
function async.dns.resolve(name, family) end

---The name of an address, which may have a port, as "127.0.0.1:80".
---@async
---@param address string
---@return string? name
---@return string? message
---@return string? code
function async.dns.reverse(address) end

-- -------------------------------------------------------------------- sockets

---Connections, servers, datagrams. What the network refuses is nil, a message and a code.
async.net = {}

---@class tinyasync.ConnectOptions
---@field nodelay? boolean false: small writes may be gathered before they leave
---@field keepalive? boolean|number seconds of silence until the peer is asked whether it is there
---@field local_address? string from where, as "10.0.0.1" or "10.0.0.1:4000"
---@field max_line? integer bytes; 16 MiB if left out
---@field tls? boolean|tinyasync.TlsOptions the connection speaks TLS

---@class tinyasync.ListenOptions
---@field nodelay? boolean
---@field keepalive? boolean|number
---@field max_line? integer bytes; 16 MiB if left out
---@field tls? tinyasync.TlsOptions whoever is accepted speaks TLS
---@field backlog? integer how many may wait to be accepted

---Connects to the first address of the host that answers.
---@async
---@param host string
---@param port integer|string
---@param options? tinyasync.ConnectOptions
---@return tinyasync.Stream? stream
---@return string? message
---@return string? code such as "ECONNREFUSED"
function async.net.connect(host, port, options) end

---The same, to a path.
---@async
---@param path string
---@param options? {max_line: integer?, tls: tinyasync.TlsOptions?}
---@return tinyasync.Stream? stream
---@return string? message
---@return string? code
function async.net.connect_unix(path, options) end

---Listens; "*" stands for all addresses, port 0 for any.
---@async
---@param host string
---@param port integer|string
---@param options? tinyasync.ListenOptions
---@return tinyasync.Server? server
---@return string? message
---@return string? code
function async.net.listen(host, port, options) end

---The same at a path, which goes when the server is closed.
---@param path string
---@param options? {max_line: integer?, tls: tinyasync.TlsOptions?, backlog: integer?}
---@return tinyasync.Server? server
---@return string? message
---@return string? code
function async.net.listen_unix(path, options) end

---Listens with a socket that a service manager has handed over: its number, or its name.
---@param which? integer|string
---@param options? tinyasync.ListenOptions
---@return tinyasync.Server? server
---@return string? message
---@return string? code
function async.net.listen_fd(which, options) end

---Waits until somebody listens there.
---@async
---@param host string
---@param port integer|string
---@param options? {timeout: number?} seconds; as long as it takes if left out
---@return true? there
---@return string? message "timeout", or why nobody may connect there
---@return string? code
function async.net.wait(host, port, options) end

---A socket for datagrams.
---@async
---@param host? string
---@param port? integer|string
---@param options? {broadcast: boolean?}
---@return tinyasync.Socket? socket
---@return string? message
---@return string? code
function async.net.udp(host, port, options) end

---Who listens.
---@class tinyasync.Server
---@field port? integer
---@field address string
local Server = {}

---Waits for the next who connects.
---@async
---@return tinyasync.Stream? stream
---@return string? message
---@return string? code
function Server:accept() end

---Calls the handler with each connection, in a task of its own, until the server is closed.
---@async
---@param handler fun(connection: tinyasync.Stream)
---@param options? {max: number?}
---@return true
function Server:serve(handler, options) end

---Stops listening.
---@return true
function Server:close() end

---For datagrams.
---@class tinyasync.Socket
---@field port integer
---@field address string
local Socket = {}

---Sends one.
---@async
---@param data string|number
---@param host string
---@param port integer|string
---@return tinyasync.Socket? self
---@return string? message
---@return string? code
function Socket:send(data, host, port) end

---Waits for the next.
---@async
---@return string? data
---@return string? host from where, or why not
---@return integer|string|nil port there, or the code
function Socket:recv() end

---Closes it.
---@return true
function Socket:close() end

-- ------------------------------------------------------------- watching files

---What happened. `from` is the old path of what was renamed; `more` says that others were found
---in the same look.
---@alias tinyasync.FileEvent { kind: "created"|"changed"|"renamed"|"deleted", path: string, from: string?, more: boolean? }

---@class tinyasync.WatchOptions
---@field recursive? boolean also what is in directories below
---@field debounce? number|false seconds; what happens to a file within them is one event
---@field poll? number seconds between two looks at what is on a server

---An iterator over what happens.
---@class tinyasync.Watch
---@field path string
---@overload fun(): tinyasync.FileEvent?
local Watch = {}

---Ends the watch, and the loop over it.
function Watch:close() end

---Watches a file, or a directory.
---@async
---@param path string
---@param options? tinyasync.WatchOptions
---@return tinyasync.Watch? watch
---@return string? message
---@return string? code
---@nodiscard
function async.fs.watch(path, options) end

-- --------------------------------------------- progress, questions, colours, logs

---How far something has come. It may be a to-be-closed variable.
---@class tinyasync.Bar
local Bar = {}

---Counts so many more.
---@param n? number 1 if left out
function Bar:add(n) end

---So many are done.
---@param n number
---@param total? number stays as it is if left out
function Bar:set(n, total) end

---Changes the label.
---@param text? string
function Bar:label(text) end

---For the generic `for`: counts each item when the body is done with it.
---@generic T
---@param list T[]|fun(...: any): T?
---@param ... any what follows an iterator
---@return fun(...: any): T?, integer?
function Bar:each(list, ...) end

---Ends it. Twice does nothing.
function Bar:close() end

---@class tinyasync.ProgressOptions
---@field total? number how many there are; unknown if left out
---@field done? number how many are done already
---@field label? string what it is about
---@field unit? string what is counted; "bytes" are shown as KB and MB
---@field leave? boolean whether a line stays at the end; true if left out

---Makes a bar: at the bottom of a terminal, elsewhere told of in lines.
---@param options? tinyasync.ProgressOptions
---@return tinyasync.Bar
function async.progress(options) end

---@class tinyasync.PromptOptions
---@field default? string what an empty line stands for
---@field secret? boolean whether what is typed is not shown
---@field check? fun(answer: string): any, string? true, another answer, or nil and why it is none

---Asks for a line on the terminal. Returns nil, a message and a code where nothing is answered.
---@async
---@param text string
---@param options? tinyasync.PromptOptions
---@return any answer
---@return string? message
---@return string? code
function async.prompt(text, options) end

---Asks a question that is answered by yes or no.
---@async
---@param text string
---@param default? boolean what an empty line stands for
---@return boolean? answer
---@return string? message
---@return string? code
function async.confirm(text, default) end

---@class tinyasync.SelectOneOptions
---@field default? any a value of the list, or a place in it

---Has one value of a list chosen. Returns it and its place.
---@async
---@generic T
---@param text string
---@param list T[]
---@param options? tinyasync.SelectOneOptions
---@return T? value
---@return integer|string? place or a message
---@return string? code
function async.select_one(text, list, options) end

---Where text is to be written.
---@alias tinyasync.ColorStream file*|"stdout"|"stderr"

---Text in colours, where somebody sees them.
async.color = {}

---Returns the text bold.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.bold(text, stream) end

---Returns the text dim.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.dim(text, stream) end

---Returns the text italic.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.italic(text, stream) end

---Returns the text underlined.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.underline(text, stream) end

---Returns the text with the colours exchanged.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.reverse(text, stream) end

---Returns the text in black.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.black(text, stream) end

---Returns the text in red.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.red(text, stream) end

---Returns the text in green.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.green(text, stream) end

---Returns the text in yellow.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.yellow(text, stream) end

---Returns the text in blue.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.blue(text, stream) end

---Returns the text in magenta.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.magenta(text, stream) end

---Returns the text in cyan.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.cyan(text, stream) end

---Returns the text in white.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.white(text, stream) end

---Returns the text in gray.
---@param text string|number
---@param stream? tinyasync.ColorStream
---@return string
---@nodiscard
function async.color.gray(text, stream) end

---Says whether there are colours.
---@param stream? tinyasync.ColorStream
---@return boolean
---@nodiscard
function async.color.enabled(stream) end

---Returns the text without colours.
---@param text string
---@return string
---@nodiscard
function async.color.strip(text) end

---Lines on stderr.
async.log = {}

---Writes a line of the level debug.
---@param message any
---@param fields? table<string, any>
function async.log.debug(message, fields) end

---Writes a line of the level info.
---@param message any
---@param fields? table<string, any>
function async.log.info(message, fields) end

---Writes a line of the level warn.
---@param message any
---@param fields? table<string, any>
function async.log.warn(message, fields) end

---Writes a line of the level error.
---@param message any
---@param fields? table<string, any>
function async.log.error(message, fields) end

---Sets the lowest level that is shown, if one is given. Returns it.
---@param name? "debug"|"info"|"warn"|"error"|"off"
---@return string
function async.log.level(name) end

-- ---------------------------------------------------- extending the protocol

---Ends the wait with these results. Returns false when it was over already.
---@alias tinyasync.Wake fun(...: any): boolean

---Ends the wait by raising this error. Returns false when it was over already.
---@alias tinyasync.Fail fun(err: any): boolean

---Begins a wait, and must not wait itself. What it returns is called when the wait is given up.
---@alias tinyasync.Handler
---| fun(request: tinyasync.RequestOptions, wake: tinyasync.Wake, fail: tinyasync.Fail): function?

---The actions that the script adds to the protocol, by name.
---@type table<string, tinyasync.Handler>
async.actions = {}

-- -------------------------------------------------------------- error values

---The error of `async.with_timeout` when the time was over.
---@class tinyasync.Timeout
---@field kind "timeout"
---@field seconds number

---The error of a task that was cancelled.
---@class tinyasync.Cancelled
---@field kind "cancelled"
---@field reason any what was given to `task:cancel`

---More than one error.
---@class tinyasync.Errors
---@field kind "errors"
---@field n integer how many there are
---@field [integer] any the errors, from 1 to n

return async
