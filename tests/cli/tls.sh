# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# tls.sh -- what TLS loads and reads, and what the trace is told.

: "${program:?}" "${root:?}" "${patience:?}"

want_tls() {
  unset SSL_CERT_FILE SSL_CERT_DIR
  [[ -e ${program%/*}/lib/tinyasync/tls.so ]] || skip "OpenSSL is not installed"
  [[ -e db.pem ]] || bash "$root/tests/kit/certificates.sh" "$PWD" hashed expired
}

# A server of one connection, s, which is spoken to as `how` says.
speaking='local how = ...
local own = {certificate = "db.pem", key = "db.key"}
local server <close> = assert(async.net.listen("127.0.0.1", 0, {tls = own}))
local other = spawn(function()
  local c <close> = server:accept()
  return c and c:read()
end)
local tls = load("return " .. how)()
local s, message = async.net.connect("127.0.0.1", server.port, {tls = tls})
print(s and "connected" or message)
if s then s:close() end
server:close()
other:await()
'

t_who_speaks_no_tls_loads_no_openssl() {
  want_tls
  ldd "$program" >needed || skip "no ldd"
  ! grep -q 'libssl\|libcrypto' needed || fail "the program itself needs OpenSSL"
  script <<'END'
local function loaded()
  for line in io.lines("/proc/self/maps") do
    if line:find "libssl" then return true end
  end
  return false
end
local server <close> = assert(async.net.listen("127.0.0.1", 0))
spawn(function() server:accept():close() end)
local s = assert(async.net.connect("127.0.0.1", server.port))
print(loaded())
s:start_tls{server_name = "db"}
print(loaded())
END
  run run script.lua
  expect_out $'false\ntrue'
}

t_a_missing_module_for_tls_is_named_with_its_package() {
  mkdir bin
  cp "$program" bin/tinyasync
  program=$PWD/bin/tinyasync
  script <<'END'
print(async.net.listen("127.0.0.1", 0, {tls = {certificate = "none"}}))
local server <close> = assert(async.net.listen("127.0.0.1", 0))
spawn(function() print(server:accept():read()) end)
local s <close> = assert(async.net.connect("127.0.0.1", server.port))
print(select(3, s:start_tls{server_name = "db"}))
print(s:write("in plain text\n") == s)
END
  run run script.lua
  expect_status 0
  expect_has out "needs the module 'tls', with which this tinyasync was not built"
  expect_has out ": install libssl-dev"
  expect_has out $'\nENOPKG\ntrue\nin plain text'
}

# Of the system's authorities only those that are asked for are read, where they lie by hashes.
t_connecting_reads_no_bundle() {
  want_tls
  command -v strace >/dev/null || skip "no strace"
  ! is_sanitized || skip "a sanitizer cannot be traced"
  [[ -n $(compgen -G '/usr/lib/ssl/certs/*.0') ]] || skip "no directory with hashes"
  script <<<"$speaking"
  strace -f -o calls -e trace=open,openat true 2>/dev/null || skip "strace cannot trace"
  strace -f -o calls -e trace=open,openat "$program" run script.lua true >out 2>err
  expect_has out "is not known here"
  ! grep 'ca-certificates\|cert\.pem\|bundle' calls >which || fail "it has read $(<which)"
  [[ $(grep -c '/ssl/certs/[^.]' calls) -le 4 ]] || fail "it reads the whole directory"
}

t_variables_say_whom_to_trust() {
  want_tls
  script <<<"$speaking"
  SSL_CERT_DIR=$PWD/hashed run run script.lua true
  expect_out connected
  SSL_CERT_FILE=$PWD/root.pem run run script.lua true
  expect_out connected
  SSL_CERT_FILE=$PWD/none.pem run run script.lua true
  expect_has out "is not known here"
  SSL_CERT_FILE='' SSL_CERT_DIR=$PWD/none:$PWD/hashed run run script.lua true
  expect_out connected
  SSL_CERT_FILE=$PWD/root.pem SSL_CERT_DIR='' run run script.lua true
  expect_out connected
  SSL_CERT_FILE=$PWD/db.key run run script.lua true
  expect_has out "cannot set up TLS: the authorities $PWD/db.key: no certificate"
}

# Also after connections that went well, or did not.
t_who_is_trusted_no_longer_is_not_believed() {
  want_tls
  mkdir trusted
  cp hashed/* trusted
  script <<'END'
local net, fs = async.net, async.fs
local own = {certificate = "db.pem", key = "db.key"}
local server <close> = assert(net.listen("127.0.0.1", 0, {tls = own}))
spawn({daemon = true}, function() server:serve(function(c) c:read() end) end)
local function try(options)
  local s <close>, message = net.connect("127.0.0.1", server.port, {tls = options})
  print(s and "connected" or message:match "not known here")
end
local kind, name = ...
local options = kind == "ca" and {ca = "trusted"} or true
try(options)
if kind == "file" then
  assert(fs.copy("root.pem", "file.pem"))
  try(options)
  assert(fs.copy("expired.pem", "file.pem"))
else
  assert(fs.remove("trusted/" .. fs.list "trusted"[1]))
end
try(options)
END
  cp expired.pem file.pem
  SSL_CERT_FILE=$PWD/file.pem run run script.lua file
  expect_out $'not known here\nconnected\nnot known here'
  SSL_CERT_DIR=$PWD/none:$PWD/trusted run run script.lua dir
  expect_out $'connected\nnot known here'
  cp hashed/* trusted
  run run script.lua ca
  expect_out $'connected\nnot known here'
}

t_a_connection_that_is_not_verified_is_in_the_trace() {
  want_tls
  script <<<"$speaking"
  run run --trace script.lua '{verify = false}'
  expect_out connected
  grep -q "start .* tls [0-9]* 'tcp 127.0.0.1:[0-9]*': the certificate is not verified" err ||
    fail "not in the trace: $(grep -c . err) lines"
  run run --trace script.lua '{ca = "root.pem"}'
  expect_out connected
  ! grep -q "not verified" err || fail "it is verified"
}

# Neither who only looks whether somebody listens nor whoever speaks otherwise ends the run, or makes
# it fail; the latter, and what clients do not like, stand in the trace.
t_a_server_goes_on_where_hands_are_not_shaken() {
  want_tls
  script <<'END'
local own = {certificate = "db.pem", key = "db.key"}
local server <close> = assert(async.net.listen("127.0.0.1", 0, {tls = own}))
spawn({daemon = true}, function() server:serve(function(c) c:write(c:read(), "\n") end) end)
local function connect(text)
  local s <close> = assert(async.net.connect("127.0.0.1", server.port))
  if text then s:write(text) end
  s:shutdown()
  s:read("a")
end
connect()
connect("GET / HTTP/1.0\r\n\r\n")
connect()
async.net.connect("127.0.0.1", server.port, {tls = true})
local s <close> = assert(async.net.connect("127.0.0.1", server.port,
  {tls = {ca = "root.pem", server_name = "db"}}))
s:write("still there\n")
print(s:read())
END
  run run --on-error=stop --trace script.lua
  expect_status 0
  expect_out "still there"
  expect_has err "what came is not TLS but HTTP"
  expect_has err "the peer refused: it does not know who issued the certificate (unknown CA)"
  ! grep -q '^Error' err || fail "that is no failure: $(grep '^Error' err)"
}

# Whoever comes after the files were replaced is shown the new certificate; broken ones do no harm.
t_a_server_shows_the_certificate_that_its_files_have_now() {
  want_tls
  script <<'END'
local function put(name) assert(async.fs.copy(name .. ".pem", "own.pem"))
  assert(async.fs.copy(name .. ".key", "own.key")) end
put "expired"
local own = {certificate = "own.pem", key = "own.key"}
local server <close> = assert(async.net.listen("127.0.0.1", 0, {tls = own}))
spawn({daemon = true}, function() server:serve(function(c) c:read() end) end)
local function try()
  local s, message = async.net.connect("127.0.0.1", server.port,
    {tls = {ca = "root.pem", server_name = "db"}})
  print(s and "connected" or message)
  if s then s:close() end
end
try()
put "db"
try()
assert(async.fs.write("own.key", "broken"))
try()
END
  run run script.lua
  expect_out $'certificate of db has expired (2026-01-02)\nconnected\nconnected'
}

# inject_into CALL ERROR: it fails once, at each place after the certificate was first opened, or at
# any where CALL is made of OpenSSL alone; and what it was for is done, or told.
inject_into() {
  local call=$1 error=$2 before=0 last at status
  last=$(grep -c "^[0-9]* *$call(" calls)
  [[ $call == getrandom ]] || before=$(sed '/openat(.*db\.pem/q' calls | grep -c "^[0-9]* *$call(")
  [[ $call != openat ]] || before=$((before - 1))
  for ((at = before + 1; at <= last; at++)); do
    part_has "$at" || continue
    status=0
    timeout -k 1 "$patience" strace -f -o injected -e trace="$call" \
      -e inject="$call:error=$error:when=$at" \
      "$program" run --timeout=20 script.lua '{ca = "root.pem"}' >out 2>err || status=$?
    grep -q INJECTED injected || continue
    ((status < 2)) || fail "$call, the $at., fails with $error: status $status; $(head -n 5 err)"
    [[ -s out || -s err ]] || fail "$call, the $at., fails with $error, and nothing is told"
    ! grep -h "does not say why" out err || fail "$call, the $at., fails with $error"
  done
}

# What OpenSSL and the dynamic linker ask the system for is told when it is refused.
t_a_call_of_openssl_that_fails_is_told() {
  want_tls
  command -v strace >/dev/null || skip "no strace"
  ! is_sanitized || skip "a sanitizer cannot be traced"
  strace -f -o calls -e trace=openat true 2>/dev/null || skip "strace cannot trace"
  script <<<"$speaking"
  strace -f -o calls -e trace=openat,read,getrandom,newfstatat,fcntl,epoll_ctl \
    "$program" run script.lua '{ca = "root.pem"}' >out 2>err || fail "status $?"
  expect_out connected
  grep -q 'db\.pem' calls || fail "no certificate was opened"
  inject_into getrandom EIO
  inject_into openat EMFILE
  inject_into openat EACCES
  inject_into newfstatat EACCES
  inject_into read EIO
  inject_into epoll_ctl ENOSPC
}

# $pg is where PostgreSQL's programs lie, and `become` begins a command that they are run with: they
# refuse to be root.
want_postgres() {
  local found
  found=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | tail -n 1)
  [[ $found ]] || found=$(type -P initdb) || skip "no PostgreSQL"
  pg=${found%/*}
  become=(env)
  ((EUID)) || become=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
  "${become[@]}" test -x "${TMPDIR:-/tmp}" 2>/dev/null || skip "nobody else can run PostgreSQL"
}

# Its hello is in plain text: eight bytes ask for TLS, and "S" grants it.
t_postgresql_speaks_tls_after_its_hello() {
  local pg become
  want_tls
  want_postgres
  script <<'END'
local net, process, fs = async.net, async.process, async.fs
local programs, own = arg[1], table.concat(arg, " ", 2)
local dir <close> = assert(async.temp_dir())
for _, name in ipairs{"db.pem", "db.key"} do assert(fs.copy(name, dir.path .. "/" .. name)) end
if own:find "nobody" then process.run{"chown", "-R", "nobody", dir.path} end
process.run{"chmod", "600", dir.path .. "/db.key"}

local function as_postgres(...)
  local command = table.pack(table.unpack(arg, 2))
  for _, word in ipairs{...} do command[#command + 1] = word end
  command.n, command.cwd, command.stdout = nil, dir.path, "null"
  return command
end

process.run(as_postgres(programs .. "/initdb", "-N", "-A", "trust", "-U", "somebody", "--no-locale",
  "-D", "data"))

-- On a port that was free, until it is still that when PostgreSQL takes it.
local function begin()
  local free <close> = assert(net.listen("127.0.0.1", 0))
  local port = free.port
  free:close()
  local command = as_postgres(programs .. "/postgres", "-D", "data", "-F", "-p", port,
    "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "ssl=on",
    "-c", "ssl_cert_file=../db.pem", "-c", "ssl_key_file=../db.key")
  command.stderr, command.stop_signal = {file = dir.path .. "/log"}, "QUIT"
  local child = assert(process.spawn(command))
  local is_up = async.race{
    function() child:wait() return false end,
    function()
      while not (fs.read(dir.path .. "/data/postmaster.pid") or ""):find "\nready" do sleep(0.02) end
      return true
    end,
  }
  if is_up then return child, port end
  io.stderr:write(fs.read(dir.path .. "/log"))
  return begin()
end

local function connect(port, name)
  local s <const> = assert(net.connect("127.0.0.1", port))
  s:write(string.pack(">I4I4", 8, 80877103))
  assert(s:read(1) == "S")
  return s:start_tls{ca = "root.pem", server_name = name}
end

-- What it says up to "ready for query": the fields of the last row.
local function answer(s)
  local fields, kind = {}, nil
  repeat
    local size
    kind, size = string.unpack(">c1I4", s:read(5))
    local body = s:read(size - 4)
    assert(kind ~= "E", body)
    local count, at = 0, 1
    if kind == "D" then count, at = string.unpack(">I2", body) end
    for i = 1, count do fields[i], at = string.unpack(">s4", body, at) end
  until kind == "Z"
  return table.concat(fields, " ")
end

local function ask(s, text)
  s:write("Q", string.pack(">I4z", #text + 5, text))
  return answer(s)
end

local server <close>, port = begin()
print(connect(port, "elsewhere"))
local s <close> = connect(port, "db")
local hello = string.pack(">I4zzzzz", 196608, "user", "somebody", "database", "template1", "")
s:write(string.pack(">I4", #hello + 4), hello)
answer(s)
print(s.tls.version)
print(ask(s, "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()"))
print(ask(s, "select length(repeat('x', 1000000)), 6 * 7"))
print(#ask(s, "select repeat('x', 1000000)"))
s:write("X", string.pack(">I4", 4))
print(s:read "a" == "")
END
  run run script.lua "$pg" "${become[@]}"
  expect_status 0
  expect_out $'nil	certificate of elsewhere is for db, localhost, 127.0.0.1, not for elsewhere	TLS
TLSv1.3
t TLSv1.3
1000000 42
1000000
true'
}
