package array

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"text/template"

	"vitdse/configs"
)

// Template is the job template of an engine. In it stand {{.Command}}, which is to be followed by the task's index from
// 0, {{.Last}}, the last index, {{.Tasks}}, how many there are, {{.Dir}}, the work's folder, {{.Logs}}, that of the
// logs as a word of a shell, and {{.Shell}}, for Kubernetes the whole line of a shell, which quote makes a text of
// YAML.
func Template(name string) (string, error) {
	e, err := engineOf(name)
	if err != nil {
		return "", fmt.Errorf("engine %q has no job template: %w", name, err)
	}
	text, err := templates.ReadFile("templates/" + e.file)
	return string(text), err
}

// script renders the job template of an engine, or the file in its place.
func (o Options) script(e engine, dir string, tasks int) (string, error) {
	text, err := Template(e.name)
	if err != nil {
		return "", err
	}
	name := "the template of " + e.name
	if o.Template != "" {
		data, err := configs.ReadRegular(o.Template, configs.MaxFileBytes)
		if err != nil {
			return "", err
		}
		text, name = string(data), o.Template
	}
	shown := "vitdse task --template " + e.name
	if !strings.Contains(text, ".Command") && !strings.Contains(text, ".Shell") {
		return "", fmt.Errorf("%s: does not contain {{.Command}}, which runs a task; %s shows a template that does",
			name, shown)
	}
	for n, line := range strings.Split(text, "\n") {
		if e.edit != "" && strings.Contains(line, e.edit) && !strings.HasPrefix(line, "#") {
			return "", fmt.Errorf("%s: line %d: %s stands where a name of your site goes; write the template with %s, "+
				"fill it in, and give it as --job-template",
				name, n+1, e.edit, shown)
		}
	}
	t := template.New(filepath.Base(name)).Option("missingkey=error").Funcs(template.FuncMap{"quote": strconv.Quote})
	if _, err := t.Parse(text); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	command, folder := shellWord(o.Program)+" task "+shellWord(dir), filepath.Join(dir, logs)
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Command, Dir, Logs, Shell string
		Last, Tasks               int
	}{command, dir, shellWord(folder), "exec " + command + ` "$JOB_COMPLETION_INDEX" >>` + shellWord(folder) +
		`/"$JOB_COMPLETION_INDEX".log 2>&1`,
		tasks - 1, tasks})
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return b.String(), nil
}

// shellWord is a text as one word of a shell.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
