package fault

import (
	"strings"
	"unicode"
)

// Names is what a name is made of, as an error says it.
const Names = "1..128 letters, digits, '.', '_' or '-', not starting with '.' or '-'"

// IsName says whether a text may name a model, design, space or part, or be a device's code: names end up in
// file names, and in RTL, C++, Tcl and makefiles.
func IsName(name string) bool {
	ok := name != "" && len(name) <= 128 && name[0] != '.' && name[0] != '-'
	for _, c := range name {
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c))
	}
	return ok
}

// Titles is what a title is made of, as an error says it.
const Titles = "a line of at most 200 letters, digits, spaces and + - . , : / ( ) # & _ ="

// IsTitle says whether a text may be a title: a line for people in any language, without what begins a command, a
// comment or a quotation in a language that it could end up in.
func IsTitle(title string) bool {
	for _, c := range title {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune(" +-.,:/()#&_=", c) {
			return false
		}
	}
	return strings.TrimSpace(title) != "" && len([]rune(title)) <= 200 && !strings.Contains(title, "//")
}
