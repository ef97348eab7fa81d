package array

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"vitdse/configs"
	"vitdse/dse/jobs"
)

// Options say where tasks run.
type Options struct {
	Engine   string  // one of Engines
	Program  string  // absolute path of vitdse, the same on every node
	Template string  // file in the place of the engine's own job template; "" for that
	Tasks    int     // most of an array
	Least    float64 // seconds of work a task, by estimate
	Workers  int     // processes of local; 0 is one a processor
	// between looks at the folder and the scheduler; 0 is a second at first, and 15 s after ten minutes
	Poll   time.Duration
	Cancel bool // cancel the array job when the context ends
	Resume bool // refuse to begin what no earlier command has submitted
	Shared bool // the folder was chosen for the nodes to see, and its file system is not asked

	Say    func(text string)    // is told of what becomes of the array job; may be nil
	Warn   func(text string)    // is told of what is wrong; may be nil
	Failed func(list []Failure) // hears of all failures so far, when there are new ones; may be nil
}

// submission is one Do in the making.
type submission struct {
	Options
	dir     string
	work    Work
	records *Records
	cost    func(job int) float64
	list    []int
	take    func(jobs.Record[json.RawMessage]) error
	failed  int // failures said so far
	begun   time.Time
}

// Do does the jobs of a list in tasks and hands over what each gave, as it comes. What an earlier command has found in
// the folder is taken first; an array job of it that still works is waited for; what is missing then, and nothing else,
// is submitted. The folder goes when all is found. Of the work, Tasks are filled in here. If the context ends, the
// array job goes on unless Cancel is set. The error names the jobs that are missing, and why.
func Do(ctx context.Context, dir string, w Work, o Options, list []int, cost func(job int) float64,
	found func(jobs.Record[json.RawMessage]) error) error {
	quiet := func(string) {}
	if o.Say == nil {
		o.Say = quiet
	}
	if o.Warn == nil {
		o.Warn = quiet
	}
	s := &submission{Options: o, dir: dir, work: w, records: NewRecords(dir, w.Plan, o.Warn), cost: cost, list: list,
		begun: time.Now()}
	wanted := map[int]bool{}
	for _, job := range list {
		wanted[job] = true
	}
	s.take = func(r jobs.Record[json.RawMessage]) error {
		if !wanted[r.Job] {
			return nil
		}
		return found(r)
	}
	old, err := Load(dir)
	switch {
	case err == nil && old.Plan != w.Plan:
		return otherWork(dir, old)
	case errors.Is(err, fs.ErrNotExist) && o.Resume:
		return fmt.Errorf("--resume: there is no array job to go on with: %w; leave the flag out to submit one", err)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := s.adopt(ctx); err != nil {
		return err
	}
	if len(s.left()) > 0 {
		if err := s.submit(ctx); err != nil {
			return err
		}
	}
	if err := s.missing(); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// left lists the jobs that have no record.
func (s *submission) left() []int {
	var list []int
	for _, job := range s.list {
		if !s.records.Done(job) {
			list = append(list, job)
		}
	}
	return list
}

// adopt waits for the array job of an earlier command, if one works on the folder, and takes what is there.
func (s *submission) adopt(ctx context.Context) error {
	j, err := submittedJob(s.dir)
	if err != nil {
		return err
	}
	if j.ID != "" {
		e, err := engineOf(j.Engine)
		if err != nil {
			return err
		}
		if err := e.needs(); err != nil {
			return err
		}
		active, _, err := e.isActive(ctx, j.ID)
		if err != nil {
			return fmt.Errorf("whether array job %s still works on %s is not known: %w", j.ID, s.dir, err)
		}
		if active {
			s.Say(fmt.Sprintf("array job %s of an earlier command is at work; waiting for it", j.ID))
			if err := s.wait(ctx, e, j.ID); err != nil {
				return err
			}
		}
	}
	return s.records.Next(s.take)
}

// submit cuts what is left into tasks, submits them and waits for their end.
func (s *submission) submit(ctx context.Context) error {
	left := s.left()
	s.work.Tasks = Cut(left, s.cost, s.Tasks, s.Least)
	if s.Engine == "local" {
		if err := Create(s.dir, s.work); err != nil {
			return err
		}
		return s.local(ctx)
	}
	e, err := engineOf(s.Engine)
	if err != nil {
		return err
	}
	text, err := s.script(e, s.dir, len(s.work.Tasks))
	if err == nil {
		err = e.needs()
	}
	if err == nil {
		err = e.check(ctx, len(s.work.Tasks))
	}
	if err == nil && !s.Shared {
		err = seen(s.dir)
	}
	if err != nil {
		return err
	}
	if err := Create(s.dir, s.work); err != nil {
		return err
	}
	path := filepath.Join(s.dir, e.file)
	if err := configs.WriteFile(path, []byte(text)); err != nil {
		return err
	}
	id, err := e.submitted(ctx, path, text)
	if err != nil {
		return err
	}
	if err := keepJob(s.dir, job{e.name, id}); err != nil {
		return errors.Join(err, e.stop(context.WithoutCancel(ctx), id))
	}
	total := 0.0
	for _, n := range left {
		total += s.cost(n)
	}
	s.Say(fmt.Sprintf("array job %s: %d jobs in %d tasks, about %s each by estimate; logs in %s",
		id, len(left), len(s.work.Tasks),
		time.Duration(total/float64(len(s.work.Tasks))*float64(time.Second)).Round(time.Second), filepath.Join(s.dir, logs)))
	return s.wait(ctx, e, id)
}

// memory file systems are seen by no other machine.
const tmpfs, ramfs = 0x01021994, 0x858458f6

// seen refuses a folder that nodes cannot see.
func seen(dir string) error {
	for ; ; dir = filepath.Dir(dir) {
		var fs syscall.Statfs_t
		err := syscall.Statfs(dir, &fs)
		if err != nil && errors.Is(err, syscall.ENOENT) && dir != filepath.Dir(dir) {
			continue
		}
		if kind := uint32(fs.Type); err == nil && (kind == tmpfs || kind == ramfs) {
			return fmt.Errorf("%s is in this machine's memory, which no node sees; "+
				"give --work FOLDER on a file system that they share", dir)
		}
		return err
	}
}

// poll is how long to wait until the next look.
func (s *submission) poll() time.Duration {
	if s.Poll > 0 {
		return s.Poll
	}
	return min(max(time.Since(s.begun)/40, time.Second), 15*time.Second)
}

// wait takes what the tasks of an array job find until the scheduler knows of none.
func (s *submission) wait(ctx context.Context, e engine, id string) error {
	for saidHeld := ""; ; {
		select {
		case <-time.After(s.poll()):
		case <-ctx.Done():
			return s.interrupted(ctx, e, id)
		}
		if err := s.look(); err != nil {
			return err
		}
		active, held, err := e.isActive(ctx, id)
		if held != saidHeld && held != "" {
			s.Warn(held)
		}
		saidHeld = held
		if err == nil && !active {
			break
		}
	}
	for range 3 { // a shared file system may show late what was written
		if err := s.look(); err != nil || len(s.left()) == 0 {
			return errors.Join(err, forgetJob(s.dir))
		}
		time.Sleep(s.poll())
	}
	return forgetJob(s.dir)
}

// interrupted ends waiting, and the array job if so told.
func (s *submission) interrupted(ctx context.Context, e engine, id string) error {
	cancel := strings.Join(with(e.cancel, id), " ")
	if !s.Cancel {
		s.Warn(fmt.Sprintf("array job %s goes on; the same command waits for it again and takes what it found, "+
			"and %s ends it", id, cancel))
		return context.Cause(ctx)
	}
	within, stop := context.WithTimeout(context.WithoutCancel(ctx), 4*time.Second)
	defer stop()
	if err := e.stop(within, id); err != nil {
		s.Warn(fmt.Sprintf("array job %s could not be cancelled: %v", id, err))
		return context.Cause(ctx)
	}
	s.Warn(fmt.Sprintf("array job %s is cancelled; what it found is kept, and the same command submits what is missing",
		id))
	return errors.Join(forgetJob(s.dir), context.Cause(ctx))
}

// look takes new records and says new failures.
func (s *submission) look() error {
	if err := s.records.Next(s.take); err != nil {
		return err
	}
	if failed := s.records.failed(); len(failed) > s.failed && s.Failed != nil {
		s.failed = len(failed)
		s.Failed(failed)
	}
	return nil
}

// missing says which jobs have no record, and why.
func (s *submission) missing() error {
	left := s.left()
	if len(left) == 0 {
		return nil
	}
	if seen, _ := os.ReadDir(filepath.Join(s.dir, hosts)); len(seen) == 0 {
		return fmt.Errorf("no task wrote into %s: the nodes do not see that folder, "+
			"or the job template does not run the program (see %s); "+
			"give --work FOLDER that they share, at the same path", s.dir, filepath.Join(s.dir, logs))
	}
	failed := s.records.failed()
	var why strings.Builder
	for i, f := range failed {
		if i == 10 {
			fmt.Fprintf(&why, "\nand %d more: %s", len(failed)-i, filepath.Join(s.dir, failures))
			break
		}
		fmt.Fprintf(&why, "\n%s", f)
	}
	if len(failed) == 0 {
		task := 0
		for i, list := range s.work.Tasks {
			for _, job := range list {
				if job == left[0] {
					task = i
				}
			}
		}
		fmt.Fprintf(&why, "\njob %d of task %d was not finished: the task was ended from outside, see its log %s",
			left[0], task, logPath(s.dir, task))
	}
	return fmt.Errorf("%d of %d jobs are not done; the same command submits what is missing%s",
		len(left), len(s.list), why.String())
}

// job is an array job that was submitted.
type job struct {
	Engine string `json:"engine"`
	ID     string `json:"id"`
}

// jobFile is where it stands, so that who comes back waits for it and submits no other.
const jobFile = "submitted.json"

func keepJob(dir string, j job) error {
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, jobFile), append(text, '\n'))
}

// submittedJob is the array job that works on a folder, or did; one without a number if there is none.
func submittedJob(dir string) (j job, err error) {
	path := filepath.Join(dir, jobFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return j, nil
	}
	if err == nil {
		if err = json.Unmarshal(text, &j); err != nil {
			err = fmt.Errorf("%s: %w", path, err)
		}
	}
	return j, err
}

func forgetJob(dir string) error { return os.Remove(filepath.Join(dir, jobFile)) }
