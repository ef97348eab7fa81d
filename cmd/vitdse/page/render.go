package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
)

//go:embed assets/page.html assets/page.css assets/*.js
var assets embed.FS

// scripts are the modules of the page's script, each behind those that it imports from.
var scripts = []string{"dom.js", "format.js", "scale.js", "data.js", "select.js", "state.js", "marks.js", "raster.js",
	"filters.js", "compare.js", "scatter.js", "parallel.js",
	"table.js", "why.js", "timeline.js", "ops.js", "layers.js", "evidence.js", "live.js", "main.js"}

var pageTemplate = template.Must(template.ParseFS(assets, "assets/page.html"))

// Write writes the page of a report. A page that is served asks its server for news at the
// given path; one in a file ("") asks nobody for anything.
func Write(w io.Writer, r *Report, live string) error {
	data, err := json.Marshal(r) // writes <, > and & as escapes, so that no text ends the element
	if err != nil {
		return err
	}
	css, err := assets.ReadFile("assets/page.css")
	if err != nil {
		return err
	}
	script, err := bundle()
	if err != nil {
		return err
	}
	connect := "'none'"
	if live != "" {
		connect = "'self'"
	}
	var buf bytes.Buffer
	err = pageTemplate.Execute(&buf, map[string]any{
		"Title": r.Model.Name + " on " + partNames(r),
		"Policy": fmt.Sprintf("default-src 'none'; script-src '%s'; style-src '%s'; connect-src %s; base-uri 'none'; "+
			"form-action 'none'", hash(script), hash(string(css)), connect),
		"Live":   live,
		"CSS":    template.CSS(css),
		"Data":   template.JS(data),
		"Script": template.JS(script),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(buf.Bytes())
	return err
}

func partNames(r *Report) string {
	var names []string
	for _, p := range r.Parts {
		names = append(names, p.Name)
	}
	if len(names) > 4 {
		return fmt.Sprintf("%d parts", len(names))
	}
	return strings.Join(names, ", ")
}

// hash is how a content security policy names an inline text.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

var (
	importLine = regexp.MustCompile(`(?m)^import (\{[^}]*\}) from "\./(\w+)\.js";$`)
	exportLine = regexp.MustCompile(`(?m)^export ((?:async )?(?:function|class|const|let) (\w+))`)
)

// bundle makes one script of the modules: each a function of its own, so that their names are
// apart, whose result is what it exports.
func bundle() (string, error) {
	var b strings.Builder
	b.WriteString("\"use strict\";\n")
	for _, name := range scripts {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return "", err
		}
		var exports []string
		for _, m := range exportLine.FindAllSubmatch(text, -1) {
			exports = append(exports, string(m[2]))
		}
		text = importLine.ReplaceAll(exportLine.ReplaceAll(text, []byte("$1")), []byte("const $1 = module_$2;"))
		fmt.Fprintf(&b, "const module_%s = (() => {\n%sreturn { %s };\n})();\n",
			strings.TrimSuffix(name, ".js"), text, strings.Join(exports, ", "))
	}
	return b.String(), nil
}
