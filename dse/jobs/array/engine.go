package array

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vitdse/emit/child"
)

// engine is how a scheduler takes an array job, in its own commands. In the arguments {} is the job's number.
type engine struct {
	name   string
	file   string // its job template
	submit []string
	stdin  bool           // submit reads the job from standard input; it is its last argument otherwise
	id     *regexp.Regexp // finds the number in a line that submit prints
	state  []string
	active func(said, id string) bool // whether what state prints is of a job that has not ended
	gone   string                     // what state says, failing, of a job that is forgotten
	held   *regexp.Regexp             // finds in what state prints the tasks that wait for a person's word, and why
	free   string                     // gives that word; after it the tasks
	cancel []string
	limit  []string       // asks for the most tasks that an array may have
	most   *regexp.Regexp // finds it
	edit   string         // what stands in the template where a site's own names go
	proven bool           // a test runs it
}

//go:embed templates
var templates embed.FS

// engines are the schedulers. Their commands are as the manual pages have them: sbatch(1), squeue(1), scontrol(1) of
// Slurm 22; bsub(1), bjobs(1), bparams(1) of LSF 10.1; qsub(1), qstat(1), sge_conf(5) of Grid Engine 8.1; qsub(1B),
// qstat(1B), pbs_server_attributes(7B) of OpenPBS 23; the command line of HyperQueue 0.20; kubectl 1.28, where Jobs
// with backoffLimitPerIndex begin.
var engines = []engine{
	{name: "slurm", file: "slurm.sh", submit: []string{"sbatch", "--parsable"}, id: regexp.MustCompile(`^(\d+)(?:;.*)?$`),
		state: []string{"squeue", "--noheader", "--jobs", "{}", "--states", "all", "--format", "%T %i %r"},
		active: otherThan("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE",
			"NODE_FAIL", "PREEMPTED"),
		gone: "Invalid job id", cancel: []string{"scancel", "{}"},
		held: regexp.MustCompile(`(?m)^\S+ (\S+) (JobHeld\w+|.*\bheld\b.*)$`), free: "scontrol release",
		limit: []string{"scontrol", "show", "config"},
		most:  regexp.MustCompile(`(?m)^MaxArraySize\s*=\s*(\d+)`), proven: true},
	{name: "lsf", file: "lsf.sh", submit: []string{"bsub"}, stdin: true,
		id:    regexp.MustCompile(`^Job <(\d+)> is submitted`),
		state: []string{"bjobs", "-a", "-noheader", "-o", "stat", "{}"}, active: otherThan("DONE", "EXIT"),
		gone: "is not found", cancel: []string{"bkill", "{}"},
		limit: []string{"bparams", "-a"}, most: regexp.MustCompile(`(?m)MAX_JOB_ARRAY_SIZE\s*=\s*(\d+)`)},
	{name: "sge", file: "sge.sh", submit: []string{"qsub", "-terse"}, id: regexp.MustCompile(`^(\d+)\.`),
		state: []string{"qstat", "-j", "{}"}, active: func(said, _ string) bool {
			return strings.Contains(said, "job_number")
		},
		gone: "do not exist", cancel: []string{"qdel", "{}"},
		limit: []string{"qconf", "-sconf"}, most: regexp.MustCompile(`(?m)^max_aj_tasks\s+(\d+)`)},
	{name: "pbs", file: "pbs.sh", submit: []string{"qsub"}, id: regexp.MustCompile(`^(\d+(?:\[\])?(?:\.\S+)?)$`),
		state: []string{"qstat", "-f", "{}"}, active: func(said, _ string) bool { return pbsActive.MatchString(said) },
		gone: "Job", cancel: []string{"qdel", "{}"}, // Unknown Job Id, or Job has finished
		limit: []string{"qmgr", "-c", "list server max_array_size"}, most: regexp.MustCompile(`max_array_size\s*=\s*(\d+)`)},
	{name: "hq", file: "hq.sh", submit: []string{"hq", "--output-mode=quiet", "submit", "--directives=file"},
		id:     regexp.MustCompile(`^(\d+)$`),
		state:  []string{"hq", "--output-mode=quiet", "job", "list"}, // those that wait or run
		active: func(said, id string) bool { return regexp.MustCompile(`(?m)^` + id + `\s`).MatchString(said) },
		gone:   "not found", cancel: []string{"hq", "job", "cancel", "{}"}},
	{name: "k8s", file: "k8s.yaml", submit: []string{"kubectl", "create", "--output=name", "--filename"},
		id:     regexp.MustCompile(`^(job\.batch/\S+)$`),
		state:  []string{"kubectl", "get", "{}", "--output=jsonpath={.status.conditions[*].type}"},
		active: func(said, _ string) bool { return !regexp.MustCompile(`\b(Complete|Failed)\b`).MatchString(said) },
		gone:   "NotFound", cancel: []string{"kubectl", "delete", "{}"}, edit: "SITE"},
}

var pbsActive = regexp.MustCompile(`(?m)^\s*job_state = [^FX]`)

// otherThan tells states of tasks, the first word of a line each, of which any is none of those that end one.
func otherThan(ends ...string) func(said, id string) bool {
	return func(said, _ string) bool {
		for line := range strings.Lines(said) {
			if words := strings.Fields(line); len(words) > 0 && !slices.Contains(ends, words[0]) {
				return true
			}
		}
		return false
	}
}

// Engines are the names that Options.Engine may have; only local and slurm have been run.
func Engines() []string {
	names := []string{"local"}
	for _, e := range engines {
		names = append(names, e.name)
	}
	return names
}

func engineOf(name string) (engine, error) {
	i := slices.IndexFunc(engines, func(e engine) bool { return e.name == name })
	if i < 0 {
		return engine{}, fmt.Errorf("engine %q is not known; expected one of %s", name, strings.Join(Engines(), ", "))
	}
	return engines[i], nil
}

// with is a command about a job.
func with(command []string, id string) []string {
	command = slices.Clone(command)
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "{}", id)
	}
	return command
}

// needs asks for the engine's commands.
func (e engine) needs() error {
	for _, c := range [][]string{e.submit, e.state, e.cancel} {
		if _, err := exec.LookPath(c[0]); err != nil {
			return fmt.Errorf("%w, which engine %s needs; run this where its commands are, or use --engine local", err, e.name)
		}
	}
	return nil
}

// check refuses an array that the site does not take. Where the limit cannot be asked for, the scheduler itself
// refuses.
func (e engine) check(ctx context.Context, tasks int) error {
	if e.limit == nil {
		return nil
	}
	said, _, err := output(ctx, nil, e.limit...)
	if err != nil {
		return nil
	}
	found := e.most.FindStringSubmatch(said)
	if found == nil {
		return nil
	}
	most, err := strconv.Atoi(found[1])
	if err == nil && most > 0 && tasks > most {
		return fmt.Errorf("an array of %d tasks is above this site's limit of %d (%s); give --tasks %d or less",
			tasks, most, strings.Join(e.limit, " "), most)
	}
	return nil
}

// submitted hands a rendered job over and gives its number.
func (e engine) submitted(ctx context.Context, path, text string) (string, error) {
	args, in := append(slices.Clone(e.submit), path), (*strings.Reader)(nil)
	if e.stdin {
		args, in = e.submit, strings.NewReader(text)
	}
	said, errs, err := output(ctx, in, args...)
	if err != nil {
		return "", fmt.Errorf("%s refused %s: %w: %s", e.submit[0], path, err, strings.TrimSpace(errs))
	}
	for line := range strings.Lines(said) {
		if found := e.id.FindStringSubmatch(strings.TrimSpace(line)); found != nil {
			return found[1], nil
		}
	}
	return "", fmt.Errorf("%s took %s, but says no job's number: %q; see whether it runs before you submit it again",
		e.submit[0], path, said)
}

// isActive says whether the scheduler still knows of tasks of a job that wait or run, and which of those will not run
// until somebody releases them, as after a launch that failed. A scheduler that does not answer is an error, and
// nothing is concluded from it.
func (e engine) isActive(ctx context.Context, id string) (active bool, held string, err error) {
	said, errs, err := output(ctx, nil, with(e.state, id)...)
	if err != nil && ctx.Err() == nil && strings.Contains(errs+said, e.gone) {
		return false, "", nil
	}
	if err == nil && e.held != nil {
		var list []string
		for _, found := range e.held.FindAllStringSubmatch(said, -1) {
			list = append(list, fmt.Sprintf("task %s is held by the scheduler (%s); %s %s lets it run",
				found[1], found[2], e.free, found[1]))
		}
		held = strings.Join(list, "\n")
	}
	return err == nil && e.active(said, id), held, err
}

// stop cancels a job.
func (e engine) stop(ctx context.Context, id string) error {
	_, errs, err := output(ctx, nil, with(e.cancel, id)...)
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(with(e.cancel, id), " "), err, strings.TrimSpace(errs))
	}
	return err
}

// output runs a command of a scheduler.
func output(ctx context.Context, in *strings.Reader, args ...string) (said, errs string, err error) {
	var b strings.Builder
	cmd := child.Command{Args: args, Cut: true, Line: func(line []byte) error {
		b.Write(line)
		b.WriteByte('\n')
		return nil
	}}
	if in != nil {
		cmd.Stdin = in
	}
	errs, err = cmd.Run(ctx)
	if err != nil && errors.Is(err, exec.ErrNotFound) {
		return "", "", err
	}
	return b.String(), errs, err
}
