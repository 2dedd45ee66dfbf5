# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The tables of tests/bench/run, which has `results`; or
#
#   bash tests/bench/table.bash RESULTS_DIR WORKLOAD TITLE COLUMN...

# Prints the medians of a workload.  A column is LABEL:KEY:SCALE:BASES, where a
# negative scale makes a rate of the time, and the bases (after commas) are the
# peers that the column is also shown as a multiple of.
table() { # WORKLOAD TITLE COLUMN...
  local workload=$1
  printf '\n%s: %s\n' "$workload" "$2"
  shift 2
  awk -v columns="$*" '
    function median(peer, key,    n, i, j, list, value) {
      n = count[peer, key]
      for (i = 1; i <= n; i++) {
        value = values[peer, key, i]
        for (j = i - 1; j > 0 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
      }
      return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    function cell(peer, c,    m) {
      if (!count[peer, key[c]]) return "-"
      m = median(peer, key[c])
      return scale[c] < 0 ? -scale[c] / m : scale[c] * m
    }
    function show(number) {
      if (number == "-") return number
      return sprintf(number >= 100 ? "%.0f" : "%.3g", number)
    }
    {
      if (!($1 in known)) {
        known[$1] = 1
        order[++peers] = $1
      }
      for (i = 2; i <= NF; i++) if (split($i, pair, "=") == 2) {
        values[$1, pair[1], ++count[$1, pair[1]]] = pair[2] + 0
        if (pair[1] == "early" && pair[2] > 0) early[$1] = 1
      }
    }
    END {
      width = split(columns, column, " ")
      line = sprintf("  %-22s", "")
      for (c = 1; c <= width; c++) {
        split(column[c], part, ":")
        key[c] = part[2]
        scale[c] = part[3]
        bases[c] = split(part[4], base, ",")
        line = line sprintf("%12s", part[1])
        for (b = 1; b <= bases[c]; b++) {
          against[c, b] = base[b]
          line = line sprintf("%14s", "/" base[b])
        }
      }
      print line
      for (p = 1; p <= peers; p++) {
        line = sprintf("  %-22s", order[p])
        for (c = 1; c <= width; c++) {
          value = cell(order[p], c)
          line = line sprintf("%12s", show(value))
          for (b = 1; b <= bases[c]; b++) {
            other = cell(against[c, b], c)
            valid = value != "-" && other != "-" && other > 0
            line = line sprintf("%14s", valid ? show(value / other) : "-")
          }
        }
        print line (order[p] in early ? "  (some woke before all slept)" : "")
      }
    }' "$results/$workload"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  results=$1
  table "${@:2}"
fi
