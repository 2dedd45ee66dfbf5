-- Commands, and commands of commands; what is said of each.

local spec = {
  name = "tool", version = "1.2",
  "Looks after things.",
  {"-v, --verbose", "say more"},
  {command = "add", "Add some.", {"-n, --name=NAME", "what it is called"}, {"FILE..."}},
  {command = "remote", "Others.",
    {command = "add", "One more.", {"NAME"}},
    {command = "rename", "Another name.", {"OLD"}, {"NEW"}}},
  {command = "secret", hidden = true},
}

local function show(...)
  local values, message, code = async.args(spec, {...})
  if not values then return print(code, message) end
  local name = values.name or values.old
  print(values.command, values.verbose, name, values.file and table.concat(values.file, " "))
end

show("add", "-n", "x", "a", "b") -- expect: add	false	x	a b
show("-v", "add", "a") -- expect: add	true	nil	a
show("add", "a", "--verbose") -- expect: add	true	nil	a
show("remote", "add", "home") -- expect: remote add	false	home	nil
show("remote", "rename", "a", "b", "-v") -- expect: remote rename	true	a	nil
show("secret") -- expect: secret	false	nil	nil

show() -- expect: USAGE	tool: expected a command: add or remote (see 'tool --help')
show("ad") -- expect: USAGE	tool: unknown command 'ad', did you mean 'add'? (see 'tool --help')
show("what") -- expect: USAGE	tool: unknown command 'what', expected add or remote (see 'tool --help')
show("add", "--nam=x") -- expect: USAGE	tool add: unknown option '--nam', did you mean '--name'? (see 'tool add --help')
show("add", "--verbos") -- expect: USAGE	tool add: unknown option '--verbos', did you mean '--verbose'? (see 'tool add --help')
show("-n", "x", "add") -- expect: USAGE	tool: unknown option '-n' (see 'tool --help')
show("remote", "rename", "a") -- expect: USAGE	tool remote rename: expected NEW (see 'tool remote rename --help')

io.write((select(2, async.args(spec, {"--help"}))))
-- expect: Usage: tool [options] COMMAND ...
-- expect:
-- expect: Looks after things.
-- expect:
-- expect:   add FILE...         Add some.
-- expect:   remote COMMAND ...  Others.
-- expect:
-- expect:   -v, --verbose       say more
-- expect:   --version           show the version
-- expect:   -h, --help          show this
-- expect:
-- expect: See 'tool COMMAND --help' for one of them.
io.write((select(2, async.args(spec, {"remote", "rename", "-h"}))))
-- expect: Usage: tool remote rename [options] OLD NEW
-- expect:
-- expect: Another name.
-- expect:
-- expect:   -h, --help  show this
print(async.args(spec, {"add", "--version"}))
-- expect: nil	tool 1.2
-- expect: 	VERSION
