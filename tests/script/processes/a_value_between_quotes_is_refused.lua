-- It would end them, and what is in it be run.
local process = async.process

local function try(template, ...)
  local ok, cmd = pcall(process.sh, template, ...)
  if not ok then return (cmd:match "number %d stands in quotes") end
  return process.read(cmd)
end

print(try([[echo "a {}"]], "$(echo run)"))           -- expect: number 1 stands in quotes
print(try([[echo {} '{}']], "a", ";echo run"))       -- expect: number 2 stands in quotes
print(try([[sh -c 'printf %s {}']], "; echo run"))   -- expect: number 1 stands in quotes
print(try([[echo "$(echo "{}")"]], "a"))             -- expect: number 1 stands in quotes
print(try([[echo "$(echo {})"]], "a  b"))            -- expect: a  b
print(try([[echo "$(printf %s {})"]], "a  b"))       -- expect: a  b
print(try([[echo it\'s "a \"b\"" {}]], "$x"))       -- expect: it's a "b" $x
print(try([[printf %s 'a\'{}]], "b"))                -- expect: a\b
print(try("echo {} # it's\necho {}", "a", "b"):gsub("\n", ",")) -- expect: a,b	1
print(try([[echo a#"b"{} `echo {}`]], "c", "d  d"))  -- expect: a#bc d d
print(try([[printf %s {} | sed 's/{}//']], "x", "y"))  -- expect: number 2 stands in quotes
print(try([[f() { echo "f $1"; }; f {}]], "{}"))     -- expect: f {}
