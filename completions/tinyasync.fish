# SPDX-License-Identifier: MIT
#
# Completion of tinyasync's command line for fish.  `make lint` compares the
# commands and options with the program's.

complete -c tinyasync -n __fish_is_first_token -a run -d 'Run a task script'
complete -c tinyasync -n __fish_is_first_token -a completion -d "Print what a shell needs for a script"
complete -c tinyasync -n __fish_is_first_token -a help -d 'Say how to use a command'
complete -c tinyasync -n __fish_is_first_token -a version -d 'Name the versions in use'
complete -c tinyasync -n '__fish_seen_subcommand_from help' -x -a 'run completion help version'
complete -c tinyasync -l trace -d 'Log every step of every task'
complete -c tinyasync -l virtual-time -d 'Do not wait'
complete -c tinyasync -l timeout -x -d 'Cancel everything after so many seconds'
complete -c tinyasync -l grace -x -d 'How long clean-up may take'
complete -c tinyasync -l max-memory -x -d 'No more memory for the script'
complete -c tinyasync -l max-step -x -d 'An error in a task that does not wait for so long'
complete -c tinyasync -l warn-slow -d 'Name a task that does not wait'
complete -c tinyasync -l allow-read -d 'Allow reading, and nothing that is not allowed'
complete -c tinyasync -l allow-write -d 'Allow writing, and nothing that is not allowed'
complete -c tinyasync -l allow-run -d 'Allow commands, and nothing that is not allowed'
complete -c tinyasync -l allow-net -d 'Allow the network, and nothing that is not allowed'
complete -c tinyasync -l deny-net -d 'Refuse the network'
complete -c tinyasync -l on-error -x -a 'continue stop' -d 'When a task fails'
complete -c tinyasync -l traceback -x -a 'on off' -d 'Show where a failed task was'
complete -c tinyasync -l seed -x -d 'Step runnable tasks in another order'
complete -c tinyasync -l output -x -a 'raw lines group' -d 'How what commands write is shown'
complete -c tinyasync -l print-commands -d 'Print each command as it starts'
complete -c tinyasync -s x -d 'Print each command as it starts'
complete -c tinyasync -s e -x -d 'Run code instead of a script'
complete -c tinyasync -n '__fish_seen_subcommand_from completion' -l shell -x -a 'bash zsh fish' -d 'For this shell'
complete -c tinyasync -s h -l help -d 'Show the options'

# The script and what follows it, one a line; nothing, before there is one.
function __tinyasync_script_words
    set -l skip
    set -l words (commandline -opc)
    for i in (seq 2 (count $words))
        if test -n "$skip"
            set skip
            continue
        end
        switch $words[$i]
            case run
                test $i -eq 2; and continue
            case completion help version
                test $i -eq 2; and return 1
            case --timeout --grace --max-memory --max-step --seed --output --on-error --traceback -e
                set skip skip
                continue
            case '-*'
                continue
        end
        string join \n -- $words[$i..-1]
        return 0
    end
    return 1
end

# What the script offers, if its completion was loaded.
function __tinyasync_of_script
    set -l words (__tinyasync_script_words)
    set words[1] (basename -- $words[1])
    complete -C (string join ' ' -- (string escape -- $words) (commandline -ct))
end

complete -c tinyasync -n __tinyasync_script_words -a '(__tinyasync_of_script)'
