package array

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vitdse/configs"
	"vitdse/dse/jobs"
)

// A shared file system does few operations a second for all who use it: tasks may ask it for so many together, and a
// file of records takes so many to write (created, written, its mode set, renamed).
const (
	leastGathering = 5 * time.Second
	operations     = 50.0 // a second
	fileOperations = 4
)

// gathering is how long each of so many tasks keeps what short jobs gave before it writes it: what one that is killed
// can lose. docs/MACHINES.md has the simulation behind it.
func gathering(tasks int) time.Duration {
	return max(leastGathering, time.Duration(float64(tasks)*fileOperations/operations*float64(time.Second)))
}

// bundle is what a task has found and not written yet. A file of records holds one line a job; it is named by its first
// job and its content, so that tasks that run twice never write two contents to one name.
type bundle struct {
	dir   string
	plan  jobs.Plan
	keep  time.Duration // how long a line may wait
	first int
	lines bytes.Buffer
	begun time.Time // of the first job in it
}

// add takes what a job gave, and writes the bundle if it is time.
func (b *bundle) add(job int, began time.Time, value any) error {
	line, err := b.plan.Encode(job, value)
	if err != nil {
		return err
	}
	if b.lines.Len() == 0 {
		b.first, b.begun = job, began
	}
	b.lines.Write(line)
	if time.Since(b.begun) < b.keep {
		return nil
	}
	return b.flush()
}

// flush writes what there is, whole or not at all.
func (b *bundle) flush() error {
	if b.lines.Len() == 0 {
		return nil
	}
	sum := sha256.Sum256(b.lines.Bytes())
	name := fmt.Sprintf("%06d-%x.jsonl", b.first, sum[:6])
	if err := configs.WriteFile(filepath.Join(b.dir, records, name), b.lines.Bytes()); err != nil {
		return fmt.Errorf("what was found cannot be kept: %w", err)
	}
	b.lines.Reset()
	return nil
}

// Records reads the records of a folder as they come.
type Records struct {
	dir  string
	plan jobs.Plan
	say  func(string)
	read map[string]bool // files
	bad  map[string]bool // files with a damaged line: they may be written again, under the same name
	done map[int]bool    // jobs
}

// NewRecords are the records of a plan in a folder, which need not be there. What is no record is told to say.
func NewRecords(dir string, p jobs.Plan, say func(string)) *Records {
	return &Records{dir, p, say, map[string]bool{}, map[string]bool{}, map[int]bool{}}
}

// Done says whether a job's record was read.
func (r *Records) Done(job int) bool { return r.done[job] }

// Next reads the files that are new and hands over the records of jobs that have had none. A line that is not as it was
// written is left out, and said.
func (r *Records) Next(found func(jobs.Record[json.RawMessage]) error) error {
	names, err := os.ReadDir(filepath.Join(r.dir, records))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, n := range names {
		if r.read[n.Name()] || !isRecords(n.Name()) {
			continue
		}
		if err := r.file(n.Name(), found); err != nil {
			return err
		}
	}
	return nil
}

// file reads one file of records.
func (r *Records) file(name string, found func(jobs.Record[json.RawMessage]) error) error {
	path := filepath.Join(r.dir, records, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole := true
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		record, err := jobs.Decode[json.RawMessage](r.plan, line)
		if err != nil {
			if whole = false; !r.bad[name] {
				r.say(fmt.Sprintf("%s:%d: is damaged, and is left out: its job is done again: %v", path, i+1, err))
			}
			continue
		}
		if r.done[record.Job] {
			continue // it ran twice
		}
		r.done[record.Job] = true
		if err := found(record); err != nil {
			return err
		}
	}
	r.read[name], r.bad[name] = whole, !whole
	return nil
}

// isRecords tells records from what WriteFile is still writing.
func isRecords(name string) bool {
	name, ok := strings.CutSuffix(name, ".jsonl")
	number, _, cut := strings.Cut(name, "-")
	_, err := strconv.Atoi(number)
	return ok && cut && err == nil
}

// Failure is a job, or a whole task, that ended with an error.
type Failure struct {
	Job  int    `json:"job"` // -1 for a task that did not begin
	Task int    `json:"task"`
	Host string `json:"host"`
	Log  string `json:"log"`
	Why  string `json:"why"`
}

func (f Failure) String() string {
	what := fmt.Sprintf("job %d", f.Job)
	if f.Job < 0 {
		what = fmt.Sprintf("task %d", f.Task)
	}
	return fmt.Sprintf("%s failed on %s: %s (log %s)", what, f.Host, f.Why, f.Log)
}

// failed reads which jobs and tasks failed, but for jobs that were done since.
func (r *Records) failed() []Failure {
	names, _ := os.ReadDir(filepath.Join(r.dir, failures))
	var list []Failure
	for _, n := range names {
		text, err := os.ReadFile(filepath.Join(r.dir, failures, n.Name()))
		var f Failure
		if err == nil && json.Unmarshal(text, &f) == nil && (f.Job < 0 || !r.done[f.Job]) {
			list = append(list, f)
		}
	}
	return list
}
