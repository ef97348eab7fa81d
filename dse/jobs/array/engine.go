package array

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"

	"vitdse/configs"
	"vitdse/dse/jobs"
	"vitdse/emit/child"
)

// Options say where tasks run.
type Options struct {
	Engine   string // local or slurm
	Program  string // absolute path of vitdse, the same on every node
	Template string // file in the place of the engine's own job template; "" for that
	Workers  int    // processes of local; 0 is one a processor
	Poll     time.Duration
	Progress func(done, failed int) // jobs with a record, and jobs that failed; called from one goroutine
}

// Engines are the names that Options.Engine may have.
var Engines = []string{"local", "slurm"}

//go:embed slurm.sh
var slurmTemplate string

// Template is the job template of an engine, "" for local, which has none. In it stand {{.Command}}, which is to be
// followed by the task's index, {{.Last}}, the last index, and {{.Dir}}, the work's folder.
func Template(engine string) string {
	if engine == "slurm" {
		return slurmTemplate
	}
	return ""
}

// Submit runs the tasks of a folder and waits for their end. What they found is in the folder then, also where the
// error says that some failed or are missing.
func Submit(ctx context.Context, dir string, o Options) error {
	w, err := Load(dir)
	if err != nil {
		return err
	}
	if o.Poll == 0 {
		o.Poll = time.Second
	}
	switch o.Engine {
	case "local":
		err = o.local(ctx, dir, w)
	case "slurm":
		err = o.slurm(ctx, dir, w)
	default:
		return fmt.Errorf("engine %q is not known; expected one of %s", o.Engine, strings.Join(Engines, ", "))
	}
	if o.Progress != nil {
		o.Progress(count(dir))
	}
	if err != nil || ctx.Err() != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return missing(dir, w)
}

// missing says which jobs have no record, and why.
func missing(dir string, w Work) error {
	var left []string
	for i, task := range w.Tasks {
		for _, job := range task {
			if _, err := os.Stat(recordPath(dir, job)); err != nil {
				left = append(left, fmt.Sprintf("job %d of task %d, log %s", job, i, logPath(dir, i)))
			}
		}
	}
	if left == nil {
		return nil
	}
	if seen, _ := os.ReadDir(filepath.Join(dir, hosts)); len(seen) == 0 {
		return fmt.Errorf("no task wrote into %s: the nodes do not see that folder, or the job template does not run the program; see %s", dir, filepath.Join(dir, logs))
	}
	var why strings.Builder
	for _, f := range failuresOf(dir) {
		fmt.Fprintf(&why, "\njob %d failed on %s: %s (log %s)", f.Job, f.Host, f.Why, f.Log)
	}
	return fmt.Errorf("%d jobs are not done, %s%s; the same command submits what is missing", len(left), left[0], why.String())
}

// local runs every task in a process of its own.
func (o Options) local(ctx context.Context, dir string, w Work) error {
	workers := o.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	var list []int
	for i := range w.Tasks {
		list = append(list, i)
	}
	stop := o.watch(dir)
	defer stop()
	return jobs.Run(ctx, list, jobs.Work[error]{
		Workers: workers,
		Worker: func() func(context.Context, int) (error, error) {
			return func(ctx context.Context, i int) (error, error) {
				log, err := os.OpenFile(logPath(dir, i), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
				if err != nil {
					return nil, err
				}
				defer log.Close()
				cmd := child.Command{Args: []string{o.Program, "task", dir, fmt.Sprint(i)}, Merge: true, Cut: true,
					Line: func(line []byte) error { _, err := log.Write(append(slices.Clone(line), '\n')); return err }}
				_, err = cmd.Run(ctx)
				if errors.Is(err, exec.ErrNotFound) {
					return nil, err
				}
				return err, nil // missing says what failed
			}
		},
		Take: func(int, error) error { return nil },
	})
}

// watch reports progress until it is stopped.
func (o Options) watch(dir string) (stop func()) {
	if o.Progress == nil {
		return func() {}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-time.After(o.Poll):
				o.Progress(count(dir))
			case <-end:
				return
			}
		}
	}()
	return func() { close(end); <-ended }
}

// script renders the job template.
func (o Options) script(dir string, w Work) (string, error) {
	text, name := Template(o.Engine), "the template of "+o.Engine
	if o.Template != "" {
		data, err := os.ReadFile(o.Template)
		if err != nil {
			return "", err
		}
		text, name = string(data), o.Template
	}
	if !strings.Contains(text, ".Command") {
		return "", fmt.Errorf("%s: does not contain {{.Command}}, which runs a task; %s shows a template that does", name, "vitdse task --template "+o.Engine)
	}
	t, err := template.New(filepath.Base(name)).Option("missingkey=error").Parse(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		Command, Dir string
		Last         int
	}{shellWord(o.Program) + " task " + shellWord(dir), dir, len(w.Tasks) - 1})
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return b.String(), nil
}

// shellWord is a text as one word of a shell.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// jobFile is where the number of the array job stands, so that who comes back waits for it and submits no other.
const jobFile = "slurm.job"

// Running says whether an array job of an earlier command works on the folder.
func Running(ctx context.Context, dir string) (bool, error) {
	id, err := running(ctx, dir)
	return id != "", err
}

// running is the number of that job, "" for none.
func running(ctx context.Context, dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, jobFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(text))
	active, err := slurmActive(ctx, id)
	if err != nil {
		return "", fmt.Errorf("whether array job %s still works on %s is not known: %w", id, dir, err)
	}
	if !active {
		return "", nil
	}
	return id, nil
}

// slurm submits one array job and waits until Slurm knows of none of its tasks.
func (o Options) slurm(ctx context.Context, dir string, w Work) error {
	for _, name := range []string{"sbatch", "squeue"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%w; run this where Slurm's commands are, or use --engine local", err)
		}
	}
	id, err := running(ctx, dir)
	if err != nil {
		return err
	}
	if id == "" {
		text, err := o.script(dir, w)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, "slurm.sh")
		if err := configs.WriteFile(path, []byte(text)); err != nil {
			return err
		}
		cmd := child.Command{Args: []string{"sbatch", "--parsable", path}, Line: func(line []byte) error {
			id, _, _ = strings.Cut(string(line), ";")
			return nil
		}}
		if said, err := cmd.Run(ctx); err != nil {
			return fmt.Errorf("sbatch refused %s: %w: %s", path, err, strings.TrimSpace(said))
		}
		if err := configs.WriteFile(filepath.Join(dir, jobFile), []byte(id+"\n")); err != nil {
			return err
		}
	}
	for {
		select {
		case <-time.After(o.Poll):
		case <-ctx.Done():
			return fmt.Errorf("array job %s goes on; the same command waits for it again, scancel %s ends it", id, id)
		}
		if o.Progress != nil {
			o.Progress(count(dir))
		}
		active, err := slurmActive(ctx, id)
		if err == nil && !active {
			return os.Remove(filepath.Join(dir, jobFile))
		}
	}
}

// slurmActive says whether Slurm still knows of tasks of a job that wait or run. A controller that does not answer is
// an error, and nothing is concluded from it.
func slurmActive(ctx context.Context, id string) (bool, error) {
	lines := 0
	cmd := child.Command{Args: []string{"squeue", "--noheader", "--jobs", id, "--states", "all", "--format", "%T"}, Line: func(line []byte) error {
		switch string(bytes.TrimSpace(line)) {
		case "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "BOOT_FAIL", "DEADLINE", "NODE_FAIL", "PREEMPTED", "":
		default:
			lines++
		}
		return nil
	}}
	said, err := cmd.Run(ctx)
	if err != nil && strings.Contains(said, "Invalid job id") {
		return false, nil // it is forgotten: over
	}
	return lines > 0, err
}
