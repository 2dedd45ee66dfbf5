# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: MIT
#
# What tests/bench/run measures of commands and of their pipes.
#
# Sourced there, with `here`, `build`, `out`, `results`, `rounds` and `python`.
# Here the peers are others, programs among them; those that are not there are left out.
# REQUESTS (50000, over TLS), CROWD (10000 connections), PROXY_MEGABYTES (1000), FILES (10000),
# WALKED (100000), COPY_MEGABYTES (1000), COMMANDS (1000), MEGABYTES (1000) of a pipe, BALLAST
# (1500, megabytes that a large process has in memory) and SLEEPERS (1000000: its tasks) change
# what is run.
outside=$here/outside
own=("$build/tinyasync" run)
longest=300 # seconds for one of them

has_program() {
  case $1 in
    parallel) parallel --version 2>/dev/null | grep -q '^GNU parallel' ;;
    tinyasync*) [ -x "$build/tinyasync" ] ;;
    epoll) true ;;
    python* | asyncio) [ -n "$python" ] ;;
    node*) type -P node >/dev/null ;;
    cat*) true ;;
    *) type -P "${1%%-*}" >/dev/null ;;
  esac
}

# Runs what follows, and adds its line "PEER key=value ..." to the results of a workload.
add_line() { # WORKLOAD PEER COMMAND...
  local text
  if text=$(timeout -k 5 "$longest" "${@:3}" 2>&1); then
    echo "$2 ${text//$'\n'/ }" >>"$results/$1"
  else
    echo "$2: failed in $1: $(tail -n 1 <<<"$text")" >&2
  fi
}

run_interleaved() { # WORKLOAD PEER...
  local round peer
  : >"$results/$1"
  for ((round = 0; round < rounds; round++)); do
    for peer in "${@:2}"; do
      if has_program "$peer"; then "outside_$1" "$peer"; fi
    done
  done
}

# ---------------------------------------------------------------- commands

count=${COMMANDS:-1000}

outside_commands() { # PEER
  local watch=("$out/stopwatch")
  case $1 in
    tinyasync) watch+=("${own[@]}" "$outside/commands.lua" "$count") ;;
    tinyasync-large) watch=("${own[@]}" "$outside/commands.lua" "$count" "${BALLAST:-1500}") ;;
    xargs) watch+=(xargs -a "$out/numbers" -P 16 -n 1 true) ;;
    make) watch+=(make -s -j 16 -f "$out/all.mk") ;;
    parallel) watch+=(parallel -j 16 -a "$out/numbers" true) ;;
    asyncio) watch+=("$python" "$outside/peer.py" commands "$count") ;;
    node) watch+=(node "$outside/peer.js" commands "$count") ;;
  esac
  add_line commands "$1" "${watch[@]}"
}

# make is to start each `true` itself, not a shell, and has them as targets that never are.
run_commands() {
  seq "$count" >"$out/numbers"
  {
    # shellcheck disable=SC2016
    printf 'all: $(addprefix n,%s)\n' "$(paste -sd ' ' "$out/numbers")"
    printf 'n%%:\n\t@%s\n' "$(type -P true)"
  } >"$out/all.mk"
  run_interleaved commands tinyasync tinyasync-large xargs make parallel asyncio node
}

# ----------------------------------------------------------------- latency

# Runs $1, $2 times.
# shellcheck disable=SC2016
again_and_again='i=0; while [ $i -lt "$2" ]; do now=$("$1"); echo "$now"; i=$((i + 1)); done'

# A command that says when it runs: from one such time to the next there is one start to result.
outside_latency() { # PEER
  local command
  case $1 in
    tinyasync) command=("${own[@]}" "$outside/latency.lua") ;;
    dash) command=(dash -c "$again_and_again" -) ;;
    python) command=("$python" "$outside/peer.py" latency) ;;
    node) command=(node "$outside/peer.js" latency) ;;
  esac
  if ! timeout -k 5 "$longest" "${command[@]}" "$out/stopwatch" "$count" >"$out/times"; then
    echo "$1: failed in latency" >&2
    return
  fi
  add_line latency "$1" lua5.4 "$outside/percentiles.lua" <"$out/times"
}

# ------------------------------------------------------------------- pipes

# Lines of 20 to 160 bytes, ten megabytes of them, as often as it takes.
make_files() {
  local i
  lua5.4 -e 'math.randomseed(1) local size = 0 while size < 10000000 do
    local line = ("x"):rep(math.random(19, 159)) print(line) size = size + #line + 1 end' \
    >"$out/lines"
  files=()
  for ((i = 0; i < ${MEGABYTES:-1000}; i += 10)); do files+=("$out/lines"); done
}

outside_pipes() { # PEER
  local way=${1#*-}
  case $1 in
    cat) cat "${files[@]}" | add_line pipes "$1" "$out/stopwatch" sh -c 'exec cat >/dev/null' ;;
    cat-wc) cat "${files[@]}" | add_line pipes "$1" "$out/stopwatch" sh -c 'cat | wc -l' ;;
    tinyasync-stdin-*)
      cat "${files[@]}" | add_line pipes "$1" "${own[@]}" "$outside/pipes.lua" "$way"
      ;;
    tinyasync-*) add_line pipes "$1" "${own[@]}" "$outside/pipes.lua" "$way" "${files[@]}" ;;
    lua5.4-lines)
      cat "${files[@]}" | add_line pipes "$1" "$out/stopwatch" lua5.4 -e 'for _ in io.lines() do end'
      ;;
    python-*) add_line pipes "$1" "$python" "$outside/peer.py" "$way" "${files[@]}" ;;
    node-*) add_line pipes "$1" node "$outside/peer.js" "$way" "${files[@]}" ;;
  esac
}

run_pipes() {
  local files
  make_files
  run_interleaved pipes cat cat-wc tinyasync-{blocks,some,lines,stdin-blocks,stdin-lines} \
    lua5.4-lines {python,node}-{blocks,lines}
  rm -f "$out/lines"
}

# ------------------------------------------------------------------- forks

outside_forks() { # PEER
  local tasks=10
  if [ "$1" = tinyasync-large ]; then tasks=${SLEEPERS:-1000000}; fi
  add_line forks "$1" "${own[@]}" "$here/forks.lua" "$tasks" "$count"
}

outside_guardian() { # PEER
  add_line guardian "$1" "${own[@]}" "$outside/guardian.lua"
}

# ------------------------------------------------------------------- files

small=${FILES:-10000}

outside_files() { # PEER
  local watch=("$out/stopwatch")
  case $1 in
    tinyasync) watch+=("${own[@]}" "$outside/files.lua" "$out/small" "$small") ;;
    python) watch+=("$python" "$outside/peer.py" files "$out/small" "$small") ;;
    node) watch+=(node "$outside/peer.js" files "$out/small" "$small") ;;
    node-sync) watch+=(node "$outside/peer.js" files-sync "$out/small" "$small") ;;
  esac
  add_line files "$1" "${watch[@]}"
}

run_files() {
  mkdir -p "$out/small"
  lua5.4 -e 'for i = 1, tonumber(arg[2]) do
    local file = assert(io.open(arg[1] .. "/" .. i, "w"))
    file:write(("x"):rep(1000)) file:close() end' - "$out/small" "$small" </dev/null
  run_interleaved files tinyasync python node node-sync
  rm -rf "$out/small"
}

outside_copies() { # PEER
  local watch=("$out/stopwatch")
  case $1 in
    tinyasync) watch+=("${own[@]}" "$outside/files.lua" "$out/large" "$out/copy" copy) ;;
    cp) watch+=(cp "$out/large" "$out/copy") ;;
  esac
  rm -f "$out/copy"
  sync -f "$out" # nobody pays for what another has written
  add_line copies "$1" "${watch[@]}"
}

run_copies() {
  head -c "${COPY_MEGABYTES:-1000}000000" /dev/urandom >"$out/large"
  run_interleaved copies tinyasync cp
  rm -f "$out/large" "$out/copy"
}

# -------------------------------------------------------------------- walk

walked=${WALKED:-100000}

outside_walk() { # PEER
  local watch=("$out/stopwatch")
  case $1 in
    tinyasync) watch+=("${own[@]}" "$outside/walk.lua" "$out/tree") ;;
    find) watch+=(sh -c 'exec find "$0" >/dev/null' "$out/tree") ;;
    node-*) watch+=(node "$outside/peer.js" "walk-${1#node-}" "$out/tree") ;;
  esac
  add_line walk "$1" "${watch[@]}"
}

# A hundred files in each directory, and ten directories in each of the upper ones.
run_walk() {
  rm -rf "$out/tree"
  "${own[@]}" "$outside/walk.lua" "$out/tree" "$walked"
  run_interleaved walk tinyasync find node-readdir node-opendir
  rm -rf "$out/tree"
}

# ----------------------------------------------------------------- threads

outside_threads() { # PEER
  local watch=("${own[@]}" "$outside/threads.lua" "${1#tinyasync-}")
  case $1 in
    node) watch=(node "$outside/threads.js") ;;
    xargs) watch=(bash "$outside/threads_xargs.bash") ;;
  esac
  add_line threads "$1" "${watch[@]}"
}

# --------------------------------------------------------------------- TLS

requests=${REQUESTS:-50000}

outside_tls() { # PEER
  local server=("${own[@]}" "$outside/tls.lua" serve)
  case $1 in
    go) server=("$out/tls-go") ;;
    node) server=(node "$outside/tls.js") ;;
    python) server=("$python" "$outside/tls.py") ;;
  esac
  add_line tls "$1" "${own[@]}" "$outside/tls.lua" measure "$requests" "$out/certificates" \
    "${server[@]}" "$out/certificates"
}

run_tls() {
  "$here/../kit/certificates.sh" "$out/certificates"
  if type -P go >/dev/null; then
    GOCACHE=$out/go-cache go build -o "$out/tls-go" "$outside/tls.go"
  fi
  run_interleaved tls tinyasync go node python
  rm -rf "$out/certificates"
}

# ------------------------------------------------------------------- names

# What nobody answers for takes two seconds, as long as a resolver waits for one server.
outside_names() { # PEER
  local watch=("$out/stopwatch")
  case $1 in
    tinyasync) watch+=("${own[@]}" "$outside/names.lua") ;;
    python) watch+=("$python" "$outside/peer.py" names) ;;
    node) watch+=(node "$outside/peer.js" names) ;;
  esac
  add_line names "$1" env LD_PRELOAD="$out/names.so" NAMES_SECONDS=2 "${watch[@]}"
}

run_names() {
  ${CC:-cc} -D_GNU_SOURCE -shared -fPIC -o "$out/names.so" "$here/../cli/names.c"
  run_interleaved names tinyasync python node
}

# ------------------------------------------------------------------ sockets

cpu_of() { # PID: seconds
  local spent
  read -r spent _ </proc/"$1"/schedstat
  awk -v n="$spent" 'BEGIN { printf "%.9f", n / 1e9 }'
}

crowd=${CROWD:-10000}

# Servers have one processor and those who ask another: on one and the same the slower of the two
# is interrupted for each answer, so that little becomes much.
beside=() asking=()
if type -P taskset >/dev/null && (($(nproc) > 1)); then
  beside=(taskset -c 0) asking=(taskset -c 1)
fi

# until_line FILE NUMBER: it has so many lines, within a minute.
until_line() {
  local since=$SECONDS
  until (($(wc -l <"$1") >= $2)); do
    ((SECONDS - since < 60)) || return
    sleep 0.05
  done
}

# Starts a server that writes its port first; $serving is its id, $port where it is.
serve_for() { # PEER
  local -A commands=([epoll]="$out/echo serve" [tinyasync]="${own[*]} $outside/echo.lua")
  : >"$out/port"
  # shellcheck disable=SC2086
  "${beside[@]}" ${commands[$1]} >"$out/port" &
  serving=$!
  until_line "$out/port" 1
  read -r port <"$out/port"
}

end_all() { # PID...
  kill "$@"
  wait "$@" 2>/dev/null || true
}

# CPU of the server for a request of 64 bytes.
ask_server() { # WORKLOAD PEER HOW CONNECTIONS
  local before asked
  serve_for "$2"
  before=$(cpu_of "$serving")
  asked=$("${asking[@]}" "$out/echo" "$3" "$port" "$4" 1)
  awk -v a="$before" -v b="$(cpu_of "$serving")" -v peer="$2" -v asked="$asked" 'BEGIN {
    split(asked, parts, /[= ]/); printf "%s us=%.3f answered=%d\n", peer, (b - a) / parts[2] * 1e6,
      parts[2] }' >>"$results/$1"
  end_all "$serving"
}

outside_echo() { ask_server echo "$1" ask 100; }
outside_echo_one() { ask_server echo_one "$1" ask 1; }
outside_storm() { ask_server storm "$1" storm "$crowd"; }

kib_of() { # PID
  awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}

# until_held PID COUNT: it has so many descriptors, within a minute.
until_held() {
  local since=$SECONDS
  until (($(find "/proc/$1/fd" | wc -l) > $2)); do
    ((SECONDS - since < 60)) || return
    sleep 0.1
  done
}

# A few come first and leave: what the first of all costs is no more.
outside_idle() { # PEER
  local before holder
  serve_for "$1"
  "$out/echo" storm "$port" 100 >/dev/null
  before=$(kib_of "$serving")
  : >"$out/held"
  "$out/echo" hold "$port" "$crowd" >"$out/held" &
  holder=$!
  until_line "$out/held" 1
  until_held "$serving" "$crowd"
  sleep 0.5 # for the last to be taken to their tasks
  awk -v a="$before" -v b="$(kib_of "$serving")" -v n="$crowd" -v peer="$1" 'BEGIN {
    printf "%s bytes=%.0f\n", peer, (b - a) * 1024 / n }' >>"$results/idle"
  end_all "$holder" "$serving"
}

# A port where nobody listens, or did not a moment ago.
free_port() {
  "${own[@]}" -e 'print(assert(async.net.listen("127.0.0.1", 0)).port)'
}

outside_proxy() { # PEER
  local sink proxy source front back command
  : >"$out/drained"
  "${asking[@]}" "$out/echo" drain "${PROXY_MEGABYTES:-1000}" >"$out/drained" &
  sink=$!
  until_line "$out/drained" 1
  read -r back <"$out/drained"
  front=$(free_port)
  case $1 in
    tinyasync) command=("${own[@]}" "$here/../../scripts/net/proxy.lua" "$front" "127.0.0.1:$back") ;;
    socat) command=(socat "TCP-LISTEN:$front,bind=127.0.0.1" "TCP:127.0.0.1:$back") ;;
  esac
  "${beside[@]}" "${command[@]}" >/dev/null &
  proxy=$!
  sleep 0.5 # socat does not say when it listens
  "${asking[@]}" "$out/echo" pour "$front" "${PROXY_MEGABYTES:-1000}" &
  source=$!
  until_line "$out/drained" 2
  echo "$1 cpu=$(cpu_of "$proxy") $(tail -n 1 "$out/drained")" >>"$results/proxy"
  end_all "$source" "$proxy" "$sink"
}

run_sockets() { # WORKLOAD PEER...
  ulimit -Sn "$(ulimit -Hn)"
  ${CC:-cc} -O2 -D_GNU_SOURCE -o "$out/echo" "$outside/echo.c"
  run_interleaved "$@"
}

# ------------------------------------------------------------------ tables

run_outside() { # WORKLOAD
  case $1 in
    commands)
      run_commands
      table commands "$count x true, 16 at a time, with all their CPU" "s:took:1:xargs,make" \
        "CPU-s:total:1:xargs,make"
      ;;
    latency)
      run_interleaved latency tinyasync dash python node
      table latency "from start to result, $count times" "p50-ms:p50:1:dash,python" \
        "p99-ms:p99:1:dash,python"
      ;;
    pipes)
      run_pipes
      table pipes "${MEGABYTES:-1000} MB of a child, CPU of who reads" \
        "CPU-s:total:1:cat,cat-wc,python-lines"
      ;;
    forks)
      run_interleaved forks tinyasync tinyasync-large
      table forks "the longest pause while $count commands start, of ${SLEEPERS:-1000000} tasks" \
        "ms:pause:1:tinyasync" "no-commands:quiet:1:" "started/s:rate:1:" "own-CPU-us:cpu:1:tinyasync"
      ;;
    files)
      run_files
      table files "$small files of 1 KB are read, whole processes" "s:took:1:python,node" \
        "CPU-s:total:1:python,node"
      ;;
    copies)
      run_copies
      table copies "a file of ${COPY_MEGABYTES:-1000} MB is copied" "s:took:1:cp" "CPU-s:total:1:cp"
      ;;
    walk)
      run_walk
      table walk "$walked files are found, whole processes" "s:took:1:find,node-readdir" \
        "CPU-s:total:1:find,node-readdir"
      ;;
    storm)
      run_sockets storm epoll tinyasync
      table storm "64 bytes back, $crowd that ask at once" "us:us:1:epoll" "answered:answered:1:"
      ;;
    idle)
      run_sockets idle epoll tinyasync
      table idle "memory of each of $crowd idle connections, the kernel's left out" "bytes:bytes:1:"
      ;;
    proxy)
      run_sockets proxy tinyasync socat
      table proxy "${PROXY_MEGABYTES:-1000} MB through a proxy, its CPU" "CPU-s:cpu:1:socat"
      ;;
    echo | echo_one)
      run_sockets "$1" epoll tinyasync
      table "$1" "64 bytes back, of $([ "$1" = echo ] && echo 100 || echo 1) at a time" \
        "us:us:1:epoll"
      ;;
    names)
      run_names
      table names "six that nobody answers for within 2 s and one that is known; and whole processes" \
        "ms-to-answer:answered:1000:python,node" "ms-to-end:took:1000:python,node"
      ;;
    guardian)
      run_interleaved guardian tinyasync
      table guardian "in KB; the first command, and one of the next" "rss:rss:1:" "pss:pss:1:" \
        "private:private:1:" "first-ms:first:1:" "later-ms:later:1:"
      ;;
    tls)
      run_tls
      table tls "the server's CPU for an echo of 64 B, and a handshake; memory of a connection" \
        "us-echo:echo:1:go,node" "us-handshake:shake:1:go,node" "KiB-idle:idle:1:go,node"
      ;;
    threads)
      run_interleaved threads tinyasync-sum tinyasync-records node tinyasync-map xargs
      table threads "sum in one thread and in two; 10 MB there and back; 16 pieces of work" \
        "gain:gain:1:" "s-there-and-back:best:1:node" "s-of-work:wall:1:xargs"
      ;;
  esac
}
