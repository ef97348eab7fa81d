package verify

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
)

// fieldTerms are the short names in the names of parameters: a tile's rows, columns and products, as every paper on
// arrays has them, the buffers and operands that the engine's documents name by a letter, and what AMD's tools want.
var fieldTerms = []string{"TM", "TN", "TK", "X", "Q", "A", "B", "DSP", "QKV", "C_M_AXI_ADDR_WIDTH"}

var (
	parameter     = regexp.MustCompile(`(?m)^  parameter (?:\[[^\]]*\] )?(\w+).*$`)
	parameterNote = regexp.MustCompile(`^  parameter (?:\[[^\]]*\] )?\w+ += .*?  // \[([^\]]+)\] \S`)
	bitsName      = regexp.MustCompile(`_BITS$|SHIFT|^WIDTH$|ADDR_WIDTH$`)
	vowel         = regexp.MustCompile(`[AEIOUY]`)
)

// TestParameters holds that every parameter of every module says what it is: a name of whole words, a unit, and a
// comment; of bits the name says so, and a name has one unit in all modules.
func TestParameters(t *testing.T) {
	modules := map[string]string{}
	for _, dir := range checkedFolders(t) {
		maps.Copy(modules, rtlSources(t, dir[:len(dir)-len("/rtl")]))
	}
	maps.Copy(modules, unitSources(t, configs.ECP5))
	units, count := map[string]string{}, 0
	for _, module := range slices.Sorted(maps.Keys(modules)) {
		for _, m := range parameter.FindAllStringSubmatch(modules[module], -1) {
			count++
			name, note := m[1], parameterNote.FindStringSubmatch(m[0])
			if note == nil {
				t.Errorf("%s: no unit and comment: %s", module, m[0])
				continue
			}
			if !plainName(name) {
				t.Errorf("%s: %s is no name of plain words", module, name)
			}
			unit := note[1]
			if named := bitsName.MatchString(name); named != (unit == "bits") {
				t.Errorf("%s: %s is in %s", module, name, unit)
			}
			if other, ok := units[name]; ok && other != unit {
				t.Errorf("%s: %s is in %s, elsewhere in %s", module, name, unit, other)
			}
			units[name] = unit
		}
	}
	if len(modules) < 40 || count < 300 {
		t.Errorf("%d parameters of %d files", count, len(modules))
	}
}

// plainName says whether a name is of words: of three letters or more, a vowel among them, or a term of the field's.
func plainName(name string) bool {
	if slices.Contains(fieldTerms, name) {
		return true
	}
	for _, word := range strings.Split(name, "_") {
		if !slices.Contains(fieldTerms, word) && (len(word) < 3 || !vowel.MatchString(word)) {
			return false
		}
	}
	return len(name) >= 4
}
