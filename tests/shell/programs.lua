-- SPDX-License-Identifier: MIT
--
-- programs.lua -- real programs, as they are used: run by run.lua.
--
--   tinyasync run tests/shell/programs.lua [WORD]
--
-- Each test has a folder of its own and a minute.  Where a program is missing it is left out, and
-- says so; scripts/setup.sh installs all of them but sudo.

package.path = "tests/?.lua;" .. package.path
local process = async.process
local pipe, sh, try, run, read = process.pipe, process.sh, process.try, process.run, process.read
local only = ... or ""
local MINUTE = 60 -- seconds

local tests = {}

-- test(NAME, {PROGRAM...}, function(folder)): what that returns is why it was left out.
local function test(name, programs, fn)
  if not name:find(only, 1, true) then return end
  tests[#tests + 1] = {name = name, programs = programs, fn = fn}
end

local function same(what, got, wanted)
  if got ~= wanted then
    wanted, got = tostring(wanted):sub(-500), tostring(got):sub(-500)
    error(("%s: expected %q, got %q"):format(what, wanted, got), 2)
  end
end

local function has(what, text, wanted)
  if not text:find(wanted, 1, true) then
    error(("%s: expected %q somewhere in %q"):format(what, wanted, text:sub(-1000)), 2)
  end
end

local function write(path, text)
  run{"tee", path, stdin = text, stdout = "null"}
end

-- Until a command succeeds, for ten seconds.
local function wait_for(...)
  for _ = 1, 200 do
    if try{...}.ok then return end
    sleep(0.05)
  end
  error("waited in vain for " .. table.concat({...}, " "), 2)
end

-- ------------------------------------------------------------------------ make

-- Two recipes that wait for each other end only where both run at once, the second of them in a
-- make that this one starts: it has its turn from the first one's jobserver.
local makefile = [[
all: one two sub
	@echo all is made
one:
	@touch one.runs; sh wait-for two.runs; echo one >one; echo made one
two:
	@touch two.runs; sh wait-for one.runs; echo two >two; echo made two
sub: one two
	@$(MAKE) --no-print-directory -C below three four
bad:
	@echo goes wrong >&2; exit 3
worse: bad one
]]

local makefile_below = [[
three four:
	@touch $@.runs; for x in three four; do sh ../wait-for $$x.runs; done; echo made $@
]]

local wait_for_file = [[
for i in $(seq 500); do [ -e "$1" ] && exit 0; sleep 0.02; done
echo "no $1" >&2
exit 1
]]

test("make_runs_its_jobs_at_once", {"make"}, function(folder)
  run{"mkdir", folder .. "/below"}
  write(folder .. "/Makefile", makefile)
  write(folder .. "/below/Makefile", makefile_below)
  write(folder .. "/wait-for", wait_for_file)
  local r = try{"make", "-j2", cwd = folder}
  same("its errors", r.stderr, "")
  same("its status", r.status, 0)
  local lines = {}
  for line in r.stdout:gmatch "[^\n]+" do lines[#lines + 1] = line end
  same("its last line", lines[#lines], "all is made")
  table.sort(lines)
  same("its output", table.concat(lines, ","), "all is made,made four,made one,made three,made two")

  r = try{"make", "-k", "-j2", "worse", cwd = folder}
  same("the status of what fails", r.status, 2)
  has("what fails", r.stderr, "goes wrong\n")
  has("what fails", r.stderr, "Error 3")
end)

test("make_that_is_stopped_leaves_no_half_made_file", {"make"}, function(folder)
  write(folder .. "/Makefile",
    "made:\n\t@echo half >made; touch begun; sleep 60; echo whole >made\n")
  local child <close> = assert(process.spawn{"make", cwd = folder, stdout = "null",
    stderr = "pipe"})
  wait_for("test", "-e", folder .. "/begun")
  local r = child:stop()
  -- It removes the file, says so, and ends itself by the signal, unless it heard of its own child's
  -- end first.
  same("how it ended", r.signal or r.status, r.status and 2 or "TERM")
  has("what it says", child.stderr:read "a", "Deleting file 'made'")
  same("the file", try{"test", "-e", "made", cwd = folder}.status, 1)
end)

-- ------------------------------------------------------------------------- git

-- Nobody's settings but these.
local function git_in(folder)
  local env = {HOME = folder, GIT_CONFIG_NOSYSTEM = 1, GIT_AUTHOR_NAME = "A",
    GIT_AUTHOR_EMAIL = "a@localhost", GIT_COMMITTER_NAME = "C",
    GIT_COMMITTER_EMAIL = "c@localhost", GIT_PAGER = "cat", GIT_EDITOR = "false",
    GIT_AUTHOR_DATE = "2026-01-02T03:04:05Z", GIT_COMMITTER_DATE = "2026-01-02T03:04:05Z"}
  return function(repository, ...)
    return {cwd = folder .. "/" .. repository, env = env, "git", "-c", "init.defaultBranch=main",
      ...}
  end
end

local function is_below(git, repository, commit)
  return try(git(repository, "merge-base", "--is-ancestor", commit, "HEAD")).status
end

test("git_commits_clones_and_pushes", {"git"}, function(folder)
  local git = git_in(folder)
  run(git("", "init", "-q", "first"))
  write(folder .. "/first/a file", "one\n")
  run(git("first", "add", "."))
  run(git("first", "commit", "-q", "-m", "It's \"the\" first\n\nwith *words*"))
  same("its words", read(git("first", "log", "--format=%B")), "It's \"the\" first\n\nwith *words*")
  run(git("", "clone", "-q", "--bare", "first", "middle"))
  local heads = async.map({"b", "c", "d", "e"}, function(name)
    run(git("", "clone", "-q", "middle", name))
    write(folder .. "/" .. name .. "/" .. name, name)
    run(git(name, "add", "."))
    run(git(name, "commit", "-q", "-m", name))
    return read(git(name, "rev-parse", "HEAD"))
  end)
  run(git("b", "push", "-q", "origin", "main"))
  local r = try(git("c", "push", "origin", "main"))
  same("the status of a push that is behind", r.status, 1)
  has("why", r.stderr, "[rejected]")
  same("what it shows of its way", r.stdout, "")
  run(git("c", "pull", "-q", "--rebase"))
  run(git("c", "push", "-q"))
  same("b is in c", is_below(git, "c", heads[1]), 0)
  same("d is in c", is_below(git, "c", heads[3]), 128)
  same("an editor that fails", try(git("d", "commit", "--amend")).status, 1)
end)

test("git_in_pipelines", {"git", "tar"}, function(folder)
  local git = git_in(folder)
  run(git("", "init", "-q", "first"))
  for i = 1, 5 do
    write(folder .. "/first/" .. i, ("line\n"):rep(i))
    run(git("first", "add", "."))
    run(git("first", "commit", "-q", "-m", i))
  end
  run(git("", "init", "-q", "--bare", "second"))
  run(pipe(git("first", "fast-export", "--all"), git("second", "fast-import", "--quiet")))
  same("the commit", read(git("second", "rev-parse", "main")),
    read(git("first", "rev-parse", "HEAD")))
  run{"mkdir", folder .. "/third"}
  run(pipe(git("second", "archive", "main"), {"tar", "-x", cwd = folder .. "/third"}))
  same("the files", try{"diff", "-r", "-x", ".git", "first", "third", cwd = folder}.stdout, "")
  local r = try(pipe(git("first", "log", "-p", "--all"), {"head", "-1"}))
  same("a log that is not read", r.ok, true)
end)

-- ------------------------------------------------------------------------- tar

local function fill(folder)
  run(sh([[mkdir -p {}/sub/empty && cd {} &&
    head -c 3000000 /dev/urandom >noise && seq 100000 >numbers &&
    ln -s noise link && ln numbers hard && printf x >sub/one && printf y >'an odd
name' && chmod 750 sub/one]], folder, folder))
end

-- Names, kinds, modes and the bytes of all files.
local function contents(folder)
  return read(sh([[cd {} && find . -printf '%p %y %m %l\n' | sort &&
    find . -type f -print0 | sort -z | xargs -0 cksum]], folder))
end

test("tar_and_zstd_bring_back_the_same", {"tar", "zstd"}, function(folder)
  fill(folder .. "/from")
  run{"mkdir", folder .. "/to", folder .. "/other"}
  run(pipe({"tar", "-c", ".", cwd = folder .. "/from"}, {"zstd", "-q", "-1"}, {"zstd", "-dq"},
    {"tar", "-x", cwd = folder .. "/to"}))
  same("what is unpacked", contents(folder .. "/to"), contents(folder .. "/from"))

  -- tar starts zstd itself; a function counts what goes by.
  local count = 0
  run(pipe({"tar", "-c", "--zstd", ".", cwd = folder .. "/from"}, function(input, output)
    for block in function() return input:read_some() end do
      count = count + #block
      output:write(block)
    end
  end, {"tee", folder .. "/kept"}, {"tar", "-x", "--zstd", cwd = folder .. "/other"}))
  same("what is unpacked after it", contents(folder .. "/other"), contents(folder .. "/from"))
  same("what went by", tostring(count), read{"stat", "-c", "%s", folder .. "/kept"})
  same("the archive", try{"zstd", "-tq", folder .. "/kept"}.stderr, "")
end)

test("an_archive_that_is_cut_short_is_told_of", {"tar", "zstd"}, function(folder)
  fill(folder .. "/from")
  run(pipe({"tar", "-c", ".", cwd = folder .. "/from"},
    {"zstd", "-q", "-1", stdout = {file = folder .. "/kept"}}))
  local r = try(pipe({"head", "-c", 1000000, folder .. "/kept"}, {"zstd", "-dq"},
    {"tar", "-x", cwd = folder}))
  local statuses = {}
  for i, stage in ipairs(r.stages) do statuses[i] = stage.status end
  same("the statuses", table.concat(statuses, " "), "0 1 2")
  has("why", r.stderr, "premature end")
end)

-- ------------------------------------------------------------------ a terminal

local PATIENCE = 20 -- seconds

-- A program on a terminal of its own, which is typed at and looked at.
local function on_terminal(cmd)
  cmd.pty, cmd.stdin, cmd.stdout = true, "pipe", "pipe"
  local child = assert(process.spawn(cmd))
  local function type_in(text) assert(child.stdin:write(text)) end
  local function see(text)
    local stream = child.stdout
    if async.move_on_after(PATIENCE, stream.read_until, stream, text) then return end
    local seen = async.move_on_after(1, stream.read_some, stream)
    error(("never saw %q but %q"):format(text, seen or ""), 2)
  end
  return child, see, type_in
end

test("less_on_a_terminal_of_its_own", {"less"}, function(folder)
  run{"sh", "-c", "seq 1000 >numbers", cwd = folder}
  local env = {TERM = "xterm", LESS = "", LESSHISTFILE = "-"}
  local cmd = {"less", "numbers", cwd = folder, env = env}
  local child <close>, see, type_in = on_terminal(cmd)
  see "23"
  type_in "/777\n"
  see "777"
  type_in "G"
  see "1000"
  type_in "q"
  same("its status", child:wait().status, 0)
  -- Where there is no terminal it is as cat.
  same("without a terminal", read{"less", "numbers", cwd = folder}, read{"seq", 1000})
  -- Keys that are there before it is.
  local early = try{"less", "numbers", cwd = folder, env = env, pty = true, stdin = "q"}
  same("typed early", early.status, 0)
end)

test("python_on_a_terminal_of_its_own", {"python3"}, function(folder)
  local env = {TERM = "dumb", PYTHONSTARTUP = "", HOME = folder, PYTHON_BASIC_REPL = 1}
  local child <close>, see, type_in = on_terminal{"python3", "-E", "-q", "-i", env = env}
  see ">>> "
  type_in "import sys; sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty()\n"
  see "(True, True, True)"
  see ">>> "
  type_in "import time; print('be' + 'gun'); time.sleep(60)\n"
  see "begun"
  type_in "\x03"
  see "KeyboardInterrupt"
  see ">>> "
  type_in "input('na' + 'me? ')\n"
  see "name? "
  type_in "me\n"
  see "'me'"
  see ">>> "
  type_in "sys.exit(7)\n"
  same("its status", child:wait().status, 7)
end)

test("python_reads_a_program_from_its_input", {"python3"}, function()
  local words = read{"python3", "-", "a b", stdin = "import sys\nprint(sys.argv[1:])\n"}
  same("what it says", words, "['a b']")
  local r = try{"python3", "-i", stdin = "40 + 2\n1 / 0\n"}
  has("its answer", r.stdout, "42")
  has("its errors", r.stderr, "ZeroDivisionError")
end)

-- An interactive shell ignores SIGTERM.
local function bash_in(folder)
  return {"bash", "--norc", "--noprofile", "--noediting", "-i", cwd = folder, grace = 0.3,
    env = {TERM = "dumb", PS1 = "ready> ", HISTFILE = false, HOME = folder}}
end

test("bash_with_job_control_on_a_terminal_of_its_own", {"bash"}, function(folder)
  local child <close>, see, type_in = on_terminal(bash_in(folder))
  see "ready> "
  type_in "sh -c 'echo begun; exec sleep 60'\n"
  see "begun"
  type_in "\x1a"
  see "Stopped"
  see "ready> "
  type_in "sh -c 'read x; echo got $x' &\n"
  see "ready> "
  type_in "fg %2\n"
  see "read x"
  type_in "it\n"
  see "got it"
  see "ready> "
  type_in "bg %1; jobs\n"
  see "Running"
  see "ready> "
  -- bash says "Terminated" only of what it has not waited for.
  type_in "kill %1; wait %1; echo status $?\n"
  see "status 143"
  see "ready> "
  type_in "fg\n"
  see "no such job"
  see "ready> "
  type_in "yes | head -1; echo \"${PIPESTATUS[@]}\"\n"
  see "141 0"
  see "ready> "
  type_in "exit 3\n"
  same("its status", child:wait().status, 3)
end)

test("bash_is_hung_up_when_its_terminal_goes", {"bash"}, function(folder)
  do
    local child <close>, see, type_in = on_terminal(bash_in(folder))
    see "ready> "
    type_in("sh -c 'trap \"echo hung up >told; exit\" HUP; echo begun; "
      .. "while :; do sleep 0.05; done'\n")
    see "begun\n"
  end
  wait_for("test", "-s", folder .. "/told")
end)

-- ------------------------------------------------------------------ top and ps

test("top_once_in_a_pipeline", {"top", "ps"}, function()
  local pid = read{"sh", "-c", "echo $PPID"}
  local r = try{"top", "-b", "-n", 1, "-p", pid, env = {TERM = "dumb", HOME = "/nonexistent"}}
  same("its errors", r.stderr, "")
  same("its status", r.status, 0)
  has("its output", r.stdout, "load average")
  assert(r.stdout:find("\n%s*" .. pid .. " "), r.stdout)
  r = try(pipe({"top", "-b", "-d", 0.1, env = {TERM = "dumb"}}, {"head", "-3"}))
  same("top without an end: its lines", select(2, r.stdout:gsub("\n", "")), 3)
  same("the last status", r.stages[2].status, 0)
  local child <close> = assert(process.spawn{"top", "-b", "-d", 0.1, stdout = "pipe",
    env = {TERM = "dumb"}})
  for _ = 1, 2 do assert(child.stdout:read_until "load average") end
  child:stop()
  same("ps sees it no more", try{"ps", "-o", "pid=", "-p", child.pid}.stdout, "")
end)

-- A command under sudo that ends once its first line was read: sudo 1.9.13 on a terminal never
-- hears of a command that ends before sudo listens.  Returns the line, or nil and the errors.
local function under_sudo(commands, options)
  local cmd = {"sudo", "-n", "sh", "-c", commands, stdin = "pipe", stdout = "pipe"}
  for name, value in pairs(options) do cmd[name] = value end
  local child <close> = assert(process.spawn(cmd))
  local line = child.stdout:read_until "\n"
  if line then child.stdin:write "\n" end
  return line, child.stderr and child.stderr:read "a", child:wait().status
end

test("sudo_that_may_not_ask", {"sudo"}, function()
  local line, errors, status = under_sudo("echo out; echo err >&2; read x; exit 3",
    {stderr = "pipe"})
  if errors:find "password is required" then
    same("its status", status, 1)
    return
  end
  same("what it writes", line .. errors, "out\nerr\n")
  same("its status", status, 3)
  -- It starts what it runs on a terminal of its own where it has one, and passes signals on.
  line, errors, status = under_sudo("test -t 1 && echo here; read x; exit 7", {pty = true})
  same("on a terminal", line, "here\n")
  same("its status there", status, 7)
  local child <close> = assert(process.spawn{"sudo", "-n", "sh", "-c", "echo begun; exec sleep 60",
    stdout = "pipe"})
  child.stdout:read_until "begun"
  same("stopped", child:stop().signal, "TERM")
end)

-- ------------------------------------------------------------------------- ssh

-- A port that was free a moment ago.
local function free_port()
  return read{"perl", "-MIO::Socket::INET", "-e",
    'print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport'}
end

local function sshd_options(folder, port)
  local options = {"-h", folder .. "/host_key", "-p", port}
  for _, option in ipairs{"ListenAddress=127.0.0.1", "UsePAM=no", "StrictModes=no", "PidFile=none",
    "PasswordAuthentication=no", "PermitRootLogin=yes", "SetEnv=HOME=" .. folder,
    "AuthorizedKeysFile=" .. folder .. "/key.pub"} do
    options[#options + 1] = "-o" .. option
  end
  return options
end

-- As root it wants a folder that what starts it at boot makes.  Returns what takes that away.
local function make_room()
  local made = read{"id", "-u"} == "0" and try{"mkdir", "-m", "755", "/run/sshd"}.ok
  return async.defer(function()
    if made then run{"rmdir", "/run/sshd"} end
  end)
end

-- A server of our own, or nil when somebody was faster at the port.
local function start_sshd(folder, port)
  local sshd = process.which "sshd" or "/usr/sbin/sshd"
  local server = assert(process.spawn{sshd, "-D", "-e", "-f", "/dev/null", stderr = "pipe",
    table.unpack(sshd_options(folder, port))})
  local line = server.stderr:read()
  if line and line:find "^Server listening" then return server end
  local result = server:stop()
  return nil, ("status %s: %s"):format(result.status, line)
end

local function open_sshd(folder)
  local why
  for _ = 1, 5 do
    local port, server = free_port()
    server, why = start_sshd(folder, port)
    if server then return server, port end
  end
  error("no sshd: " .. why)
end

-- A command of ssh's as ourselves, there.
local function ssh_to(folder, port)
  local place = read{"id", "-un"} .. "@127.0.0.1"
  return function(command, option)
    return {"ssh", option or "-T", "-F", "none", "-p", port, "-i", folder .. "/key",
      "-oLogLevel=ERROR", "-oBatchMode=yes", "-oKexAlgorithms=curve25519-sha256",
      "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", place, command}
  end
end

local function may_log_in()
  local entry = try(pipe({"id", "-un"}, {"xargs", "getent", "passwd"})).stdout
  return not entry:find "nologin\n$" and not entry:find "false\n$"
end

local what_ssh_needs = {"ssh", "ssh-keygen", "/usr/sbin/sshd", "perl", "tar"}

test("ssh_passes_bytes_and_statuses_on", what_ssh_needs, function(folder)
  if not may_log_in() then return "nobody may log in as this user" end
  for _, name in ipairs{"key", "host_key"} do
    run{"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder .. "/" .. name}
  end
  local room <close> = make_room()
  local server, port = open_sshd(folder)
  local closing <close> = server
  local ssh = ssh_to(folder, port)

  local r = try(ssh("echo out; echo err >&2; exit 7"))
  same("what it writes", r.stdout .. r.stderr, "out\nerr\n")
  same("its status", r.status, 7)
  same("one that a signal ends", try(ssh("kill -TERM $$")).status, 255)
  local words = "cat; printf '<%s>' " .. process.quote("it's *")
  same("words for two shells, and nothing to read", read(ssh(words)), "<it's *>")

  fill(folder .. "/from")
  run{"mkdir", folder .. "/to"}
  run(pipe({"tar", "-c", ".", cwd = folder .. "/from"}, ssh("cat"),
    {"tar", "-x", cwd = folder .. "/to"}))
  same("what went there and back", contents(folder .. "/to"), contents(folder .. "/from"))
  same("who reads one line", try(pipe(ssh("yes"), {"head", "-1"})).stdout, "y\n")

  local child <close>, see, type_in = on_terminal(ssh(
    "test -t 0 && echo a terminal; read x; echo \"got $x\"", "-t"))
  see "a terminal"
  type_in "it\n"
  see "got it"
  same("on terminals", child:wait().status, 0)

  same("nobody at that port", try(ssh_to(folder, 1)("true")).status, 255)
  server:stop()
  same("when the server is gone", try(ssh("true")).status, 255)
end)

-- ---------------------------------------------------------------------- running

local function missing(programs)
  for _, name in ipairs(programs) do
    if not process.which(name) then return name end
  end
end

-- What was wrong, or why it was left out.
local function run_test(case)
  local without = missing(case.programs)
  if without then return nil, "no " .. without end
  local folder = read{"mktemp", "-d"}
  local cleaning <close> = async.defer(function() run{"rm", "-rf", folder} end)
  local ended, why = false, "it took more than a minute"
  async.move_on_after(MINUTE, function()
    ended, why = xpcall(case.fn, debug.traceback, folder)
  end)
  if ended then return nil, why end
  return (tostring(why):gsub("\n", "\n  "))
end

local failed = false
async.map(tests, function(case)
  local fault, left_out = run_test(case)
  failed = failed or fault
  if fault then
    print(("not ok shell/%s: %s"):format(case.name, fault))
  else
    print("ok shell/" .. case.name .. (left_out and " # skipped: " .. left_out or ""))
  end
end, {limit = 3})
os.exit(not failed)
