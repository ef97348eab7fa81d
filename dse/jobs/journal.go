package jobs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// format is the version of a journal's lines.
const format = 2

// Plan is long work: so many jobs, numbered from 0, whose results depend on nothing but Inputs.
type Plan struct {
	Kind   string `json:"kind"`   // what the jobs are of, e.g. "vitdse sweep"
	Inputs string `json:"inputs"` // hash of all that a result depends on
	Jobs   int    `json:"jobs"`   // how many there are
}

// Record is what a job gave.
type Record[R any] struct {
	Job   int
	Value R
}

// header is the first line of a journal.
type header struct {
	Journal string `json:"journal"` // the plan's kind
	Version int    `json:"version"` // of the lines' form
	Inputs  string `json:"inputs"`
	Jobs    int    `json:"jobs"`
}

// line is a job that has ended.
type line struct {
	Job    int             `json:"job"`
	Sum    string          `json:"sum"` // of the plan, the job and its record
	Record json.RawMessage `json:"record"`
}

// OtherError says that a journal is not of the plan that is to go on with it.
type OtherError struct {
	File      string
	What      string // "kind", "version", "inputs" or "number of jobs"
	Have, Run string // what the file has and what this run has
}

func (e *OtherError) Error() string {
	return fmt.Sprintf("%s: cannot be resumed: its %s is %s, this run's is %s; run without resuming to start over, "+
		"or give another folder",
		e.File, e.What, e.Have, e.Run)
}

// HeldError says that another process is writing a journal.
type HeldError struct {
	File string
	Who  string // the process
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s: %s is at work in this folder; wait for it, or give another --out", filepath.Dir(e.File), e.Who)
}

// Journal keeps the results of jobs in a file of JSON lines: a header, then a line with a checksum for each job, in
// the order in which they ended. Every line is written at once, so that a process that is killed loses at most the
// line that it was writing. The zero value keeps nothing.
type Journal[R any] struct {
	file *os.File
	name string
	plan Plan
}

// Open starts the journal of a plan, or goes on with the one that is there and gives its records, each job's once.
// It is this process's until it is closed. A last line that was cut off, and a line that is not as it was written,
// are left out and told to say, which may be nil: their jobs are to be done again. read hears how many of how many
// bytes of records have been read; it may be nil. An empty path keeps nothing.
// Errors are a *HeldError, an *OtherError, a file that is no journal, or those of files.
func Open[R any](path string, p Plan, resume bool, say func(string),
	read func(done, total int64)) (*Journal[R], []Record[R], error) {
	if path == "" {
		return &Journal[R]{}, nil, nil
	}
	if say == nil {
		say = func(string) {}
	}
	if read == nil {
		read = func(int64, int64) {}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, nil, err
	}
	j := &Journal[R]{file, path, p}
	if err := j.lock(); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	records, err := j.open(resume, say, read)
	if err != nil {
		return nil, nil, errors.Join(err, j.Close())
	}
	return j, records, nil
}

// Read gives the records of a plan's journal as far as they are whole, without taking it: none of one that is not there
// or of another plan.
func Read[R any](path string, p Plan) []Record[R] {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	j := &Journal[R]{plan: p, name: path}
	records, _, err := j.read(text, func(string) {}, func(int64, int64) {})
	if err != nil {
		return nil
	}
	return records
}

// lock makes the file this process's until it ends or closes it, however it ends, and says in a file beside it who
// has it.
func (j *Journal[R]) lock() error {
	if syscall.Flock(int(j.file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		who := "another process"
		if pid, err := os.ReadFile(j.holder()); err == nil && len(pid) > 0 {
			who = "process " + string(pid)
		}
		return &HeldError{j.name, who}
	}
	return os.WriteFile(j.holder(), strconv.AppendInt(nil, int64(os.Getpid()), 10), 0o666)
}

func (j *Journal[R]) holder() string { return j.name + ".holder" }

// open reads what is to be gone on with, cuts the rest off, and writes the header of a new journal.
func (j *Journal[R]) open(resume bool, say func(string), read func(done, total int64)) ([]Record[R], error) {
	var records []Record[R]
	size := int64(0)
	if resume {
		text, err := io.ReadAll(j.file)
		if err == nil {
			records, size, err = j.read(text, say, read)
		}
		if err != nil {
			return nil, err
		}
	}
	if info, err := j.file.Stat(); err != nil || info.Size() != size {
		if err := errors.Join(err, j.file.Truncate(size)); err != nil {
			return nil, err
		}
	}
	if _, err := j.file.Seek(size, io.SeekStart); err != nil || size > 0 {
		return records, err
	}
	text, err := json.Marshal(header{j.plan.Kind, format, j.plan.Inputs, j.plan.Jobs})
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	return nil, err
}

// read gives the records of a journal's text and the length up to the last whole line: 0 without a whole header.
func (j *Journal[R]) read(text []byte, say func(string), read func(done, total int64)) ([]Record[R], int64, error) {
	whole := text[:bytes.LastIndexByte(text, '\n')+1]
	lines := bytes.SplitAfter(whole, []byte("\n"))
	lines = lines[:len(lines)-1] // nothing is behind the last line's end
	if len(whole) < len(text) {
		say(fmt.Sprintf("%s:%d: was cut off, and is left out: its job is done again", j.name, len(lines)+1))
	}
	if len(lines) == 0 {
		return nil, 0, nil
	}
	if err := j.check(lines[0]); err != nil {
		return nil, 0, err
	}
	var records []Record[R]
	done := make(map[int]bool, len(lines))
	at := int64(len(lines[0]))
	for i, text := range lines[1:] {
		at += int64(len(text))
		read(at, int64(len(whole)))
		r, err := Decode[R](j.plan, text)
		if err == nil && done[r.Job] {
			err = fmt.Errorf("job %d is there twice", r.Job)
		}
		if err != nil {
			say(fmt.Sprintf("%s:%d: is damaged, and is left out: its job is done again: %v", j.name, i+2, err))
			continue
		}
		done[r.Job] = true
		records = append(records, r)
	}
	return records, int64(len(whole)), nil
}

// check compares the header of the file with the plan.
func (j *Journal[R]) check(text []byte) error {
	var got header
	if err := json.Unmarshal(text, &got); err != nil || got.Journal == "" {
		return fmt.Errorf("%s: is no journal; move it away, or give another folder", j.name)
	}
	for _, c := range [...]struct{ what, have, run string }{
		{"kind", got.Journal, j.plan.Kind},
		{"version", strconv.Itoa(got.Version), strconv.Itoa(format)},
		{"inputs", got.Inputs, j.plan.Inputs},
		{"number of jobs", strconv.Itoa(got.Jobs), strconv.Itoa(j.plan.Jobs)},
	} {
		if c.have != c.run {
			return &OtherError{j.name, c.what, c.have, c.run}
		}
	}
	return nil
}

// Write adds what a job gave.
func (j *Journal[R]) Write(job int, value R) error {
	if j.file == nil {
		return nil
	}
	text, err := j.plan.Encode(job, value)
	if err != nil {
		return err
	}
	_, err = j.file.Write(text)
	return err
}

// Close makes the journal last beyond a crash of the machine, too, and gives it up.
func (j *Journal[R]) Close() error {
	if j.file == nil {
		return nil
	}
	os.Remove(j.holder()) // before the lock is given up
	return errors.Join(j.file.Sync(), j.file.Close())
}

// Remove closes the journal and deletes it: its results are kept elsewhere.
func (j *Journal[R]) Remove() error {
	if j.file == nil {
		return nil
	}
	return errors.Join(os.Remove(j.name), j.Close())
}

// Encode makes the line of a job, with its end.
func (p Plan) Encode(job int, value any) ([]byte, error) {
	record, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(line{job, p.sum(job, record), record})
	return append(text, '\n'), err
}

// Decode reads the line of a job; one that is not as it was written is an error.
func Decode[R any](p Plan, text []byte) (r Record[R], err error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return r, err
	}
	l.Sum = p.sum(l.Job, l.Record)
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, bytes.TrimSuffix(text, []byte("\n"))) {
		return r, errors.New("not as it was written")
	}
	if l.Job < 0 || l.Job >= p.Jobs {
		return r, fmt.Errorf("job %d of %d is not there", l.Job, p.Jobs)
	}
	r.Job = l.Job
	return r, json.Unmarshal(l.Record, &r.Value)
}

// sum is the checksum of a record.
func (p Plan) sum(job int, record []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n%d\n", p.Kind, p.Inputs, p.Jobs, job)
	h.Write(record)
	return hex.EncodeToString(h.Sum(nil)[:8])
}
