-- Texts before the rows, between them and after them; long lines; what has a default.

local spec = {
  name = "convert",
  "Converts many files side by side, and says at the end which of them could not be converted, and why.",
  "A second paragraph.",
  {"FILE...", "what to convert"},
  {"[TARGET]"},
  {"-j, --jobs=N", "how many at a time", type = "integer", default = 4},
  {"-h", "with numbers a human can read"},
  {"--hidden", hidden = true},
  "What is written:",
  {"-f, --format", "the format of each of the pictures, whatever they were before, and also of those below", choices = {"png", "jpg"}, default = "png"},
  {"--a-name-that-is-much-too-long=VALUE...", "as it says"},
  {"--[no-]color[=WHEN]x"},
  "Examples:\n  convert   a.png\nand so on",
}
print(select(2, pcall(async.args, spec, {}))) -- expect: $FILE:$LINE: args: '--[no-]color[=WHEN]x': expected '=VALUE' after the name, got '[=WHEN]x'
spec[11] = {"--[no-]color"}
local values, text, code = async.args(spec, {"--help", "--nonsense"})
print(values, code) -- expect: nil	HELP
io.write(text)
-- expect: Usage: convert [options] FILE... [TARGET]
-- expect:
-- expect: Converts many files side by side, and says at the end which of them could not be
-- expect: converted, and why.
-- expect:
-- expect: A second paragraph.
-- expect:
-- expect:   FILE...               what to convert
-- expect:
-- expect:   -j, --jobs=N          how many at a time (4)
-- expect:   -h                    with numbers a human can read
-- expect:
-- expect: What is written:
-- expect:   -f, --format=png|jpg  the format of each of the pictures, whatever they were
-- expect:                         before, and also of those below (png)
-- expect:   --a-name-that-is-much-too-long=VALUE...
-- expect:                         as it says
-- expect:   --[no-]color
-- expect:   --help                show this
-- expect:
-- expect: Examples:
-- expect:   convert   a.png
-- expect: and so on
