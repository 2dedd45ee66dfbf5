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
  return c:read()
end)
local tls = load("return " .. how)()
local s, message = async.net.connect("127.0.0.1", server.port, {tls = tls})
print(s and "connected" or message)
if s then s:close() end
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
  expect_has out "needs the module 'tls', with which this tinyasync was not built: install libssl-dev"
  expect_has out $'\nENOPKG\ntrue\nin plain text'
}

# Of the system's authorities only those that are asked for are read, where they lie by hashes.
t_connecting_reads_no_bundle() {
  want_tls
  command -v strace >/dev/null || skip "no strace"
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

# Who only looks whether somebody listens is no failure; whoever speaks otherwise is one.
t_a_server_reports_who_does_not_shake_hands() {
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
local s <close> = assert(async.net.connect("127.0.0.1", server.port,
  {tls = {ca = "root.pem", server_name = "db"}}))
s:write("still there\n")
print(s:read())
END
  run run script.lua
  expect_status 1
  expect_out "still there"
  expect_has err "what came is not TLS but HTTP"
  [[ $(grep -c '^Error' err) == 1 ]] || fail "too many reports: $(<err)"
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
  [[ $call == getrandom ]] || before=$(sed '/db\.pem/q' calls | grep -c "^[0-9]* *$call(")
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
