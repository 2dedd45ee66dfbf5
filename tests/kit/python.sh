# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# python.sh FOLDER -- has the PATH begin with FOLDER/bin, where python3 is python3 itself and not
# a script that looks for it.
real_python=$(type -P python3) && [[ $(head -c 2 "$real_python") == '#!' ]] && {
  mkdir "$1/bin"
  ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$1/bin/python3"
  PATH=$1/bin:$PATH
}
unset real_python
