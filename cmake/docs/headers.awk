# SPDX-License-Identifier: Apache-2.0
# A filter of Doxygen, which shows the comments of the headers as they are meant.
BEGIN {
  label = "(^|[.] )(ALiBi|Accuracy|Aliasing|Arguments|Axis|Bits|Errors|Masks|Null results|Order|" \
    "Overflow|Overloads|Pairs|Reduction|Results|Same bits|Shapes|Sinks|Special values|" \
    "Speed|States|Strides|Threads|Types|Underflow|Zero shares)( (and|in|of) [a-z]+)?: "
  start = "/// "
}

# flush: prints the text so far. A label, "Shapes: ", begins a paragraph and is in bold.
function flush(    begin, end) {
  while (match(text, label)) {
    begin = substr(text, RSTART, 2) == ". " ? RSTART + 2 : RSTART
    end = RSTART + RLENGTH - 2
    if (begin > 1) print start substr(text, 1, begin - 2) "\n///"
    start = "/// **" substr(text, begin, end - begin) "**"
    text = substr(text, end)
  }
  if (text != "") print start text
  text = ""
  start = "/// "
}

# The comment between the includes and the namespace is that of the file.
/^(namespace|extern|#define|#if)/ { is_top = 0 }
/^(#include|#define .*_H_$)/ { is_top = 1 }
is_top && /^\/\/( |$)/ && !/IWYU/ {
  if (!has_top++) print "/// @file"
  sub(/^\/\//, "///")
}

# A paragraph becomes one line. Indented lines are formulas or code.
/^ *\/\/\/( |$)/ {
  line = $0
  sub(/^ *\/\/\/ ?/, "", line)
  is_code = line ~ /^  / && (was_code || text == "" || text ~ /:$/)
  if (line == "" || is_code != was_code) {
    flush()
    print "///"
  }
  if (is_code) print "///     " line
  else if (line != "") text = text (text == "" ? "" : " ") line
  was_code = is_code
  next
}

# Doxygen wants a comment for each function. A comment is for the functions below it up to an
# empty line: the others refer to the first.
{ flush(); was_code = 0 }
/^(Status |template <)/ && follows { printf "/** As the function above. */ " }
{ print; follows = /;$/ && !/^}/ }
