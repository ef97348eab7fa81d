package array

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// awkward is a folder's name that a shell takes apart unless it is one word.
const awkward = "it's a $HOME `folder`"

// rendered is an engine's own template for some tasks in a folder; fill takes the place of a site's names.
func rendered(t *testing.T, e engine, dir, program string, tasks int, fill string) string {
	t.Helper()
	o := Options{Engine: e.name, Program: program}
	if e.edit != "" {
		text, err := Template(e.name)
		if err != nil {
			t.Fatal(err)
		}
		o.Template = filepath.Join(t.TempDir(), e.file)
		if err := os.WriteFile(o.Template, []byte(strings.ReplaceAll(text, e.edit, fill)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text, err := o.script(e, dir, tasks)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// indices is what each scheduler puts into the environment of its first, second and third task, and how it numbers
// them: sbatch(1), "Job Array Index" of LSF's bsub(1), qsub(1) of Grid Engine, qsub(1B) of PBS, hq's task arrays, and
// the label batch.kubernetes.io/job-completion-index of a pod.
var indices = map[string]struct {
	variable string
	first    int
}{
	"slurm": {"SLURM_ARRAY_TASK_ID", 0}, "lsf": {"LSB_JOBINDEX", 1}, "sge": {"SGE_TASK_ID", 1},
	"pbs": {"PBS_ARRAY_INDEX", 0}, "hq": {"HQ_TASK_ID", 0}, "k8s": {"JOB_COMPLETION_INDEX", 0},
}

// Each template, run by a shell with its scheduler's variables, starts the program with folder and index, and its log
// is that of the task.
func TestTemplatesRun(t *testing.T) {
	program := filepath.Join(t.TempDir(), "say it's")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s|' \"$@\"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), awkward)
			if err := os.MkdirAll(filepath.Join(dir, logs), 0o777); err != nil {
				t.Fatal(err)
			}
			text := rendered(t, e, dir, program, 3, "x")
			if e.name == "k8s" {
				var pod struct {
					Spec struct {
						Template struct {
							Spec struct{ Containers []struct{ Command []string } }
						}
					}
				}
				if err := yaml.Unmarshal([]byte(text), &pod); err != nil {
					t.Fatal(err)
				}
				command := pod.Spec.Template.Spec.Containers[0].Command
				if len(command) != 3 || command[0] != "/bin/sh" || command[1] != "-c" {
					t.Fatalf("command %q", command)
				}
				text = command[2]
			}
			for i := range 3 {
				at := indices[e.name]
				cmd := exec.Command("/bin/sh", "-c", text)
				cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", at.variable, at.first+i))
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if e.name != "slurm" { // Slurm opens the log itself
					if out, err = os.ReadFile(logPath(dir, i)); err != nil {
						t.Fatal(err)
					}
				}
				if want := fmt.Sprintf("task|%s|%d|", dir, i); string(out) != want {
					t.Errorf("task %d: %q; expected %q", i, out, want)
				}
			}
		})
	}
}

// directives are the options that each scheduler's manual page has, as its template may use them.
var directives = map[string]struct{ prefix, options, array string }{
	"slurm": {"#SBATCH ", `--(job-name|array|output|open-mode|cpus-per-task|requeue|time)(=\S+)?`, `--array=0-2`},
	"lsf":   {"#BSUB ", `-(J "[^"]+"|o \S+|n \d+|r|W \d+:\d\d)`, `-J "vitdse[1-3]"`},
	"sge":   {"#$ ", `-(N \S+|t \d+-\d+|S \S+|o \S+|j y|r y|l h_rt=\d+:\d\d:\d\d)`, `-t 1-3`},
	"pbs":   {"#PBS ", `-(N \S+|J \d+-\d+|o \S+|j oe|r y|l select=\d+:ncpus=\d+|l walltime=\d+:\d\d:\d\d)`, `-J 0-2`},
	"hq":    {"#HQ ", `--(name|array|cpus|stdout|stderr|time-limit) \S+`, `--array 0-2`},
}

func TestTemplatesDirectives(t *testing.T) {
	for name, d := range directives {
		e, err := engineOf(name)
		if err != nil {
			t.Fatal(err)
		}
		text := rendered(t, e, "/shared/work", "/opt/vitdse", 3, "")
		if !strings.Contains(text, d.prefix+d.array+"\n") {
			t.Errorf("%s: no %s in\n%s", name, d.array, text)
		}
		option := regexp.MustCompile("^" + d.options + "$")
		for n, line := range strings.Split(strings.TrimSpace(text), "\n") {
			switch given, is := strings.CutPrefix(line, d.prefix); {
			case n == 0 && line != "#!/bin/sh", is && !option.MatchString(given), !is && strings.HasPrefix(line, "#") && n > 0:
				t.Errorf("%s:%d: %q is none of the options of its manual page", name, n+1, line)
			}
		}
	}
	pbs, _ := engineOf("pbs")
	if text := rendered(t, pbs, "/shared/work", "/opt/vitdse", 1, ""); strings.Contains(text, "-J") {
		t.Errorf("PBS takes no array of one task:\n%s", text)
	}
}

// The Kubernetes template is what the schema of a Job asks for: of Kubernetes 1.28, as its authors publish it, without
// the descriptions, from the wheel kubernetes-validate 1.37.0.
func TestKubernetesSchema(t *testing.T) {
	data, err := os.ReadFile("testdata/kubernetes-job-1.28.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	e, _ := engineOf("k8s")
	text := rendered(t, e, "/shared/"+awkward, "/opt/vitdse", 3, "lab/vitdse")
	check := func(text string) []string {
		var job any
		if err := yaml.Unmarshal([]byte(text), &job); err != nil {
			t.Fatal(err)
		}
		return s.check("job", map[string]any{"$ref": "io.k8s.api.batch.v1.Job"}, job)
	}
	if faults := check(text); len(faults) > 0 {
		t.Errorf("%s\n%s", strings.Join(faults, "\n"), text)
	}
	for _, wrong := range [][2]string{{"completions: 3", "completions: three"}, {"parallelism:", "parallel:"},
		{"restartPolicy: Never", "restart: Never"},
		{"mountPath:", "path:"}, {"action: Ignore # a pod that was evicted or whose node is gone runs again, " +
			"and does not count", "act: Ignore"}} {
		if !strings.Contains(text, wrong[0]) || len(check(strings.Replace(text, wrong[0], wrong[1], 1))) == 0 {
			t.Errorf("%s in the place of %s is taken", wrong[1], wrong[0])
		}
	}
}

// schema is JSON Schema, as far as that of a Job uses it.
type schema map[string]map[string]any

// check lists what of a value is not as it has to be.
func (s schema) check(at string, rule map[string]any, v any) (faults []string) {
	if ref, ok := rule["$ref"].(string); ok {
		return s.check(at, s[ref], v)
	}
	if any, ok := rule["oneOf"].([]any); ok {
		for _, r := range any {
			if len(s.check(at, r.(map[string]interface{}), v)) == 0 {
				return nil
			}
		}
		return []string{at + ": is of no kind that it may be"}
	}
	if kinds := names(rule["type"]); len(kinds) > 0 && !slices.Contains(kinds, kind(v)) &&
		!(kind(v) == "integer" && slices.Contains(kinds, "number")) {
		return []string{fmt.Sprintf("%s: is of type %s; expected %v", at, kind(v), kinds)}
	}
	if allowed, ok := rule["enum"].([]any); ok && !slices.Contains(allowed, v) {
		return []string{fmt.Sprintf("%s: is %v; expected one of %v", at, v, allowed)}
	}
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			faults = append(faults, s.check(fmt.Sprintf("%s[%d]", at, i), rule["items"].(map[string]any), x)...)
		}
	case map[string]any:
		for _, name := range names(rule["required"]) {
			if _, has := v[name]; !has {
				faults = append(faults, at+": has no "+name)
			}
		}
		properties, _ := rule["properties"].(map[string]any)
		for name, x := range v {
			if of, ok := properties[name].(map[string]any); ok {
				faults = append(faults, s.check(at+"."+name, of, x)...)
			} else if more, ok := rule["additionalProperties"].(map[string]any); ok {
				faults = append(faults, s.check(at+"."+name, more, x)...)
			} else if rule["additionalProperties"] == false {
				faults = append(faults, at+": has no property "+name)
			}
		}
	}
	return faults
}

func names(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			list = append(list, fmt.Sprint(x))
		}
	}
	return list
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "string"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case float64:
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// What schedulers print when they take a job, are asked for it, and know it no more, as their manual pages and guides
// have it.
func TestSchedulersWords(t *testing.T) {
	for name, c := range map[string]struct {
		submitted, id         string
		active, ended, forgot string
		limit                 string // of 1000
	}{
		"slurm": {"17;cluster\n", "17", "COMPLETED 17_0 None\nPENDING 17_[1-2] Resources\n",
			"COMPLETED 17_0 None\nFAILED 17_1 NonZeroExitCode\n",
			"slurm_load_jobs error: Invalid job id specified", "MaxArraySize            = 1000\n"},
		"lsf": {"Job <17> is submitted to default queue <normal>.\n", "17", "DONE\nRUN\n", "DONE\nEXIT\n",
			"Job <17> is not found", "    MAX_JOB_ARRAY_SIZE = 1000\n"},
		"sge": {"17.1-3:1\n", "17", "job_number:                 17\n", "", "Following jobs do not exist: \n17",
			"max_aj_tasks                 1000\n"},
		"pbs": {"17[].server\n", "17[].server", "Job Id: 17[].server\n    job_state = B\n",
			"Job Id: 17[].server\n    job_state = F\n", "qstat: Unknown Job Id 17[].server",
			"Server server\n    max_array_size = 1000\n"},
		"hq": {"17\n", "17", "16 RUNNING\n17 WAITING\n", "16 RUNNING\n", "Job 17 not found", ""},
		"k8s": {"job.batch/vitdse-7x\n", "job.batch/vitdse-7x", "", "SuccessCriteriaMet Complete",
			`Error from server (NotFound): jobs.batch "vitdse-7x" not found`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engineOf(name)
			if err != nil {
				t.Fatal(err)
			}
			found := e.id.FindStringSubmatch(strings.TrimSpace(c.submitted))
			if found == nil || found[1] != c.id {
				t.Errorf("number %v of %q", found, c.submitted)
			}
			if !e.active(c.active, c.id) || e.active(c.ended, c.id) || !strings.Contains(c.forgot, e.gone) {
				t.Errorf("active is %v of %q and %v of %q; gone is %q",
					e.active(c.active, c.id), c.active, e.active(c.ended, c.id), c.ended, e.gone)
			}
			if c.limit != "" {
				if most := e.most.FindStringSubmatch(c.limit); most == nil || most[1] != "1000" {
					t.Errorf("limit %v of %q", most, c.limit)
				}
			}
		})
	}
}
