package verify

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A token of C++: what is not changed comes first (comments, the preprocessor's lines, texts, casts and types with
// their arguments), then names, numbers and operators.
var cppToken = regexp.MustCompile(`//[^\n]*|(?m:^#(?:.*\\\n)*.*$)|"[^"\n]*"|\b(?:ap_u?int|static_cast|hls::stream)<[^;{}]*?>|typedef[^;]*;` +
	`|[A-Za-z_]\w*|\d\w*|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\+\+|--|->|::|[-+*/%&|^<>=!~?:;,.(){}\[\]]`)

var cppSwap = map[string]string{
	"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&",
	"==": "!=", "!=": "==",
	"<": "<=", "<=": "<", ">": ">=", ">=": ">", "&&": "||", "||": "&&", "+=": "-=", "-=": "+=", "|=": "&=",
	"true": "false", "false": "true", "!": "", "~": "",
}

// A declaration of an array, whose dimensions only hold what is put into it.
var cppArray = regexp.MustCompile(`^\s*(static )?(const )?[\w:]+ \w+\[`)

// cppChanges are all changes of a C++ source inside its functions.
func cppChanges(t *testing.T, dir, name string) []change {
	t.Helper()
	path := filepath.Join(dir, name)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	lines := strings.Split(text, "\n")
	var list []change
	add := func(operator string, begin, end int, with string) {
		line := strings.Count(text[:begin], "\n")
		c := change{path: path, begin: begin, end: end, with: with}
		from := strings.LastIndexByte(text[:begin], '\n') + 1
		mutated := text[from:begin] + with
		if rest := text[end:]; !strings.Contains(text[begin:end], "\n") {
			mutated += rest[:strings.IndexByte(rest+"\n", '\n')]
		}
		c.mutant = mutant{File: name, Line: line + 1, Operator: operator, Text: strings.TrimSpace(lines[line]),
			Mutated: strings.TrimSpace(mutated)}
		list = append(list, c)
	}
	depth, statement := 0, 0
	for _, at := range cppToken.FindAllStringIndex(text, -1) {
		token := text[at[0]:at[1]]
		switch token {
		case "{", "}", ";":
			body := text[statement:at[0]]
			if assign := regexp.MustCompile(`^\s*[\w.]+(\[[^=;]*\])?(\.range\([^;=]*\))? [-+|]?= `); depth > 0 && token == ";" &&
				assign.MatchString(body) {
				add("assignment dropped", statement+len(body)-len(strings.TrimLeft(body, " \n")), at[0], "")
			}
			statement = at[1]
			depth += map[string]int{"{": 1, "}": -1}[token]
			continue
		}
		if strings.HasPrefix(token, "//") || strings.HasPrefix(token, "#") {
			if strings.TrimSpace(text[statement:at[0]]) == "" {
				statement = at[1]
			}
			continue
		}
		if depth == 0 || cppArray.MatchString(text[statement:at[1]]) && strings.Count(text[statement:at[1]], "=") == 0 {
			continue
		}
		if to, ok := cppSwap[token]; ok {
			add(token+" to "+to, at[0], at[1], to)
		}
		if v, err := strconv.ParseInt(token, 0, 32); err == nil {
			add("constant", at[0], at[1], strconv.FormatInt(v+1, 10))
		}
		if token == "if" {
			begin, end := at[1]+1, condition(text, at[1]+1)
			add("always", begin, end, "(true)")
			add("never", begin, end, "(false)")
		}
	}
	return list
}

// condition is the end of the text in brackets that begins at i.
func condition(text string, i int) int {
	for depth := 0; i < len(text); i++ {
		depth += map[byte]int{'(': 1, ')': -1}[text[i]]
		if depth == 0 {
			return i + 1
		}
	}
	return i
}

// hlsFolders are networks and engines that between them have all of the HLS sources.
func hlsFolders(t *testing.T) []string {
	t.Helper()
	var dirs []string
	for _, d := range mutantDesigns {
		m, design := d.pair(t)
		dirs = append(dirs, emitRandom(t, m, design, 3, 3))
	}
	return dirs
}

func testHLSMutants(t *testing.T) {
	t.Setenv("OPT", "-O0")
	dirs := hlsFolders(t)
	var list []change
	seen := map[string]bool{}
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "hls/vit_*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			name := filepath.Base(path)
			// These hold data and types, or are the testbench's.
			if slices.Contains([]string{"vit_program.h", "vit_design.h", "vit_units.h", "vit_trace.h"}, name) {
				continue
			}
			var here []change
			for _, c := range cppChanges(t, filepath.Dir(path), name) {
				if !seen[name+strconv.Itoa(c.begin)+c.Operator+c.Text] {
					here = append(here, c)
				}
			}
			for _, c := range here {
				seen[name+strconv.Itoa(c.begin)+c.Operator+c.Text] = true
			}
			list = append(list, here...)
		}
	}
	t.Logf("%d mutants in %d designs", len(list), len(dirs))
	all := runChanges(t, list, func(c change) (bool, string, bool) {
		legal := false
		for _, good := range dirs {
			original, err := os.ReadFile(filepath.Join(good, "hls", c.File))
			if err != nil {
				continue
			}
			// The same text may stand elsewhere in another design's file.
			there, ok := c.in(t, filepath.Join(good, "hls"))
			if !ok {
				continue
			}
			dir := copyFolder(t, good)
			if err := os.WriteFile(filepath.Join(dir, "hls", c.File), there.apply(original), 0o644); err != nil {
				t.Fatal(err)
			}
			rep, err := RunHLS(context.Background(), dir, Options{Images: -1, Full: -1, Checks: true}, nil)
			switch {
			case err != nil && strings.Contains(err.Error(), "building the simulation"):
				return false, "", false
			case err != nil:
				return true, strings.SplitN(err.Error(), "\n", 2)[0], true
			case len(rep.Mismatches) > 0:
				return true, rep.Mismatches[0].String(), true
			}
			legal = true
			os.RemoveAll(dir)
		}
		return false, "", legal
	})
	countMutants(t, all, sourceFloor())
}

// in is the same change in another folder, by its name.
func (c change) in(t *testing.T, dir string) (change, bool) {
	list := cppChanges(t, dir, c.File)
	plain := make([]mutant, len(list))
	for i := range list {
		plain[i] = list[i].mutant
	}
	number(plain)
	for i := range plain {
		if plain[i].key() == c.key() {
			return list[i], true
		}
	}
	return change{}, false
}
