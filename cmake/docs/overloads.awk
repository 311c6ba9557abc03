# SPDX-License-Identifier: Apache-2.0
# A filter of Doxygen, which wants a comment for each function. In the headers a comment is for
# the functions below it up to an empty line: the others refer to the first.
/^(Status |template <)/ && follows { printf "/** As the function above. */ " }
{ print; follows = /;$/ && !/^}/ }
