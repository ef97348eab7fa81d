package configs

import (
	"fmt"
	"reflect"
	"strings"
)

// quoted prints a value as a message shows it: texts in quotes, cut to a length
// that keeps an error on one line.
func quoted(v any) string {
	if reflect.ValueOf(v).Kind() != reflect.String {
		return fmt.Sprint(v)
	}
	s := []rune(fmt.Sprint(v))
	if len(s) > 40 {
		return fmt.Sprintf("%q...", string(s[:40]))
	}
	return fmt.Sprintf("%q", string(s))
}

// list prints values with commas between them.
func list[T any](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// hint says what a misspelt name should have been: the nearest legal one if it is
// near, all of them otherwise.
func hint(name string, legal []string) string {
	if best := nearest(name, legal); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "expected one of " + list(legal)
}

// nearest is the legal name with the smallest edit distance from name, "" if none
// is within a third of its length (at least 2 edits).
func nearest(name string, legal []string) string {
	if len(name) > 64 {
		return ""
	}
	best, least := "", max(2, len(name)/3)+1
	for _, l := range legal {
		if d := editDistance(name, l); d < least && d < len(l) {
			best, least = l, d
		}
	}
	return best
}

// editDistance is Levenshtein's: insertions, deletions and substitutions of bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
