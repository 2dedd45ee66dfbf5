# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# kit.sh -- the scripts in scripts/kit.

: "${program:?}" "${root:?}"

t_a_report_sums_up_a_table() {
  printf 'region,amount,note\nnorth,10,"a, b"\nsouth,2.5,\nnorth,5,"two\nlines"\n' >sales.csv
  run "$root/scripts/kit/report.lua" --by=region -s amount sales.csv
  expect_status 0
  expect_out $'region,count,amount\nnorth,2,15\nsouth,1,2.5'
  cp sales.csv again.csv
  run "$root/scripts/kit/report.lua" --by=region --sort=count -o out.csv - sales.csv <again.csv
  expect_status 0
  expect_text out.csv $'region,count\nnorth,4\nsouth,2'
  run "$root/scripts/kit/report.lua" --help
  expect_status 0
  expect_has out 'Usage: report.lua [options] FILE...'
  expect_has out '  -s, --sum=COLUMN...'
  run "$root/scripts/kit/report.lua" --bye=region sales.csv
  expect_status 2
  expect_err "report.lua: unknown option '--bye', did you mean '--by'? (see 'report.lua --help')"
  printf 'region,amount\nnorth,x\n' >sales.csv
  run "$root/scripts/kit/report.lua" --by=region -s amount sales.csv
  expect_status 1
  expect_err "report.lua: sales.csv:2: 'x' is no number"
  run "$root/scripts/kit/report.lua" --by=size sales.csv
  expect_status 1
  expect_err "report.lua: sales.csv:2: no column size"
  run "$root/scripts/kit/report.lua" --by=region none.csv
  expect_status 1
  expect_err "report.lua: cannot open none.csv: no such file or directory"
  printf 'region,amount\nnorth,1,2\n' >sales.csv
  run "$root/scripts/kit/report.lua" --by=region -s amount sales.csv
  expect_status 1
  expect_has err "sales.csv:2: expected 2 fields, got 3"
  printf 'region,count,name\nnorth,10,1\nnorth,20,2\nsouth,3,4\n' >sales.csv
  run "$root/scripts/kit/report.lua" --by=region -s count -s name --sort=count sales.csv
  expect_status 0
  expect_out $'region,count,count,name\nnorth,2,30,3\nsouth,1,3,4'
}

# make_of WORDS: it is expected to end well.
make_of() {
  run "$root/scripts/kit/make.lua" "$@"
  expect_status 0
}

t_a_small_make_makes_what_is_out_of_date() {
  script rules.mk <<'RULES'
# an application
app: a.o b.o
  cat a.o b.o >app
a.o: a.c common.h
  cat a.c common.h >a.o
b.o: b.c common.h
  cat b.c common.h >b.o
RULES
  echo a >a.c
  echo b >b.c
  echo h >common.h
  make_of -j2
  [[ $(sort out) == $'cat a.c common.h >a.o\ncat a.o b.o >app\ncat b.c common.h >b.o' ]] ||
    fail "$(cat out)"
  expect_text app $'a\nh\nb\nh'
  make_of
  expect_out ""
  touch -d '+1 hour' b.c
  make_of -n
  expect_out $'cat b.c common.h >b.o\ncat a.o b.o >app'
  make_of -j1 a.o
  expect_out ""
  touch -d '-1 hour' a.o
  make_of a.o
  expect_out 'cat a.c common.h >a.o'
}

t_args_takes_what_was_not_given_from_the_environment() {
  script <<'LUA'
local given = async.args{
  {"-t, --token=TEXT", "who calls", env = "TOOL_TOKEN", required = true},
  {"-j, --jobs=N", "how many", env = "TOOL_JOBS", type = "integer", default = 4},
  {"--[no-]color", "in colours", env = "TOOL_COLOR", default = true},
  {"[FILE]", env = "TOOL_FILE"},
}
print(given.token, given.jobs, given.color, given.file)
LUA
  TOOL_TOKEN=one TOOL_JOBS=7 TOOL_COLOR=No TOOL_FILE=a run script.lua
  expect_out $'one\t7\tfalse\ta'
  TOOL_TOKEN=one TOOL_JOBS=7 TOOL_COLOR=0 TOOL_FILE=a run script.lua -t two -j2 --color b
  expect_out $'two\t2\ttrue\tb'
  TOOL_TOKEN=one TOOL_JOBS='' run script.lua
  expect_out $'one\t4\ttrue\tnil'
  run script.lua
  expect_err "script.lua: expected -t, --token=TEXT (see 'script.lua --help')"
  TOOL_TOKEN=x TOOL_JOBS=many run script.lua
  expect_status 2
  expect_err "script.lua: \$TOOL_JOBS: expected a whole number, got 'many' (see 'script.lua --help')"
  TOOL_TOKEN=x TOOL_COLOR=red run script.lua
  expect_err "script.lua: \$TOOL_COLOR: expected yes or no, got 'red' (see 'script.lua --help')"
  run script.lua --help
  # shellcheck disable=SC2016 # they stand there so
  {
    expect_has out '  -t, --token=TEXT  who calls ($TOOL_TOKEN)'
    expect_has out '  -j, --jobs=N      how many ($TOOL_JOBS or 4)'
    expect_has out '  [FILE]            ($TOOL_FILE)'
  }
}

t_a_small_make_refuses_what_cannot_be_made() {
  script rules.mk <<<$'a: b\n  touch a\nb: c x\n  touch b\nc: a\n  touch c\nd: none\ne: f\n  touch e\nf:\n  false'
  : >x
  run "$root/scripts/kit/make.lua"
  expect_status 1
  expect_err "make.lua: a circle: a <- b <- c <- a"
  [[ ! -e c ]] || fail "something was made"
  run "$root/scripts/kit/make.lua" d
  expect_status 1
  expect_err "make.lua: no rule to make none"
  run "$root/scripts/kit/make.lua" e
  expect_status 1
  expect_err "make.lua: command 'sh -c false' failed with status 1"
  [[ ! -e e ]] || fail "what needs it was made"
  run "$root/scripts/kit/make.lua" -f none.mk
  expect_status 1
  expect_err "make.lua: cannot read none.mk: no such file or directory"
  script rules.mk <<<'  echo a command of no rule'
  run "$root/scripts/kit/make.lua"
  expect_status 1
  expect_err "make.lua: rules.mk:1: expected outputs: inputs"
}

# are_done N LOG: so many jobs.
are_done() { [[ -e $2 && $(grep -c $'\tdone\t' "$2") == "$1" ]]; }

# Each conversion leaves a line in `ran`; the fifth waits for ever in the first run.
t_converting_goes_on_after_a_kill() {
  local i
  for i in 1 2 3 4 5 6; do echo "text $i" >"$i.txt"; done
  script slow <<'SH'
read -r line
[ "$line" != "text 5" ] || [ -e resumed ] || exec sleep 60
echo "$line" >>ran
echo "$line" | tr a-z A-Z
SH
  "$program" "$root/scripts/kit/convert.lua" --to=done/all -j2 -c 'sh slow' ./*.txt >out 2>err &
  wait_for are_done 5 convert.log
  run "$root/scripts/kit/convert.lua" --to=done/all -c 'sh slow' ./*.txt
  expect_status 1
  expect_err "convert.lua: convert.log is in use by another run"
  kill -KILL $!
  wait $! || true
  [[ $(grep -c $'\tdone\t' convert.log) == 5 ]] || fail "$(cat convert.log err)"
  printf '2026-01-02T03:04:05Z\t0.1\tdone\t./5.t' >>convert.log # a line that was torn
  : >resumed
  run "$root/scripts/kit/convert.lua" --to=done/all -j2 -c 'sh slow' ./*.txt
  expect_status 0
  expect_out "1 converted, 5 were done before, 0 failed"
  [[ $(sort ran) == $'text 1\ntext 2\ntext 3\ntext 4\ntext 5\ntext 6' ]] || fail "$(cat ran)"
  [[ $(cat done/all/*.txt) == $'TEXT 1\nTEXT 2\nTEXT 3\nTEXT 4\nTEXT 5\nTEXT 6' ]] ||
    fail "$(cat done/all/*.txt)"
  [[ $(wc -l <convert.log) == 7 && $(ls -A done/all) == $'1.txt\n2.txt\n3.txt\n4.txt\n5.txt\n6.txt' ]] ||
    fail "$(cat convert.log; ls -A done/all)"
  run "$root/scripts/kit/convert.lua" --to=done/all -j2 -c 'sh slow' ./*.txt
  expect_out "0 converted, 6 were done before, 0 failed"
}

# More than a script would be given of it at once.
t_converting_takes_any_length() {
  : >1.txt
  run "$root/scripts/kit/convert.lua" --to=made -c 'head -c 67108865 /dev/zero' 1.txt
  expect_status 0
  [[ $(stat -c %s made/1.txt) == 67108865 && $(ls -A made) == 1.txt ]] || fail "$(ls -lA made)"
  : >2.txt
  run "$root/scripts/kit/convert.lua" --to=made -c 'echo half; exit 3' 2.txt
  expect_status 1
  [[ $(ls -A made) == 1.txt ]] || fail "$(ls -lA made)"
  rm made/1.txt
}

t_converting_refuses_names_that_come_twice() {
  mkdir p q
  : >p/x.txt
  : >q/x.txt
  run "$root/scripts/kit/convert.lua" --to=made p/x.txt p/x.txt q/x.txt
  expect_status 1
  expect_has err "p/x.txt and q/x.txt would both be written to made/x.txt"
  [[ ! -e made && ! -e convert.log ]] || fail "something was begun"
}

t_converting_tries_again_what_failed() {
  echo one >1.txt
  echo two >2.txt
  run "$root/scripts/kit/convert.lua" --to=made -c 'grep one' 1.txt 2.txt
  expect_status 1
  expect_has out "1 converted, 0 were done before, 1 failed"
  expect_has out "2.txt"
  run "$root/scripts/kit/convert.lua" --to=made -c 'cat' 1.txt 2.txt
  expect_status 0
  expect_out "1 converted, 1 were done before, 0 failed"
}

# ------------------------------------------------------------------------ statuses

# Four logs; the third is a pipe in the first run, of which nobody writes the end.
write_logs() {
  local i
  mkdir -p logs
  for i in 1 2 4; do
    printf '1.2.3.4 - - [x] "GET / HTTP/1.1" %d 5\n' 200 404 200 "50$i" >"logs/$i"
  done
}

t_counting_in_threads_goes_on_after_a_kill() {
  write_logs
  mkfifo logs/3
  "$program" "$root/scripts/kit/statuses.lua" --to=made/counts -j2 logs/* >out 2>err &
  wait_for are_done 3 made/counts/jobs
  kill -KILL $!
  wait $! || true
  [[ $(grep -c $'\tdone\t' made/counts/jobs) == 3 ]] || fail "$(cat err)"
  rm logs/[13]
  echo '1.2.3.4 - - [x] "GET / HTTP/1.1" 301 5' >logs/3
  run "$root/scripts/kit/statuses.lua" --to=made/counts -j2 logs/*  logs/1
  expect_status 0
  expect_out "200	6
301	1
404	3
501	1
502	1
504	1"
  expect_has err "counted before=3 done=1 failed=0"
}

t_counting_says_which_log_it_could_not_read() {
  write_logs
  run "$root/scripts/kit/statuses.lua" --to=counts --pattern='^%S+' logs/1 logs/lost
  expect_status 1
  expect_out "1.2.3.4	4"
  expect_has err "logs/lost: No such file or directory"
}
