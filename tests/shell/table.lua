-- SPDX-License-Identifier: MIT
--
-- table.lua -- what the shell is told, and what we are told for the same.
--
--   case(NAME, SHELL, OURS, OPTIONS)
--
-- The shell's line is bash's, and its statuses are PIPESTATUS.  Ours is a command or a
-- pipeline for process.try, a function that gives its result, or else a text for stdout; a
-- string is a whole script.  Each runs in a folder of its own, beside the folder `given`, which
-- run.lua makes.  What is left there is compared as well.
--
-- Options: `err = false` where the two have words of their own for what went wrong, "shell" where
-- only the shell says a word, of a signal; `last = true` where they have not as many stages, so
-- that the last status alone is compared; `input`, a file that is a script's standard input.

return function(case, process)
  local pipe, sh = process.pipe, process.sh
  local try, run, read = process.try, process.run, process.read

  -- A command for the shell, in between of nothing else.
  local function shell(text) return {"sh", "-c", text} end

  -- ------------------------------------------------------------------- words

  case("odd_words",
    [[env printf '[%s]' 'a b' '' '*' "it's" '"' '$HOME' '\' '{}' -n -- '~' $'\n' $'\1\377']],
    {"env", "printf", "[%s]", "a b", "", "*", "it's", '"', "$HOME", "\\", "{}", "-n", "--", "~",
      "\n", "\1\255"})
  case("words_that_begin_with_a_dash", [[env echo -- -x --help -]],
    {"env", "echo", "--", "-x", "--help", "-"})
  case("an_empty_word_is_a_word", [[env test -n '']], {"env", "test", "-n", ""})
  case("how_many_words", [[sh -c 'echo "$#: $0 $*"' '' '' a '' 'b  c']],
    {"sh", "-c", 'echo "$#: $0 $*"', "", "", "a", "", "b  c"})
  case("words_for_a_shell_of_ours", [[printf '<%s>' "it's" 'a  b' '' '$x' | tr -d '\n']],
    pipe(sh("printf '<%s>' {} {}", "it's", {"a  b", "", "$x"}), {"tr", "-d", "\n"}))
  case("no_shell_no_pattern", [[ls '../given/*' '~' '$HOME']], {"ls", "../given/*", "~", "$HOME"})
  case("a_pattern_through_the_shell", [[echo ../given/l* ../given/no*]],
    sh "echo ../given/l* ../given/no*")
  case("numbers_are_words", [[seq 1 0.5 3]], {"seq", 1, 0.5, 3})
  case("five_thousand_words", [[sh -c 'echo $# "$5000"' sh $(seq 5000)]], function()
    local cmd = {"sh", "-c", 'echo $# "$5000"', "sh"}
    for i = 1, 5000 do cmd[#cmd + 1] = i end
    return try(cmd)
  end)
  case("a_word_of_a_hundred_thousand_bytes",
    [[sh -c 'echo ${#1}' sh "$(head -c 100000 /dev/zero | tr '\0' x)"]],
    {"sh", "-c", "echo ${#1}", "sh", ("x"):rep(100000)})

  -- ------------------------------------------------------------- environment

  case("variables_for_one_command", [[A=1 B='x  y' C= sh -c 'echo "$A-$B-${C-unset}"']],
    {"sh", "-c", 'echo "$A-$B-${C-unset}"', env = {A = 1, B = "x  y", C = ""}})
  case("variables_of_one_stage",
    [[A=1 sh -c 'echo "$A"' | A=2 sh -c 'cat; echo "$A"' | sh -c 'cat; echo "${A-none}"']],
    pipe({"sh", "-c", 'echo "$A"', env = {A = 1}}, {"sh", "-c", 'cat; echo "$A"', env = {A = 2}},
      {"sh", "-c", 'cat; echo "${A-none}"'}))
  case("no_variables_but_these", [[env -i A=1 B=2 /usr/bin/env | sort]],
    pipe({"/usr/bin/env", clear_env = true, env = {A = 1, B = 2}}, {"sort"}))
  case("a_variable_less", [[env -u HOME sh -c 'echo "${HOME-unset}"']],
    {"sh", "-c", 'echo "${HOME-unset}"', env = {HOME = false}})
  case("another_path_to_search", [[(PATH=$PWD/../given; tool a 'b c')]],
    function() return try(sh("PATH=$PWD/../given; exec tool {}", {"a", "b c"})) end)
  case("the_whole_environment_arrives",
    [[env | grep -v -e ^_= -e ^OLDPWD= -e ^PWD= -e ^SHLVL= | sort]],
    pipe({"env"}, {"grep", "-v", "-e", "^_=", "-e", "^OLDPWD=", "-e", "^PWD=", "-e", "^SHLVL="},
      {"sort"}))
  case("another_directory", [[(cd ../given/sub && pwd -P; ls; cat < ../empty)]],
    {"sh", "-c", "pwd -P; ls; cat < ../empty", cwd = "../given/sub"})
  case("a_program_beside_its_directory", [[(cd ../given/sub && ../tool x)]],
    {"../tool", "x", cwd = "../given/sub"})
  case("limits_umask_and_signals",
    [[sh -c 'ulimit -a; umask; grep -E "^Sig(Blk|Ign)" /proc/self/status']],
    shell [[ulimit -a; umask; grep -E "^Sig(Blk|Ign)" /proc/self/status]])

  -- ---------------------------------------------------------------- statuses

  case("status_255", [[sh -c 'exit 255']], shell "exit 255")
  case("a_status_has_eight_bits", [[bash -c 'exit 259']], {"bash", "-c", "exit 259"})
  case("each_status_of_five",
    [[sh -c 'exit 5' | sh -c 'exit 0' | sh -c 'exit 128' | sh -c 'exit 141' | sh -c 'exit 1']],
    pipe(shell "exit 5", shell "exit 0", shell "exit 128", shell "exit 141", shell "exit 1"))
  case("a_failure_in_the_middle", [[seq 3 | sh -c 'cat; echo why >&2; exit 3' | tac]],
    pipe({"seq", 3}, shell "cat; echo why >&2; exit 3", {"tac"}))
  case("ended_by_a_signal", [[sh -c 'echo x; kill -TERM $$']],
    shell "echo x; kill -TERM $$", {err = "shell"})
  case("ended_by_signals_in_the_middle",
    [[sh -c 'kill -KILL $$' | sh -c 'ulimit -c 0; kill -SEGV $$' |
      sh -c 'cat; kill -USR1 $$' | sh -c 'cat; kill -HUP $$']],
    pipe(shell "kill -KILL $$", shell "ulimit -c 0; kill -SEGV $$", shell "cat; kill -USR1 $$",
      shell "cat; kill -HUP $$"),
    {err = "shell"})
  case("interrupted_by_itself", [[sh -c 'kill -INT $$' | cat]], pipe(shell "kill -INT $$", {"cat"}))
  case("a_last_stage_that_sigpipe_ends", [[true | sh -c 'kill -PIPE $$']],
    pipe({"true"}, shell "kill -PIPE $$"))
  case("a_pipeline_inside_a_shell_is_one_status", [[sh -c 'false | true'; sh -c 'true | false']],
    shell "false | true; true | false")
  case("no_such_command", [[no-such-command-here]], {"no-such-command-here"}, {err = false})
  case("no_such_file", [[./no-such-file]], {"./no-such-file"}, {err = false})
  case("not_executable", [[../given/lines]], {"../given/lines"}, {err = false})
  case("a_directory_as_command", [[../given/sub]], {"../given/sub"}, {err = false})
  case("too_long_a_word", [[env printf x "$(head -c 200000 /dev/zero | tr '\0' x)"]],
    {"env", "printf", "x", ("x"):rep(200000)},
    {err = false})
  case("no_such_command_in_a_shell", [[sh -c 'no-such-command-here; ../given/sub; ../given/lines']],
    shell "no-such-command-here; ../given/sub; ../given/lines")
  case("a_script_without_a_first_line_in_a_shell", [[sh -c '../given/plain a b']],
    shell "../given/plain a b")
  case("some_files_are_not_there", [[cat ../given/left ../given/none ../given/right]],
    {"cat", "../given/left", "../given/none", "../given/right"})
  case("nothing_found", [[grep -c nothing ../given/lines | sed s/^/found:/]],
    pipe({"grep", "-c", "nothing", "../given/lines"}, {"sed", "s/^/found:/"}))
  case("differences", [[diff ../given/left ../given/right | grep -c '^[<>]']],
    pipe({"diff", "../given/left", "../given/right"}, {"grep", "-c", "^[<>]"}))
  case("xargs_tells_of_failures", [[printf '1\n2\n' | xargs -n1 sh -c 'echo "$0"; exit $0']],
    pipe({"printf", "1\n2\n"}, {"xargs", "-n1", "sh", "-c", 'echo "$0"; exit $0'}))
  case("xargs_stops_at_255", [[printf '1\n255\n3\n' | xargs -n1 sh -c 'exit $0']],
    pipe({"printf", "1\n255\n3\n"}, {"xargs", "-n1", "sh", "-c", "exit $0"}))
  -- Without --foreground it ends its whole group, which a pipeline of ours is, and of a shell with
  -- job control, but not of this one.
  case("timeout_tells_124", [[timeout --foreground 0.1 sleep 10 | cat]],
    pipe({"timeout", "--foreground", 0.1, "sleep", 10}, {"cat"}))
  case("timeout_ends_its_group", [[timeout 4 sh -c 'echo x; sleep 20 | sleep 20']],
    {"timeout", 4, "sh", "-c", "echo x; sleep 10 | sleep 10"})
  case("a_session_of_its_own", [[setsid -w sh -c 'cat; exit 3' <../given/left | cat]],
    pipe({"setsid", "-w", "sh", "-c", "cat; exit 3", stdin = {file = "../given/left"}}, {"cat"}))

  -- -------------------------------------------------------------- who leaves

  case("who_reads_one_line", [[yes | head -1]], pipe({"yes"}, {"head", "-1"}))
  case("who_reads_nothing", [[head -c 200000 /dev/zero | true]],
    pipe({"head", "-c", 200000, "/dev/zero"}, {"true"}))
  case("who_leaves_in_the_middle", [[yes | cat | head -2 | cat | cat]],
    pipe({"yes"}, {"cat"}, {"head", "-2"}, {"cat"}, {"cat"}))
  case("who_ignores_sigpipe", [[sh -c 'trap "" PIPE; yes; exit 5' | head -1]],
    pipe(shell 'trap "" PIPE; yes; exit 5', {"head", "-1"}))
  case("who_leaves_with_a_failure", [[yes | sh -c 'read x; exit 9' | cat]],
    pipe({"yes"}, shell "read x; exit 9", {"cat"}))
  case("perl_writes_to_nobody", [[perl -e 'print "x\n" while 1' | head -1]],
    pipe({"perl", "-e", 'print "x\n" while 1'}, {"head", "-1"}))
  case("a_function_reads_one_line", [[yes | head -1]], pipe({"yes"}, function(input, output)
    output:write(input:read("L"))
  end))
  case("a_function_leaves_in_the_middle", [[yes | head -3 | cat -n]],
    pipe({"yes"}, function(input, output)
    for _ = 1, 3 do output:write(input:read("L")) end
  end, {"cat", "-n"}))
  case("a_function_reads_nothing", [[head -c 200000 /dev/zero | true]],
    pipe({"head", "-c", 200000, "/dev/zero"}, function() end))
  case("a_loop_is_left", [[yes | head -1]], function()
    for line in process.lines{"yes"} do return line .. "\n" end
  end, {last = true})

  -- ------------------------------------------------------------ redirections

  case("from_a_file", [[wc -c <../given/binary]], {"wc", "-c", stdin = {file = "../given/binary"}})
  case("a_file_is_read_on_where_it_stands",
    [[sh -c 'read x; echo "first $x"; cat' <../given/lines]],
    {"sh", "-c", 'read x; echo "first $x"; cat', stdin = {file = "../given/lines"}})
  case("from_nothing", [[cat </dev/null | wc -c]], pipe({"cat"}, {"wc", "-c"}))
  case("from_a_text", "tr a-z A-Z <<'END'\nsome words\n\n$HOME\nEND",
    {"tr", "a-z", "A-Z", stdin = "some words\n\n$HOME\n"})
  case("from_a_text_without_an_end", [[printf 'a\nb' | sed s/b/c/]],
    {"sed", "s/b/c/", stdin = "a\nb"},
    {last = true})
  case("from_a_text_of_two_stages", [[rev <<<'a text' | cat -A]],
    pipe({"rev", stdin = "a text\n"}, {"cat", "-A"}))
  case("a_text_that_nobody_reads", [[true <../given/binary]], function()
    return try{"true", stdin = ("x"):rep(1 << 20)}
  end)
  case("a_file_that_is_not_there", [[cat <../given/none]],
    {"cat", stdin = {file = "../given/none"}}, {err = false})
  case("to_a_file", [[echo text >made; echo other >made]], function()
    try{"echo", "text", stdout = {file = "made"}}
    return try{"echo", "other", stdout = {file = "made"}}
  end)
  case("at_the_end_of_a_file", [[echo text >>made; echo more >>made]], function()
    try{"echo", "text", stdout = {file = "made", append = true}}
    return try{"echo", "more", stdout = {file = "made", append = true}}
  end)
  case("a_file_that_is_made_has_the_umask", [[umask 027; echo >made; stat -c %a made]], function()
    return try{"sh", "-c", "umask 027; echo >made; stat -c %a made"}
  end)
  case("a_file_that_is_made_has_our_umask", [[echo >made; stat -c %a made]], function()
    try{"echo", stdout = {file = "made"}}
    return try{"stat", "-c", "%a", "made"}
  end)
  case("both_to_one_file", [[sh -c 'echo a; echo b >&2; echo c' >both 2>&1]],
    {"sh", "-c", "echo a; echo b >&2; echo c", stdout = {file = "both"}, stderr = "stdout"})
  case("each_to_a_file", [[sh -c 'echo a; echo b >&2; echo c' >a 2>b]],
    {"sh", "-c", "echo a; echo b >&2; echo c", stdout = {file = "a"}, stderr = {file = "b"}})
  case("errors_through_the_pipe", [[sh -c 'echo a; echo b >&2; echo c' 2>&1 | tr a-z A-Z]],
    pipe({"sh", "-c", "echo a; echo b >&2; echo c", stderr = "stdout"}, {"tr", "a-z", "A-Z"}))
  case("both_take_turns_in_one_pipe",
    [[sh -c 'for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done' 2>&1]],
    {"sh", "-c", "for i in 1 2 3 4 5; do echo o$i; echo e$i >&2; done", stderr = "stdout"})
  case("errors_of_two_stages_in_one_file",
    [[{ sh -c 'echo 1 >&2' 2>>log; } | sh -c 'cat; echo 2 >&2' 2>>log]],
    pipe({"sh", "-c", "echo 1 >&2", stderr = {file = "log", append = true}},
      {"sh", "-c", "cat; echo 2 >&2", stderr = {file = "log", append = true}}))
  case("errors_to_nowhere", [[sh -c 'echo a; echo b >&2; exit 3' 2>/dev/null]],
    {"sh", "-c", "echo a; echo b >&2; exit 3", stderr = "null"})
  case("nothing_at_all", [[sh -c 'echo a; echo b >&2' >/dev/null 2>&1]],
    {"sh", "-c", "echo a; echo b >&2", stdout = "null", stderr = "stdout"})
  case("a_copy_in_a_file", [[seq 5 | tee copy]],
    {"seq", 5, stdout = {"capture", {file = "copy"}}}, {last = true})
  case("a_copy_on_the_way", [[seq 5 | tee copy other | wc -l]],
    pipe({"seq", 5}, {"tee", "copy", "other"}, {"wc", "-l"}))
  case("a_full_disk", [[seq 10 >/dev/full]], {"seq", 10, stdout = {file = "/dev/full"}})
  case("streams_by_their_names",
    [[cat ../given/left |
      sh -c 'cat /dev/stdin; echo x >/dev/stdout; echo y >/dev/stderr' 2>&1 | cat]],
    pipe({"cat", "../given/left"}, {"sh", "-c",
      "cat /dev/stdin; echo x >/dev/stdout; echo y >/dev/stderr", stderr = "stdout"}, {"cat"}))
  case("a_closed_output", [[sh -c 'exec >&-; echo x; exit 4']], shell "exec >&-; echo x; exit 4")

  -- ------------------------------------------------------------------- bytes

  case("no_output", [[true | cat]], pipe({"true"}, {"cat"}))
  case("no_newline_at_the_end", [[printf 'a\nb' | cat]], pipe({"printf", "a\nb"}, {"cat"}))
  case("only_newlines", [[printf '\n\n\n' | cat]], pipe({"printf", "\n\n\n"}, {"cat"}))
  case("zero_bytes", [[cat ../given/zeros | tr 'a\0' '\0a']],
    pipe({"cat", "../given/zeros"}, {"tr", "a\\0", "\\0a"}))
  case("zero_bytes_from_a_text", [[printf 'a\0b\0\0' | od -c]],
    {"od", "-c", stdin = "a\0b\0\0"}, {last = true})
  case("many_bytes", [[cat <../given/binary | cat | cat]],
    pipe({"cat", stdin = {file = "../given/binary"}}, {"cat"}, {"cat"}))
  case("many_bytes_of_both",
    [[sh -c 'head -c 300000 ../given/binary >&2; cat ../given/binary; tail -c 200000 ../given/binary >&2']],
    shell "head -c 300000 ../given/binary >&2; cat ../given/binary; tail -c 200000 ../given/binary >&2")
  case("many_bytes_and_back", [[gzip -1 <../given/binary | gunzip | cmp - ../given/binary]],
    pipe({"gzip", "-1", stdin = {file = "../given/binary"}}, {"gunzip"},
      {"cmp", "-", "../given/binary"}))
  case("many_bytes_from_a_text", [[cksum <../given/binary]], function()
    return try{"cksum", stdin = try{"cat", "../given/binary"}.stdout}
  end)
  case("a_line_of_a_megabyte", [[head -c 1000000 /dev/zero | tr '\0' x | wc]],
    pipe({"head", "-c", 1000000, "/dev/zero"}, {"tr", "\\0", "x"}, {"wc"}))
  case("twenty_stages", [[seq 1000 ]] .. ("| cat "):rep(19), function()
    local stages = {{"seq", 1000}}
    for _ = 1, 19 do stages[#stages + 1] = {"cat"} end
    return try(pipe(table.unpack(stages)))
  end)
  case("newlines_at_the_end_are_off", [[printf %s "$(printf '\n a\n\nb \n\n\n')"]], function()
    return read{"printf", "\\n a\\n\\nb \\n\\n\\n"}
  end)
  case("line_by_line",
    [[while IFS= read -r x || [ "$x" ]; do printf '<%s>' "$x"; done <../given/lines; env true]],
    function()
    local found = {}
    for line in process.lines{"cat", "../given/lines"} do found[#found + 1] = "<" .. line .. ">" end
    return table.concat(found)
  end)

  -- ----------------------------------------------------------------- filters

  case("the_most_frequent",
    [[tr -cs a-z '\n' <../given/lines | sort | uniq -c | sort -rn -k1,1 -k2 | head -3]],
    pipe({"tr", "-cs", "a-z", "\\n", stdin = {file = "../given/lines"}}, {"sort"}, {"uniq", "-c"},
      {"sort", "-rn", "-k1,1", "-k2"}, {"head", "-3"}))
  case("columns",
    [[cut -d, -f2,3 ../given/table | awk -F, '{ s += $2; print NR, $1 } END { print s }' | sed 's/ /\t/' | nl]],
    pipe({"cut", "-d,", "-f2,3", "../given/table"},
      {"awk", "-F,", "{ s += $2; print NR, $1 } END { print s }"},
      {"sed", "s/ /\\t/"}, {"nl"}))
  case("awk_says_it_on_both",
    [[awk '{ print; print "!" $0 >"/dev/stderr" } END { exit NR }' ../given/left]],
    {"awk", '{ print; print "!" $0 >"/dev/stderr" } END { exit NR }', "../given/left"})
  case("side_by_side",
    [[paste -d: ../given/left ../given/right | rev | tac | fold -w 5 | od -An -tx1]],
    pipe({"paste", "-d:", "../given/left", "../given/right"}, {"rev"}, {"tac"}, {"fold", "-w", 5},
      {"od", "-An", "-tx1"}))
  case("in_common", [[comm -12 ../given/left ../given/right; join ../given/left ../given/right]],
    function()
      local common = try{"comm", "-12", "../given/left", "../given/right"}
      local joined = try{"join", "../given/left", "../given/right"}
      joined.stdout = common.stdout .. joined.stdout
      return joined
    end)
  case("a_file_and_the_pipe", [[cat ../given/left | comm -3 - ../given/right]],
    pipe({"cat", "../given/left"}, {"comm", "-3", "-", "../given/right"}))
  case("words_from_the_pipe", [[seq 20 | xargs -n 7 echo got]],
    pipe({"seq", 20}, {"xargs", "-n", 7, "echo", "got"}))
  case("words_with_blanks_from_the_pipe", [[printf 'a b\0*\0\0' | xargs -0 -n1 printf '[%s]']],
    pipe({"printf", "a b\\0*\\0\\0"}, {"xargs", "-0", "-n1", "printf", "[%s]"}))
  case("four_at_a_time", [[seq 12 | xargs -P4 -n1 sh -c 'echo "$0"; exit 0' | sort -n]],
    pipe({"seq", 12}, {"xargs", "-P4", "-n1", "sh", "-c", 'echo "$0"; exit 0'}, {"sort", "-n"}))
  case("found_files", [[find ../given/ -type f -name '*e*' | sort]],
    pipe({"find", "../given/", "-type", "f", "-name", "*e*"}, {"sort"}))
  case("broken_archive", [[head -c 50 ../given/archive.gz | gunzip | wc -c]],
    pipe({"head", "-c", 50, "../given/archive.gz"}, {"gunzip"}, {"wc", "-c"}))
  case("tar_to_tar", [[tar -C ../given -cf - left right sub | tar -xvf - | sort]],
    pipe({"tar", "-C", "../given", "-cf", "-", "left", "right", "sub"}, {"tar", "-xvf", "-"},
      {"sort"}))
  case("changed_in_place", [[cp ../given/left mine && sed -i s/a/b/ mine && split -l 1 mine part-]],
    function()
      run{"cp", "../given/left", "mine"}
      run{"sed", "-i", "s/a/b/", "mine"}
      return try{"split", "-l", 1, "mine", "part-"}
    end)

  -- ------------------------------------------------------- shells and others

  case("a_shell_inside", [[(echo a; exit 4) | cat]], pipe(sh "(echo a; exit 4)", {"cat"}))
  case("who_is_left_behind_keeps_the_pipe", [[sh -c '(sleep 0.3; echo late) & echo first' | cat]],
    pipe(shell "(sleep 0.3; echo late) & echo first", {"cat"}))
  case("who_is_waited_for", [[sh -c '(sleep 0.1; echo late) & echo first; wait $!; echo $?']],
    shell "(sleep 0.1; echo late) & echo first; wait $!; echo $?")
  case("a_slow_reader", [[seq 50000 | sh -c 'sleep 0.2; tail -1']],
    pipe({"seq", 50000}, shell "sleep 0.2; tail -1"))
  case("a_slow_writer", [[sh -c 'echo a; sleep 0.2; echo b' | cat]],
    pipe(shell "echo a; sleep 0.2; echo b", {"cat"}))
  case("a_fifo", [[sh -c 'mkfifo way; cat way & echo x >way; wait; rm way']],
    shell "mkfifo way; cat way & echo x >way; wait; rm way")
  case("a_trap_at_the_end",
    [[sh -c 'trap "echo bye; exit 7" TERM EXIT; kill -TERM $$; echo never']],
    shell 'trap "echo bye; exit 7" TERM EXIT; kill -TERM $$; echo never')
  case("pipelines_in_a_pipeline", [[seq 9 | sort -r | head -5 | sort]],
    pipe(pipe({"seq", 9}, {"sort", "-r"}), pipe({"head", "-5"}, {"sort"})))
  case("one_command_after_another", [[false || true && sh -c 'exit 6']], function()
    if not try{"false"}.ok and try{"true"}.ok then return try{"sh", "-c", "exit 6"} end
  end)
  case("the_value_of_a_command", [[env echo "there are $(ls ../given/sub | wc -l)"]], function()
    return try{"echo", "there are " .. read(pipe({"ls", "../given/sub"}, {"wc", "-l"}))}
  end)

  -- --------------------------------------------------------------- functions

  case("a_function_between", [[seq 5 | tr 1-5 a-e | tac]], pipe({"seq", 5}, function(input, output)
    for line in input:lines() do output:write(string.char(96 + line), "\n") end
  end, {"tac"}))
  case("a_function_first", [[seq 100000 | tail -2]], pipe(function(_, output)
    for i = 1, 100000 do output:write(i, "\n") end
  end, {"tail", "-2"}))
  case("a_function_last", [[cat ../given/lines | grep -v -n a]],
    pipe({"cat", "../given/lines"}, function(input, output)
    local number = 0
    for line in input:lines() do
      number = number + 1
      if not line:find("a", 1, true) then output:write(number, ":", line, "\n") end
    end
  end))
  case("two_functions_side_by_side", [[seq 1000 | sed s/$/!/ | grep -c 7 | cat]],
    pipe({"seq", 1000}, function(input, output)
      for line in input:lines() do output:write(line, "!\n") end
    end, function(input, output)
      local count = 0
      for line in input:lines() do
        if line:find "7" then count = count + 1 end
      end
      output:write(count, "\n")
    end, {"cat"}))
  case("a_function_that_copies", [[cat <../given/binary | cat | cksum]],
    pipe({"cat", stdin = {file = "../given/binary"}}, function(input, output)
      input:copy_to(output)
    end, {"cksum"}))
  case("a_function_that_counts", [[cat ../given/binary | wc -c | cat]],
    pipe({"cat", "../given/binary"}, function(input, output)
    local count = 0
    for block in function() return input:read(4096) end do count = count + #block end
    output:write(count, "\n")
  end, {"cat"}))
  case("a_function_for_each_line", [[printf %s "$(cat ../given/lines)"]], function()
    local found = {}
    run{"cat", "../given/lines", stdout = function(line) found[#found + 1] = line end}
    return table.concat(found, "\n")
  end)

  -- ----------------------------------------------------------- whole scripts

  case("output_is_passed_on_in_order",
    [[sh -c 'echo a; echo b >&2; echo c' 2>&1; echo d; sh -c 'echo e >&2' 2>&1]],
    [[
    local process = async.process
    process.run{"sh", "-c", "echo a; echo b >&2; echo c", stderr = "stdout"}
    print "d"
    process.run{"sh", "-c", "echo e >&2", stderr = "stdout"}]])
  case("errors_are_passed_on", [[sh -c 'echo a; echo b >&2; exit 3']], [[
    os.exit(async.process.try{"sh", "-c", "echo a; echo b >&2; exit 3", stdout = "inherit",
      stderr = "inherit"}.status)]])
  case("input_is_passed_on",
    [[sh -c 'read x; echo "first $x"' <../given/lines; wc -l <../given/lines]],
    [[
    async.process.run{"sh", "-c", 'read x; echo "first $x"', stdin = "inherit"}
    async.process.run{"wc", "-l", stdin = {file = "../given/lines"}}]], {input = "../given/lines"})
  case("input_is_shared", [[(sh -c 'read x; echo "first $x"'; cat) <../given/lines]], [[
    async.process.run{"sh", "-c", 'read x; echo "first $x"', stdin = "inherit"}
    async.process.run{"cat", stdin = "inherit"}]], {input = "../given/lines"})
  case("no_input_unless_said", [[cat </dev/null; echo nothing]], [[
    async.process.run{"cat"}
    print "nothing"]], {input = "../given/lines"})
  case("files_of_lua_and_files_of_commands", [[echo one >made; echo two >>made; cat made]], [[
    local file = io.open("made", "w")
    file:write "one\n"
    file:close()
    async.process.run{"echo", "two", stdout = {file = "made", append = true}}
    for line in io.lines "made" do print(line) end]])
end
